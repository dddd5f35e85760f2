"""One run per account: a lock of the operating system or the server, and an epoch in the ledger.

The lock is what keeps a second run out; the kernel gives it back when a process ends, however
it ends, so a dead run's lease is taken over at once. The epoch is what keeps a first run from
going on after its lock was lost (a deleted lock file, a disk that moved): it counts up with
every taking, and an order's row is made only under the epoch that its run was given. Not pure.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from trimtab.adapters.ledger.faults import located
from trimtab.adapters.ledger.files import Place
from trimtab.adapters.ledger.pen import Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.statements import LEASE, rows
from trimtab.domain.errors import AccountHeld


@contextmanager
def locked(place: Place, owner: str) -> Iterator[None]:
    """Hold the operating system's lock while the block runs, and leave our name in its file.

    Raises:
        AccountHeld: another run has it.
        LedgerError: the lock file cannot be used.

    """
    with located(place, "locking the account"):
        descriptor = _lock(place, owner)
    try:
        yield
    finally:
        os.close(descriptor)


def holder(place: Place) -> str | None:
    """Say who holds the account, or None.

    Looks with a shared lock for an instant, so that those who look do not see each other.

    Raises:
        LedgerError: the lock file cannot be read.

    """
    with located(place, "looking who holds the account"):
        try:
            descriptor = os.open(place.lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _name_in(descriptor)
        finally:
            os.close(descriptor)
    return None


def _name_in(descriptor: int) -> str:
    """Return the name that a holder left; it is written just after the lock is taken."""
    name = os.pread(descriptor, 500, 0).decode("utf-8", "replace").strip()
    return name or "another run"


def _lock(place: Place, owner: str) -> int:
    """Return an open, locked file; it is closed again when that fails.

    Raises:
        AccountHeld: another run has it.
        OSError: the file cannot be opened or locked.

    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with ExitStack() as stack:
        descriptor = os.open(place.lock, flags, 0o600)
        stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            name = _name_in(descriptor)
            raise AccountHeld(f"ledger {place.database}: the account is held by {name}") from e
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{owner}, process {os.getpid()}\n".encode(), 0)
        stack.pop_all()
    return descriptor


def take(pen: Pen, account: str, *, owner: str) -> int:
    """Append that *owner* holds the account now; return the new epoch."""
    epoch = _epoch(pen, account) + 1
    body = {
        "account": account,
        "epoch": epoch,
        "owner": owner,
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
    pen.append(EntryKind.LEASE_TAKEN, body)
    return epoch


def give_back(pen: Pen, account: str, epoch: int) -> None:
    """Append that nobody holds the account, unless another run took it over already."""
    if _epoch(pen, account) == epoch:
        pen.append(EntryKind.LEASE_RELEASED, {"account": account, "epoch": epoch})


def _epoch(pen: Pen, account: str) -> int:
    """Return the epoch of the last taking; the stamp made its row."""
    (lease,) = rows(pen.connection, LEASE, {"account": account})
    return int(lease["epoch"])
