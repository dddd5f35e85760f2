"""Snapshot and policy in, plan out. Enter through :func:`trimtab.planning.compose.make_plan`."""
