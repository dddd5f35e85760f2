"""Deribit in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as limits that fill
at once or not at all, and with the instant after which the venue may not begin with them any more.
Its answer says what was executed. Leverage follows from the size of a position, none is set. See
docs/design/0049-deribit-spot.md and docs/design/0057-deribit-contracts.md.
"""

from __future__ import annotations

from functools import partial

from trimtab.adapters.deribit.answers import cancelled_id, placed_order
from trimtab.adapters.deribit.fills import DeribitWindows, deribit_fills
from trimtab.adapters.deribit.orders import DeribitOrders
from trimtab.adapters.deribit.payments import DeribitPayments
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.order_sending import RawCall
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import milliseconds
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import OrderIntent, Side
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk


def deribit_venue(
    wire: Wire,
    markets: DeskMarkets,
    orders: DeribitOrders,
    *,
    receive_window_ms: int,
    settle: Asset | None,
) -> RawVenue:
    """Return orders on Deribit, valid for so long.

    Contracts settle in *settle*; None for an account of coins alone.
    """
    windows = DeribitWindows(wire, markets)
    words = OrderWords(
        place=partial(_placing, wire=wire, window_ms=receive_window_ms),
        placed=partial(placed_order, ended=wire.profile.ended_statuses),
        cancel=_cancelling,
        cancelled=cancelled_id,
    )
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=deribit_fills(wire, markets),
        words=words,
        payments=DeribitPayments(wire, windows, settle=settle).since if settle else None,
        leverage=None,
    )
    return RawVenue(wire, parts)


def _placing(intent: OrderIntent, market_id: str, *, wire: Wire, window_ms: int) -> RawCall:
    """Return the order as it goes out.

    Raises:
        Refused: it is an order that only reduces, of coins.

    """
    instrument = intent.instrument
    if intent.reduce_only and not instrument.is_contract:
        raise Refused(f"{intent.client_order_id}: there is nothing to reduce on spot")
    asked = {
        "instrument_name": market_id,
        "amount": format(intent.quantity, "f"),
        "type": "limit",
        "price": format(intent.limit_price, "f"),
        "time_in_force": "immediate_or_cancel",
        "label": intent.client_order_id,
        "valid_until": milliseconds(wire.clocks.now(Desk.of(instrument))) + window_ms,
    }
    if instrument.is_contract:
        asked["reduce_only"] = "true" if intent.reduce_only else "false"
    method = "privateGetBuy" if intent.side is Side.BUY else "privateGetSell"
    return RawCall(method=method, asked=asked)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:  # noqa: ARG001 -- the frame's shape.
    """Return the cancel of an order as it goes out: its number says which market."""
    return RawCall(method="privateGetCancel", asked={"order_id": order.venue_order_id})
