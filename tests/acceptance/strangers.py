"""Orders that reach the local exchange without the command: by hand, or by another program."""

from __future__ import annotations

from urllib.parse import urlencode

import aiohttp

from tests.acceptance.conftest import Account
from trimtab.testnet.server import wall_ms
from trimtab.testnet.signing import signature_of

SPOT = "/api/v3/order"
FUTURES = "/fapi/v1/order"
CONDITIONAL = "/fapi/v1/algoOrder"


async def placed(account: Account, *, path: str = SPOT, **params: str) -> None:
    """Send one signed order that must be accepted."""
    raw = urlencode({**params, "timestamp": str(wall_ms())})
    raw += f"&signature={signature_of('local-secret', query='', body=raw)}"
    headers = {
        "X-MBX-APIKEY": "local-key",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    url = f"{account.exchange.url}{path}"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=raw, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()
        told = await answer.json()
        account.by_others.append(told.get("clientOrderId") or told["clientAlgoId"])


async def resting_order(account: Account, *, client_order_id: str) -> None:
    """Place a sell of bitcoin far above the market, where it rests."""
    await placed(
        account,
        symbol="BTCUSDT",
        side="SELL",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.01",
        price="90000",
        newClientOrderId=client_order_id,
    )


async def bought(account: Account, *, quantity: str) -> None:
    """Buy ether at the market, as a person would on the exchange's page."""
    await placed(account, symbol="ETHUSDT", side="BUY", type="MARKET", quantity=quantity)


async def in_and_out(account: Account, *, quantity: str, symbol: str = "ETHUSDT") -> None:
    """Open a short in a perpetual and close it again."""
    for side in ("SELL", "BUY"):
        await shorted(account, quantity=quantity, symbol=symbol, side=side)


async def shorted(
    account: Account, *, quantity: str, symbol: str = "ETHUSDT", side: str = "SELL"
) -> None:
    """Sell a perpetual at the market, or buy it back."""
    await placed(account, path=FUTURES, symbol=symbol, side=side, type="MARKET", quantity=quantity)


async def waiting_order(account: Account, *, name: str, quantity: str, **changes: str) -> None:
    """Have an order wait for the mark of bitcoin to rise by hand, as on the exchange's page."""
    await placed(
        account,
        path=CONDITIONAL,
        **{
            "algoType": "CONDITIONAL",
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "STOP_MARKET",
            "triggerPrice": "64000",
            "quantity": quantity,
            "clientAlgoId": name,
            **changes,
        },
    )
