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
    assert venues["coinbase"]["markets"]["spot"]["by_facts"] == "dry_run_only"
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


async def test_a_venue_that_nobody_knows_ends_with_two(tmp_path: Path) -> None:
    ended = await trimtab(["venues", "show", "nowhere"], folder=tmp_path)
    assert ended.code == 2
    assert "next: trimtab venues" in ended.stderr
    assert has_no_traceback(ended)


async def test_a_configuration_is_told_why_its_venue_is_not_opened(account: Account) -> None:
    ended = await account.trimtab("config", "check", "--set", "venue.id=kraken", "--json")
    assert ended.code == 2
    (fault,) = ended.document["error"]["faults"]
    assert "no adapter opens it" in fault["reason"]
    assert fault["fix"].startswith("write binance")
