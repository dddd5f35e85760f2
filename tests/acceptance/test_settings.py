"""``init`` and ``config``: files written once, values with their place, all faults at once."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.acceptance.conftest import Account, has_no_traceback, trimtab
from tests.unit.config.corpus import corpus

CORPUS = corpus()

FAULTY = """\
[account]
quote = "USDT"
colour = "blue"

[venue]
id = "binance"
environment = "local"
url = "http://127.0.0.1:8900"

[portfolio.targets]
BTC = "0.50"
USDT = "0.20"

[risk]
shock = "-1"
"""


@pytest.mark.parametrize("profile", ["conservative", "moderate", "aggressive"])
async def test_a_configuration_that_init_writes_has_no_fault(tmp_path: Path, profile: str) -> None:
    written = await trimtab(["init", "--profile", profile], folder=tmp_path)
    checked = await trimtab(["config", "check"], folder=tmp_path)
    assert (written.code, checked.code) == (0, 0), checked.text
    assert "next: trimtab testnet" in written.stdout
    assert "next: trimtab doctor" in checked.stdout


async def test_init_as_json_names_the_file_and_the_next_commands(tmp_path: Path) -> None:
    words = ["init", "--environment", "testnet", "own.toml", "--json"]
    ended = await trimtab(words, folder=tmp_path)
    assert ended.code == 0
    assert ended.document["file"] == "own.toml"
    assert ended.document["environment"] == "testnet"
    assert ended.document["next"][-1] == "trimtab --config own.toml doctor"
    assert (tmp_path / "own.toml").exists()


async def test_init_never_writes_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "trimtab.toml").write_text("mine", encoding="utf-8")
    ended = await trimtab(["init"], folder=tmp_path)
    assert ended.code == 2
    assert (tmp_path / "trimtab.toml").read_text(encoding="utf-8") == "mine"
    assert "next: " in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--profile", "wild"],
        ["--venue", "Not A Venue"],
        ["--environment", "moon"],
        ["nowhere/at/all.toml"],
        ["--colour", "blue"],
    ],
)
async def test_init_refuses_wrong_input_in_words(tmp_path: Path, words: list[str]) -> None:
    ended = await trimtab(["init", *words], folder=tmp_path)
    assert ended.code == 2, ended.text
    assert has_no_traceback(ended)
    assert "next: " in ended.stderr
    assert not any((tmp_path / name).exists() for name in ("trimtab.toml", "nowhere"))


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (["--venue", "no-such-venue"], "trimtab venues"),
        (["--venue", "Not A Venue"], "trimtab venues"),
        (["--profile", "wild"], "trimtab init --help"),
        (["--log-level", "loud"], "trimtab --help"),
    ],
)
async def test_what_comes_after_an_init_that_was_refused_works_without_a_file(
    tmp_path: Path, words: list[str], step: str
) -> None:
    refused = await trimtab(["init", *words], folder=tmp_path)
    assert refused.code == 2, refused.text
    assert refused.stderr.splitlines()[-1] == f"next: {step}"
    assert (await trimtab(step.split()[1:], folder=tmp_path)).code == 0


async def test_where_a_venue_is_not_init_says_the_same_again_with_where_it_is(
    tmp_path: Path,
) -> None:
    words = ["init", "--profile", "moderate", "--venue", "mexc", "its own.toml"]
    refused = await trimtab(words, folder=tmp_path)
    step = refused.stderr.splitlines()[-1].removeprefix("next: ")
    written = await trimtab(shlex.split(step)[1:], folder=tmp_path)
    assert (refused.code, written.code) == (2, 0), written.text
    assert "profile moderate, mexc, live" in written.stdout
    assert "next: trimtab --config 'its own.toml' doctor" in written.stdout


async def test_over_a_file_that_is_there_nothing_is_proposed_that_would_write(
    tmp_path: Path,
) -> None:
    (tmp_path / "trimtab.toml").write_text("mine", encoding="utf-8")
    refused = await trimtab(["init", "--venue", "mexc"], folder=tmp_path)
    assert refused.code == 2
    assert refused.stderr.splitlines()[-1] == "next: choose another name, or remove trimtab.toml"


async def test_show_tells_each_value_with_its_place_and_marks_defaults(account: Account) -> None:
    shown = await account.trimtab("config", "show", "--set", "risk.shock=0.3")
    lines = {line.split()[0]: line for line in shown.stdout.splitlines() if "." in line}
    assert shown.code == 0
    assert "trimtab.toml:11" in lines["portfolio.targets.ETH"]
    assert "--set risk.shock" in lines["risk.shock"]
    assert lines["hedge.ratio"].split() == ["hedge.ratio", "default", "1"]
    assert lines["hedge.stop_rests"].split() == ["hedge.stop_rests", "default", "false"]


async def test_show_as_json_is_the_effective_configuration(account: Account) -> None:
    shown = await account.trimtab("--json", "config", "show")
    values = {s["key"]: s["value"] for s in shown.document["settings"]}
    assert shown.document["file"] == str(account.config)
    assert values["portfolio.targets.BTC"] == "0.5"
    assert len(shown.document["policy_digest"]) == 64


async def test_no_secret_is_shown_by_any_form_of_show(account: Account) -> None:
    secrets = {"TRIMTAB__VENUE__API_KEY": "canary-key", "TRIMTAB__VENUE__API_SECRET": "canary-two"}
    for words in (["config", "show"], ["config", "show", "--json"], ["doctor"]):
        ended = await account.trimtab(*words, variables=secrets)
        assert "canary" not in ended.text


async def test_check_names_every_fault_at_once_with_its_place_and_fix(tmp_path: Path) -> None:
    (tmp_path / "trimtab.toml").write_text(FAULTY, encoding="utf-8")
    ended = await trimtab(["config", "check"], folder=tmp_path)
    assert ended.code == 2
    assert has_no_traceback(ended)
    lines = ended.stdout.splitlines()
    assert any(line.startswith("trimtab.toml:3: account.colour: ") for line in lines)
    assert any(line.startswith("trimtab.toml:15: risk.shock: ") for line in lines)
    assert any("portfolio.targets" in line and "; " in line for line in lines)
    assert lines[-1] == "next: mend it, then trimtab config check"


async def test_what_comes_after_a_check_reads_the_same_file(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(FAULTY, encoding="utf-8")
    words = ["--config", "own.toml", "config", "check"]
    faulty = await trimtab(words, folder=tmp_path)
    other = await trimtab([*words[:2], "notify", "ack", "none-such"], folder=tmp_path)
    own.unlink()
    await trimtab(["init", "own.toml"], folder=tmp_path)
    sound = await trimtab(words, folder=tmp_path)
    assert (faulty.code, other.code, sound.code) == (2, 2, 0)
    again = "trimtab --config own.toml config check"
    assert faulty.stdout.splitlines()[-1] == f"next: mend it, then {again}"
    assert other.stderr.splitlines()[-1] == f"next: {again}"
    assert sound.stdout.splitlines()[-1] == "next: trimtab --config own.toml doctor"


@pytest.mark.parametrize("by", ["--config", "TRIMTAB_CONFIG"])
async def test_a_file_that_is_missing_is_written_by_what_comes_next(
    tmp_path: Path, by: str
) -> None:
    named = ["--config", "own.toml"] if by == "--config" else []
    variables = {} if named else {by: "own.toml"}
    (tmp_path / "trimtab.toml").write_text("mine", encoding="utf-8")
    words = [*named, "config", "check"]
    missing = await trimtab(words, folder=tmp_path, variables=variables)
    step = missing.stdout.splitlines()[-1].removeprefix("next: ")
    assert step == "trimtab init own.toml"
    assert (await trimtab(step.split()[1:], folder=tmp_path, variables=variables)).code == 0
    assert (await trimtab(words, folder=tmp_path, variables=variables)).code == 0


async def test_where_no_file_can_be_written_none_is_proposed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for wrong in ("folder", "nowhere/own.toml"):
        ended = await trimtab(["--config", wrong, "config", "check"], folder=tmp_path)
        assert ended.code == 2
        step = "next: name a configuration file, then trimtab --config FILE config check"
        assert ended.stdout.splitlines()[-1] == step


async def test_check_as_json_lists_the_faults_by_field(tmp_path: Path) -> None:
    (tmp_path / "trimtab.toml").write_text(FAULTY, encoding="utf-8")
    ended = await trimtab(["config", "check", "--json"], folder=tmp_path)
    assert ended.code == 2
    assert ended.document["status"] == "error"
    faults = {f["key"]: f for f in ended.document["error"]["faults"]}
    assert faults["account.colour"]["line"] == 3
    assert faults["risk.shock"]["fix"]


async def test_a_sound_configuration_checks_as_ok_and_asks_no_venue(account: Account) -> None:
    ended = await account.trimtab("config", "check", "--json")
    assert (ended.code, ended.document["status"], ended.document["faults"]) == (0, "ok", [])
    assert account.exchange.truth()["requests"] == []


async def test_without_a_configuration_every_place_that_was_looked_at_is_named(
    tmp_path: Path,
) -> None:
    ended = await trimtab(["config", "check"], folder=tmp_path)
    assert ended.code == 2
    for place in ("--config", "TRIMTAB_CONFIG", "trimtab.toml", "config.toml"):
        assert place in ended.text


async def test_schema_is_json_schema_without_a_configuration(tmp_path: Path) -> None:
    ended = await trimtab(["config", "schema"], folder=tmp_path)
    assert ended.code == 0
    assert set(ended.document["required"]) == {"account", "venue", "portfolio"}


@pytest.mark.parametrize("which", range(0, len(CORPUS), len(CORPUS) // 8))
async def test_a_broken_file_of_the_corpus_ends_with_two_and_asks_nobody(
    account: Account, which: int
) -> None:
    broken = CORPUS[which]
    account.config.write_bytes(broken.raw)
    ended = await account.trimtab("plan", "--json")
    assert ended.code == 2, ended.text
    assert has_no_traceback(ended)
    told = {(fault["line"], bool(fault["fix"])) for fault in ended.document["error"]["faults"]}
    assert told == {(line, True) for _, line in broken.expected}
    assert account.exchange.truth()["requests"] == []
