"""What the orders of one plan came to: traded, slipped, paid, and what was left. Pure, exact.

Values are quote units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Fill, OrderRecord, Side
from trimtab.domain.plan import Leg, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the orders of a plan came to."""

    traded: Decimal
    """Value of all fills at their prices, quote units, >= 0."""
    slipped: Decimal
    """What fills cost against the marks at planning, quote units; negative where they gained."""
    fees: Mapping[Asset, Decimal]
    """Paid, by asset."""
    left: tuple[Leg, ...]
    """Legs that were not filled whole, by line."""
    bare: tuple[HedgeId, ...]
    """Open hedges whose stop was to be put on the venue and was not, by line."""


def tally(
    plan: Plan,
    orders: Iterable[OrderRecord],
    fills: Iterable[Fill],
    *,
    bare: tuple[HedgeId, ...],
) -> Tally:
    """Return what *orders* of *plan* came to by their *fills*; fills of others are left out.

    So is what a stop of the plan became: it is told for itself.
    """
    legs = {leg.line: leg for leg in plan.legs}
    records = tuple(record for record in orders if record.intent.line in legs)
    line_of = {r.intent.client_order_id: r.intent.line for r in records}
    traded, slipped, fees = ZERO, ZERO, dict[Asset, Decimal]()
    with exact_arithmetic():
        for fill in fills:
            name = fill.client_order_id
            if name is None or name not in line_of:
                continue
            leg = legs[line_of[name]]
            sign = 1 if fill.side is Side.BUY else -1
            traded += fill.quantity * fill.fill_price
            slipped += sign * fill.quantity * (fill.fill_price - leg.mark)
            fees[fill.fee_asset] = fees.get(fill.fee_asset, ZERO) + fill.fee
    done = {line: sum(r.filled_lots for r in records if r.intent.line == line) for line in legs}
    left = tuple(leg for leg in plan.legs if done[leg.line] != leg.lots)
    return Tally(traded=traded, slipped=slipped, fees=fees, left=left, bare=bare)
