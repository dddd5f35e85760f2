"""Every venue here is in process: what is waited for is leapt over, by the venues' clocks too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.fakes.leaping import LeapingLoop, one_time


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], LeapingLoop]]:
    """Give every test here a loop that leaps."""
    return {"leaping": LeapingLoop}


@pytest.fixture(autouse=True)
def by_one_clock() -> Iterator[None]:
    """Have everything that waits go by the time of that loop."""
    with one_time():
        yield
