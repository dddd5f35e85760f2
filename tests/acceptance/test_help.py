"""Help and usage: every command says what it takes, quickly, and wrong words end with two."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from tests.acceptance.conftest import has_no_traceback, trimtab
from trimtab.cli.command_line import (
    COMMANDS,
    CONFIG_COMMANDS,
    LEDGER_COMMANDS,
    NOTIFY_COMMANDS,
    SCHEDULE_COMMANDS,
    STANDING_COMMANDS,
    VENUE_COMMANDS,
)

GROUPS: Final = MappingProxyType(
    {
        (): COMMANDS,
        ("config",): CONFIG_COMMANDS,
        ("ledger",): LEDGER_COMMANDS,
        ("notify",): NOTIFY_COMMANDS,
        ("schedule",): SCHEDULE_COMMANDS,
        ("standing",): STANDING_COMMANDS,
        ("venues",): VENUE_COMMANDS,
    }
)
EVERY: Final = [
    ((*group, command.name), command.path.partition(":")[0])
    for group, commands in GROUPS.items()
    for command in commands
]
"""The words of every command, and the module that it is in."""


async def test_help_names_every_command_and_the_options_they_share(tmp_path: Path) -> None:
    ended = await trimtab(["--help"], folder=tmp_path)
    assert ended.code == 0
    for command in (*COMMANDS, "config", "ledger", "standing", "venues", "schedule"):
        name = command if isinstance(command, str) else command.name
        assert f" {name} " in ended.stdout
    for option in ("--config", "--set", "--json", "--log-level"):
        assert option in ended.stdout


async def test_every_command_has_help_without_a_configuration(tmp_path: Path) -> None:
    for words, _ in EVERY:
        ended = await trimtab([*words, "--help"], folder=tmp_path)
        assert ended.code == 0, ended.text
        assert f"trimtab {' '.join(words)}" in ended.stdout


async def test_every_module_of_commands_imports_what_it_needs_where_nothing_was_before(
    tmp_path: Path,
) -> None:
    one_of_each = {module: words for words, module in EVERY}
    assert len(one_of_each) > 10
    for words in one_of_each.values():
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


@pytest.mark.parametrize(
    ("words", "told", "asks"),
    [
        (["hedge"], "hedge needs ASSET", "hedge"),
        (["hedge", "BTC"], "hedge needs SIZE", "hedge"),
        (["notify", "ack"], "notify ack needs ID", "notify ack"),
        (["venues", "show"], "venues show needs VENUE_ID", "venues show"),
        (["run", "--slot"], "--slot needs a value", "run"),
        (["status", "x", "y"], "status does not take: x y", "status"),
        (["venues", "bogus"], "venues does not take: bogus", "venues"),
        (["plan", "--bogus"], "Unknown option: --bogus.", "plan"),
    ],
)
async def test_wrong_words_are_told_with_the_help_of_their_command(
    tmp_path: Path, words: list[str], told: str, asks: str
) -> None:
    ended = await trimtab(words, folder=tmp_path)
    assert ended.code == 2
    assert f"error: {told}\n" in ended.stderr
    assert ended.stderr.endswith(f"next: trimtab {asks} --help\n")
