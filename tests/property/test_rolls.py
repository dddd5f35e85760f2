"""Whatever is hedged, a roll moves the same units, slice by slice, by the same id, and is safe."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import LIMITS, NOW, URGENCY, account, book, contract, dated, occasion, policy
from tests.hedge_cases import FAR, hedges, record_of
from tests.unit.risk.cases import context, refused
from trimtab.domain.contracts import Contract
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.hedges import (
    DeclaredLine,
    HedgeBook,
    HedgeFill,
    HedgeRecord,
    units_of,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import Fill, TradeId, VenueOrderId
from trimtab.domain.plan import Plan, Role
from trimtab.domain.policy import Policy, Route
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import ExpiryAction
from trimtab.hedging.book import book_of
from trimtab.hedging.carry import LONG, SHORT, Offer, compared
from trimtab.planning.compose import make_plan
from trimtab.risk.gate import review

NEXT = Symbol("BTC/USDT:USDT-270326")
USDT = Asset("USDT")
UNITS = st.integers(min_value=1, max_value=400)
"""In lots of 0.0001."""


def rules(open_limit: int) -> Policy:
    limits = replace(
        LIMITS,
        max_order_notional=Decimal(5_000),
        max_unhedged_notional=Decimal(open_limit),
        max_run_notional=Decimal(100_000),
        max_day_notional=Decimal(100_000),
        max_asset_notional=Decimal(100_000),
    )
    urgency = replace(URGENCY, expiry=ExpiryAction.ROLL, expiry_days=40)
    hedge = {"contract": Contract.DATED}
    return policy(
        "BTC 0.5, USDT 0.5", route=Route.FUTURES, hedge=hedge, limits=limits, urgency=urgency
    )


def held(lots: int, far_lot: str) -> Snapshot:
    short = Decimal(lots) / 10_000
    coins = max(short, Decimal("0.01"))
    snapshot = account(
        f"BTC {coins} @ 60000, dated BTC -{short} at 60200, USDT 1000, "
        f"wallet {short * 60_000 + 500}"
    )
    at = datetime(2027, 3, 26, 8, tzinfo=NOW.tzinfo)
    far = dated("BTC", symbol=NEXT, expires_at=at, lot_size=Decimal(far_lot))
    return replace(
        snapshot,
        instruments={**snapshot.instruments, NEXT: far},
        books={**snapshot.books, NEXT: book(60_600)},
        contracts={**snapshot.contracts, NEXT: contract(60_600, index=Decimal(60_000))},
        price_bands={**snapshot.price_bands, NEXT: snapshot.price_bands[FAR]},
    )


def filled(plan: Plan, own: HedgeRecord, lines: int) -> HedgeBook:
    """The book when the first *lines* of a plan have filled whole at their marks."""
    at = NOW + timedelta(hours=1)
    fills = [
        HedgeFill(
            fill=Fill(
                symbol=leg.symbol,
                trade_id=TradeId(f"t{leg.line}"),
                venue_order_id=VenueOrderId(f"v{leg.line}"),
                client_order_id=None,
                side=leg.side,
                quantity=leg.quantity,
                fill_price=leg.mark,
                fee=ZERO,
                fee_asset=USDT,
                filled_at=at + timedelta(seconds=leg.line),
            ),
            plan_digest=plan.digest,
            line=leg.line,
        )
        for leg in plan.legs[:lines]
    ]
    declared = tuple(DeclaredLine(plan_digest=plan.digest, line=x) for x in plan.hedging)
    return book_of(replace(own, declared=own.declared + declared, fills=(*own.fills, *fills)), USDT)


@given(
    UNITS,
    st.integers(min_value=0, max_value=10),
    st.sampled_from(["0.0001", "0.001", "0.003"]),
    st.integers(min_value=30, max_value=8_000),
)
def test_a_roll_moves_the_same_units_by_the_same_ids_and_every_prefix_is_safe(
    lots: int, tenths: int, far_lot: str, open_limit: int
) -> None:
    by_hand = Decimal(lots * tenths // 10) / 10_000
    drift = Decimal(lots) / 10_000 - by_hand
    events = [f"open btc {drift:f} @ 60000 at band in far"] if drift else []
    events += [f"open hand {by_hand:f} @ 60000 by hand in far"] if by_hand else []
    record = record_of(*events)
    own, snapshot, wanted = hedges(*events), held(lots, far_lot), rules(open_limit)
    plan = make_plan(snapshot, wanted, occasion(hedges=own))
    rolls = [leg for leg in plan.legs if leg.role is Role.ROLL]
    if not rolls:
        return
    assert list(plan.legs) == rolls
    with exact_arithmetic():
        back = sum((leg.quantity for leg in rolls if leg.reduce_only), ZERO)
        opened = sum((leg.quantity for leg in rolls if not leg.reduce_only), ZERO)
    assert back == opened <= units_of(own.open)
    least = max(Decimal(far_lot), Decimal("0.0001")) * 60_700
    if open_limit > 2 * least + 61:
        report = review(plan, snapshot, policy=wanted, context=context(), now=NOW)
        assert refused(report) - {"max_orders"} == set()
    for lines in range(len(rolls) + 1):
        after = filled(plan, record, lines)
        assert {h.hedge_id for h in after.open} <= {h.hedge_id for h in own.open}
        with exact_arithmetic():
            missing = units_of(own.open) - units_of(after.open)
        assert ZERO <= missing <= max(leg.quantity for leg in rolls)
        assert lines % 2 or not missing
    for hedge in own.open:
        rest = [h for h in filled(plan, record, len(rolls)).open if h.hedge_id == hedge.hedge_id]
        assert units_of(tuple(rest)) == hedge.units
        assert {h.origin for h in rest} == {hedge.origin}


SMALL = st.decimals(Decimal("-0.05"), Decimal("0.05"), places=5)


@given(SMALL, SMALL, st.integers(1, 200), st.integers(1, 200), st.sampled_from([1, 4, 8]))
def test_a_long_earns_the_negative_of_a_short_and_costs_only_lower_a_gain(
    premium: Decimal, rate: Decimal, days: int, horizon: int, hours: int
) -> None:
    perpetual = Offer(
        symbol=Symbol("BTC/USDT:USDT"),
        expires_at=None,
        premium=ZERO,
        rate=rate,
        hours=hours,
        cost=Decimal("0.0005"),
    )
    future = replace(
        perpetual, symbol=NEXT, expires_at=NOW + timedelta(days=days), premium=premium, rate=ZERO
    )
    for here, there in ((perpetual, future), (future, perpetual)):
        short = compared(here, other=there, now=NOW, horizon_days=horizon, side=SHORT)
        long = compared(here, other=there, now=NOW, horizon_days=horizon, side=LONG)
        assert (short.stays, short.moves) == (-long.stays, -long.moves)
        assert short.over == min(days, horizon)
        with exact_arithmetic():
            back = compared(there, other=here, now=NOW, horizon_days=horizon)
            assert short.gain_bps + back.gain_bps == -(short.costs + back.costs) * 10_000
    for offer in (perpetual, future):
        assert offer.year(NOW) == -offer.year(NOW, side=LONG)
        assert (offer.year(NOW) > 0) == ((premium if offer is future else rate) > 0)
