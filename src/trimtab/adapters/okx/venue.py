"""OKX in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as IOC limits paid
with coins that are there. Until when an order is taken stands in a header, on the venue's clock. An
answer says that the order was received; what became of it is looked up by our name. See
docs/design/0027-bybit-spot.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.order_sending import RawCall, raw, setting_made
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.frame.timed_fills import MarketFills
from trimtab.adapters.frame.units import base_units
from trimtab.adapters.okx.account import LEVERAGE
from trimtab.adapters.okx.answers import cancelled_id, placed_order
from trimtab.adapters.okx.contracts import is_leverage_set, leverage_of
from trimtab.adapters.okx.fills import WINDOW, OkxFills
from trimtab.adapters.okx.payments import OkxPayments
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import milliseconds
from trimtab.domain.errors import Refused
from trimtab.domain.exact import ratio
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_PLACE: Final = "privatePostTradeOrder"
_LEVERAGE: Final = "privatePostAccountSetLeverage"
_CANCEL: Final = "privatePostTradeCancelOrder"


def okx_venue(
    wire: Wire, markets: DeskMarkets, orders: DeskOrders, *, receive_window_ms: int
) -> RawVenue:
    """Return orders on OKX, taken for so long."""
    fills, has_futures = OkxFills(wire, markets), Desk.LINEAR in markets.desks
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=MarketFills(wire, markets, fills.between, window=WINDOW, names=None),
        words=OrderWords(
            place=partial(_placing, wire=wire, window_ms=receive_window_ms),
            placed=placed_order,
            cancel=_cancelling,
            cancelled=cancelled_id,
        ),
        payments=OkxPayments(wire).since if has_futures else None,
        leverage=OkxLeverage(wire, markets) if has_futures else None,
    )
    return RawVenue(wire, parts)


class OkxLeverage:
    """Sets leverage of contracts; the margin mode is named by each order."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def __call__(self, symbol: Symbol, *, leverage: int) -> None:
        """Set leverage; what is already so is left so. See :class:`SetsLeverage`."""
        name = await self._markets.require(symbol)
        asked = {"instId": name, "mgnMode": "cross"}
        found = await self._wire.read(LEVERAGE, asked, partial(leverage_of, market_id=name))
        if found != leverage:
            call = RawCall(method=_LEVERAGE, asked={**asked, "lever": str(leverage)})
            read = partial(is_leverage_set, market_id=name, leverage=leverage)
            await setting_made(self._wire, symbol, raw(self._wire, call), read=read)


def _placing(intent: OrderIntent, market_id: str, *, wire: Wire, window_ms: int) -> RawCall:
    """Return the order as it goes out; those of contracts count them.

    Raises:
        Refused: it is an order that only reduces, of coins, or one of a part of a contract's lot.

    """
    instrument = intent.instrument
    asked: dict[str, object] = {
        "instId": market_id,
        "tdMode": "cross" if instrument.is_contract else "cash",
        "side": intent.side.value,
        "ordType": "ioc",
        "sz": format(ratio(intent.quantity, instrument.contract_size), "f"),
        "px": format(intent.limit_price, "f"),
        "clOrdId": intent.client_order_id,
    }
    if base_units(Decimal(str(asked["sz"])), instrument) != intent.quantity:
        raise Refused(f"{intent.client_order_id}: {intent.quantity} is no count of contracts")
    if instrument.is_contract:
        asked["reduceOnly"] = intent.reduce_only
    elif intent.reduce_only:
        raise Refused(f"{intent.client_order_id}: there is nothing to reduce on spot")

    def until() -> Mapping[str, str]:
        """Return until when the venue takes the order, from now on."""
        now_ms = milliseconds(wire.clocks.now(Desk.of(intent.instrument)))
        return {"expTime": str(now_ms + window_ms)}

    return RawCall(method=_PLACE, asked=asked, headers=until)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out."""
    return RawCall(method=_CANCEL, asked={"instId": market_id, "ordId": order.venue_order_id})
