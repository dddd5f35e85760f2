"""The project's own files agree with the tree: import contract, lint, suppressions, modes."""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.house.source import ROOT

PACKAGE: Final = ROOT / "src" / "trimtab"
SCRIPTS: Final = (".ci/check", ".ci/long", ".ci/postgres", ".ci/run")
_WHOLE: Final = re.MULTILINE | re.DOTALL
PURE_ROOMS: Final = (
    "domain estimators targets triggers hedging planning risk approval execution notices accounting"
)
CORE_FORBIDDEN: Final = "asyncio ccxt logging os random socket sqlalchemy structlog time uuid"


def _contract() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


def _layered(layers: str) -> dict[str, bool]:
    """Return each name in the layers, and whether it must exist."""
    names = re.findall(r"\(?\w+\)?", layers)
    return {name.strip("()"): not name.startswith("(") for name in names}


def _rooms(package: Path) -> set[str]:
    """Return the top-level parts of the package that hold code."""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


def _ignores_without_reason(pyproject: str) -> list[str]:
    """Return the lines of ruff's ignore lists that silence a rule and do not say why."""
    lint = "".join(re.findall(r"^\[tool\.ruff\.lint.*?(?=^\[(?!tool\.ruff)|\Z)", pyproject, _WHOLE))
    silencing = re.compile(r'^\s*("[A-Z]+\d*"\s*,\s*)+|^"[^"]+"\s*=\s*\[.*"[A-Z]+\d*"')
    said = re.compile(r"#\s*\S+\s+\S+")
    return [
        line
        for line in lint.splitlines()
        if silencing.search(line) and "select" not in line and not said.search(line)
    ]


def test_every_room_has_its_layer_and_every_layer_its_room() -> None:
    layers = _layered(_contract()["importlinter:contract:layers"]["layers"])
    rooms = _rooms(PACKAGE)
    assert sorted(rooms - layers.keys()) == [], "place it in .importlinter before it exists"
    missing = sorted(name for name, required in layers.items() if required and name not in rooms)
    assert missing == [], "in .importlinter without parentheses, and not on disk"


def test_every_layer_and_room_mismatch_would_be_seen() -> None:
    assert _layered("cli\n(web) | adapters") == {"cli": True, "web": False, "adapters": True}
    assert "planning" in _rooms(PACKAGE)


def test_every_pure_room_is_in_the_pure_contract() -> None:
    pure = _contract()["importlinter:contract:pure"]
    named = {name.removeprefix("trimtab.") for name in pure["source_modules"].split()}
    present = _rooms(PACKAGE) & set(PURE_ROOMS.split())
    assert sorted(present - named) == [], "add it to the pure contract"
    assert set(CORE_FORBIDDEN.split()) <= set(pure["forbidden_modules"].split())


def test_ci_asks_full_coverage_of_every_pure_room() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    asked = re.findall(r"for room in ([\w ]+);", ci)[0].split()
    asked += re.findall(r"src/trimtab/(\w+)\.py", ci)
    assert sorted(_rooms(PACKAGE) & set(PURE_ROOMS.split()) - set(asked)) == []
    assert "--fail-under=100" in ci


def test_the_contract_is_exhaustive_and_forbids_cycles() -> None:
    contract = _contract()
    assert contract["importlinter:contract:layers"]["exhaustive"] == "True"
    assert contract["importlinter:contract:acyclic"]["type"] == "acyclic_siblings"
    exempt = [s for s in contract.sections() if "ignore_imports" in contract[s]]
    assert exempt == [], "an ignored import is a hole in the contract"


def test_every_package_says_that_it_is_one() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert (
        sorted(str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()) == []
    )


def test_every_lint_ignore_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert _ignores_without_reason(text) == []


@pytest.mark.parametrize(
    ("line", "is_caught"),
    [
        ('  "EM", "TRY003",', True),
        ('"tests/*" = ["D", "S"]', True),
        ('  "EM",  # Messages belong where they are raised.', False),
        ('"tests/*" = ["D"]  # Names are sentences.', False),
    ],
)
def test_a_lint_ignore_without_reason_is_caught(line: str, is_caught: bool) -> None:
    assert bool(_ignores_without_reason(f"[tool.ruff.lint]\n{line}\n")) is is_caught


def test_the_tools_are_as_strict_as_promised() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    pytest_options = tools["pytest"]["ini_options"]
    assert tools["mypy"]["strict"] is True
    assert tools["ruff"]["lint"]["select"] == ["ALL"]
    assert tools["coverage"]["run"]["branch"] is True
    assert pytest_options["filterwarnings"] == ["error"]
    assert pytest_options["xfail_strict"] is True
    assert {"--strict-markers", "--strict-config"} <= set(pytest_options["addopts"])
    assert tools["uv"]["python-downloads"] == "never"


def test_no_file_chooses_a_python_for_everyone() -> None:
    assert not (ROOT / ".python-version").exists()
    assert (ROOT / "uv.lock").exists()


def test_scripts_can_be_run_and_nothing_else_can() -> None:
    skipped = {".git", ".venv", ".hypothesis", "node_modules"}
    runnable = sorted(
        path.relative_to(ROOT).as_posix()
        for path in _files(ROOT, skipped)
        if os.access(path, os.X_OK) and path.stat().st_mode & 0o111
    )
    assert runnable == sorted(SCRIPTS)


def _files(folder: Path, skipped: set[str]) -> list[Path]:
    found: list[Path] = []
    for path in folder.iterdir():
        if path.name in skipped or path.name.endswith("_cache"):
            continue
        found += _files(path, skipped) if path.is_dir() else [path]
    return found


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_stops_at_the_first_fault(script: str) -> None:
    lines = (ROOT / script).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert not [line for line in lines if re.search(r"\|\|\s*(true|:)\s*$", line)]


def test_ci_calls_exactly_the_commands_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    set_up = "python3 -m venv .venv && .venv/bin/pip install uv && .venv/bin/uv run trimtab demo"
    assert set_up in readme
    assert ".venv/bin/uv run pytest" in readme
    assert "python3 -m venv .venv && .venv/bin/pip install uv" in ci
    assert re.search(r"^\s*(\w+=\S+ )*\.venv/bin/uv run pytest$", ci, re.MULTILINE)
    assert re.search(r"^\s*\.ci/check$", ci, re.MULTILINE)


def test_every_benchmark_is_on_the_list_of_benchmarks() -> None:
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    scripts = {path.name for path in (ROOT / "benchmarks").glob("*.py")} - {"__init__.py"}
    assert sorted(name for name in scripts if f"({name})" not in page) == []
