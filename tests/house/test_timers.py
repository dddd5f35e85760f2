"""The services that start Trimtab may do little, and systemd itself understands them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.house.source import ROOT

TIMERS: Final = ROOT / "config" / "timers"
SERVICES: Final = sorted(TIMERS.glob("*.service"))
ANALYZER: Final = shutil.which("systemd-analyze")
EXPOSURE_MAX: Final = "25"
"""Tenths of systemd's own measure of what a service may do; unconfined is 96."""
KEPT: Final = (
    "User=trimtab",
    "StateDirectory=trimtab",
    "StateDirectoryMode=0700",
    "UMask=0077",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "CapabilityBoundingSet=",
    "SystemCallErrorNumber=EPERM",
)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("service", SERVICES, ids=lambda file: file.name)
def test_a_service_runs_as_nobody_else_and_writes_its_state_alone(service: Path) -> None:
    lines = _lines(service)
    assert [line for line in KEPT if line not in lines] == []
    assert not [line for line in lines if line.startswith(("ReadWritePaths", "AmbientCap"))]


@pytest.mark.parametrize("service", SERVICES, ids=lambda file: file.name)
def test_a_service_names_its_secrets_by_file_and_has_time_to_end_a_run(service: Path) -> None:
    text = service.read_text(encoding="utf-8")
    for variable in re.findall(r"^Environment=(\w+)=", text, re.MULTILINE):
        assert variable.endswith("_FILE")
    (minutes,) = re.findall(r"^TimeoutStopSec=(\d+)min$", text, re.MULTILINE)
    assert int(minutes) >= 2


def test_the_timer_starts_a_service_that_is_there_and_catches_up() -> None:
    (timer,) = TIMERS.glob("*.timer")
    assert timer.with_suffix(".service").exists()
    assert {"Persistent=true", "OnCalendar=hourly"} <= set(_lines(timer))


def test_cron_lines_name_a_user_and_escape_what_cron_would_take_for_a_line_end() -> None:
    for line in _lines(TIMERS / "trimtab.cron"):
        if line.startswith("#"):
            continue
        assert re.match(r"\d+ (\*|\d+) \* \* \* trimtab /usr/local/bin/trimtab ", line)
        assert re.search(r"(?<!\\)%", line) is None


@pytest.mark.skipif(ANALYZER is None, reason="needs systemd-analyze")
def test_systemd_finds_no_fault_and_little_exposure(tmp_path: Path) -> None:
    assert ANALYZER is not None
    program = shutil.which("true")
    for file in (*SERVICES, *TIMERS.glob("*.timer")):
        text = file.read_text(encoding="utf-8").replace("/usr/local/bin/trimtab", str(program))
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    units = [str(file) for file in sorted(tmp_path.iterdir())]
    services = [unit for unit in units if unit.endswith(".service")]
    assert (len(units), len(services)) == (3, 2)
    for words in (
        ["verify", *units],
        *(["security", "--offline=true", f"--threshold={EXPOSURE_MAX}", u] for u in services),
    ):
        ended = subprocess.run(
            [ANALYZER, "--no-pager", *words], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert words[0] != "verify" or ended.stderr == "", ended.stderr
