"""A venue is opened by the package that bears its name, and by no other."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

from trimtab.venues.catalogue import PROFILES

_LOADED = """
import sys
import trimtab.adapters.open_venue
print(*(name.split(".")[2] for name in sys.modules if name.startswith("trimtab.adapters.")))
"""


@pytest.mark.parametrize("venue", sorted(PROFILES))
def test_the_package_of_a_venue_opens_its_ports(venue: str) -> None:
    """Every profile has a package with ``open_ports``, of the shape that opening calls."""
    opener = importlib.import_module(f"trimtab.adapters.{venue}.ports").open_ports
    assert list(inspect.signature(opener).parameters) == ["wire", "hosts", "settings"]


def test_no_venue_is_imported_before_it_is_opened() -> None:
    """The module that opens venues brings none of their adapters with it."""
    told = subprocess.run(
        [sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True
    )
    loaded = set(told.stdout.split())
    assert "open_venue" in loaded
    assert not loaded & set(PROFILES)
