"""At which beta a hedge stands for its asset; 1 for every hedge that was there before."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; a default fills it without a change of any row."""
    op.add_column("hedge_lines", sa.Column("beta", _TEXT, nullable=False, server_default="1"))
