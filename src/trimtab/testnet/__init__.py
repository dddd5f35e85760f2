"""The local exchange: Binance spot and USD-M futures REST on loopback, for demo and tests.

It is the independent truth of the tests: standard library and aiohttp only, never
another room of this project. Time comes from an injected clock, chance from nowhere.

    async with serve(Scenario.drifted(), port=0) as exchange:
        exchange.url                                  # http://127.0.0.1:PORT
        exchange.inject(Fault(kind=Kind.LATE, method="POST", path="/api/v3/order", seconds="2"))
        exchange.set_prices(mid={"BTC": "61000"})
        exchange.truth(), exchange.audit()            # what really happened; () when it adds up

A client keeps the production URLs and moves only its socket here. Keys: ``local-key`` and
``local-secret``. Without HTTP, :class:`Exchange` answers a ``Request`` in process.
Admin (unsigned): ``GET /admin/truth|audit|faults``, ``POST /admin/prices|references|scenario|
clock|funding|liquidate|adl|withdraw|deposit|faults``, ``DELETE /admin/faults``; bodies in
:mod:`trimtab.testnet.admin`.

Map, each module below those it uses:

- ``server`` aiohttp on loopback, acts on faults · ``admin`` the tests' own endpoints
- ``interventions`` what tests do to the world, such as moving prices
- ``exchange`` one request in, one answer out, no socket · ``routes_*`` tables of endpoints
- ``views_*`` how orders, accounts and markets are written on the wire
- ``spot_desk``, ``usdm_desk`` order entry and cancel · ``filters`` what an order must satisfy
- ``usdm_triggers``, ``conditionals`` orders that wait for a price
- ``settlement`` funding, liquidation, deleveraging, delivery
- ``truth``, ``audit`` what happened, and the same sums by another path
- ``accounts`` spot balances · ``positions``, ``margin`` futures · ``orders`` orders and fills
- ``matching``, ``books``, ``prices`` liquidity · ``catalogue``, ``brackets`` markets
- ``public_prices`` what other exchanges say of the same coins
- ``signing``, ``limits``, ``faults``, ``rejections``, ``wire`` the manners of the host
- ``scenario``, ``exact`` what it starts from, and its arithmetic
"""

from trimtab.testnet.exchange import Exchange
from trimtab.testnet.faults import Fault, Kind
from trimtab.testnet.scenario import Credential, Holding, LimitTable, OpeningPosition, Scenario
from trimtab.testnet.server import LocalExchange, serve
from trimtab.testnet.wire import Answer, Request

__all__ = [
    "Answer",
    "Credential",
    "Exchange",
    "Fault",
    "Holding",
    "Kind",
    "LimitTable",
    "LocalExchange",
    "OpeningPosition",
    "Request",
    "Scenario",
    "serve",
]
