"""Products of Coinbase, their books and what a taker pays. Pure.

Products that tell an alias share a book, as BTC-USDC and BTC-USD. Sources: Coinbase Advanced Trade
API "List Products", "Get Product Book", "Get Transaction Summary", 2026. No page names between
which prices limits are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.coinbase.answers import is_so, listed_in
from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    fee_of,
    field,
    mapping_of,
    number,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ONE, ceil_times, floor_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import Book, PriceBand

_HALTS: Final = (
    "is_disabled",
    "trading_disabled",
    "cancel_only",
    "post_only",
    "auction_mode",
    "view_only",
)
"""Switches of a product, any of which keeps an order from filling at once."""
_NEAR: Final = PriceBand(
    buy_low=Decimal("0.95"),
    buy_high=Decimal("1.05"),
    sell_low=Decimal("0.95"),
    sell_high=Decimal("1.05"),
)
"""The venue names no limits of prices; ours are kept within a twentieth."""


def markets_of(answer: object) -> Mapping[Symbol, Row]:
    """Return the products for coins by symbol.

    Raises:
        Unreadable: one has no name, is of another kind, or a pair is told twice.

    """
    found: dict[Symbol, Row] = {}
    for row in listed_in(answer, "products"):
        name, symbol = text_of(row, "product_id"), _pair(row)
        if text_of(row, "product_type") != "SPOT" or symbol in found:
            raise Unreadable(f"{name} is no pair of coins, or is told twice")
        found[symbol] = {**row, "symbol": name}
    return found


def _pair(row: Row) -> Symbol:
    """Return base and quote of a product."""
    return Symbol(f"{text_of(row, 'base_currency_id')}/{text_of(row, 'quote_currency_id')}")


def instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a product; raises Unreadable when a field is missing or wrong."""
    lot_size, quote = decimal_of(row, "base_increment"), Asset(text_of(row, "quote_currency_id"))
    if lot_size <= 0:
        raise Unreadable("base_increment is not positive")
    least = decimal_of(row, "quote_min_size")
    return Instrument(
        symbol=_pair(row),
        kind=MarketKind.SPOT,
        base=Asset(text_of(row, "base_currency_id")),
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=decimal_of(row, "price_increment"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "base_min_size"))),
        lots_max=floor_times(lot_size, decimal_of(row, "base_max_size")),
        notional_min=least,
        notional_min_reduce_only=least,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=not [name for name in _HALTS if is_so(row, name)],  # Each has to be readable.
        expires_at=None,
    )


def price_band_of(row: Row) -> PriceBand:
    """Return between which multiples of its price limits are kept; raises Unreadable."""
    text_of(row, "symbol")
    return _NEAR


def taker_fee_of(answer: object) -> Decimal:
    """Read what a taker pays for coins, fraction of value, >= 0; pairs of stables may cost less.

    Raises:
        Unreadable: it does not say.
        Unserved: a tax is taken besides.

    """
    told = mapping_of(answer)
    tax = told.get("goods_and_services_tax")
    rate = None if tax is None else mapping_of(tax).get("rate")
    if rate not in (None, "") and number(rate, "rate"):
        raise Unserved("fees are taxed, which cannot be counted", mend="trade by hand")
    return fee_of(mapping_of(field(told, "fee_tier")), "taker_fee_rate")


def shared_book_of(
    answer: object, row: Row, instrument: Instrument, *, read_at: datetime
) -> Book | None:
    """Read the book of the product in *row*; None for a one-sided one.

    Raises:
        Unreadable: it is of another product that shares no book with it, or a level is wrong.

    """
    told = mapping_of(field(mapping_of(answer), "pricebook"))
    if text_of(told, "product_id") not in (text_of(row, "symbol"), row.get("alias")):
        raise Unreadable(f"the book of {text_of(told, 'product_id')} was not asked for")
    sides = {
        side: [
            [field(level, "price"), field(level, "size")] for level in rows_of(field(told, side))
        ]
        for side in ("bids", "asks")
    }
    return book_of(sides, instrument, read_at=read_at)
