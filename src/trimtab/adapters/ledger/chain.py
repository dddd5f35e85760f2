r"""The hash chain: every entry names the one before it. Pure.

``hash = SHA-256(prev_hash \n seq \n at \n kind \n body)``. The first entry's ``prev_hash`` is
the chain seed, which is the digest of the stamp, so two ledgers never share a beginning. The
chain shows what was changed by accident or by hand; whoever can write the file can also write
a new chain, which is why the head stands a second time beside the database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from trimtab.domain.canonical import digest, instant_text
from trimtab.domain.snapshot import AccountKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last entry of a chain; seq 0 with the chain seed before the first."""

    seq: int
    """Number of the entry, from 1 without a gap."""
    hash: str
    """64 hex digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger, as it is stored."""

    seq: int
    """Number in the chain, from 1 without a gap."""
    at: str
    """When it was written, our clock, RFC 3339 UTC."""
    kind: str
    body: str
    """Canonical JSON."""
    prev_hash: str
    hash: str


def chain_seed(key: AccountKey, *, created_at: datetime) -> str:
    """Return what the first entry of a ledger is chained to."""
    return digest({"stamp": key, "created_at": instant_text(created_at)})


def entry_hash(*, seq: int, at: str, kind: str, body: str, prev_hash: str) -> str:
    """Return the hash of an entry; none of the first four parts holds a line break."""
    text = f"{prev_hash}\n{seq}\n{at}\n{kind}\n{body}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def next_entry(head: Head, *, at: str, kind: str, body: str) -> Entry:
    """Return the entry that follows *head*."""
    seq = head.seq + 1
    hashed = entry_hash(seq=seq, at=at, kind=kind, body=body, prev_hash=head.hash)
    return Entry(seq=seq, at=at, kind=kind, body=body, prev_hash=head.hash, hash=hashed)


def fault_after(head: Head, entry: Entry) -> str | None:
    """Say what keeps *entry* from following *head*, or None when it does."""
    if entry.seq != head.seq + 1:
        return f"follows entry {head.seq}: entries between them are missing"
    if entry.prev_hash != head.hash:
        return "does not name the entry before it"
    hashed = entry_hash(
        seq=entry.seq, at=entry.at, kind=entry.kind, body=entry.body, prev_hash=entry.prev_hash
    )
    return None if hashed == entry.hash else "was changed: its content has another hash"
