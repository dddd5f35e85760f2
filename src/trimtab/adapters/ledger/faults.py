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

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from trimtab.adapters.ledger.files import Place
from trimtab.domain.errors import LedgerError

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
            "trimtab ledger verify; if that names a fault, put a backup back",
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


@contextmanager
def located(place: Place, act: str) -> Iterator[None]:
    """Turn what goes wrong inside into a LedgerError that names the file and the act.

    Raises:
        LedgerError: the database or the operating system refused.

    """
    try:
        yield
    except SQLAlchemyError as e:
        raise _told(place, act, e.orig if isinstance(e, DBAPIError) else e) from e
    except (sqlite3.Error, OSError, UnicodeDecodeError) as e:  # The driver decodes its own errors.
        raise _told(place, act, e) from e


def _told(place: Place, act: str, cause: BaseException | None) -> LedgerError:
    """Return the error for one cause; nothing of the act was committed."""
    code = getattr(cause, "sqlite_errorname", None) or ""
    primary = "_".join(code.split("_")[:2])
    if isinstance(cause, UnicodeDecodeError):
        primary = "SQLITE_CORRUPT"
    if isinstance(cause, OSError):
        primary = _ALIKE.get(cause.errno or 0, "")
    fault, next_step = _KNOWN.get(primary, (str(cause), "trimtab doctor"))
    detail = f" ({code or type(cause).__name__}: {cause})" if primary in _KNOWN else ""
    return LedgerError(f"ledger {place.database}: {act}: {fault}{detail}", next_step=next_step)
