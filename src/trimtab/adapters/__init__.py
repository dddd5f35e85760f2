"""The outside world, one module per outside thing; the only rooms that know a library of it."""
