"""Alembic's script directory, shipped in the wheel and run when a ledger is opened."""
