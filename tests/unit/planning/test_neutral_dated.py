"""The neutral yield sleeve in dated contracts: entered by the basis, rolled, and left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import (
    EXPIRY,
    NOW,
    URGENCY,
    account,
    book,
    contract,
    dated,
    dec,
    occasion,
    policy,
    spot,
    swap,
)
from tests.unit.planning.test_neutral import AT_MID, CHEAP, EMPTY, ETH, FREE, RULE
from trimtab.domain.contracts import Contract
from trimtab.domain.errors import MissingMark
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.firings import TriggerKind
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.neutral import NeutralPolicy
from trimtab.domain.plan import LegReason, Plan, Role, UntradedReason
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import ExpiryAction
from trimtab.planning.compose import make_plan
from trimtab.planning.neutral import settled

NEAR, FAR = Symbol("ETH/USDT:USDT-261225"), Symbol("ETH/USDT:USDT-270326")
MARCH = datetime(2027, 3, 26, 8, tzinfo=NOW.tzinfo)
DATED: NeutralPolicy = replace(RULE, contract=Contract.DATED)
CALM = replace(URGENCY, expiry=ExpiryAction.ROLL)
ENDING = replace(CALM, expiry_days=40)
"""The contract of December has 35 days left: it is to be left, that of March is to be taken."""
SHORT = "BTC 0.5 @ 100000, ETH 5 @ 4000, USDT 20000, wallet 10000, dated ETH -5"
WHOLE = replace(AT_MID, max_unhedged_notional=dec(10**6))
PERP = "BTC 0.5 @ 100000, ETH 5 @ 4000, USDT 20000, wallet 10000, perp ETH -5"


def seen(
    text: str = EMPTY,
    *,
    near: str | None = "4040",
    far: str | None = "4100",
    books: bool = True,
    **changed: Any,
) -> Snapshot:
    """An account with the contracts of both quarters at their marks; None lists one not."""
    snapshot = account(text, instruments=CHEAP)
    december = dated("ETH", **FREE | changed)
    march = dated("ETH", **{"symbol": FAR, "expires_at": MARCH} | FREE | changed)
    for instrument, mark in ((december, near), (march, far)):
        symbol = instrument.symbol
        if mark is None:
            continue
        snapshot = replace(
            snapshot,
            instruments={**snapshot.instruments, symbol: instrument},
            contracts={**snapshot.contracts, symbol: contract(mark, index=dec(4_000))},
            books={**snapshot.books, symbol: book(mark)} if books else snapshot.books,
        )
    return snapshot


def planned(snapshot: Snapshot, rule: NeutralPolicy = DATED, **fields: Any) -> Plan:
    """Return the plan of an account with a dated neutral sleeve of ETH."""
    given = {"limits": AT_MID, "urgency": CALM} | fields
    rules = replace(policy("BTC 0.50, USDT 0.30", **given), neutral=rule)
    return make_plan(snapshot, rules, occasion())


def moved(plan: Plan) -> list[tuple[str, str]]:
    """Return market and signed base units of each leg, in order."""
    with exact_arithmetic():
        return [(g.symbol, f"{g.instrument.units(g.lots).normalize():f}") for g in plan.legs]


def test_it_is_entered_in_the_nearest_contract_by_its_basis_and_no_past() -> None:
    plan = planned(seen())
    assert dict(moved(plan)) == {"ETH/USDT": "5", NEAR: "-5"}
    [net] = plan.nets
    assert abs(net.net_after) < dec("0.00001")
    [sleeve] = plan.sleeves
    assert abs(sleeve.after - dec("0.202")) < dec("0.0001"), "at its mark, which is dearer"
    [overlay] = plan.overlays
    assert overlay.reason == "ETH held with an equal short, for its basis"
    assert overlay.until == "basis below 1 % a year"
    assert DATED.need.perpetuals == ()
    assert planned(seen(SHORT)).legs == ()


def test_four_trades_are_taken_off_over_the_days_to_delivery() -> None:
    # 1 % above the coin for 34.83 days is 10.48 % a year; four half spreads of 1 bps take 0.42 %.
    reading = planned(seen()).readings[0]
    days = Decimal(int((EXPIRY - NOW).total_seconds())) / 86_400
    year = dec("0.01") * 365 / days
    assert reading.measured is not None
    assert abs(reading.measured - (year - dec("0.0004") * 365 / days)) < dec("0.0000001")
    assert reading.name == "carry_after_costs"
    assert reading.text == (
        f"fraction a year; basis of {NEAR} 1.00 % in 34.8 days, 10.48 % a year, "
        "less 0.42 % for four trades leaves 10.06 %"
    )
    dear = {i.symbol: i for i in (spot("ETH"), swap("ETH"))}
    costs = seen(taker_fee=dec("0.0005"))
    costly = planned(replace(costs, instruments={**costs.instruments, **dear})).readings[0]
    assert costly.measured is not None
    paid = 2 * (dec("0.001") + dec("0.0005")) + dec("0.0004")
    assert abs(costly.measured - (year - paid * 365 / days)) < dec("0.0000001")


@pytest.mark.parametrize(("near", "enters"), [("4021", True), ("4020", False), ("3990", False)])
def test_it_is_entered_above_its_floor_alone(near: str, *, enters: bool) -> None:
    # 20 above 4000 is 5.24 % a year, of which four trades leave 4.82 %.
    plan = planned(seen(near=near))
    assert (plan.legs != ()) is enters
    assert plan.readings[0].holds is enters


@pytest.mark.parametrize(("near", "stays"), [("4004", True), ("4003", False), ("3999", False)])
def test_what_is_held_is_left_below_the_exit_alone(near: str, *, stays: bool) -> None:
    # 4 above 4000 is 1.05 % a year.
    plan = planned(seen(SHORT, near=near))
    assert plan.readings[0].name == "carry_while_held"
    assert dict(moved(plan)) == ({} if stays else {"ETH/USDT": "-5", NEAR: "5"})
    assert all(g.reduce_only for g in plan.legs if g.instrument.is_contract)


def test_before_delivery_both_sides_go_on_with_the_same_units() -> None:
    plan = planned(seen(SHORT), urgency=ENDING, limits=WHOLE)
    assert moved(plan) == [(NEAR, "5"), (FAR, "-5")]
    assert [(g.role, g.reason, g.stage) for g in plan.legs] == [
        (Role.ROLL, LegReason.ROLL, 1),
        (Role.ROLL, LegReason.ROLL, 2),
    ]
    first = plan.firings[0]
    assert (first.kind, first.subject) == (TriggerKind.EXPIRY, NEAR)
    assert plan.hedging == (), "it is no hedge"
    assert [u for u in plan.untraded if u.reason is UntradedReason.NO_HEDGE] == []
    sliced = moved(planned(seen(SHORT), urgency=ENDING))
    assert [s for s, _ in sliced] == [NEAR, FAR] * (len(sliced) // 2)
    assert len(sliced) > 2
    assert [u for s, u in sliced if s == NEAR] == [u[1:] for s, u in sliced if s == FAR]


@pytest.mark.parametrize("text", [SHORT, EMPTY], ids=["held", "entered"])
def test_what_would_be_rolled_at_once_is_not_entered(text: str) -> None:
    assert FAR in {symbol for symbol, _ in moved(planned(seen(text), urgency=ENDING))}


@pytest.mark.parametrize("far", ["4010", None], ids=["pays-too-little", "not-listed"])
def test_where_the_next_one_does_not_pay_coins_and_short_are_left(far: str | None) -> None:
    # 10 above 4000 for 126 days is 0.72 % a year.
    plan = planned(seen(SHORT, far=far), urgency=ENDING)
    assert dict(moved(plan)) == {"ETH/USDT": "-5", NEAR: "5"}
    [reading] = plan.readings
    assert (reading.name, reading.holds) == ("carry_while_held", False)
    if far is None:
        assert reading.measured is None
        assert reading.text == "no other dated contract with 40 days is listed: it is left"


@pytest.mark.parametrize("kind", ["not-listed", "no-book"])
def test_without_a_contract_it_stays_in_the_quote_and_says_so(kind: str) -> None:
    none = seen(near=None, far=None) if kind == "not-listed" else seen(books=False)
    plan = planned(none)
    assert plan.legs == ()
    reading = plan.readings[0]
    assert (reading.measured, reading.holds) == (None, False)
    assert reading.text == "no other dated contract with 7 days is listed: it stays in the quote"


def test_coins_that_have_no_contract_to_be_short_in_are_sold() -> None:
    plan = planned(seen(PERP, near=None, far=None))
    assert dict(moved(plan)) == {"ETH/USDT": "-5", "ETH/USDT:USDT": "5"}


def test_a_short_in_the_perpetual_comes_to_the_dated_contract() -> None:
    plan = planned(seen(PERP))
    assert moved(plan) == [("ETH/USDT:USDT", "5"), (NEAR, "-5")]
    assert "neutral" in [f.subject for f in plan.firings]


def test_a_short_elsewhere_does_not_count_though_it_is_as_large() -> None:
    # 3 above 4000 on 5 coins is within the fees that both sides may differ by.
    rule = replace(DATED, min_carry=dec(0), exit_carry=dec(0))
    assert moved(planned(seen(PERP, near="4003"), rule)) == [("ETH/USDT:USDT", "5"), (NEAR, "-5")]


def test_what_is_short_elsewhere_beside_all_of_it_is_bought_back() -> None:
    twice = SHORT.replace("dated ETH -5", "dated ETH -5, perp ETH -0.5")
    assert moved(planned(seen(twice))) == [("ETH/USDT:USDT", "0.5")]


@pytest.mark.parametrize("far", ["4100", "4010"], ids=["goes-on", "leaves"])
def test_a_roll_that_ended_half_way_goes_on_or_all_of_it_is_left(far: str) -> None:
    snapshot = seen(SHORT.replace("dated ETH -5", "dated ETH -2"), far=far)
    position = snapshot.positions[NEAR]
    rest = replace(position, symbol=FAR, lots=Lots(-30_000))
    snapshot = replace(snapshot, positions={NEAR: position, FAR: rest})
    plan = planned(snapshot, urgency=ENDING, limits=WHOLE)
    if far == "4100":
        assert moved(plan) == [(NEAR, "2"), (FAR, "-2")]
    else:
        assert dict(moved(plan)) == {"ETH/USDT": "-5", NEAR: "2", FAR: "3"}


def test_what_is_left_stays_short_where_it_is_until_its_coins_have_gone() -> None:
    rules = replace(policy("BTC 0.50, USDT 0.30", limits=AT_MID, urgency=ENDING), neutral=DATED)
    found = settled(rules, seen(SHORT, far="4010"), occasion()).neutral
    assert found is not None
    assert (found.entered, found.shorts) == ((), {ETH: NEAR})
    going_on = settled(rules, seen(SHORT), occasion()).neutral
    assert going_on is not None
    assert (going_on.entered, going_on.shorts) == ((ETH,), {ETH: FAR})


def test_a_part_in_the_wrong_contract_is_no_part_of_what_is_short_there() -> None:
    both = SHORT.replace("dated ETH -5", "dated ETH -3, perp ETH -2")
    assert moved(planned(seen(both))) == [("ETH/USDT:USDT", "2"), (NEAR, "-2")]


def test_the_contract_that_is_held_is_named_where_it_has_no_book() -> None:
    whole = seen(SHORT)
    bare = replace(whole, books={s: b for s, b in whole.books.items() if s != NEAR})
    with pytest.raises(MissingMark, match=NEAR):
        planned(bare)


def test_a_short_that_somebody_took_off_is_sold_again_there() -> None:
    plan = planned(seen(SHORT.replace("dated ETH -5", "dated ETH -3")))
    assert moved(plan) == [(NEAR, "-2")]


def test_a_long_in_a_contract_that_ends_is_closed_and_not_rolled() -> None:
    plan = planned(seen(SHORT.replace("dated ETH -5", "dated ETH 1")), urgency=ENDING)
    assert moved(plan) == [(NEAR, "-1"), (FAR, "-5")]
    assert {g.role for g in plan.legs} == {Role.CLOSE, Role.HEDGE}


def test_dated_contracts_are_the_account_s_own_where_the_sleeve_stands_in_perpetuals() -> None:
    plan = planned(
        seen(PERP.replace("perp ETH -5", "perp ETH -5, dated BTC -0.01")), urgency=ENDING
    )
    assert ETH not in {g.instrument.base for g in plan.legs if g.role is Role.ROLL}
