"""Help and usage: every command says what it takes, quickly, and wrong words end with two."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import has_no_traceback, trimtab
from trimtab.cli.entry import (
    COMMANDS,
    CONFIG_COMMANDS,
    LEDGER_COMMANDS,
    SCHEDULE_COMMANDS,
    STANDING_COMMANDS,
    VENUE_COMMANDS,
)

EVERY = [
    *([c.name] for c in COMMANDS),
    *(["config", c.name] for c in CONFIG_COMMANDS),
    *(["ledger", c.name] for c in LEDGER_COMMANDS),
    *(["standing", c.name] for c in STANDING_COMMANDS),
    *(["venues", c.name] for c in VENUE_COMMANDS),
    *(["schedule", c.name] for c in SCHEDULE_COMMANDS),
]


async def test_help_names_every_command_and_the_options_they_share(tmp_path: Path) -> None:
    ended = await trimtab(["--help"], folder=tmp_path)
    assert ended.code == 0
    for command in (*COMMANDS, "config", "ledger", "standing", "venues", "schedule"):
        name = command if isinstance(command, str) else command.name
        assert f" {name} " in ended.stdout
    for option in ("--config", "--set", "--json", "--log-level"):
        assert option in ended.stdout


async def test_every_command_has_help_without_a_configuration(tmp_path: Path) -> None:
    for words in EVERY:  # Each started anew: what it imports must be complete without another.
        ended = await trimtab([*words, "--help"], folder=tmp_path, anew=True)
        assert ended.code == 0, ended.text
        assert f"trimtab {' '.join(words)}" in ended.stdout


@pytest.mark.parametrize("words", [["bogus"], ["--bogus"], ["config"], ["plan", "--json=x"]])
async def test_words_that_are_no_command_change_nothing_and_show_no_traceback(
    tmp_path: Path, words: list[str]
) -> None:
    ended = await trimtab(words, folder=tmp_path)
    assert ended.code in {0, 2}
    assert has_no_traceback(ended)


async def test_an_unknown_command_as_json_is_one_error_document(tmp_path: Path) -> None:
    ended = await trimtab(["bogus", "--json"], folder=tmp_path)
    assert ended.code == 2
    assert ended.document["status"] == "error"
    assert set(ended.document["error"]) == {"code", "message", "true_now", "next"}
