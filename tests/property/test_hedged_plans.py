"""Whatever a plan opens, the next one leaves: hedges follow from its fills and close nothing."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import assume, event, given
from hypothesis import strategies as st

from tests.builders import NOW, occasion
from tests.property.test_planning import _bands_are_wide, _hindered, cases, filled
from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ZERO
from trimtab.domain.hedges import (
    DeclaredLine,
    HedgeBook,
    HedgeFill,
    HedgeOrigin,
    HedgeRecord,
    HedgeWish,
)
from trimtab.domain.orders import Fill, Side, TradeId, VenueOrderId
from trimtab.domain.plan import Leg, LegReason, Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.book import book_of
from trimtab.planning.compose import make_plan


def _fill(leg: Leg) -> Fill:
    return Fill(
        symbol=leg.symbol,
        trade_id=TradeId(str(leg.line)),
        venue_order_id=VenueOrderId(str(leg.line)),
        client_order_id=None,
        side=Side.of(leg.lots),
        quantity=leg.quantity,
        fill_price=leg.mark,
        fee=ZERO,
        fee_asset=leg.instrument.quote,
        filled_at=NOW,
    )


def book_after(*plans: Plan) -> HedgeBook:
    """Return the hedges of an account that had none, after every leg of *plans* has filled."""
    fills = [
        HedgeFill(fill=_fill(leg), plan_digest=plan.digest, line=leg.line)
        for plan in plans
        for leg in plan.legs
        if leg.instrument.is_contract
    ]
    declared = [
        DeclaredLine(plan_digest=plan.digest, line=line) for plan in plans for line in plan.hedging
    ]
    record = HedgeRecord(declared=tuple(declared), fills=tuple(fills), funding=())
    return book_of(record, plans[0].quote)


@given(case=cases(), due=st.booleans())
def test_what_a_plan_opens_the_next_one_leaves(case: tuple[Snapshot, Policy], *, due: bool) -> None:
    snapshot, wishes = case
    plan = make_plan(snapshot, wishes, occasion(slot_due=due))
    if wishes.rebalance.destination.to_band:
        assume(not _hindered(plan) and _bands_are_wide(snapshot, plan))
    book = book_after(plan)
    event(f"hedges: {len(book.open)}")
    again = make_plan(filled(snapshot, plan), wishes, occasion(hedges=book, slot_due=due))
    assert [(leg.symbol, leg.lots) for leg in again.legs] == []
    assert all(h.origin is HedgeOrigin.DRIFT for h in book.open)


@given(case=cases(), percent=st.integers(1, 100))
def test_what_is_hedged_by_hand_is_there_once_and_the_next_run_leaves_it(
    case: tuple[Snapshot, Policy], percent: int
) -> None:
    drifted, wishes = case
    first = make_plan(drifted, wishes, occasion())
    snapshot, book = filled(drifted, first), book_after(first)
    if make_plan(snapshot, wishes, occasion(hedges=book)).legs:
        return  # Something hinders the correction; it would be tried again.
    asset = wishes.rebalance.targets[0].asset
    wish = HedgeWish(asset=asset, share=Decimal(percent) / 100, units=ZERO)
    try:
        plan = make_plan(snapshot, wishes, occasion(hedges=book, wish=wish))
    except PlanningError:
        return  # Nothing is held, a long is there, or less than a lot is asked for.
    event(f"legs: {len(plan.legs)}")
    hedged, after = book_after(first, plan), filled(snapshot, plan)
    again = make_plan(after, wishes, occasion(hedges=hedged, wish=wish))
    assert [(leg.symbol, leg.lots) for leg in again.legs] == []
    run = make_plan(after, wishes, occasion(hedges=hedged))
    by_hand = {h.hedge_id for h in hedged.open if h.origin is HedgeOrigin.BY_HAND}
    assert not by_hand & {line.hedge_id for line in run.hedging}
    target = next(d.target for d in run.drift if d.asset == asset)
    # By hand beyond its whole target, a hedge takes the place of what corrections had short; and
    # the band of a share of the target is narrower where the target is lower.
    rules = wishes.rebalance
    wide = not any(t.relative for t in (rules.threshold, *rules.thresholds.values()))
    if target and wide and wishes.hedge.max_ratio == 1 and not rules.destination.to_band:
        assert [(leg.symbol, leg.lots) for leg in run.legs] == []


@given(case=cases(), percent=st.integers(1, 100))
def test_no_correction_takes_off_what_is_hedged_by_hand_before_it(
    case: tuple[Snapshot, Policy], percent: int
) -> None:
    drifted, wishes = case
    asset = wishes.rebalance.targets[0].asset
    wish = HedgeWish(asset=asset, share=Decimal(percent) / 100, units=ZERO)
    try:
        plan = make_plan(drifted, wishes, occasion(wish=wish))
    except PlanningError:
        return  # Nothing is held, or less than a lot is asked for.
    snapshot, before = filled(drifted, plan), book_after(plan)
    run = make_plan(snapshot, wishes, occasion(hedges=before, slot_due=True))
    after = book_after(plan, run)
    assert [h.units for h in after.by_hand(asset)] == [h.units for h in before.by_hand(asset)]
    funds = any(leg.reason is LegReason.FUNDS_ANOTHER for leg in run.legs)
    if funds or _hindered(run) or wishes.rebalance.destination.to_band:
        return
    event(f"legs: {len(run.legs)}")
    again = make_plan(filled(snapshot, run), wishes, occasion(hedges=after, slot_due=True))
    assert [(leg.symbol, leg.lots) for leg in again.legs] == []
