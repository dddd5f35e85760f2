"""What a doctor concludes of the venue: who answers, the key, fees, limits, filters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from tests.builders import KEY, account, dec, limits, policy
from tests.unit.risk.cases import KEY_IN_ORDER
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Threshold
from trimtab.domain.rights import KeyTrust, KeyUse, UntoldRights
from trimtab.domain.snapshot import Environment, Snapshot
from trimtab.ports import Beside, BudgetUse, FeeTerms, HostAnswer
from trimtab.workflow.doctor import Outcome
from trimtab.workflow.doctor_venue import (
    beside_examination,
    budget_examination,
    fee_examination,
    filters_examination,
    host_truth,
    key_examination,
)

HOSTS: Mapping[Environment, frozenset[str]] = {
    Environment.LOCAL: frozenset({"real.example"}),
    Environment.TESTNET: frozenset({"demo.example"}),
    Environment.LIVE: frozenset({"real.example"}),
}
LOOP = "127.0.0.1:8900"
SOUND = account("USDT 700, BTC 0.1 @ 60000, ETH 1 @ 2500")
HEDGED = account("USDT 700, BTC 0.1 @ 60000, ETH 1 @ 2500, perp BTC -0.02, wallet 500")


def answer(host: str, address: str = "", calls_itself: str = "") -> HostAnswer:
    """Return who answered; the address is the host unless given."""
    return HostAnswer(host=host, address=address or host, calls_itself=calls_itself)


@pytest.mark.parametrize(
    ("environment", "given", "outcome"),
    [
        ("testnet", answer("demo.example"), Outcome.PASS),
        ("testnet", answer("real.example"), Outcome.FAIL),
        ("testnet", answer("demo.example", "real.example"), Outcome.FAIL),
        ("testnet", answer("elsewhere.example"), Outcome.FAIL),
        ("testnet", answer("demo.example", calls_itself="local"), Outcome.FAIL),
        ("live", answer("real.example"), Outcome.PASS),
        ("live", answer("demo.example"), Outcome.FAIL),
        ("live", answer("real.example", LOOP, "local"), Outcome.FAIL),
        ("local", answer("real.example", LOOP, "local"), Outcome.PASS),
        ("local", answer("real.example", LOOP), Outcome.FAIL),
        ("local", answer("real.example", LOOP, "something"), Outcome.FAIL),
        ("local", answer("real.example"), Outcome.FAIL),
    ],
)
def test_a_host_passes_for_its_own_environment_alone(
    environment: str, given: HostAnswer, outcome: Outcome
) -> None:
    found = host_truth(Environment(environment), [given], hosts=HOSTS)
    assert found.outcome is outcome
    assert bool(found.fix) == (outcome is Outcome.FAIL)


@pytest.mark.parametrize(
    ("environment", "given", "outcome"),
    [
        ("testnet", answer("real.example"), Outcome.PASS),
        ("testnet", answer("elsewhere.example"), Outcome.FAIL),
        ("testnet", answer("real.example", LOOP, "local"), Outcome.FAIL),
        ("live", answer("real.example"), Outcome.PASS),
    ],
)
def test_a_sandbox_on_the_live_host_is_told_by_its_header(
    environment: str, given: HostAnswer, outcome: Outcome
) -> None:
    hosts = {**HOSTS, Environment.TESTNET: HOSTS[Environment.LIVE]}
    found = host_truth(Environment(environment), [given], hosts=hosts)
    assert found.outcome is outcome
    by_header = "by a header in every request" in found.found
    assert by_header == (environment == "testnet" and outcome is Outcome.PASS)


def test_one_lie_among_honest_hosts_is_enough_and_is_named() -> None:
    given = [answer("demo.example"), answer("real.example")]
    found = host_truth(Environment.TESTNET, given, hosts=HOSTS)
    assert (found.outcome, found.found) == (
        Outcome.FAIL,
        "real.example is the live exchange, not the testnet",
    )


def test_where_nobody_answered_nothing_is_said_of_the_host() -> None:
    assert host_truth(Environment.LIVE, [], hosts=HOSTS).outcome is Outcome.NOT_CHECKED


def at(environment: str) -> Snapshot:
    """Return the sound account in an environment."""
    key = dataclasses.replace(KEY, environment=Environment(environment))
    return dataclasses.replace(SOUND, key=key)


@pytest.mark.parametrize(
    ("changes", "outcome", "words"),
    [
        ({}, Outcome.PASS, "may read, trade spot, trade futures; bound to an address"),
        ({"withdraws": True}, Outcome.FAIL, "may withdraw"),
        ({"transfers_out": True}, Outcome.FAIL, "may move funds to another account"),
        ({"borrows": True}, Outcome.FAIL, "may borrow on margin"),
        ({"trades_options": True}, Outcome.FAIL, "may trade options"),
        ({"reads": False}, Outcome.FAIL, "may not read"),
        ({"trades_spot": False}, Outcome.FAIL, "may not trade spot"),
        ({"trades_futures": False}, Outcome.PASS, "may read, trade spot; bound"),
        ({"is_bound_to_ip": False}, Outcome.WARN, "no IP address"),
        ({"transfers_within": True}, Outcome.WARN, "between wallets"),
        ({"use": KeyUse.READ}, Outcome.WARN, "meant to read only and may trade"),
    ],
)
def test_a_key_is_judged_as_the_gate_judges_it(
    changes: dict[str, Any], outcome: Outcome, words: str
) -> None:
    rights = dataclasses.replace(KEY_IN_ORDER, **changes)
    found = key_examination(rights, SOUND, policy())
    assert found.outcome is outcome
    assert words in found.found


def test_futures_need_their_right_as_soon_as_one_is_held() -> None:
    rights = dataclasses.replace(KEY_IN_ORDER, trades_futures=False)
    assert key_examination(rights, HEDGED, policy()).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("environment", "is_absent", "outcome"),
    [
        ("local", True, Outcome.NOT_CHECKED),
        ("testnet", True, Outcome.NOT_CHECKED),
        ("live", True, Outcome.FAIL),
        ("local", False, Outcome.FAIL),
        ("live", False, Outcome.FAIL),
    ],
)
def test_untold_rights_are_not_checked_only_where_a_sandbox_has_none(
    environment: str, is_absent: bool, outcome: Outcome
) -> None:
    untold = UntoldRights(why="silence", is_absent=is_absent)
    assert key_examination(untold, at(environment), policy()).outcome is outcome


@pytest.mark.parametrize(
    ("is_absent", "outcome", "fix"),
    [
        (True, Outcome.WARN, "look at the key's rights at the venue"),
        (False, Outcome.FAIL, "run it again; the gate refuses a key whose rights are not told"),
    ],
)
def test_a_key_that_is_vouched_for_is_a_warning_of_the_doctor(
    is_absent: bool, outcome: Outcome, fix: str
) -> None:
    untold = UntoldRights(why="silence", is_absent=is_absent)
    rules = dataclasses.replace(policy(), key_trust=KeyTrust.VOUCHED)
    told = key_examination(untold, at("live"), rules)
    assert (told.outcome, told.fix) == (outcome, fix)


def test_the_doctor_says_how_a_key_is_vouched_for_where_the_venue_has_no_question() -> None:
    told = key_examination(UntoldRights(why="silence", is_absent=True), at("live"), policy())
    assert told.outcome is Outcome.FAIL
    assert 'venue.key_rights = "vouched"' in (told.fix or "")


def test_a_smallest_order_above_the_largest_allowed_fails_by_its_market() -> None:
    rules = policy(limits=limits(max_order_notional=1))
    found = filters_examination(SOUND, rules)
    assert found.outcome is Outcome.FAIL
    assert "BTC/USDT, ETH/USDT" in found.found


@pytest.mark.parametrize(
    ("width", "relative", "outcome"),
    [
        ("0.05", False, Outcome.PASS),
        ("0.0001", False, Outcome.WARN),
        ("0.10", True, Outcome.PASS),
        ("0.0001", True, Outcome.WARN),
    ],
)
def test_bands_narrower_than_the_smallest_order_are_a_warning(
    width: str, relative: bool, outcome: Outcome
) -> None:
    rules = policy(threshold=Threshold(width=dec(width), relative=relative))
    assert filters_examination(SOUND, rules).outcome is outcome


def test_without_a_market_nothing_is_said_of_filters() -> None:
    assert filters_examination(SOUND, policy("USDT 1")).outcome is Outcome.NOT_CHECKED


def terms(*, spot: bool | None, futures: bool | None) -> FeeTerms:
    """Return terms with BNB as the coin."""
    return FeeTerms(coin=Asset("BNB"), on_spot=spot, futures_coin=Asset("BNB"), on_futures=futures)


@pytest.mark.parametrize(
    ("held", "spot", "outcome", "words"),
    [
        ("", False, Outcome.PASS, "spot in what is received"),
        ("", True, Outcome.WARN, "there is no BNB"),
        (", BNB 1", True, Outcome.WARN, "the price of BNB was not read"),
        (", BNB 0.001 @ 600", True, Outcome.WARN, "0.001 BNB is worth 0.6"),
        (", BNB 1 @ 600", True, Outcome.PASS, "spot in BNB"),
    ],
)
def test_fees_in_a_coin_want_enough_of_it_for_a_full_run(
    held: str, spot: bool, outcome: Outcome, words: str
) -> None:
    seen = account(f"USDT 700, BTC 0.1 @ 60000, ETH 1 @ 2500{held}")
    found = fee_examination(terms(spot=spot, futures=None), seen, policy())
    assert found.outcome is outcome
    assert words in found.found


@pytest.mark.parametrize(("wallet", "outcome"), [("2000", Outcome.PASS), ("60.5", Outcome.WARN)])
def test_fees_of_contracts_come_out_of_free_margin(wallet: str, outcome: Outcome) -> None:
    text = f"USDT 700, BTC 0.1 @ 60000, ETH 1 @ 2500, perp BTC -0.001, wallet {wallet}"
    found = fee_examination(terms(spot=None, futures=False), account(text), policy())
    assert (found.outcome, "futures in USDT" in found.found) == (outcome, True)


def test_fees_of_contracts_in_a_coin_that_is_not_in_their_wallet_are_a_warning() -> None:
    found = fee_examination(terms(spot=False, futures=True), HEDGED, policy())
    assert found.outcome is Outcome.WARN


@pytest.mark.parametrize("futures", [None, False])
def test_terms_that_are_not_told_are_not_checked(futures: bool | None) -> None:
    found = fee_examination(terms(spot=None, futures=futures), SOUND, policy())
    assert found.outcome is Outcome.NOT_CHECKED


def use(used: int | None, limit: int = 100) -> BudgetUse:
    """Return one limit of orders on spot."""
    return BudgetUse(desk="spot", counts="orders in 10 s", used=used, limit=limit)


@pytest.mark.parametrize(
    ("used", "outcome", "words"),
    [
        (None, Outcome.NOT_CHECKED, "no answer told"),
        (0, Outcome.PASS, "spot 100 of 100 orders in 10 s left"),
        (50, Outcome.PASS, "spot 50 of 100 orders in 10 s left"),
        (51, Outcome.WARN, "spot 49 of 100 orders in 10 s left"),
    ],
)
def test_more_than_half_of_a_limit_used_is_a_warning(
    used: int | None, outcome: Outcome, words: str
) -> None:
    found = budget_examination([use(used)])
    assert found.outcome is outcome
    assert words in found.found


def test_a_limit_whose_use_is_not_told_is_shown_beside_one_that_is() -> None:
    found = budget_examination([use(1), use(None, 7)])
    assert found.found == "spot 99 of 100 orders in 10 s left; spot at most 7 orders in 10 s"


def test_what_is_not_asked_for_is_no_proof_that_nothing_lies_beside_the_account() -> None:
    assert beside_examination(None).outcome is Outcome.NOT_CHECKED
    assert beside_examination(()).outcome is Outcome.PASS
    found = beside_examination([Beside(place="Earn", held="5 USDT")])
    assert (found.outcome, found.found) == (Outcome.WARN, "beside the account: Earn 5 USDT")
