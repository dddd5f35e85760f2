"""Independent prices through the whole command: they agree, or nothing is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from trimtab.testnet import Fault, Kind
from trimtab.testnet.interventions import set_references

REQUIRED = CONFIG + "\n[references]\nrequired = true\ntimeout_s = 20\n"
HURRIED = ("--set", "references.timeout_s=4")
"""For who waits for a source that never answers; even then whoever does has time."""
EVERYBODY = ("coinbase", "kraken", "bitstamp")
PATHS = {"coinbase": "/products/*", "kraken": "/0/public/*", "bitstamp": "/api/v2/*"}


@pytest.fixture
async def account(account_at: AccountAt) -> Account:
    """Return the drifted account, where independent prices are required."""
    return await account_at(config=REQUIRED)


def say(account: Account, dollars: dict[str, str], *sources: str) -> None:
    """Let sources (all of them unless named) say what assets are worth."""
    set_references(account.exchange.exchange.state, dict.fromkeys(sources or EVERYBODY, dollars))


def silence(account: Account, *sources: str, kind: Kind = Kind.RESET_BEFORE) -> None:
    """Let sources say nothing from now on."""
    for source in sources:
        account.exchange.inject(Fault(kind=kind, path=PATHS[source], count=0, seconds="30"))


def findings(ended: Ended, check: str) -> list[dict[str, Any]]:
    return [f for f in ended.document["gate"]["findings"] if f["check"] == check]


def asked(account: Account) -> list[str]:
    """Return the public paths that were asked for, as often as they were."""
    paths = [r["path"] for r in account.exchange.truth()["requests"]]
    return [p for p in paths if p.startswith(("/products/", "/0/public/", "/api/v2/"))]


async def test_where_they_agree_a_plan_passes_runs_and_says_whom_it_heard(
    account: Account,
) -> None:
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 0
    (collar,) = findings(planned, "price_collar")
    assert all(f"{source} 58000 USDT at 2" in collar["reason"] for source in EVERYBODY)
    assert "1 USDT is 1 USD" in collar["reason"]
    quote, bitcoin, ether = planned.document["references"]
    assert [r["asset"] for r in (quote, bitcoin, ether)] == ["USDT", "BTC", "ETH"]
    assert (bitcoin["value"], bitcoin["unit"], bitcoin["off_bps"]) == ("58000", "USDT", "0")
    assert [q["source"] for q in bitcoin["quotations"]] == list(EVERYBODY)
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text


async def test_one_run_asks_each_source_once_for_each_asset(account: Account) -> None:
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert ran.code == 0
    assert len(asked(account)) == 9  # Three sources; the quote and two coins; two stages.


@pytest.mark.parametrize("words", [("plan",), ("run", "--execute", "--yes"), ("run",)])
async def test_two_that_disagree_refuse_and_nothing_is_sent(
    account: Account, words: tuple[str, ...]
) -> None:
    say(account, {"BTC": "58300"}, "kraken")
    ended = await account.trimtab(*words, "--json")
    assert (ended.code, ended.document["status"]) == (3, "refused")
    (collar,) = findings(ended, "price_collar")
    assert (collar["verdict"], collar["measured"]) == ("refuse", None)
    assert "51.7 bps apart, limit 50" in collar["reason"]
    assert account.mutations() == 0


async def test_two_that_agree_are_enough_when_the_third_is_silent(account: Account) -> None:
    silence(account, "kraken", kind=Kind.SLOW)
    planned = await account.trimtab("plan", "--json", *HURRIED)
    assert planned.code == 0
    (bitcoin,) = (r for r in planned.document["references"] if r["asset"] == "BTC")
    assert bitcoin["silent"] == [{"source": "kraken", "why": "no answer within 4 s"}]


@pytest.mark.parametrize("kind", [Kind.RESET_BEFORE, Kind.SLOW, Kind.HTML, Kind.EMPTY])
async def test_silence_refuses_both_checks_and_nothing_is_sent(
    account: Account, kind: Kind
) -> None:
    silence(account, "kraken", "bitstamp", kind=kind)
    ended = await account.trimtab("run", "--execute", "--yes", "--json", *HURRIED)
    assert (ended.code, ended.document["status"]) == (3, "refused")
    for check in ("price_collar", "stable_depeg"):
        refused = [f for f in findings(ended, check) if f["verdict"] == "refuse"]
        assert refused
        assert all("1 of 2 independent prices" in f["reason"] for f in refused)
    assert account.mutations() == 0
    assert has_no_traceback(ended)


async def test_a_venue_that_all_others_contradict_is_outside_its_collar(account: Account) -> None:
    say(account, {"BTC": "60000"})
    ended = await account.trimtab("run", "--execute", "--yes", "--json")
    assert ended.code == 3
    (collar,) = findings(ended, "price_collar")
    assert collar["verdict"] == "refuse"
    assert collar["measured"] is not None
    assert "too far from coinbase" in collar["reason"]
    assert account.mutations() == 0


async def test_a_stable_off_its_dollar_is_not_sold_into(account: Account) -> None:
    say(account, {"USDT": "0.98"})
    ended = await account.trimtab("run", "--execute", "--yes", "--json")
    assert ended.code == 3
    refused = {f["check"] for f in ended.document["gate"]["findings"] if f["verdict"] == "refuse"}
    assert refused == {"stable_depeg"}
    (peg,) = findings(ended, "stable_depeg")
    assert (peg["subject"], peg["measured"], peg["limit"]) == ("leg 1", "200", "50")
    assert account.mutations() == 0


async def test_a_plan_that_was_approved_is_held_against_what_they_say_then(
    account: Account,
) -> None:
    planned = await account.trimtab("plan", "--json")
    digest = planned.document["plan"]["digest"]
    say(account, {"BTC": "61000"}, "coinbase")
    ran = await account.trimtab("run", "--execute", "--yes", "--plan", digest, "--json")
    assert ran.code == 3
    assert account.exchange.truth()["orders"] == []
    assert "price_collar (leg 1)" in ran.text


async def test_local_asks_nobody_unless_it_is_told_to(account_at: AccountAt) -> None:
    account = await account_at()
    planned = await account.trimtab("plan", "--json")
    assert (planned.code, planned.document["references"]) == (0, [])
    assert (await account.trimtab("status", "--json")).document["references"] == []
    assert asked(account) == []


async def test_where_nobody_needs_them_silence_is_a_warning_and_the_run_goes_on(
    account_at: AccountAt,
) -> None:
    account = await account_at()
    silence(account, "kraken", "coinbase")
    words = ("--set", "references.sources=kraken,coinbase", "--json")
    ran = await account.trimtab("run", "--execute", "--yes", *words)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    assert ran.document["gate"]["verdict"] == "warn"


async def test_status_shows_how_the_venue_stands_to_them(account: Account) -> None:
    say(account, {"BTC": "58100"})
    told = await account.trimtab("status", "--json")
    bitcoin = next(r for r in told.document["references"] if r["asset"] == "BTC")
    assert (told.code, bitcoin["value"], bitcoin["off_bps"]) == (0, "58100", "-17.2")
    shown = await account.trimtab("status")
    assert "58100 USDT" in shown.stdout
    assert "coinbase, kraken, bitstamp" in shown.stdout


async def test_status_and_doctor_do_not_fall_with_the_sources(account: Account) -> None:
    silence(account, *EVERYBODY)
    told = await account.trimtab("status")
    assert told.code == 0
    assert "unmeasured" in told.stdout
    doctor = await account.trimtab("doctor", "--json")
    line = next(c for c in doctor.document["checks"] if c["check"] == "references")
    assert (doctor.code, line["outcome"]) == (1, "fail")
    assert "USDT has 0 of 2 independent prices" in line["found"]
    assert line["fix"]


async def test_doctor_tells_figures_and_warns_of_a_stable_off_its_dollar(account: Account) -> None:
    sound = await account.trimtab("doctor", "--json")
    line = next(c for c in sound.document["checks"] if c["check"] == "references")
    assert (line["outcome"], line["fix"]) == ("pass", None)
    assert line["found"].startswith("USDT 1 USD by 3, BTC 58000 USDT by 3")
    say(account, {"USDT": "1.02"})
    off = await account.trimtab("doctor", "--json")
    line = next(c for c in off.document["checks"] if c["check"] == "references")
    assert (off.code, line["outcome"]) == (0, "warn")
    assert "USDT" in line["fix"]


async def test_a_source_that_falls_silent_between_two_stages_stops_the_second(
    account_at: AccountAt,
) -> None:
    config = CONFIG + "\n[references]\nrequired = true\ntimeout_s = 2\nmax_age_s = 3\n"
    account = await account_at(config=config)
    account.exchange.inject(Fault(kind=Kind.SLOW, method="POST", path="/api/*", seconds="4"))

    async def fall_silent() -> None:
        """Wait for the first order, then cut two sources off."""
        while not account.mutations():  # noqa: ASYNC110 -- the exchange tells nobody.
            await asyncio.sleep(0.02)
        silence(account, "kraken", "bitstamp")

    falling = asyncio.create_task(fall_silent())
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    await falling
    assert (ran.code, ran.document["status"]) == (5, "partial"), ran.text
    assert len(account.exchange.truth()["orders"]) == 1
    assert "1 of 2 independent prices" in ran.text
