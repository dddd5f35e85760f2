"""Score: what a hedge that an auto route chose came to cost, once it is closed. Pure.

Beside it stand what the sale of the coins would have cost and what was predicted, both as they were
weighed when it was opened and shared by what was really filled. All are quote units, positive when
paid; exact but for divisions. A fall of the coin is no gain here: the sale would have avoided it
too. A hedge that was rolled is one hedge with one score: the trades of its rolls are costs, and
what its dated contracts stood above the coin, when sold less when bought back, is income. Source:
strategy definitions 8.4; design: docs/design/0037-later-score.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.hedges import MOVES, Hedge, HedgeBook, HedgeFill, HedgePart
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Side
from trimtab.domain.plan import Plan
from trimtab.domain.routing import RouteTable

_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeScore:
    """One closed hedge against the sale that it stood for."""

    sale: Decimal
    """What selling the coins would have cost, as it was weighed."""
    predicted: Decimal
    """What the hedge was weighed to cost over the horizon."""
    horizon_days: int
    """Of the prediction, >= 1."""
    days: Decimal
    """How long it really stood, > 0."""
    fees: Decimal
    """Paid in the quote, both ways."""
    slippage: Decimal
    """What its fills were worse than the marks at planning; what nobody planned is left out."""
    funding: Decimal
    """Paid, so minus what was received."""
    basis: Decimal
    """What dated contracts stood above the coin when bought back, less when sold; paid."""
    margin: Decimal
    """What bound margin did not earn meanwhile, at the weighed rate."""

    @property
    def realised(self) -> Decimal:
        """What it came to cost."""
        with exact_arithmetic():
            return self.fees + self.slippage + self.funding + self.basis + self.margin

    @property
    def saved(self) -> Decimal:
        """What it cost less than the sale would have; negative when the sale was the cheaper."""
        with exact_arithmetic():
            return self.sale - self.realised

    @property
    def beyond(self) -> Decimal:
        """What it cost more than was predicted, signed."""
        with exact_arithmetic():
            return self.realised - self.predicted


def traded_by(hedge: Hedge, book: HedgeBook, fills: Sequence[HedgeFill]) -> tuple[str, ...]:
    """Return the digests of all plans that traded *hedge*; what nobody planned has none."""
    planned = _orders(fills)
    mine = (p for p in book.parts if p.hedge_id == hedge.hedge_id)
    digests = (planned[p.fill.symbol, p.fill.trade_id].plan_digest for p in mine)
    return tuple(d for d in dict.fromkeys(digests) if d)


def score_of(
    hedge: Hedge,
    book: HedgeBook,
    fills: Sequence[HedgeFill],
    *,
    plans: Mapping[str, Plan],
    quote: Asset,
) -> HedgeScore | None:
    """Return the score of a closed hedge; None of an open one, or where no auto route chose it.

    One that was rolled has its score where it was closed at last. *plans* has every plan of
    :func:`traded_by`, by digest.
    """
    life = [h for h in book.hedges if h.hedge_id == hedge.hedge_id]
    ends = [h.closed_at for h in life if h.closed_at is not None]
    if hedge.closed_at is None or len(ends) < len(life) or hedge.closed_at < max(ends):
        return None
    planned = _orders(fills)
    parts = [p for p in book.parts if p.hedge_id == hedge.hedge_id]
    shares = dict[str, Decimal]()
    for part in parts:
        order = planned[part.fill.symbol, part.fill.trade_id]
        if part.fill.side is Side.SELL and not _is_moved(order, hedge, plans):
            shares[order.plan_digest] = shares.get(order.plan_digest, ZERO) + part.units
    weighed = [
        (_table(plans[d], hedge.asset), plans[d], n) for d, n in shares.items() if d in plans
    ]
    tables = [(t, _share(plan, hedge, n)) for t, plan, n in weighed if t is not None]
    if not tables or len(tables) < len(shares):
        return None
    horizon = tables[0][0].horizon_days
    basis = _basis(parts, planned, plans)
    if basis is None:
        return None
    days = ratio(
        Decimal((hedge.closed_at - hedge.opened_at) // _MICROSECOND),
        Decimal(_DAY // _MICROSECOND),
    )
    with exact_arithmetic():
        margin = sum((t.futures.margin * share for t, share in tables), ZERO)
        return HedgeScore(
            sale=sum((t.spot.total * share for t, share in tables), ZERO),
            predicted=sum((t.futures.total * share for t, share in tables), ZERO),
            horizon_days=horizon,
            days=days,
            fees=sum((h.fees.get(quote, ZERO) for h in life), ZERO),
            slippage=sum(_slips(parts, planned, plans), ZERO),
            funding=-sum((h.funding for h in life), ZERO),
            basis=basis,
            margin=ratio(margin * days, Decimal(horizon)),
        )


_Orders = Mapping[tuple[str, str], HedgeFill]
"""Fills with the line that ordered each, by market and trade id."""


def _orders(fills: Sequence[HedgeFill]) -> _Orders:
    """Return *fills* by what names them."""
    return {(f.fill.symbol, f.fill.trade_id): f for f in fills}


def _table(plan: Plan, asset: Asset) -> RouteTable | None:
    """Return what a plan weighed for one asset, None where nothing was weighed."""
    return next((choice.table for choice in plan.routes if choice.asset == asset), None)


def _share(plan: Plan, hedge: Hedge, units: Decimal) -> Decimal:
    """Return how much of what a plan was to sell short for a hedge was filled, 0 to 1."""
    lines = {h.line for h in plan.hedging if h.hedge_id == hedge.hedge_id}
    with exact_arithmetic():
        whole = sum((g.quantity for g in plan.legs if g.line in lines and g.lots < 0), ZERO)
    return ratio(units, whole)


def _is_moved(order: HedgeFill, hedge: Hedge, plans: Mapping[str, Plan]) -> bool:
    """Whether an order only moved a hedge from another contract."""
    plan = plans.get(order.plan_digest)
    lines = () if plan is None else plan.hedging
    return any(
        h.line == order.line and h.hedge_id == hedge.hedge_id and h.cause in MOVES for h in lines
    )


def _basis(
    parts: Sequence[HedgePart], planned: _Orders, plans: Mapping[str, Plan]
) -> Decimal | None:
    """Return what dated contracts stood above their coins, bought back less sold, quote units.

    None where a plan does not tell the coin's price. What nobody planned, such as a delivery, was
    at the coin's price.
    """
    total = ZERO
    for part in parts:
        order = planned[part.fill.symbol, part.fill.trade_id]
        plan = plans.get(order.plan_digest)
        for leg in () if plan is None else plan.legs:
            if leg.line != order.line or leg.instrument.expires_at is None:
                continue
            mid = None if plan is None else plan.mids.get(leg.instrument.base)
            if mid is None:
                return None
            with exact_arithmetic():
                above = part.units * (leg.mark - mid)
                total += above if part.fill.side is Side.BUY else -above
    return total


def _slips(
    parts: Sequence[HedgePart], planned: _Orders, plans: Mapping[str, Plan]
) -> Iterator[Decimal]:
    """Yield what each fill was worse than the mark that its order was planned at."""
    for part in parts:
        order = planned[part.fill.symbol, part.fill.trade_id]
        plan = plans.get(order.plan_digest)
        legs = () if plan is None else plan.legs
        for leg in (leg for leg in legs if leg.line == order.line):
            worse = part.fill.fill_price - leg.mark
            yield part.units * (worse if part.fill.side is Side.BUY else -worse)
