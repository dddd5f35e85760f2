"""At which desk a market trades, by its unified symbol. Pure."""

from __future__ import annotations

from typing import Final

from trimtab.domain.instruments import Symbol
from trimtab.venues.profile import Desk

_LINEAR_QUOTES: Final = ("USDT", "USDC", "FDUSD", "BUSD", "USD1", "BTC")
"""Quotes of linear contracts, which also settle them."""


def desk_of(symbol: Symbol) -> Desk:
    """Return the desk where a unified symbol trades."""
    return Desk.LINEAR if ":" in symbol else Desk.SPOT


def contract_symbol_of(market_id: str) -> Symbol:
    """Return the unified symbol of a USD-M name; one in a quote that is not known stays as it is.

    From the name alone: payments are told by it long after a market is listed no more.
    """
    pair, _, expiry = market_id.partition("_")
    for quote in _LINEAR_QUOTES:
        base = pair.removesuffix(quote)
        if base and base != pair:
            return Symbol(f"{base}/{quote}:{quote}" + (f"-{expiry}" if expiry else ""))
    return Symbol(market_id)
