"""Every venue that there is a profile of. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trimtab.venues.binance import BINANCE
from trimtab.venues.bingx import BINGX
from trimtab.venues.bitget import BITGET
from trimtab.venues.bybit import BYBIT
from trimtab.venues.coinbase import COINBASE
from trimtab.venues.deribit import DERIBIT
from trimtab.venues.gate import GATE
from trimtab.venues.hyperliquid import HYPERLIQUID
from trimtab.venues.kraken import KRAKEN
from trimtab.venues.kucoin import KUCOIN
from trimtab.venues.mexc import MEXC
from trimtab.venues.okx import OKX
from trimtab.venues.profile import VenueProfile
from trimtab.venues.weex import WEEX

PROFILES: Final[Mapping[str, VenueProfile]] = MappingProxyType(
    {
        profile.venue_id: profile
        for profile in (
            BINANCE,
            BYBIT,
            BITGET,
            WEEX,
            BINGX,
            DERIBIT,
            MEXC,
            OKX,
            HYPERLIQUID,
            GATE,
            KRAKEN,
            KUCOIN,
            COINBASE,
        )
    }
)
"""Every venue that may be opened, by ccxt id."""
