"""Arrays in, floats out: what may be estimated, never what is sent or booked."""
