"""Stand-ins for the outside world that pass the same contract suites as the adapters."""
