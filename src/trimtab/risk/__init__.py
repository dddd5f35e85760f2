"""The gate: one function per check, composed to the strictest, over every prefix of a plan."""
