"""Holds the account, wherever its ledger lives: on a file's lock or on a server's.

A file's lock answers at once. A server is waited for on the writer's thread, never on the event
loop. Not pure.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager

from trimtab.adapters.ledger import lease
from trimtab.adapters.ledger.server import Server
from trimtab.adapters.ledger.site import Site
from trimtab.adapters.ledger.writer import Writer


def locked_at(site: Site, owner: str) -> AbstractContextManager[None]:
    """Return what holds the account's lock while its block runs; waits for a server.

    Entering it raises AccountHeld when another run has it, and LedgerError when it cannot be had.
    """
    if not isinstance(site, Server):
        return lease.locked(site, owner)
    from trimtab.adapters.ledger.server_lock import locked_on  # noqa: PLC0415  a file does not pay

    return locked_on(site, owner)


@asynccontextmanager
async def held(writer: Writer, owner: str) -> AsyncIterator[None]:
    """Hold the account's lock while the block runs.

    Raises:
        AccountHeld: another run has it.
        LedgerError: it cannot be had.

    """
    lock = locked_at(writer.place, owner)
    if not isinstance(writer.place, Server):
        with lock:
            yield
        return
    stack = ExitStack()
    try:
        await writer.call(lambda: stack.enter_context(lock))
        yield
    finally:
        await writer.call(stack.close)


async def holder(writer: Writer) -> str | None:
    """Say who holds the account, or None.

    Raises:
        LedgerError: the lock cannot be looked at.

    """
    if not isinstance(writer.place, Server):
        return lease.holder(writer.place)
    from trimtab.adapters.ledger.server_lock import holder as holder_on  # noqa: PLC0415  as above

    return await writer.read(holder_on)
