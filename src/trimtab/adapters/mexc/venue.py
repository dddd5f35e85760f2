"""MEXC's two desks in words of ``frame.raw_venue``: nothing is decided here.

Not pure: it sets leverage. Orders go out by the raw call, exactly as planned: coins with size and
limit as text, contracts with both as numbers of JSON that have just these digits. That what does
not fill at once is taken off is a type of order, and for coins one that the lists of what a market
takes do not name: an order that is still not seen to have ended is taken off by us. See
docs/design/0050-mexc.md and docs/design/0059-mexc-contracts.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import RawCall, raw, setting_made
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.split_desks import SplitFills, SplitOrders
from trimtab.adapters.frame.timed_fills import MarketFills
from trimtab.adapters.frame.units import base_units
from trimtab.adapters.mexc.account import LEVERAGE, Leverages
from trimtab.adapters.mexc.answers import received_id, venue_order_id
from trimtab.adapters.mexc.contract_fills import WINDOW, MexcContractFills
from trimtab.adapters.mexc.contract_orders import cancelled_number, received_number
from trimtab.adapters.mexc.contracts import is_done
from trimtab.adapters.mexc.fills import mexc_fills
from trimtab.adapters.mexc.margin import positions_of, settings_of
from trimtab.adapters.mexc.orders import MexcOrders
from trimtab.adapters.mexc.payments import MexcPayments
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import mapping_of
from trimtab.domain.errors import Refused
from trimtab.domain.exact import ratio
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import MarginMode, OpenOrder
from trimtab.venues.profile import Desk

_POSITIONS: Final = Endpoint(desk=Desk.LINEAR, method="contractPrivateGetPositionOpenPositions")
_SET_LEVERAGE: Final = "contractPrivatePostPositionChangeLeverage"
_AT_ONCE, _CROSS, _ONE_WAY = 3, 2, 2
"""The venue's numbers of an order that fills at once, of shared margin, of one-way mode."""
_SIDES: Final[Mapping[tuple[Side, bool], int]] = {
    (Side.BUY, False): 1,
    (Side.BUY, True): 2,
    (Side.SELL, False): 3,
    (Side.SELL, True): 4,
}
"""The venue's number of a side, by direction and by whether it only closes."""


def mexc_coins_venue(wire: Wire, markets: DeskMarkets, orders: MexcOrders) -> RawVenue:
    """Return orders of an account of coins alone."""
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=mexc_fills(wire, markets, orders),
        words=_words(markets, {}),
        payments=None,
        leverage=None,
    )
    return RawVenue(wire, parts)


def mexc_venue(
    wire: Wire,
    markets: DeskMarkets,
    coins: MexcOrders,
    contract_orders: DeskOrders,
    *,
    leverages: Leverages,
) -> RawVenue:
    """Return orders of an account with contracts; *leverages* are those that were read."""
    deals = MexcContractFills(wire, markets, contract_orders)
    linear = MarketFills(
        wire, markets, deals.between, window=WINDOW, names=contract_orders.client_ids
    )
    parts = VenueParts(
        markets=markets,
        orders=SplitOrders({Desk.SPOT: coins, Desk.LINEAR: contract_orders}),
        fills=SplitFills({Desk.SPOT: mexc_fills(wire, markets, coins), Desk.LINEAR: linear}),
        words=_words(markets, leverages),
        payments=MexcPayments(wire, markets, deals).since,
        leverage=MexcLeverage(wire, markets, leverages),
    )
    return RawVenue(wire, parts)


def _words(markets: DeskMarkets, leverages: Leverages) -> OrderWords:
    """Return how both desks are told to place and to cancel."""

    def place(intent: OrderIntent, market_id: str) -> RawCall:
        """Return the order as it goes out."""
        if intent.instrument.is_contract:
            return _contract_order(intent, market_id, leverage=leverages.get(market_id))
        return _placing(intent, market_id)

    def placed(answer: object, intent: OrderIntent) -> VenueOrder:
        """Return the order of *intent*, of which the answer says that it was received."""
        if intent.instrument.is_contract:
            return received(intent, received_number(answer))
        market_id = markets.market_id(intent.instrument.symbol)
        return received(intent, received_id(answer, intent, market_id=market_id))

    return OrderWords(
        place=place, placed=placed, cancel=_cancelling, cancelled=_cancelled, takes_off=True
    )


def _placing(intent: OrderIntent, market_id: str) -> RawCall:
    """Return an order of coins as it goes out.

    Raises:
        Refused: it is one that only reduces.

    """
    if intent.reduce_only:
        raise Refused(f"{intent.client_order_id}: there is nothing to reduce on spot")
    asked = {
        "symbol": market_id,
        "side": "BUY" if intent.side is Side.BUY else "SELL",
        "type": "IMMEDIATE_OR_CANCEL",
        "quantity": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "newClientOrderId": intent.client_order_id,
    }
    return RawCall(method="spotPrivatePostOrder", asked=asked)


def _contract_order(intent: OrderIntent, market_id: str, *, leverage: int | None) -> RawCall:
    """Return an order of contracts as it goes out.

    What only reduces says so twice: by its side, which closes, and by its flag. What opens names
    the *leverage* that was read, as one page wants it; with shared margin the venue takes it
    without, too, and then goes by what is set.

    Raises:
        Refused: it is no whole count of contracts, or its limit has more digits than a number of
            JSON that ccxt writes can have.

    """
    count = ratio(intent.quantity, intent.instrument.contract_size)
    if count != int(count) or base_units(count, intent.instrument) != intent.quantity:
        raise Refused(f"{intent.client_order_id}: {intent.quantity} is no count of contracts")
    asked: dict[str, object] = {
        "symbol": market_id,
        "price": json_number(intent.limit_price),
        "vol": int(count),
        "side": _SIDES[intent.side, intent.reduce_only],
        "type": _AT_ONCE,
        "openType": _CROSS,
        "positionMode": _ONE_WAY,
        "externalOid": intent.client_order_id,
    }
    if intent.reduce_only:
        asked["reduceOnly"] = True
    elif leverage is not None:
        asked["leverage"] = leverage
    return RawCall(method="contractPrivatePostOrderCreate", asked=asked)


def json_number(exact: Decimal) -> int | float:
    """Return what ccxt writes into JSON with the value of *exact*, to the last digit.

    Raises:
        Refused: no such number has.

    """
    if exact == int(exact):
        return int(exact)
    written = float(exact)
    if Decimal(repr(written)) != exact:
        raise Refused(f"{exact} cannot be written as a number; nothing was sent")
    return written


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out: by the venue's number on both desks."""
    if desk_of(order.symbol) is Desk.LINEAR:
        number = int(order.venue_order_id)
        return RawCall(method="contractPrivatePostOrderCancel", asked={}, listed=(number,))
    asked = {"symbol": market_id, "orderId": order.venue_order_id}
    return RawCall(method="spotPrivateDeleteOrder", asked=asked)


def _cancelled(answer: object) -> VenueOrderId:
    """Return the venue's number of the order that is cancelled, whichever desk answers.

    Raises:
        Unreadable: there is none.

    """
    row = mapping_of(answer)
    return cancelled_number(row) if "success" in row else venue_order_id(row)


class MexcLeverage:
    """Sets cross margin and leverage of contracts, for each side on which they are otherwise."""

    def __init__(self, wire: Wire, markets: DeskMarkets, leverages: Leverages) -> None:
        self._wire = wire
        self._markets = markets
        self._leverages = leverages

    async def __call__(self, symbol: Symbol, *, leverage: int) -> None:
        """Set cross margin and leverage; what is already so is left so.

        A side that is held is named by its position, the other by its contract.
        """
        name = await self._markets.require(symbol)
        asked = {"symbol": name}
        sides = await self._wire.read(LEVERAGE, asked, settings_of)
        wanted = (leverage, MarginMode.CROSS)
        wrong = [n for n, each in sides.items() if (each.leverage, each.margin_mode) != wanted]
        if wrong:
            held = await self._wire.read(_POSITIONS, asked, positions_of)
            numbers = {
                1 if each.position.count > 0 else 2: each.position_id
                for each in held
                if each.position.market_id == name
            }
            for side in wrong:
                await self._set(symbol, side, leverage=leverage, position_id=numbers.get(side))
        self._leverages[name] = leverage

    async def _set(
        self, symbol: Symbol, side: int, *, leverage: int, position_id: int | None
    ) -> None:
        """Set one side.

        Raises:
            VenueError: it was not acknowledged.

        """
        name = self._markets.market_id(symbol)
        flat = {"openType": _CROSS, "symbol": name, "positionType": side}
        held = {"positionId": position_id}
        which = flat if position_id is None else held
        call = RawCall(method=_SET_LEVERAGE, asked={**which, "leverage": leverage})
        await setting_made(self._wire, symbol, raw(self._wire, call), read=is_done)
