"""The commands, each imported when it is called. Every one returns its exit code."""
