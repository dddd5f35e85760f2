"""Rows that an entry makes or changes, as values. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
"""Column to stored value: text, whole number, boolean or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that is made, or changed where it stands."""

    table: str
    key: Row
    """Primary key."""
    values: Row
    """The other columns: all of a new row, those that change of an old one."""
    is_new: bool


def new_row(table: str, key: Row, **values: object) -> Change:
    """Return a row that is made."""
    return Change(table=table, key=key, values=values, is_new=True)


def set_row(table: str, key: Row, **values: object) -> Change:
    """Return a row that is changed."""
    return Change(table=table, key=key, values=values, is_new=False)


def step_row(table: str, seq: int, key: Row, step: Mapping[str, Any]) -> Change:
    """Return the row of one step in the life of an order, a transfer or a stop.

    Where such a life has another side that tells something, the step has it as *order*.
    """
    told = {"told": stored_or_none(step["order"])} if "order" in step else {}
    return new_row(
        table,
        {"seq": seq},
        **key,
        at=step["at"],
        state=step["state"],
        **told,
        evidence=stored_or_none(step["evidence"]),
        note=step["note"],
    )


def stored(document: object) -> str:
    """Return a document as the canonical text of one column."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def stored_or_none(document: object) -> str | None:
    """Return a document as canonical text; None stays None."""
    return None if document is None else stored(document)
