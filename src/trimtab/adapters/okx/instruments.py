"""Markets of OKX v5, and between which prices they take limits. Pure.

The venue states no least value of an order, only a least size. Sources: OKX API v5 "Get
instruments", "Get limit price", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.okx.answers import row_of, rows_in
from trimtab.adapters.wire.exact import Unreadable, decimal_of, field, text_of
from trimtab.domain.exact import ONE, ZERO, ceil_times, floor_times, ratio
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import PriceBand

_LIVE: Final = "live"
_UNSTATED: Final = PriceBand(
    buy_low=Decimal("0.95"),
    buy_high=Decimal("1.05"),
    sell_low=Decimal("0.95"),
    sell_high=Decimal("1.05"),
)
"""Where the venue names no limit now, ours are kept within a twentieth."""


def spot_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the coins of the list by symbol.

    Raises:
        Unreadable: a row has no name.

    """
    return {
        Symbol(f"{text_of(row, 'baseCcy')}/{text_of(row, 'quoteCcy')}"): row
        for row in rows_in(answer)
        if text_of(row, "instId")
    }


def spot_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market of coins.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    base, quote = Asset(text_of(row, "baseCcy")), Asset(text_of(row, "quoteCcy"))
    lot_size = decimal_of(row, "lotSz")
    if lot_size <= 0:
        raise Unreadable("lotSz is not positive")
    return Instrument(
        symbol=Symbol(f"{base}/{quote}"),
        kind=MarketKind.SPOT,
        base=base,
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=decimal_of(row, "tickSz"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "minSz"))),
        lots_max=floor_times(lot_size, decimal_of(row, "maxLmtSz")),
        notional_min=ZERO,
        notional_min_reduce_only=ZERO,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=text_of(row, "state") == _LIVE,
        expires_at=None,
    )


def price_band_of(answer: object, *, market_id: str, price: Decimal) -> PriceBand:
    """Read between which multiples of *price* a market takes limits now.

    Buys are bounded from above and sells from below; the other two bounds are taken along, which
    errs to the safe side.

    Raises:
        Unreadable: a field is missing or wrong, it is of another market, or no band around it.

    """
    row = row_of(answer, market_id)
    is_on = field(row, "enabled")
    if not isinstance(is_on, bool):
        raise Unreadable("enabled is not a truth value")
    if not is_on:
        return _UNSTATED
    high, low = ratio(decimal_of(row, "buyLmt"), price), ratio(decimal_of(row, "sellLmt"), price)
    if not 0 < low <= 1 <= high:
        raise Unreadable("buyLmt and sellLmt are no band around the market")
    return PriceBand(buy_low=low, buy_high=high, sell_low=low, sell_high=high)
