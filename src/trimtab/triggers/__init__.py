"""When to act: each module says of one kind of trigger whether it fires, and why."""
