"""What PostgreSQL complains about, in our words: what is the matter, and the next step. Pure.

A server answers with an SQLSTATE; where a connection was not made there is none, and the
driver's text has to do. No text here can hold a password: neither libpq nor the server repeats
one.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import psycopg

_AGAIN: Final = "wait for the other process, then run the same command again"
_DOWN: Final = "see that the server runs and ledger.url names it, then trimtab recover"
_GRANTS: Final = (
    "grant the role USAGE and CREATE on the schema, and SELECT, INSERT and UPDATE on its tables"
)
_KNOWN: Final = MappingProxyType(
    {
        "53100": ("the server's disk is full", "free space there, then trimtab recover"),
        "53200": ("the server is out of memory", "give it more, then trimtab recover"),
        "53300": ("the server takes no more connections", "raise its limit, then trimtab doctor"),
        "58030": ("the server's disk does not read or write", "check it, then trimtab recover"),
        "25006": ("the server is read-only", "name its primary in ledger.url"),
        "0A000": ("the server is a read-only standby", "name its primary in ledger.url"),
        "42501": ("the role may not do that", _GRANTS),
        "55P03": ("another process has it locked", _AGAIN),
        "40001": ("another process was quicker", _AGAIN),
        "40P01": ("another process was quicker", _AGAIN),
        "57014": ("the server took too long", "look at the server's load, then trimtab recover"),
        "25P03": ("this process was stopped for too long", "trimtab recover"),
        "57P01": ("the server ended the connection", _DOWN),
        "57P02": ("the server crashed", _DOWN),
        "57P03": ("the server is starting or stopping", _DOWN),
        "XX001": ("the server's files are damaged", "trimtab ledger verify, then its backup"),
        "XX002": ("the server's index is damaged", "REINDEX it, then trimtab ledger verify"),
    }
)
"""By SQLSTATE: what is the matter, and the next step."""
_UNCONNECTED: Final = (
    (
        ("password authentication failed", "no password supplied"),
        "the server does not accept the password",
        "set PGPASSWORD, or name a file of mode 0600 in PGPASSFILE",
    ),
    (
        ("does not exist",),
        "the server does not know the database or the role",
        "CREATE DATABASE and CREATE ROLE there, or correct ledger.url",
    ),
    (
        ("pg_hba.conf", "SSL", "certificate"),
        "the server does not let this machine in",
        "look at its pg_hba.conf, and at sslmode in ledger.url",
    ),
)
"""By what the driver tells of a connection that was not made."""


def told_fault(cause: psycopg.Error) -> tuple[str, str]:
    """Return what is the matter, and the next step."""
    told = cause.diag.message_primary or _first_line(cause)
    if cause.sqlstate is not None:
        fault, next_step = _KNOWN.get(cause.sqlstate, ("the server refuses", "trimtab doctor"))
        return f"{fault} ({cause.sqlstate}: {told})", next_step
    for words, fault, next_step in _UNCONNECTED:
        if any(word in str(cause) for word in words):
            return f"{fault} ({told})", next_step
    return f"the server cannot be reached ({told})", _DOWN


def _first_line(cause: psycopg.Error) -> str:
    """Return the first line of the driver's text; the others are advice of its own."""
    return str(cause).strip().partition("\n")[0]
