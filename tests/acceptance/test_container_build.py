"""The image's steps, one after the other in a fresh tree, as far as it goes without an engine.

What installs from the network takes from uv's cache; users are not made. Bytecode is not compiled,
which only costs time.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.house.source import ROOT

UV: Final = Path(sys.executable).with_name("uv")
CACHE: Final = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache" / "uv"
"""Where the installer keeps what it once fetched, whatever home a test is given."""
NOT_HERE: Final = ("pip install", "useradd")
"""Steps that need the network, or the image's own users."""
CONFIG: Final = """\
[account]
quote = "USDT"
[venue]
id = "binance"
environment = "local"
[portfolio.targets]
BTC = "0.50"
USDT = "0.50"
"""


class Tree:
    """A folder that stands for the root of an image."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.variables: dict[str, str] = {}
        self.folder = root
        self.ran: list[str] = []

    def there(self, text: str) -> str:
        """Return a text whose absolute places lie in the tree."""
        return re.sub(r"(?<![\w$}./])/(?=opt|build|etc/trimtab|var/lib)", f"{self.root}/", text)

    def follow(self, instruction: str, rest: str) -> None:
        """Do what one instruction says."""
        match instruction:
            case "ENV":
                pairs = (word.split("=", 1) for word in shlex.split(rest))
                self.variables |= {name: self.there(value) for name, value in pairs}
            case "WORKDIR":
                self.folder = Path(self.there(rest))
                self.folder.mkdir(parents=True, exist_ok=True)
            case "COPY" if "--from" not in rest:
                *sources, target = rest.split()
                for source in sources:
                    self._copy(ROOT / source, self.folder / target)
            case "RUN" if not rest.startswith(NOT_HERE):
                self.run(shlex.split(rest))
                self.ran.append(rest)

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)

    def run(self, words: list[str]) -> str:
        """Run a command with nothing but the image's variables; return what it prints."""
        path = self.variables.get("PATH", "").replace("$PATH", "")
        given = {
            "HOME": os.environ["HOME"],
            **self.variables,
            "PATH": f"{path}{UV.parent}:/usr/bin:/bin",
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(CACHE)),
            "UV_OFFLINE": "1",
            "UV_PYTHON": sys.executable,
            "UV_COMPILE_BYTECODE": "0",
        }
        ended = subprocess.run(
            words,
            cwd=self.folder,
            env=given,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert ended.returncode == 0, f"{words}\n{ended.stdout}{ended.stderr}"
        return ended.stdout


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for line in lines:
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            found.append([])
        found[-1].append((instruction, rest))
    return found


@pytest.mark.timeout(600)
def test_each_step_of_the_image_works_in_a_fresh_tree_and_its_program_starts(
    tmp_path: Path,
) -> None:
    building, final = stages()
    tree = Tree(tmp_path)
    for instruction, rest in building:
        tree.follow(instruction, rest)
    assert len(tree.ran) == 2, tree.ran
    shutil.rmtree(tmp_path / "build")  # Only what is copied over is there afterwards.
    tree.variables = {}
    for instruction, rest in final:
        tree.follow(instruction, rest)
    config = Path(tree.variables["TRIMTAB_CONFIG"])
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    told = dict(final)
    entry, command = json.loads(told["ENTRYPOINT"]), json.loads(told["CMD"])
    place = tmp_path / "opt" / "trimtab" / "bin"
    assert "Keeps a crypto portfolio" in tree.run([str(place / entry[0]), *entry[1:], *command])
    health = json.loads(told["HEALTHCHECK"].partition(" CMD ")[2])
    tree.run([str(place / health[0]), *health[1:]])
    assert sorted(tmp_path.rglob("*")) == before, "Its root may be read-only."
