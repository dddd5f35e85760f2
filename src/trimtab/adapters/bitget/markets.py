"""Where Bitget's two desks are asked, and their lists of markets. Not pure: it asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.bitget.answers import taker_fee_of
from trimtab.adapters.bitget.instruments import (
    linear_instrument_of,
    linear_markets,
    price_band_of,
    spot_instrument_of,
    spot_markets,
)
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.venues.profile import Desk

PRODUCT: Final[Mapping[str, str]] = {"productType": "USDT-FUTURES"}
OF_DESK: Final[Mapping[Desk, Mapping[str, str]]] = {Desk.SPOT: {}, Desk.LINEAR: PRODUCT}
"""What every question of a desk says."""
MARGIN: Final[Mapping[str, str]] = {**PRODUCT, "marginCoin": "USDT"}
_SPOT: Final = Endpoint(desk=Desk.SPOT, method="publicSpotGetV2SpotPublicSymbols")
_LINEAR: Final = Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketContracts")
_FEES: Final[Mapping[Desk, tuple[Endpoint, str]]] = {
    desk: (Endpoint(desk=desk, method="privateCommonGetV2CommonTradeRate"), word)
    for desk, word in ((Desk.SPOT, "spot"), (Desk.LINEAR, "mix"))
}


def bitget_markets(wire: Wire, *, desks: Collection[Desk]) -> DeskMarkets:
    """Return the markets of the *desks* that are used, not yet read."""
    clock, read = wire.clock, wire.read
    lists = {
        Desk.SPOT: MarketList(
            clock,
            ask=lambda: read(_SPOT, {}, spot_markets),
            instrument_of=spot_instrument_of,
            price_band_of=price_band_of,
        ),
        Desk.LINEAR: MarketList(
            clock,
            ask=lambda: read(_LINEAR, PRODUCT, linear_markets),
            instrument_of=linear_instrument_of,
            price_band_of=price_band_of,
        ),
    }

    async def fee(desk: Desk, name: str) -> Decimal:
        """Ask what a taker pays in a market."""
        endpoint, word = _FEES[desk]
        return await read(endpoint, {"symbol": name, "businessType": word}, taker_fee_of)

    return DeskMarkets({desk: lists[desk] for desk in desks}, fee=fee)
