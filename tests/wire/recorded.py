"""What ccxt would send, written down instead of sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from trimtab.adapters.wire.ccxt_import import exchange_class
from trimtab.venues.facts import Market, MarketFacts

SECRET = "c2VjcmV0c2VjcmV0c2VjcmV0"
"""Base64, which some venues want a secret to be."""
PAIRS = {Market.SPOT: "BTC/USDT", Market.LINEAR: "BTC/USDT:USDT", Market.INVERSE: "BTC/USD:BTC"}


class NotSent(Exception):
    """Nothing leaves."""


@dataclass
class Sent:
    """The requests of one call."""

    requests: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    stumbled: str = ""
    """What ccxt said instead of sending."""

    @property
    def last(self) -> str:
        return self.requests[-1] if self.requests else ""


@cache
def recording(ccxt_id: str) -> type[Any]:
    """Return the class of ccxt with its last step replaced by a note."""

    async def fetch(
        self: Any, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> None:
        shown = dict(self.headers or {}) | dict(headers or {})
        self.sent.requests.append(f"{method} {url}\n{json.dumps(shown)}\n{body or ''}")
        self.sent.urls.append(url)
        raise NotSent

    return type(f"recording_{ccxt_id}", (exchange_class(ccxt_id),), {"fetch": fetch})


def exchange(ccxt_id: str) -> Any:
    """Return a recording exchange with a key that is none, and one market of each kind."""
    made = recording(ccxt_id)(
        {
            "apiKey": "key",
            "secret": SECRET,
            "password": "word",
            "walletAddress": "0x" + "1" * 40,
            "privateKey": "0x" + "2" * 64,
            "enableRateLimit": False,
            "number": str,
        }
    )
    made.options.update(
        {  # What ccxt would otherwise ask the venue for first.
            "enableUnifiedMargin": False,
            "enableUnifiedAccount": True,
            "unifiedMarginStatus": 6,
            "uta": False,
            "unifiedAccount": False,
            "builderFee": False,
            "refSet": True,
            "approvedBuilderFee": True,
            "initialized": True,
            "accessToken": "token",
        }
    )
    made.sent = Sent()
    made.set_markets([_market(made, market) for market in Market])
    return made


def _market(exchange: Any, market: Market) -> dict[str, Any]:
    """Return a market as ccxt would have parsed it."""
    is_spot, is_inverse = market is Market.SPOT, market is Market.INVERSE
    quote = "USD" if is_inverse else "USDT"
    settle = None if is_spot else "BTC" if is_inverse else "USDT"
    return dict(
        exchange.safe_market_structure(),
        id=f"BTC{quote}" if is_spot else f"BTC{quote}P",
        symbol=PAIRS[market],
        base="BTC",
        quote=quote,
        settle=settle,
        baseId="0" if exchange.id == "hyperliquid" else "BTC",
        quoteId=quote,
        settleId=settle,
        baseName="BTC",
        type="spot" if is_spot else "swap",
        spot=is_spot,
        swap=not is_spot,
        future=False,
        option=False,
        margin=False,
        contract=not is_spot,
        linear=None if is_spot else not is_inverse,
        inverse=None if is_spot else is_inverse,
        contractSize=None if is_spot else "1",
        precision={"amount": "0.00001" if is_spot else "1", "price": "0.1"},
        limits={"amount": {}, "price": {}, "cost": {}},
        active=True,
        info={"orderTypes": ["LIMIT", "STOP_MARKET"], "permissions": []},
    )


@cache
def shared(ccxt_id: str) -> Any:
    """Return one recording exchange for all who leave it as it is; it holds no connection."""
    return exchange(ccxt_id)


async def sent_by(exchange: Any, call: str, *arguments: Any) -> Sent:
    """Return what one call of ccxt would send."""
    exchange.sent = Sent()
    try:
        await getattr(exchange, call)(*arguments)
    except NotSent:
        pass
    except Exception as error:  # noqa: BLE001 -- whatever it stumbles over is the finding.
        exchange.sent.stumbled = f"{type(error).__name__}: {error}"
    return exchange.sent


def our_name(facts: MarketFacts) -> str:
    """Return a client order id that the market takes."""
    return {"hyperliquid": "0x" + "ab" * 16, "kraken": "ab" * 16}.get(facts.ccxt_id, "ab" * 14)
