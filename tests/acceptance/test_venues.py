"""``venues``, and what a venue that is not opened is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import Account, has_no_traceback, trimtab
from trimtab.venues.known import KNOWN


async def test_venues_are_listed_with_their_promises(tmp_path: Path) -> None:
    shown = await trimtab(["venues"], folder=tmp_path)
    told = await trimtab(["venues", "--json"], folder=tmp_path)
    named = await trimtab(["venues", "list", "--json"], folder=tmp_path)
    assert (shown.code, told.code) == (0, 0), shown.text
    assert told.document == named.document
    venues = {venue["venue"]: venue for venue in told.document["venues"]}
    assert list(venues) == list(KNOWN)
    assert all(venue_id in shown.stdout for venue_id in KNOWN)
    assert venues["binance"]["markets"]["spot"] == {
        "promise": "live",
        "by_facts": "live",
        "reasons": [],
    }
    assert venues["coinbase"]["markets"]["spot"]["promise"] == "live_with_person"
    assert venues["coinbase"]["markets"]["linear"]["promise"] == "facts_only"
    assert not venues["mexc"]["has_testnet"]


@pytest.mark.parametrize("venue_id", KNOWN)
async def test_everything_that_is_known_of_one_is_shown(tmp_path: Path, venue_id: str) -> None:
    shown = await trimtab(["venues", "show", venue_id], folder=tmp_path)
    told = await trimtab(["venues", "show", venue_id, "--json"], folder=tmp_path)
    assert (shown.code, told.code) == (0, 0), shown.text
    for facts in told.document["facts"].values():
        names = {row["fact"] for row in facts}
        assert {"our name", "found by it", "cancelled by it", "fence", "sizes count"} <= names
    assert told.document["places"]["live"]["hosts"]
    assert KNOWN[venue_id].name in shown.stdout


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("venue_id", ["binance", "hyperliquid", "coinbase"])
async def test_what_is_known_of_one_stands_in_columns_on_a_usual_terminal(
    tmp_path: Path, venue_id: str, columns: int
) -> None:
    words, variables = ["venues", "show", venue_id], {"COLUMNS": str(columns)}
    lines = (await trimtab(words, folder=tmp_path, variables=variables)).stdout.splitlines()
    assert f"ccxt class               {venue_id}" in lines
    facts = [line for line in lines if line.startswith("sizes count  ")]
    assert facts
    assert all(line[23:25].isspace() and line[25].isalpha() for line in facts)
    assert all(len(line) <= columns for line in lines)


async def test_a_sandbox_is_told_of_the_markets_that_it_has(tmp_path: Path) -> None:
    rows = (await trimtab(["venues"], folder=tmp_path)).stdout.splitlines()
    kraken = [row.split() for row in rows if row.startswith("kraken ")]
    told = {row[1]: "yes" in row for row in kraken}
    assert told == {"spot": False, "linear": True, "inverse": True}


async def test_a_venue_that_nobody_knows_ends_with_two(tmp_path: Path) -> None:
    ended = await trimtab(["venues", "show", "nowhere"], folder=tmp_path)
    assert ended.code == 2
    assert "next: trimtab venues" in ended.stderr
    assert has_no_traceback(ended)


async def test_a_configuration_is_told_which_venues_are_opened_and_for_what(
    account: Account,
) -> None:
    ended = await account.trimtab("config", "check", "--set", "venue.id=upbit", "--json")
    assert ended.code == 2
    (fault,) = ended.document["error"]["faults"]
    assert "must be a venue with a profile" in fault["reason"]
    assert fault["fix"].startswith("write binance")
    sets = ["--set", "venue.id=coinbase", "--set", 'venue.markets=["spot","swap"]']
    ended = await account.trimtab("config", "check", *sets, "--json")
    faults = {each["key"]: each for each in ended.document["error"]["faults"]}
    assert faults["venue.markets"]["reason"] == "coinbase is opened for spot only"


STANDING = """[approval]
mode = "standing"

[ledger]"""
COINBASE = """\
[account]
quote = "USDC"

[venue]
id = "coinbase"
environment = "live"
markets = ["spot"]

[portfolio.targets]
BTC = "0.5"
USDC = "0.5"

[ledger]
url = "sqlite:///{folder}/main.db"
"""


async def test_no_order_goes_without_a_person_where_a_person_decides_about_a_lost_one(
    tmp_path: Path,
) -> None:
    text = COINBASE.format(folder=tmp_path).replace("[ledger]", STANDING)
    (tmp_path / "trimtab.toml").write_text(text, encoding="utf-8")
    checked = await trimtab(["config", "check"], folder=tmp_path)
    ended = await trimtab(["run", "--execute", "--yes"], folder=tmp_path)
    assert (checked.code, ended.code) == (0, 4), ended.text
    assert (
        "coinbase is traded only when a person says yes: an order whose answer is lost"
        in ended.stderr
    )
    assert "next: trimtab run --execute, without --yes" in ended.stderr
    assert not (tmp_path / "main.db").exists()


async def test_init_for_a_venue_that_signs_with_a_pair_of_keys_says_how_its_secret_is_stored(
    tmp_path: Path,
) -> None:
    words = ["init", "--venue", "coinbase", "--environment", "live"]
    written = await trimtab(words, folder=tmp_path)
    checked = await trimtab(["config", "check"], folder=tmp_path)
    assert (written.code, checked.code) == (0, 0), checked.text
    text = (tmp_path / "trimtab.toml").read_text(encoding="utf-8")
    assert 'markets = ["spot"]' in text
    assert "the base64 of an Ed25519 key" in text


BYBIT = """\
[account]
quote = "USDT"

[venue]
id = "bybit"
environment = "live"
markets = ["spot"]

[portfolio.targets]
BTC = "0.5"
USDT = "0.5"

[approval]
mode = "standing"

[ledger]
url = "sqlite:///{folder}/main.db"
"""


async def test_no_standing_approval_counts_where_a_person_has_to_watch(tmp_path: Path) -> None:
    (tmp_path / "trimtab.toml").write_text(BYBIT.format(folder=tmp_path), encoding="utf-8")
    ended = await trimtab(["run", "--execute", "--yes"], folder=tmp_path)
    assert ended.code == 4, ended.text
    assert "bybit is traded only when a person says yes" in ended.stderr
    assert "X-BAPI-RECV-WINDOW" in ended.stderr
    assert "next: trimtab run --execute, without --yes" in ended.stderr


async def test_what_no_run_may_rest_on_is_not_granted(tmp_path: Path) -> None:
    (tmp_path / "trimtab.toml").write_text(BYBIT.format(folder=tmp_path), encoding="utf-8")
    caps = ["--max-notional", "100", "--max-run-notional", "200", "--max-day-notional", "200"]
    words = ["standing", "grant", *caps, "--max-runs", "2", "--expires", "7d"]
    ended = await trimtab(words, folder=tmp_path)
    assert ended.code == 4, ended.text
    assert "bybit is traded only when a person says yes" in ended.stderr


async def test_markets_and_environments_that_an_adapter_has_not_are_faults(tmp_path: Path) -> None:
    text = BYBIT.format(folder=tmp_path).replace('["spot"]', '["spot", "future"]')
    (tmp_path / "trimtab.toml").write_text(text.replace('"live"', '"local"'), encoding="utf-8")
    ended = await trimtab(["config", "check", "--json"], folder=tmp_path)
    faults = {fault["key"]: fault for fault in ended.document["error"]["faults"]}
    assert ended.code == 2
    assert faults["venue.markets"]["reason"] == "bybit is opened for spot, swap only"
    assert faults["venue.markets"]["fix"] == 'write markets = ["spot", "swap"]'
    assert faults["venue.environment"]["fix"] == 'write environment = "testnet"'


async def test_init_for_a_venue_whose_key_has_a_passphrase_says_where_it_goes(
    tmp_path: Path,
) -> None:
    words = ["init", "--venue", "bitget", "--environment", "testnet"]
    written = await trimtab(words, folder=tmp_path)
    checked = await trimtab(["config", "check"], folder=tmp_path)
    assert (written.code, checked.code) == (0, 0), checked.text
    text = (tmp_path / "trimtab.toml").read_text(encoding="utf-8")
    assert "TRIMTAB__VENUE__PASSWORD_FILE" in text
    assert 'markets = ["spot", "swap"]' in text


async def test_init_writes_only_what_an_adapter_speaks(tmp_path: Path) -> None:
    refused = await trimtab(["init", "--venue", "bybit"], folder=tmp_path)
    assert refused.code == 2
    assert "next: trimtab init --venue bybit --environment testnet" in refused.stderr
    words = ["init", "--venue", "bybit", "--environment", "testnet"]
    written = await trimtab(words, folder=tmp_path)
    checked = await trimtab(["config", "check"], folder=tmp_path)
    assert (written.code, checked.code) == (0, 0), checked.text
    text = (tmp_path / "trimtab.toml").read_text(encoding="utf-8")
    assert 'markets = ["spot", "swap"]' in text


async def test_init_for_a_venue_where_a_wallet_signs_names_its_coins_and_its_key(
    tmp_path: Path,
) -> None:
    words = ["init", "--venue", "hyperliquid", "--environment", "testnet"]
    written = await trimtab(words, folder=tmp_path)
    checked = await trimtab(["config", "check"], folder=tmp_path)
    assert (written.code, checked.code) == (0, 0), checked.text
    text = (tmp_path / "trimtab.toml").read_text(encoding="utf-8")
    assert "the private key of an API wallet" in text
    assert 'quote = "USDC"' in text
    assert "\nUBTC = " in text
    assert "\nUSDC = " in text


async def test_a_venue_without_a_sandbox_is_tried_in_dry_runs_of_live(tmp_path: Path) -> None:
    refused = await trimtab(
        ["init", "--venue", "mexc", "--environment", "testnet"], folder=tmp_path
    )
    assert refused.code == 2
    assert "mexc has no sandbox" in refused.stderr
    assert "next: trimtab init --venue mexc --environment live" in refused.stderr
    words = ["init", "--venue", "mexc", "--environment", "live"]
    written = await trimtab(words, folder=tmp_path)
    checked = await trimtab(["config", "check"], folder=tmp_path)
    assert (written.code, checked.code) == (0, 0), checked.text
    sets = ["--set", "venue.environment=testnet"]
    ended = await trimtab(["config", "check", "--json", *sets], folder=tmp_path)
    (fault,) = ended.document["error"]["faults"]
    assert (ended.code, fault["key"]) == (2, "venue.environment")
    assert fault["fix"] == 'write environment = "live"'
