"""What Alembic runs: the migrations, on the opener's connection and in its transaction."""

from __future__ import annotations

from alembic import context

from trimtab.adapters.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
