"""The writer's thread may come to work at any moment, also before the asker goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def quick_threads() -> Iterator[None]:
    """Let writers have the quickest of threads for the length of the block."""
    real = writer.OneThread
    writer.OneThread = AtOnce  # type: ignore[assignment,misc]  # The ledger's thread.
    try:
        yield
    finally:
        writer.OneThread = real  # type: ignore[misc]  # As above.


async def test_the_quickest_of_threads_still_answers_whoever_opens_calls_and_closes(
    tmp_path: Path,
) -> None:
    with quick_threads():
        async with open_writer(Place(database=tmp_path / "ledger.db"), StandingClock()) as opened:
            assert await opened.call(lambda: "called") == "called"
