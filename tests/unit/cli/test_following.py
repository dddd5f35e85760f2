"""A next command is about the file that the one before it was told to read."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

import pytest

from trimtab.cli.following import in_document, in_text
from trimtab.cli.options import Options

PLAIN = Options(config=None, sets=(), as_json=False, log_level="warning", log_format="console")
NAMED = dataclasses.replace(PLAIN, config=Path("my file.toml"))
SET = dataclasses.replace(PLAIN, sets=("notify.webhook_url=https://hooks.example/secret",))
FILE = "--config 'my file.toml'"


def test_each_command_of_a_next_line_names_the_file() -> None:
    told = "Plan made.\nnext: set the key, then trimtab doctor, then trimtab run --execute"
    assert in_text(told, NAMED) == (
        f"Plan made.\nnext: set the key, then trimtab {FILE} doctor,"
        f" then trimtab {FILE} run --execute"
    )


def test_a_shell_reads_it_as_it_was_given() -> None:
    line = in_text("next: trimtab plan", NAMED).removeprefix("next: ")
    assert shlex.split(line) == ["trimtab", "--config", "my file.toml", "plan"]


def test_a_line_that_a_narrow_terminal_broke_names_it_too() -> None:
    broken = "next: wait for the ban to end, then\ntrimtab recover\n"
    assert in_text(broken, NAMED).endswith(f"\ntrimtab {FILE} recover\n")


def test_a_note_that_ends_in_a_next_command_names_it_too() -> None:
    assert in_text("interrupted; next: trimtab recover", NAMED).endswith(f"trimtab {FILE} recover")


def test_what_is_no_next_command_stays() -> None:
    told = "trimtab plan said: ./trimtab.toml\n\nnext: trimtab plan\n\nsee trimtab explain"
    assert in_text(told, NAMED) == told.replace("next: trimtab", f"next: trimtab {FILE}")
    for step in ("trimtab --config other.toml config check", "trimtab init own.toml"):
        assert in_text(f"next: {step}", NAMED) == f"next: {step}"


@pytest.mark.parametrize("end", ["", "\n", "  \n", "\n\nmore\n"])
def test_overrides_are_told_of_and_never_repeated(end: str) -> None:
    told = in_text(f"Done.\nnext: trimtab run --execute --plan 3f9c{end}", SET)
    words = "next: trimtab run --execute --plan 3f9c (with the same --set)"
    assert told == f"Done.\n{words}{end}"


def test_where_something_is_to_be_changed_first_overrides_are_not_asked_for() -> None:
    told = 'next: add "swap" to venue.markets, then trimtab recover'
    assert in_text(told, SET) == told


def test_without_options_nothing_changes() -> None:
    assert in_text("next: trimtab plan", PLAIN) == "next: trimtab plan"
    document = {"next": "trimtab plan"}
    assert in_document(document, PLAIN) is in_document(document, SET) is document


def test_next_fields_of_a_document_name_the_file_at_any_depth() -> None:
    document = {
        "error": {"message": "trimtab plan failed", "next": "trimtab recover"},
        "schedule": {"next": {"slot": "2027Q1"}},
        "next": ["trimtab plan", "look"],
    }
    assert in_document(document, NAMED) == {
        "error": {"message": "trimtab plan failed", "next": f"trimtab {FILE} recover"},
        "schedule": {"next": {"slot": "2027Q1"}},
        "next": [f"trimtab {FILE} plan", "look"],
    }
