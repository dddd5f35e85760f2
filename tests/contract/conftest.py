"""What every ledger keeps is tried on the one in memory, the one on disk, the one on a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.builders import KEY, NOW
from tests.contract.ledger_cases import (
    Opener,
    StandingClock,
)
from tests.contract.server_cases import needs_server, own_schema
from tests.fakes.memory_ledger import MemoryStore, open_memory_ledger
from trimtab.adapters.ledger.sql_ledger import open_ledger
from trimtab.domain.snapshot import AccountKey
from trimtab.ports import Ledger


def _in_memory(_: Path) -> Opener:
    store = MemoryStore(key=KEY, began_at=NOW)

    def opened(
        *, dry_run: bool = False, key: AccountKey = KEY
    ) -> AbstractAsyncContextManager[Ledger]:
        return open_memory_ledger(store, key, dry_run=dry_run, clock=StandingClock())

    return opened


def _at(url: str) -> Opener:
    def opened(
        *, dry_run: bool = False, key: AccountKey = KEY
    ) -> AbstractAsyncContextManager[Ledger]:
        return open_ledger(url, key, dry_run=dry_run, clock=StandingClock())

    return opened


def _on_disk(folder: Path) -> Opener:
    return _at(f"sqlite:///{folder / 'state' / 'ledger.db'}")


@pytest.fixture(params=["memory", "disk", pytest.param("server", marks=needs_server)])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    match request.param:
        case "memory":
            yield _in_memory(tmp_path)
        case "disk":
            yield _on_disk(tmp_path)
        case _:
            with own_schema() as url:
                yield _at(url)


@pytest.fixture
async def ledger(opener: Opener) -> AsyncIterator[Ledger]:
    async with opener() as opened:
        yield opened


@pytest.fixture
async def held(opener: Opener) -> AsyncIterator[Ledger]:
    """Return a ledger whose account is held."""
    async with opener() as ledger, ledger.holding_account(owner="test"):
        yield ledger
