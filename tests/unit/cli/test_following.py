"""A next command bears the options that the one before it was given."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

from trimtab.cli.following import in_document, in_text
from trimtab.cli.options import Options

PLAIN = Options(config=None, sets=(), as_json=False, log_level="warning", log_format="console")
GIVEN = dataclasses.replace(PLAIN, config=Path("my file.toml"), sets=("hedge.stop=0.1", "a.b=x y"))
WORDS = "--config 'my file.toml' --set hedge.stop=0.1 --set 'a.b=x y'"


def test_each_command_of_a_next_line_bears_them() -> None:
    told = "Plan made.\nnext: set the key, then trimtab doctor, then trimtab run --execute"
    assert in_text(told, GIVEN) == (
        f"Plan made.\nnext: set the key, then trimtab {WORDS} doctor,"
        f" then trimtab {WORDS} run --execute"
    )


def test_a_shell_reads_them_as_they_were_given() -> None:
    (line,) = in_text("next: trimtab plan", GIVEN).splitlines()
    assert shlex.split(line.removeprefix("next: ")) == [
        *("trimtab", "--config", "my file.toml", "--set", "hedge.stop=0.1", "--set", "a.b=x y"),
        "plan",
    ]


def test_a_line_that_a_narrow_terminal_broke_bears_them_too() -> None:
    broken = "next: wait for the ban to end, then\ntrimtab recover\n"
    assert in_text(broken, GIVEN).endswith(f"\ntrimtab {WORDS} recover\n")


def test_what_is_no_next_command_stays() -> None:
    told = "trimtab plan said: ./trimtab.toml\n\nnext: trimtab plan\n\nsee trimtab explain"
    assert in_text(told, GIVEN) == told.replace("next: trimtab", f"next: trimtab {WORDS}")
    named = "next: trimtab config check --config other.toml"
    assert in_text(named, GIVEN) == named


def test_without_options_nothing_changes() -> None:
    assert in_text("next: trimtab plan", PLAIN) == "next: trimtab plan"
    document = {"next": "trimtab plan"}
    assert in_document(document, PLAIN) is document


def test_next_fields_of_a_document_bear_them_at_any_depth() -> None:
    document = {
        "error": {"message": "trimtab plan failed", "next": "trimtab recover"},
        "schedule": {"next": {"slot": "2027Q1"}},
        "next": ["trimtab plan", "look"],
    }
    assert in_document(document, GIVEN) == {
        "error": {"message": "trimtab plan failed", "next": f"trimtab {WORDS} recover"},
        "schedule": {"next": {"slot": "2027Q1"}},
        "next": [f"trimtab {WORDS} plan", "look"],
    }
