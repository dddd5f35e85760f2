"""What adapters of venues share: snapshots, orders, look-ups, executions and lists by raw calls."""
