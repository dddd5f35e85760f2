"""WEEX's two desks in words of ``frame.raw_venue``: what is said, and nothing decided.

Not pure: it reads a position before an order of its contract, and sets leverage. Orders go out by
the raw call, with size and limit as text exactly as planned, as IOC limits. The venue answers an
order before it is matched: an answer says that it was received, and what became of it is asked for
by our name, or in contracts by the venue's number. An order of a contract names the position that
it opens or closes. One against what is held closes it, and is never larger than what was read just
before; beyond that the other side would be opened. See docs/design/0045-weex-spot.md and
docs/design/0073-weex-contracts-declared.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import RawCall, raw, require_coins, setting_made
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.frame.split_desks import SplitFills, SplitOrders
from trimtab.adapters.weex.account import SETTINGS
from trimtab.adapters.weex.answers import cancelled_id, placed_order
from trimtab.adapters.weex.contract_fills import WeexPayments, weex_contract_fills
from trimtab.adapters.weex.contract_orders import (
    INCONCLUSIVE,
    cancelled_number,
    position_side,
)
from trimtab.adapters.weex.contract_orders import placed_order as placed_contract
from trimtab.adapters.weex.contracts import leverage_in, settings_of
from trimtab.adapters.weex.fills import weex_fills
from trimtab.adapters.weex.margin import positions_of
from trimtab.adapters.weex.orders import WeexOrders
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import mapping_of, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import MarginMode, OpenOrder
from trimtab.venues.profile import Desk

_HELD: Final = Endpoint(
    desk=Desk.LINEAR,
    method="contractPrivateGetCapiV3AccountPositionSinglePosition",
    rank=Rank.ORDER,
)


def weex_coins_venue(wire: Wire, markets: DeskMarkets, orders: WeexOrders) -> RawVenue:
    """Return orders on WEEX spot: an account of coins has no futures wallet."""
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=weex_fills(wire, markets, orders),
        words=_COINS,
        payments=None,
        leverage=None,
    )
    return RawVenue(wire, parts)


def weex_venue(
    wire: Wire,
    markets: DeskMarkets,
    coins: WeexOrders,
    contract_orders: DeskOrders,
    *,
    sent: dict[ClientOrderId, str],
) -> RawVenue:
    """Return orders of an account with contracts; what each is for goes to *sent*."""
    linear = weex_contract_fills(wire, markets, contract_orders)
    contracts = WeexContracts(wire, markets, sent)
    parts = VenueParts(
        markets=markets,
        orders=SplitOrders({Desk.SPOT: coins, Desk.LINEAR: contract_orders}),
        fills=SplitFills({Desk.SPOT: weex_fills(wire, markets, coins), Desk.LINEAR: linear}),
        words=OrderWords(
            place=contracts.placing,
            placed=_placed,
            cancel=_cancelling,
            cancelled=_cancelled,
            before=contracts.read_position,
        ),
        payments=WeexPayments(wire, markets).since,
        leverage=contracts.set_leverage,
        inconclusive=INCONCLUSIVE,
        unproved=frozenset({Desk.LINEAR}),
    )
    return RawVenue(wire, parts)


def _placing(intent: OrderIntent, market_id: str) -> RawCall:
    """Return an order of coins as it goes out.

    Raises:
        Refused: it is no order of coins.

    """
    require_coins(intent)
    return RawCall(method="privatePostApiV3Order", asked=_written(intent, market_id))


def _written(intent: OrderIntent, market_id: str) -> Mapping[str, str]:
    """Return what orders of both desks say."""
    return {
        "symbol": market_id,
        "side": "BUY" if intent.side is Side.BUY else "SELL",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "newClientOrderId": intent.client_order_id,
    }


def _placed(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent*, of which the answer says that it was received."""
    read = placed_contract if intent.instrument.is_contract else placed_order
    return read(answer, intent)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:  # noqa: ARG001 -- the frame's shape.
    """Return the cancel of an order as it goes out: its number says which market."""
    is_contract = desk_of(order.symbol) is Desk.LINEAR
    method = "contractPrivateDeleteCapiV3Order" if is_contract else "privateDeleteApiV3Order"
    return RawCall(method=method, asked={"orderId": order.venue_order_id})


def _cancelled(answer: object) -> VenueOrderId:
    """Return the venue's number of the order that is cancelled, whichever desk answers.

    Raises:
        Unreadable: there is none.

    """
    return cancelled_number(answer) if "success" in mapping_of(answer) else cancelled_id(answer)


_COINS: Final = OrderWords(
    place=_placing, placed=placed_order, cancel=_cancelling, cancelled=cancelled_id
)


class WeexContracts:
    """Orders of contracts by the position that they open or close, and what is set for them."""

    def __init__(self, wire: Wire, markets: DeskMarkets, sent: dict[ClientOrderId, str]) -> None:
        self._wire = wire
        self._markets = markets
        self._sent = sent
        self._held: dict[ClientOrderId, Decimal] = {}
        """Positions as they were read before an order, base units, signed."""

    async def read_position(self, intent: OrderIntent) -> None:
        """Read what is held of the contract of *intent*, just before the order goes out.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        symbol = intent.instrument.symbol
        if desk_of(symbol) is Desk.SPOT:
            return
        name = await self._markets.require(symbol)
        held = await self._wire.read(_HELD, {"symbol": name}, positions_of)
        if any(each.position.market_id != name for each in held):
            raise NotDone(f"{symbol}: a position of another contract is told")
        held_now = sum((each.position.count for each in held), start=ZERO)
        self._held[intent.client_order_id] = held_now

    def placing(self, intent: OrderIntent, market_id: str) -> RawCall:
        """Return an order as it goes out.

        Raises:
            Refused: it would close what is not held, or pass through nothing to the other side.

        """
        if not intent.instrument.is_contract:
            return _placing(intent, market_id)
        held = self._held.pop(intent.client_order_id)
        against = held if intent.side is Side.SELL else held.copy_negate()
        if against <= 0 and intent.reduce_only:
            raise Refused(f"{intent.client_order_id}: no position is held that it could close")
        if 0 < against < intent.quantity:
            raise Refused(
                f"{intent.client_order_id}: {against} are held, and more would open the other side"
            )
        side = position_side(intent.side, closes=against > 0)
        self._sent[intent.client_order_id] = side
        asked = {**_written(intent, market_id), "positionSide": side}
        return RawCall(method="contractPrivatePostCapiV3Order", asked=asked)

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Set cross margin, then leverage; what is already so is left so."""
        name = await self._markets.require(symbol)
        asked = {"symbol": name}
        told = await self._wire.read(SETTINGS, asked, lambda a: settings_of(a, market_id=name))
        if told.margin_mode is not MarginMode.CROSS:
            crossed = RawCall(
                method="contractPrivatePostCapiV3AccountMarginType",
                asked={**asked, "marginType": "CROSSED", "separatedType": "COMBINED"},
            )
            await setting_made(self._wire, symbol, raw(self._wire, crossed), read=_is_set)
            told = await self._wire.read(SETTINGS, asked, lambda a: settings_of(a, market_id=name))
        if told.leverage != leverage:
            levered = RawCall(
                method="contractPrivatePostCapiV3AccountLeverage",
                asked={**asked, "marginType": "CROSSED", "crossLeverage": str(leverage)},
            )
            await setting_made(
                self._wire,
                symbol,
                raw(self._wire, levered),
                read=lambda a: leverage_in(mapping_of(a), "crossLeverage") == leverage or None,
            )


def _is_set(answer: object) -> bool | None:
    """Say that a margin mode is acknowledged; None where the answer does not."""
    return text_of(mapping_of(answer), "code") == "200" or None
