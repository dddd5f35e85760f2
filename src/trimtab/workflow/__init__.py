"""The use cases: the only code that awaits in sequence. Decides nothing that the core decides."""
