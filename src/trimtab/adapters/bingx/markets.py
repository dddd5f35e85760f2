"""BingX's lists of markets and its fees, no faster than the venue takes it. Not pure: it asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.bingx.answers import taker_fee_of
from trimtab.adapters.bingx.instruments import (
    linear_instrument_of,
    linear_markets,
    price_band_of,
    spot_instrument_of,
    spot_markets,
)
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.pace import Pace
from trimtab.venues.profile import Desk

_SPOT: Final = Endpoint(desk=Desk.SPOT, method="spotV1PublicGetCommonSymbols")
_LINEAR: Final = Endpoint(desk=Desk.LINEAR, method="swapV2PublicGetQuoteContracts")
_FEES: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method="spotV1PrivateGetUserCommissionRate"),
    Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method="swapV2PrivateGetUserCommissionRate"),
}


def bingx_markets(wire: Wire, *, desks: Collection[Desk]) -> DeskMarkets:
    """Return the markets of the *desks* that are used, not yet read."""
    clock, read = wire.clock, wire.read
    paces = {Desk.SPOT: Pace(clock, per_second=2), Desk.LINEAR: Pace(clock, per_second=5)}

    async def fee(desk: Desk, name: str) -> Decimal:
        """Ask what a taker pays: in a market of coins, or in all contracts."""
        await paces[desk].turn()
        return await read(_FEES[desk], {"symbol": name}, taker_fee_of)

    lists = {
        Desk.SPOT: MarketList(
            clock,
            ask=lambda: read(_SPOT, {}, spot_markets),
            instrument_of=spot_instrument_of,
            price_band_of=price_band_of,
        ),
        Desk.LINEAR: MarketList(
            clock,
            ask=lambda: read(_LINEAR, {}, linear_markets),
            instrument_of=linear_instrument_of,
            price_band_of=price_band_of,
        ),
    }
    return DeskMarkets({desk: lists[desk] for desk in desks}, fee=fee)
