"""The documents are true where a machine can tell: links, terms, records, commands, layers."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.house.source import ROOT, documents, project_modules

RECORD_SECTIONS: Final = ("## Status", "## Context", "## Decision", "## Consequences")
RUNBOOK_SECTIONS: Final = (
    "## Symptom",
    "## What is true now",
    "## Do this",
    "## How to know that it worked",
)
TOP_LEVEL: Final = (
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "GLOSSARY.md",
    "LICENSE",
    "README.md",
)
LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PAGE: Final = re.compile(
    r"(?<![\w/.-])((?:[\w.-]+/)+[\w.-]+\.md|(?:src|tests|benchmarks|config)/[\w./-]+\.\w+|[A-Z]{4,}\.md)\b"
)
"""A page anywhere, or a file of the project."""
COMMAND: Final = re.compile(
    r"^\s*(?:\$ )?(?:\.venv/bin/uv run )?trimtab\s+((?:--\S+\s+\S+\s+)*)(\w[\w-]*)", re.MULTILINE
)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings make."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def _dead_links(page: Path, text: str) -> list[str]:
    """Return relative links that lead nowhere."""
    dead = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        is_dead = not target.exists() or (anchor and anchor not in _anchors(_read(target)))
        dead += [link] if is_dead else []
    return dead


@pytest.mark.parametrize("page", documents(), ids=_id)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert _dead_links(page, _read(page)) == []


def test_a_dead_link_would_be_seen() -> None:
    page = ROOT / "README.md"
    assert _dead_links(page, "[a](no-such.md) [b](LICENSE) [c](https://x.test/)") == ["no-such.md"]
    assert _dead_links(page, "[a](GLOSSARY.md#no-such-heading)") == ["GLOSSARY.md#no-such-heading"]


def _missing_pages(text: str) -> set[str]:
    """Return pages and files that a text names and the repository does not hold."""
    return {name for name in PAGE.findall(text) if not (ROOT / name).exists()}


def test_every_page_that_code_names_exists() -> None:
    missing = [
        f"{module.path}:{line}: {page}"
        for module in project_modules()
        for line, text in module.prose
        for page in sorted(_missing_pages(text))
    ]
    assert missing == []


@pytest.mark.parametrize("page", documents(), ids=_id)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    prose = LINK.sub("", _read(page))
    assert sorted(_missing_pages(prose)) == []


def test_a_missing_page_would_be_seen() -> None:
    assert _missing_pages("see docs/no-such.md and README.md") == {"docs/no-such.md"}


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_every_standing_document_is_there(name: str) -> None:
    assert (ROOT / name).is_file()


def _terms(glossary: str) -> list[str]:
    return re.findall(r"^\*\*(.+?)\*\*", glossary, re.MULTILINE)


def test_the_glossary_is_alphabetical_and_each_term_is_there_once() -> None:
    terms = [term.lower() for term in _terms(_read(ROOT / "GLOSSARY.md"))]
    assert len(terms) > 0
    assert terms == sorted(terms)
    assert len(terms) == len(set(terms))


def test_every_glossary_entry_is_a_sentence() -> None:
    lines = _read(ROOT / "GLOSSARY.md").splitlines()
    entries = [line for line in lines if line.startswith("**")]
    assert [entry for entry in entries if not entry.rstrip().endswith(".")] == []


def test_every_room_is_on_the_map_of_the_architecture() -> None:
    page = _read(ROOT / "ARCHITECTURE.md")
    rooms = {module.room for module in project_modules() if module.room} - {"__init__", "__main__"}
    assert sorted(room for room in rooms if not re.search(rf"`{room}/?`", page)) == []


def test_the_changelog_is_kept_for_what_comes_next() -> None:
    headings = re.findall(r"^## (.+)$", _read(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    versions = [h for h in headings[1:] if not re.match(r"\d+\.\d+\.\d+ — \d{4}-\d\d-\d\d$", h)]
    assert versions == []


def _records() -> list[Path]:
    return sorted(p for p in (ROOT / "docs" / "design").glob("*.md"))


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in _records()]
    assert all(re.match(r"\d{4}-[a-z0-9-]+\.md$", path.name) for path in _records())
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("record", _records(), ids=_id)
def test_every_decision_record_has_its_sections(record: Path) -> None:
    text = _read(record)
    assert text.startswith(f"# {record.name[:4]}: ")
    assert [section for section in RECORD_SECTIONS if section not in text] == []


def _runbooks() -> list[Path]:
    return sorted(p for p in (ROOT / "runbooks").glob("*.md") if p.name != "README.md")


@pytest.mark.parametrize("runbook", _runbooks(), ids=_id)
def test_every_runbook_says_symptom_truth_commands_and_proof(runbook: Path) -> None:
    text = _read(runbook)
    places = [text.find(section) for section in RUNBOOK_SECTIONS]
    assert -1 not in places
    assert places == sorted(places)
    assert f"({runbook.name})" in _read(ROOT / "runbooks" / "README.md"), "list it there"


@cache
def _help() -> str:
    trimtab = Path(sys.executable).with_name("trimtab")
    answer = subprocess.run(
        [trimtab, "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    return answer.stdout if answer.returncode == 0 else ""


def _named_commands(text: str) -> set[str]:
    blocks = re.findall(r"```(?:console|sh)?\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`(trimtab [^`]+)`", text)
    return {command for block in (*blocks, *inline) for _, command in COMMAND.findall(block)}


@pytest.mark.parametrize("page", [p for p in documents() if _named_commands(_read(p))], ids=_id)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = _named_commands(_read(page))
    offered = _help()
    assert offered, "`trimtab --help` must answer"
    assert sorted(c for c in named if not re.search(rf"\b{re.escape(c)}\b", offered)) == []


def test_commands_are_found_where_pages_name_them() -> None:
    page = "Run `trimtab recover`.\n```console\n$ trimtab --config x.toml plan --json\n```\n"
    assert _named_commands(page) == {"recover", "plan"}
