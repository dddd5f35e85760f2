"""The tests cannot reach the network, the real home or the user's variables."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import MutableMapping
from decimal import Decimal, Inexact, localcontext
from pathlib import Path

import pytest
from hypothesis import settings

from trimtab.domain.exact import exact_arithmetic, ratio

STRANGER = "192.0.2.1"  # Reserved for documentation (RFC 5737): nobody answers there.


def test_a_connection_to_a_stranger_is_refused() -> None:
    with socket.socket() as outgoing, pytest.raises(OSError, match="loopback only"):
        outgoing.connect((STRANGER, 443))


def test_a_name_look_up_of_a_stranger_is_refused() -> None:
    with pytest.raises(OSError, match="loopback only"):
        socket.getaddrinfo("exchange.example", 443)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "localhost"])
def test_loopback_can_be_reached(address: str) -> None:
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        listening.listen()
        with socket.create_connection((address, listening.getsockname()[1]), timeout=5) as near:
            assert near.getpeername()[0].startswith("127.")


def test_a_socket_of_this_machine_can_be_reached(tmp_path: Path) -> None:
    near = str(tmp_path / "near.sock")
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as calling:
        listening.bind(near)
        listening.listen()
        calling.connect(near)
        assert calling.getpeername() == near


def test_a_process_that_a_test_starts_is_guarded_too() -> None:
    code = f"import socket; socket.create_connection(('{STRANGER}', 443), timeout=1)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert answer.returncode == 1
    assert "loopback only" in answer.stderr


def test_home_is_not_the_real_one(home: Path) -> None:
    assert home.name.startswith("trimtab-home-")
    assert Path("~/.config").expanduser() == home / ".config"
    assert Path(os.environ["XDG_STATE_HOME"]).is_relative_to(home)


def test_no_variable_of_the_user_reaches_a_test() -> None:
    ours = {name for name in os.environ if name.startswith(("TRIMTAB", "PG"))}
    assert ours <= {"TRIMTAB_TEST_POSTGRES", "TRIMTAB_TEST_COLD"}


def test_a_variable_set_by_a_test_is_set(environ: MutableMapping[str, str]) -> None:
    environ["TRIMTAB_CONFIG"] = "x.toml"
    assert os.environ["TRIMTAB_CONFIG"] == "x.toml"


@pytest.mark.usefixtures("hostile_decimal_context")
def test_the_hostile_context_ruins_what_reads_it_and_nothing_of_ours() -> None:
    with pytest.raises(Inexact):
        assert Decimal(1) / Decimal(3)
    with exact_arithmetic():
        assert Decimal("1.00001") + 1 == Decimal("2.00001")
    assert len(str(ratio(Decimal(1), Decimal(3)))) == len("0.") + 28


def test_the_ambient_context_is_ordinary_again() -> None:
    with localcontext() as ambient:
        assert not ambient.traps[Inexact]


def test_a_failing_property_can_be_replayed() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert settings.default.derandomize is False
    assert settings.default.print_blob or "CI" not in os.environ
