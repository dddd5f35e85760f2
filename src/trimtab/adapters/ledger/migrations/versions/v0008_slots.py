"""Calendar slots: where each stood, step by step."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TABLE: Final = "slot_moves"
_ACTS: Final = (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))


def upgrade() -> None:
    """Make the new table; what older entries say has no rows in it."""
    op.create_table(
        _TABLE,
        sa.Column("seq", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("slot", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("plan_digest", _TEXT, nullable=True),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("at", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_digest"], ["plans.digest"], name=op.f("fk_slot_moves_plan_digest")
        ),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_slot_moves_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_slot_moves")),
    )
    op.create_index("ix_slot_moves_slot", _TABLE, ["slot"], unique=False)
    on_server = op.get_bind().dialect.name == "postgresql"
    for act, each in _ACTS:
        if on_server:
            _forbid_on_server(act, each=each)
        elif each == "ROW":
            _forbid(act)


def _forbid(act: str) -> None:
    """Make *act* fail on every row."""
    op.execute(
        f"CREATE TRIGGER {_TABLE}_no_{act.lower()} BEFORE {act} ON {_TABLE} "
        f"BEGIN SELECT RAISE(ABORT, '{_TABLE}: rows are never {act.lower()}d'); END"
    )


def _forbid_on_server(act: str, *, each: str) -> None:
    """Make *act* fail on every row of PostgreSQL's table, by the function of 0001."""
    name = f"{_TABLE}_no_{act.lower()}"
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {act} ON {_TABLE} "
        f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {name}")
