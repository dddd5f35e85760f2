"""What holds for every test: no network but loopback, no real home, no variables of the user.

Everything here is also true in the processes that tests start.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from decimal import ROUND_UP, Context, Inexact, localcontext
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

GUARD: Final = Path(__file__).parent / "house" / "guard"

sys.path.insert(0, str(GUARD))
import sitecustomize  # noqa: E402  # It lies in the folder that the line above adds.

if not hasattr(sitecustomize, "refuse_strangers"):  # Another one was imported at start-up.
    del sys.modules["sitecustomize"]
    import sitecustomize  # type: ignore[no-redef]  # The same name, now from our folder.

LONGEST: Final = "tests/durability/"

SLOW_MACHINE: Final = (HealthCheck.too_slow,)
"""Two cores shared with other work make data generation slow, and mean nothing."""

settings.register_profile(
    "local", max_examples=100, deadline=None, suppress_health_check=SLOW_MACHINE
)
settings.register_profile(
    "ci", settings.get_profile("local"), derandomize=False, database=None, print_blob=True
)
settings.register_profile("long", settings.get_profile("ci"), max_examples=10_000)
settings.register_profile("deep", settings.get_profile("ci"), max_examples=100_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "local"))

REDIRECTED: Final = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
PROXIES: Final = (
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)

SERVER: Final = "TRIMTAB_TEST_POSTGRES"
"""Where the ledger's tests find a server."""
COLD: Final = "TRIMTAB_TEST_COLD"
"""Set to anything, every command that a test runs is started anew; see tests/acceptance/warm."""
REAL: Final = ("TRIMTAB_DAILY_PRICES", "TRIMTAB_FUNDING_RATES", "TRIMTAB_RECORDED_MARKETS")
"""Files of real ones, which are not ours to ship; see tests/property."""
SEEDS: Final = "TRIMTAB_SEEDS"
"""How many seeds tests/simulation plays."""
FOR_TESTS: Final = frozenset({SERVER, COLD, SEEDS, *REAL})
"""The only variables of ours that reach a test."""


def pytest_configure() -> None:
    """Give the run, and each of its workers, a home of its own before anything is imported."""
    home = Path(tempfile.mkdtemp(prefix="trimtab-home-"))
    os.environ["HOME"] = str(home)
    for name in REDIRECTED:
        os.environ[name] = str(home / name.lower())
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # Hundreds of commands would compile anew.
    for name in [n for n in os.environ if n.startswith(("TRIMTAB", "PG"))]:
        if name not in FOR_TESTS:
            del os.environ[name]
    for name in PROXIES:
        os.environ.pop(name, None)
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(GUARD), *([inherited] if inherited else [])])


def pytest_unconfigure() -> None:
    """Remove the run's home."""
    shutil.rmtree(os.environ["HOME"], ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest test: the other worker does all else meanwhile, and neither waits."""
    items.sort(key=lambda item: LONGEST not in item.nodeid)


@pytest.fixture(scope="session", autouse=True)
def untraced_commands() -> None:
    """Let coverage watch the tests, and not the commands that they start.

    It would double what a command costs. What must be covered is the core, and every line of
    that is reached from inside: a test that calls it says more than a command that passes by.
    """
    os.environ.pop("COVERAGE_PROCESS_START", None)


@pytest.fixture(autouse=True)
def environ() -> Iterator[MutableMapping[str, str]]:
    """Lend the process environment; every change is taken back after the test."""
    before = dict(os.environ)
    yield os.environ
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    for name, text in before.items():
        if os.environ.get(name) != text:
            os.environ[name] = text


@pytest.fixture
def hostile_decimal_context() -> Iterator[None]:
    """Run the test under an ambient decimal context that ruins whatever reads it."""
    with localcontext(Context(prec=3, rounding=ROUND_UP, traps=[Inexact])):
        yield


@pytest.fixture
def home() -> Path:
    """Return the home folder that the tests and their processes see."""
    return Path(os.environ["HOME"])
