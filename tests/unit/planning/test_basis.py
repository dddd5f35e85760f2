"""Hedges in contracts that trade far below their index: bought back, told, or left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOW, URGENCY, account, contract, dec, occasion, paced, policy
from tests.hedge_cases import FAR, PERP, hedges
from trimtab.domain.contracts import Contract
from trimtab.domain.exact import shown
from trimtab.domain.exposure import exposure
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import HedgeBook, HedgeCause
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason, Plan, Role, UntradedReason
from trimtab.domain.policy import Route
from trimtab.domain.urgency import BasisAction, Tempo, UrgencyPolicy
from trimtab.planning.compose import make_plan
from trimtab.planning.contracts import Contracts

HELD = "BTC 0.8 @ 10000, wallet 4000, perp BTC -0.2"
"""8000 of 12000, 2000 hedged: at its target."""
OWN = hedges("open one 0.2 @ 10000 at band")


def planned(
    mark: str, action: BasisAction = BasisAction.CLOSE, book: HedgeBook = OWN, **more: Any
) -> Plan:
    """Return the plan where the perpetual's mark is *mark*, at an index of 10,000."""
    seen = account(HELD)
    seen = replace(seen, contracts={PERP: contract(mark, index=dec(10_000))})
    urgency = replace(more.pop("urgency", URGENCY), basis=action, basis_bps=dec(100))
    rules = policy("BTC 0.5, USDT 0.5", route=Route.FUTURES, urgency=urgency)
    return make_plan(seen, rules, occasion(hedges=book, **more))


def test_a_hedge_is_bought_back_far_below_the_index() -> None:
    plan = planned("9900")
    [leg] = plan.legs
    assert (leg.symbol, leg.role, leg.reason) == (PERP, Role.CLOSE, LegReason.CLOSE_HEDGE)
    assert plan.trigger == "basis"
    [firing] = plan.firings
    assert (firing.subject, firing.measured, firing.limit) == ("one", dec(100), dec(100))
    assert [line.cause for line in plan.hedging] == [HedgeCause.BASIS]
    [reading] = plan.readings
    assert (reading.rule, reading.subject, reading.holds) == ("triggers.on_basis", PERP, True)


@pytest.mark.parametrize("mark", ["9901", "10000", "10200"])
def test_a_nearer_or_a_higher_contract_closes_nothing(mark: str) -> None:
    plan = planned(mark)
    assert (plan.legs, plan.alerts) == ((), ())
    assert not plan.readings[0].holds


def test_it_may_only_be_told_or_not_looked_at() -> None:
    told = planned("9800", BasisAction.ALERT)
    assert told.legs == ()
    [alert] = told.alerts
    assert (alert.kind, alert.subject, alert.measured) == (TriggerKind.BASIS, PERP, dec(200))
    off = planned("9800", BasisAction.OFF)
    assert (off.legs, off.alerts, off.readings) == ((), (), ())


def test_it_is_only_told_while_it_cools_down() -> None:
    plan = planned("9800", cooling=frozenset({TriggerKind.BASIS}))
    assert (plan.legs, [a.kind for a in plan.alerts]) == ((), [TriggerKind.BASIS])
    rests = replace(URGENCY, tempos={TriggerKind.BASIS: Tempo(hysteresis=dec(0), cooldown_s=60)})
    assert rests.resting_s == {TriggerKind.BASIS: 60}
    assert paced(rest_s=5).resting_s[TriggerKind.EXPIRY] == 5


def test_what_it_gave_back_is_not_shorted_again_at_once() -> None:
    closed = hedges("open one 0.2 @ 10000 at band", "close one 0.2 @ 9900 for basis")
    seen = account("BTC 0.8 @ 10000, wallet 4000")
    rules = policy("BTC 0.5, USDT 0.5", route=Route.FUTURES)
    plan = make_plan(seen, rules, occasion(hedges=closed))
    assert plan.legs == ()
    assert [u.reason for u in plan.untraded] == ["cool_down"]


# The hysteresis

LEFT = hedges("open one 0.2 @ 10000 at band", "close one 0.2 @ 9900 for basis")
"""One that was bought back for its discount."""
BTC = Asset("BTC")
LATER = NOW + timedelta(hours=1)


def slow(hysteresis: str = "0.4") -> UrgencyPolicy:
    """Return rules that close from 100 bps on; with 0.4 they open again from 60 bps down."""
    tempo = Tempo(hysteresis=dec(hysteresis), cooldown_s=0)
    return replace(
        URGENCY,
        basis=BasisAction.CLOSE,
        basis_bps=dec(100),
        tempos={**URGENCY.tempos, TriggerKind.BASIS: tempo},
    )


def bare(
    mark: str,
    book: HedgeBook = LEFT,
    urgency: UrgencyPolicy | None = None,
    text: str = "BTC 0.8 @ 10000, wallet 4000",
    **hedge: Any,
) -> Plan:
    """Return the plan of an account that is 2000 over its target and does not rest."""
    seen = account(text)
    seen = replace(seen, contracts={**seen.contracts, PERP: contract(mark, index=dec(10_000))})
    rules = policy(
        "BTC 0.5, USDT 0.5",
        route=Route.FUTURES,
        urgency=slow() if urgency is None else urgency,
        hedge={"cooldown_days": 0} | hedge,
    )
    return make_plan(seen, rules, occasion(hedges=book, now=LATER))


@pytest.mark.parametrize("mark", ["9801", "9900", "9920", "9939.99"])
def test_what_was_left_for_its_discount_is_opened_in_again_no_sooner_than_it_has_come_back(
    mark: str,
) -> None:
    plan = bare(mark)
    assert (plan.legs, plan.firings) == ((), ())
    [left] = plan.untraded
    assert (left.asset, left.reason, left.value) == (BTC, UntradedReason.DISCOUNT, 2_000)
    below = (10_000 - dec(mark)) / 1
    assert left.note == (
        f"BTC/USDT:USDT trades {shown(below, 1).removesuffix('.0')} bps below its index; "
        "a hedge is opened in it again from 60 bps down"
    )
    [reading] = plan.readings
    assert (reading.rule, reading.subject, reading.name) == (
        "triggers.on_basis",
        PERP,
        "discount_bps",
    )
    assert (reading.measured, reading.limit, reading.holds) == (below, dec(60), True)


@pytest.mark.parametrize("mark", ["9940", "9999", "10100"])
def test_it_is_opened_again_once_it_has_come_back(mark: str) -> None:
    plan = bare(mark)
    [leg] = plan.legs
    assert (leg.symbol, leg.lots < 0, plan.readings) == (PERP, True, ())


def test_between_both_what_was_never_left_is_opened_and_beyond_nothing_is() -> None:
    assert bare("9901", hedges()).legs
    for urgency in (slow(), slow("0")):
        assert [u.reason for u in bare("9900", hedges(), urgency).untraded] == ["discount"]
    assert bare("9901", LEFT, slow("0")).legs, "without a hysteresis"
    other = hedges("open one 0.2 @ 10000 at band", "close one 0.2 @ 9900 for stop")
    assert bare("9901", other).legs, "left for something else"


def test_what_is_only_told_shuts_no_contract() -> None:
    for action in (BasisAction.ALERT, BasisAction.OFF):
        assert bare("9800", LEFT, replace(slow(), basis=action)).legs


def test_a_hedge_that_was_opened_since_grows_between_both_and_closes_at_the_threshold() -> None:
    since = hedges(
        "open one 0.2 @ 10000 at band",
        "close one 0.2 @ 9900 for basis",
        "open two 0.1 @ 9950 at band",
    )
    held = "BTC 0.8 @ 10000, wallet 4000, perp BTC -0.1"
    [grows] = bare("9920", since, text=held).legs
    assert (grows.role, grows.lots < 0) == (Role.HEDGE, True)
    [closes] = bare("9900", since, text=held).legs
    assert (closes.role, closes.quantity) == (Role.CLOSE, dec("0.1"))
    assert bare("9900", since, text=held).readings[0].limit == 100


def test_where_it_may_be_hedged_in_another_contract_it_is() -> None:
    both = "BTC 0.8 @ 10000, wallet 4000, dated BTC at 9990"
    [leg] = bare("9920", text=both, contract=Contract.AUTO).legs
    assert leg.symbol == FAR
    [leg] = bare("10000", hedges(), text=both, contract=Contract.AUTO).legs
    assert leg.symbol == PERP, "the better one otherwise"


def test_a_contract_whose_state_was_not_read_has_no_discount() -> None:
    seen = account("BTC 0.8 @ 10000, wallet 4000")
    rules = policy("BTC 0.5, USDT 0.5", route=Route.FUTURES, urgency=slow())
    for read in ({PERP: contract("9800", index=dec(10_000))}, {}):
        contracts = Contracts(
            snapshot=replace(seen, contracts=read),
            exposed=exposure(seen),
            policy=rules,
            occasion=occasion(),
        )
        assert (contracts.shut_by(PERP) is not None) == bool(read)


def test_where_a_hedge_rests_the_rest_is_told_and_no_discount() -> None:
    plan = bare("9920", cooldown_days=7)
    assert [u.reason for u in plan.untraded] == [UntradedReason.COOL_DOWN]
    assert plan.readings == ()


def test_a_part_that_hedging_leaves_anyway_is_no_discount() -> None:
    held = "BTC 0.8 @ 10000, wallet 4000, perp BTC -0.1"
    own = hedges("open one 0.1 @ 10000 at band")
    rests = {"ratio": dec("0.5")}
    cooling = frozenset({TriggerKind.BASIS})
    seen = account(held)
    seen = replace(seen, contracts={PERP: contract("9800", index=dec(10_000))})
    rules = policy(
        "BTC 0.5, USDT 0.5", route=Route.FUTURES, urgency=slow(), hedge={"cooldown_days": 0} | rests
    )
    plan = make_plan(seen, rules, occasion(hedges=own, cooling=cooling))
    assert plan.legs == ()
    assert [u.reason for u in plan.untraded] == [UntradedReason.HEDGE_RATIO]


def test_a_slot_and_no_hedge_look_no_further() -> None:
    assert planned("9901", book=hedges()).readings == ()
    slot = planned("9800", slot_due=True)
    assert slot.trigger != "basis"
