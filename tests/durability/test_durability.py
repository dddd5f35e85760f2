"""A sample of every matrix; ``.ci/long`` tries them whole."""

from __future__ import annotations

import random
import re
import subprocess
import sys

from tests.durability import shim
from tests.durability.matrices import MATRICES, NEEDS_SHIM


def test_no_failure_of_disk_power_or_process_doubles_an_order_or_loses_a_fill() -> None:
    """One process for all: its start costs more than the sample. Without cc only what needs none.

    The seed is drawn anew each time; a failure prints the command that tries it alone.
    """
    seed = str(random.SystemRandom().randrange(1_000_000))
    command = [sys.executable, "-m", "tests.durability", "each", "--seed", seed]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=170)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    line = re.compile(r"^(\w+): [1-9]\d* cases(?: \(drawn of \d+\))?, (\d+) failed", re.MULTILINE)
    tried = dict(line.findall(ended.stdout))
    wanted = set(MATRICES) if shim.COMPILER else set(MATRICES) - set(NEEDS_SHIM)
    assert tried == dict.fromkeys(wanted, "0"), ended.stdout
