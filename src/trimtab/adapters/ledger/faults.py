"""What the database and the disk complain about, in our words: what is true now and what next.

Pure but for the exceptions that it turns around.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from sqlalchemy.exc import DBAPIError, ResourceClosedError, SQLAlchemyError

from trimtab.adapters.ledger.server import Server
from trimtab.adapters.ledger.site import Site
from trimtab.domain.errors import LedgerError, TrimtabError

_KNOWN: Final = MappingProxyType(
    {
        "SQLITE_FULL": ("the disk is full", "free space, then trimtab recover"),
        "SQLITE_IOERR": (
            "the disk does not read or write",
            "check disk and quota, then trimtab recover",
        ),
        "SQLITE_READONLY": (
            "the file or its directory is read-only",
            "make both writable for this user, then run the same command again",
        ),
        "SQLITE_BUSY": (
            "another process has it locked",
            "wait for the other process, then run the same command again",
        ),
        "SQLITE_PROTOCOL": (
            "another process has it locked",
            "wait for the other process, then run the same command again",
        ),
        "SQLITE_LOCKED": (
            "another process has it locked",
            "wait for the other process, then run the same command again",
        ),
        "SQLITE_CORRUPT": (
            "the file is damaged, or the disk does not read it",
            "trimtab ledger verify; if it names a fault, trimtab ledger restore FILE with a backup",
        ),
        "SQLITE_NOTADB": (
            "the file is no ledger",
            "check ledger.url in the configuration",
        ),
        "SQLITE_CANTOPEN": (
            "the file cannot be opened",
            "check ledger.url and the rights on its directory",
        ),
    }
)
"""By SQLite's primary result code: what is the matter, and the next step."""
_ALIKE: Final = MappingProxyType(
    {
        errno.ENOSPC: "SQLITE_FULL",
        errno.EDQUOT: "SQLITE_FULL",
        errno.EFBIG: "SQLITE_FULL",
        errno.EIO: "SQLITE_IOERR",
        errno.EROFS: "SQLITE_READONLY",
        errno.EACCES: "SQLITE_READONLY",
        errno.EPERM: "SQLITE_READONLY",
        errno.EMFILE: "SQLITE_CANTOPEN",
        errno.ENFILE: "SQLITE_CANTOPEN",
    }
)
"""By the operating system's error number: the code under which SQLite would tell the same."""


_OF_THE_PLACE: Final = frozenset(
    {
        "SQLITE_FULL",
        "SQLITE_READONLY",
        "SQLITE_BUSY",
        "SQLITE_PROTOCOL",
        "SQLITE_LOCKED",
        "SQLITE_CANTOPEN",
    }
)
"""Codes that say where a file lies or who has it, and nothing of what is in it."""

_GIVEN_UP: Final = "the connection was given up after a commit that nobody knows the end of"


@contextmanager
def located(site: Site, act: str) -> Iterator[None]:
    """Turn what goes wrong inside into a LedgerError that names the place and the act.

    Raises:
        LedgerError: the database or the operating system refused.

    """
    try:
        yield
    except TrimtabError:
        raise  # It is told already, and perhaps that the driver is not there.
    except SQLAlchemyError as e:
        raise _told(site, act, e.orig if isinstance(e, DBAPIError) else e) from e
    except _errors_of(site) as e:
        raise _told(site, act, e) from e


def _errors_of(site: Site) -> tuple[type[Exception], ...]:
    """Return what the driver and the operating system raise."""
    if isinstance(site, Server):
        import psycopg  # noqa: PLC0415  a file does not pay for it

        return (psycopg.Error, OSError)
    return (sqlite3.Error, OSError, UnicodeDecodeError)  # The driver decodes its own errors.


def _told(site: Site, act: str, cause: BaseException | None) -> LedgerError:
    """Return the error for one cause; nothing of the act was committed."""
    fault, next_step = _fault_of(site, cause)
    return LedgerError(f"ledger {site.name}: {act}: {fault}", next_step=next_step)


def is_of_the_place(error: LedgerError) -> bool:
    """Whether *error* is about disk, rights or another process: the ledger may be sound."""
    cause = error.__cause__
    return _primary_of(cause.orig if isinstance(cause, DBAPIError) else cause) in _OF_THE_PLACE


def _primary_of(cause: BaseException | None) -> str:
    """Return SQLite's primary result code of a cause; empty where there is none like it."""
    if isinstance(cause, UnicodeDecodeError):
        return "SQLITE_CORRUPT"
    if isinstance(cause, OSError):
        return _ALIKE.get(cause.errno or 0, "")
    code = getattr(cause, "sqlite_errorname", None) or ""
    return "_".join(code.split("_")[:2])


def _fault_of(site: Site, cause: BaseException | None) -> tuple[str, str]:
    """Return what is the matter, and the next step."""
    if isinstance(cause, ResourceClosedError):
        return _GIVEN_UP, "trimtab recover"
    if isinstance(site, Server):
        import psycopg  # noqa: PLC0415  a file does not pay for it

        from trimtab.adapters.ledger.server_faults import told_fault  # noqa: PLC0415  as above

        if isinstance(cause, psycopg.Error):
            return told_fault(cause)
    code = getattr(cause, "sqlite_errorname", None) or ""
    primary = _primary_of(cause)
    fault, next_step = _KNOWN.get(primary, (str(cause), "trimtab doctor"))
    detail = f" ({code or type(cause).__name__}: {cause})" if primary in _KNOWN else ""
    return f"{fault}{detail}", next_step
