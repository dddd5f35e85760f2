"""Gate v4: spot, in classic mode."""
