"""The writer's thread may come to work at any moment, also before the asker goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.ledger_cases import StandingClock
from trimtab.adapters.ledger import writer
from trimtab.adapters.ledger.files import Place
from trimtab.adapters.ledger.writer import open_writer


class AtOnce:
    """A thread so quick that it is done before whoever submitted goes on."""

    def __init__(self, _name: str) -> None:
        pass

    def submit(self, work: Callable[[], object]) -> None:
        work()

    def shutdown(self) -> None:
        pass


async def test_the_quickest_of_threads_still_answers_whoever_opens_calls_and_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "OneThread", AtOnce)
    async with open_writer(Place(database=tmp_path / "ledger.db"), StandingClock()) as opened:
        assert await opened.call(lambda: "called") == "called"
