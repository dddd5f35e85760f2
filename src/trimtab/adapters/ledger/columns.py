"""What the ledger's tables are made of: their metadata, and columns by kind."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Text

WHOLE: Final = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit whole numbers; on SQLite the type that makes a primary key the row id."""

TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its bytes, as SQLite has it, whatever the server's language is."""

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def text(name: str, *, primary_key: bool = False) -> Column[str]:
    """Return a column of text that is always there."""
    return Column(name, TEXT, primary_key=primary_key, nullable=False)


def text_or_none(name: str) -> Column[str]:
    """Return a column of text that may be missing."""
    return Column(name, TEXT, nullable=True)


def whole(name: str, *, primary_key: bool = False) -> Column[int]:
    """Return a column of whole numbers that are given, never counted up by the database."""
    return Column(name, WHOLE, primary_key=primary_key, autoincrement=False, nullable=False)


def entry(*, primary_key: bool = False) -> Column[int]:
    """Return the column that names the entry a row was made by."""
    target = ForeignKey("entries.seq")
    return Column(
        "seq", WHOLE, target, primary_key=primary_key, autoincrement=False, nullable=False
    )
