"""Thirteen exchanges as facts: a module each, no code that talks to any. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trimtab.venues.facts import VenueFacts
from trimtab.venues.known import (
    binance,
    bingx,
    bitget,
    bybit,
    coinbase,
    deribit,
    gate,
    hyperliquid,
    kraken,
    kucoin,
    mexc,
    okx,
    weex,
)

KNOWN: Final[Mapping[str, VenueFacts]] = MappingProxyType(
    {
        each.FACTS.venue_id: each.FACTS
        for each in (
            binance,
            bybit,
            bingx,
            weex,
            mexc,
            bitget,
            deribit,
            okx,
            kraken,
            gate,
            kucoin,
            hyperliquid,
            coinbase,
        )
    }
)
"""What is known, by what ``venue.id`` calls it."""
