"""The check of the key: what it may do too much of, lacks, or does not tell."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import KEY, account, dec, policy
from tests.unit.risk.cases import CALM, KEY_IN_ORDER, ask, context, found
from trimtab.domain.findings import Verdict
from trimtab.domain.rights import KeyRights, KeyStanding, KeyTrust, KeyUse, UntoldRights
from trimtab.domain.snapshot import Environment, Snapshot
from trimtab.risk.registry import HARD

SPOT, FUTURES = "sell 0.01 BTC", "sell 0.01 perp BTC"
DANGERS = ("withdraws", "transfers_out", "borrows", "trades_options")


def at(environment: Environment) -> Snapshot:
    """Return a calm account with a contract to trade, in *environment*."""
    key = dataclasses.replace(KEY, environment=environment)
    return account(f"{CALM}, perp BTC at 60000", key=key)


def judged(
    known: KeyStanding, *legs: str, environment: Environment = Environment.LIVE, topup: str = "0"
) -> tuple[Verdict, str]:
    """Return verdict and reason of the check."""
    rules = policy(hedge={"max_topup": dec(topup)})
    finding = found(
        ask(at(environment), *legs, facts=context(key=known), rules=rules), "key_rights"
    )
    return finding.verdict, finding.reason or ""


def rights(**changes: bool) -> KeyRights:
    """Return the rights of a key in order, some changed."""
    return dataclasses.replace(KEY_IN_ORDER, **changes)


def test_the_check_is_hard() -> None:
    assert "key_rights" in HARD


def test_a_key_that_may_what_it_must_and_no_more_passes() -> None:
    assert judged(KEY_IN_ORDER, SPOT, FUTURES) == (Verdict.PASS, "")


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("danger", DANGERS)
def test_a_key_that_may_carry_funds_away_or_borrow_is_refused_wherever_it_is_told(
    environment: Environment, danger: str
) -> None:
    verdict, reason = judged(rights(**{danger: True}), SPOT, environment=environment)
    assert verdict is Verdict.REFUSE
    assert reason.endswith("take that right from it.")


@pytest.mark.parametrize(
    ("lacking", "leg", "verdict"),
    [
        ("trades_spot", SPOT, Verdict.REFUSE),
        ("trades_spot", FUTURES, Verdict.PASS),
        ("trades_futures", FUTURES, Verdict.REFUSE),
        ("trades_futures", SPOT, Verdict.PASS),
        ("reads", SPOT, Verdict.REFUSE),
    ],
)
def test_a_key_is_refused_for_what_the_plan_needs_and_for_nothing_else(
    lacking: str, leg: str, verdict: Verdict
) -> None:
    assert judged(rights(**{lacking: False}), leg)[0] is verdict


def test_a_key_that_no_address_binds_is_a_warning() -> None:
    verdict, reason = judged(rights(is_bound_to_ip=False), SPOT)
    assert (verdict, "bound to no IP address" in reason) == (Verdict.WARN, True)


def test_a_key_with_one_right_for_all_trading_is_a_warning_where_it_sends() -> None:
    verdict, reason = judged(rights(trades_everything=True), SPOT)
    assert (verdict, "one right for all" in reason) == (Verdict.WARN, True)
    reading = dataclasses.replace(
        KEY_IN_ORDER,
        use=KeyUse.READ,
        trades_spot=False,
        trades_futures=False,
        trades_everything=True,
    )
    assert judged(reading, SPOT)[0] is Verdict.PASS


@pytest.mark.parametrize(("topup", "verdict"), [("0", Verdict.WARN), ("100", Verdict.PASS)])
def test_moves_between_own_wallets_are_allowed_and_idle_ones_are_a_warning(
    topup: str, verdict: Verdict
) -> None:
    assert judged(rights(transfers_within=True), SPOT, topup=topup)[0] is verdict


def test_a_key_that_only_reads_needs_no_trading_and_is_better_without() -> None:
    reading = dataclasses.replace(KEY_IN_ORDER, use=KeyUse.READ)
    pure = dataclasses.replace(reading, trades_spot=False, trades_futures=False)
    assert judged(pure, SPOT, FUTURES)[0] is Verdict.PASS
    assert judged(reading, SPOT)[0] is Verdict.WARN
    assert judged(dataclasses.replace(pure, withdraws=True), SPOT)[0] is Verdict.REFUSE


@pytest.mark.parametrize(
    ("environment", "is_absent", "verdict"),
    [
        (Environment.LIVE, True, Verdict.REFUSE),
        (Environment.LIVE, False, Verdict.REFUSE),
        (Environment.TESTNET, True, Verdict.PASS),
        (Environment.TESTNET, False, Verdict.REFUSE),
        (Environment.LOCAL, True, Verdict.PASS),
        (Environment.LOCAL, False, Verdict.REFUSE),
    ],
)
def test_rights_that_are_not_told_pass_only_where_a_sandbox_has_no_such_endpoint(
    environment: Environment, is_absent: bool, verdict: Verdict
) -> None:
    known = UntoldRights(why="nobody answered", is_absent=is_absent)
    finding = found(ask(at(environment), SPOT, facts=context(key=known)), "key_rights")
    assert finding.verdict is verdict
    if verdict is Verdict.PASS:
        assert finding.measured == "not checked"
    else:
        assert "nobody answered" in (finding.reason or "")


@pytest.mark.parametrize(
    ("environment", "is_absent", "verdict"),
    [
        (Environment.LIVE, True, Verdict.WARN),
        (Environment.LIVE, False, Verdict.REFUSE),
        (Environment.TESTNET, True, Verdict.PASS),
        (Environment.TESTNET, False, Verdict.REFUSE),
    ],
)
def test_a_key_that_is_vouched_for_is_a_warning_only_where_the_venue_has_no_question(
    environment: Environment, is_absent: bool, verdict: Verdict
) -> None:
    known = UntoldRights(why="nobody asks here", is_absent=is_absent)
    rules = dataclasses.replace(policy(), key_trust=KeyTrust.VOUCHED)
    finding = found(ask(at(environment), SPOT, facts=context(key=known), rules=rules), "key_rights")
    assert finding.verdict is verdict
    if verdict is Verdict.WARN:
        assert finding.measured == "vouched for"
        assert finding.reason == (
            "nobody asks here; that it cannot carry funds away is your word, not the venue's."
        )


@pytest.mark.parametrize("danger", DANGERS)
def test_vouching_does_not_outweigh_what_the_venue_tells(danger: str) -> None:
    rules = dataclasses.replace(policy(), key_trust=KeyTrust.VOUCHED)
    facts = context(key=rights(**{danger: True}))
    finding = found(ask(at(Environment.LIVE), SPOT, facts=facts, rules=rules), "key_rights")
    assert finding.verdict is Verdict.REFUSE


@given(
    st.fixed_dictionaries(
        {f.name: st.booleans() for f in dataclasses.fields(KeyRights) if f.name != "use"}
    ),
    st.sampled_from(KeyUse),
    st.sampled_from([(SPOT,), (FUTURES,), (SPOT, FUTURES)]),
)
def test_no_key_passes_that_may_do_harm_or_lacks_what_its_legs_need(
    flags: dict[str, bool], use: KeyUse, legs: tuple[str, ...]
) -> None:
    verdict, _ = judged(KeyRights(use=use, **flags), *legs)
    harms = any(flags[danger] for danger in DANGERS)
    wanted = {SPOT: "trades_spot", FUTURES: "trades_futures"}
    lacks = use is KeyUse.SEND and not all(flags[wanted[leg]] for leg in legs)
    assert (verdict is Verdict.REFUSE) == (harms or lacks or not flags["reads"])
    if verdict is Verdict.PASS:
        assert flags["is_bound_to_ip"]
