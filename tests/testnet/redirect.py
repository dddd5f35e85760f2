"""A client session that keeps the production URLs and moves only the socket to loopback."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp
import ccxt.async_support as ccxt
from yarl import URL


class RedirectSession:
    """Stands where ccxt expects an ``aiohttp.ClientSession``."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._session = aiohttp.ClientSession()
        self.headers = self._session.headers

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._session, name)
        if name not in {"get", "post", "put", "delete", "request"}:
            return method

        def moved(url: Any, *args: Any, **kwargs: Any) -> Any:
            parts = urlsplit(str(url))
            target = f"{self._base}{parts.path}" + (f"?{parts.query}" if parts.query else "")
            return method(URL(target, encoded=True), *args, **kwargs)

        return moved

    async def close(self) -> None:
        await self._session.close()


def binance(session: RedirectSession, **options: Any) -> ccxt.binance:
    """Return real ccxt with the production URLs, reading spot and linear markets."""
    return ccxt.binance(
        {
            "apiKey": "local-key",
            "secret": "local-secret",
            "session": session,
            "number": str,
            "enableRateLimit": False,
            "timeout": 3000,
            "timeout_on_exit": 0,
            "options": {
                "fetchMarkets": {"types": ["spot", "linear"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
                "fetchOpenOrders": {"warnWithoutSymbol": False},
                **options,
            },
        }
    )
