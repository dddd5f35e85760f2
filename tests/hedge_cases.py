"""Declared lines, fills and funding of hedges in a small text notation.

``open btc 0.5 @ 100`` sells for the hedge ``btc`` by line 1 of a plan of its own; ``by hand``
behind it marks the hedge, ``beside 0.2`` what else is short. ``close btc 0.2 @ 90`` buys back,
``close btc+two`` names two hedges. ``buy`` and ``sell`` are nobody's. ``pay 1.5`` is funding
received. ``in far`` behind an event is of the dated contract. One second apart.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

from tests.builders import NOW
from trimtab.domain.hedges import (
    DeclaredLine,
    DriftBack,
    HedgeBook,
    HedgeCause,
    HedgeFill,
    HedgeId,
    HedgeLine,
    HedgeOrigin,
    HedgeRecord,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import Fill, Side, TradeId, VenueOrderId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.hedging.book import book_of

PERP: Final = Symbol("BTC/USDT:USDT")
FAR: Final = Symbol("BTC/USDT:USDT-261225")
_EVENT: Final = re.compile(
    r"(?P<act>open|close|buy|sell|pay)(?: (?P<ids>[a-z+]+))? ?(?P<units>-?[\d.]+)"
    r"(?: @ (?P<price>[\d.]+))?(?: fee (?P<fee>[\d.]+))?(?P<hand> by hand)?"
    r"(?: beside (?P<beside>[\d.]+))?(?: at (?P<back>band|target))?(?: for (?P<cause>\w+))?"
    r"(?: in (?P<far>far))?"
)


def record_of(*events: str) -> HedgeRecord:
    """Return what the ledger has after *events*."""
    declared, fills, funding = list[DeclaredLine](), list[HedgeFill](), list[Payment]()
    for number, text in enumerate(events, start=1):
        told = _EVENT.fullmatch(text)
        if told is None:
            raise ValueError(f"not an event of the hedge notation: {text!r}")
        if told["act"] == "pay":
            funding.append(_payment(told, number))
            continue
        names = told["ids"].split("+") if told["ids"] else []
        digest = f"{number:064x}" if names else ""
        declared += [DeclaredLine(plan_digest=digest, line=_line(told, name)) for name in names]
        fills.append(
            HedgeFill(fill=_fill(told, number), plan_digest=digest, line=1 if names else 0)
        )
    return HedgeRecord(declared=tuple(declared), fills=tuple(fills), funding=tuple(funding))


def hedges(*events: str) -> HedgeBook:
    """Return the book that *events* add up to."""
    return book_of(record_of(*events), Asset("USDT"))


def _line(told: re.Match[str], name: str) -> HedgeLine:
    origin = HedgeOrigin.BY_HAND if told["hand"] else HedgeOrigin.DRIFT
    back = DriftBack(told["back"]) if told["back"] else DriftBack.TARGET
    return HedgeLine(
        line=1,
        hedge_id=HedgeId(name),
        asset=Asset("BTC"),
        symbol=FAR if told["far"] else PERP,
        origin=origin,
        cause=HedgeCause(told["cause"] or origin.value),
        drift_back=DriftBack.NEVER if told["hand"] else back,
        beside=Decimal(told["beside"] or 0),
    )


def _fill(told: re.Match[str], number: int) -> Fill:
    return Fill(
        symbol=FAR if told["far"] else PERP,
        trade_id=TradeId(str(number)),
        venue_order_id=VenueOrderId(str(number)),
        client_order_id=None,
        side=Side.SELL if told["act"] in ("open", "sell") else Side.BUY,
        quantity=Decimal(told["units"]),
        fill_price=Decimal(told["price"]),
        fee=Decimal(told["fee"] or 0),
        fee_asset=Asset("USDT"),
        filled_at=NOW + timedelta(seconds=number),
    )


def _payment(told: re.Match[str], number: int) -> Payment:
    return Payment(
        kind=PaymentKind.FUNDING,
        word="FUNDING_FEE",
        symbol=FAR if told["far"] else PERP,
        asset=Asset("USDT"),
        units=Decimal(told["units"]),
        payment_id=PaymentId(str(number)),
        trade_id=None,
        paid_at=NOW + timedelta(seconds=number),
    )
