"""The tables of notices and replies, under the rules of :mod:`trimtab.adapters.ledger.schema`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Table

from trimtab.adapters.ledger.columns import TEXT, entry, metadata, text, whole

notices: Final = Table(
    "notices",
    metadata,
    text("id", primary_key=True),
    entry(),
    text("kind"),
    text("at"),
)
notice_steps: Final = Table(
    "notice_steps",
    metadata,
    entry(primary_key=True),
    Column("notice", TEXT, ForeignKey("notices.id"), nullable=False),
    text("channel"),
    text("step"),
    text("note"),
    text("at"),
    Index("ix_notice_steps_notice", "notice"),
)
notice_reads: Final = Table(
    "notice_reads",
    metadata,
    Column("notice", TEXT, ForeignKey("notices.id"), primary_key=True, nullable=False),
    entry(),
    text("by"),
    text("at"),
)
replies: Final = Table(
    "replies",
    metadata,
    text("channel", primary_key=True),
    text("message_id", primary_key=True),
    entry(),
    text("sender"),
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), nullable=False),
    text("outcome"),
    whole("code_step"),
    text("at"),
)
