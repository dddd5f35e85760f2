"""Public sources of dollar prices: hosts, paths and spellings. Pure.

Hosts, paths and the shape of the answers are those of the vendors' public documentation
(Coinbase Exchange "Get product ticker", Kraken "Get Ticker Information", Bitstamp "Ticker",
2026); no key is needed and none is sent. Each lists the best bid and ask of one market.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from trimtab.domain.instruments import Asset
from trimtab.domain.references import ReferenceSource

_ASSET: Final = re.compile(r"[A-Z0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProfile:
    """One source: where it is asked, and how it spells its markets."""

    source: ReferenceSource
    host: str
    """The only host that is asked; HTTPS."""
    target: str
    """Path and query, with ``{pair}`` in it."""
    pair: str
    """How a market is spelt, with ``{base}`` in it."""
    is_lower: bool
    """Whether a market is asked for in small letters."""
    bases: Mapping[Asset, str]
    """Coins that it spells in its own way."""
    answers: Mapping[str, str]
    """Markets that its answers spell otherwise than its questions."""

    def market(self, asset: Asset) -> str:
        """Return the source's name of *asset* in dollars; empty for what is no asset code."""
        if _ASSET.fullmatch(asset) is None:
            return ""
        name = self.pair.format(base=self.bases.get(asset, asset))
        return name.lower() if self.is_lower else name

    def answered(self, market: str) -> str:
        """Return how an answer spells *market*."""
        return self.answers.get(market, market)


_KRAKEN_BASES: Final[Mapping[Asset, str]] = {Asset("BTC"): "XBT", Asset("DOGE"): "XDG"}
_KRAKEN_LEGACY: Final = ("ETC", "ETH", "LTC", "REP", "XBT", "XLM", "XMR", "XRP", "ZEC")
"""Coins of Kraken's first years: its answers put an X before them, and a Z before dollars."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})

SOURCES: Final[Mapping[ReferenceSource, SourceProfile]] = MappingProxyType(
    {
        ReferenceSource.COINBASE: SourceProfile(
            source=ReferenceSource.COINBASE,
            host="api.exchange.coinbase.com",
            target="/products/{pair}/ticker",
            pair="{base}-USD",
            is_lower=False,
            bases=MappingProxyType(dict[Asset, str]()),
            answers=_NONE,
        ),
        ReferenceSource.KRAKEN: SourceProfile(
            source=ReferenceSource.KRAKEN,
            host="api.kraken.com",
            target="/0/public/Ticker?pair={pair}",
            pair="{base}USD",
            is_lower=False,
            bases=_KRAKEN_BASES,
            answers=MappingProxyType(
                {f"{coin}USD": f"X{coin}ZUSD" for coin in _KRAKEN_LEGACY} | {"USDTUSD": "USDTZUSD"}
            ),
        ),
        ReferenceSource.BITSTAMP: SourceProfile(
            source=ReferenceSource.BITSTAMP,
            host="www.bitstamp.net",
            target="/api/v2/ticker/{pair}/",
            pair="{base}usd",
            is_lower=True,
            bases=MappingProxyType(dict[Asset, str]()),
            answers=_NONE,
        ),
    }
)
"""Every source that may be asked, in the order in which they are told."""
