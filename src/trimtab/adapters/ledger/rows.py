"""What the ledger shows beside the port's own types: events, and what verification found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """One entry of the chain, opened."""

    seq: int
    """Number in the chain, from 1 without a gap."""
    at: str
    """When it was written, our clock, RFC 3339 UTC."""
    kind: str
    """What it records, such as ``order_moved``."""
    subject: str
    """The order, plan, symbol or account that it is about; may be empty."""
    dry_run: bool
    """Whether it belongs to a dry run."""
    body: Mapping[str, Any]
    """The document that was hashed."""
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a ledger, and where."""

    table: str
    """A table; else ``database`` (the file), ``schema`` (what its tables mean) or ``anchor``."""
    row: str
    """The primary key, such as ``seq 17``; empty when it is about no single row."""
    what: str
    """What is wrong, as the end of a sentence that begins with the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What verification found."""

    entries: int
    """Entries whose chain is whole, from the first on."""
    head: str
    """Hash of the last of them; empty for an empty ledger."""
    faults: tuple[Fault, ...]
    """In the order of the checks; the first is the one to look at. Empty when all is well."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults
