"""Kraken: spot, and linear and inverse futures on a host of their own. Pure data.

Documentation: docs.kraken.com, "Add Order", "Client Order Identifiers", futures "Send order" and
"Get specific orders' status", 2026.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from trimtab.domain.instruments import MarketKind
from trimtab.domain.snapshot import Environment
from trimtab.venues.facts import (
    CHECKED_WITH,
    Budget,
    Cancel,
    ClientId,
    Contracts,
    Fence,
    FenceKind,
    Immediate,
    LookUp,
    Market,
    MarketFacts,
    Place,
    Switch,
    Uniqueness,
    Unit,
    VenueFacts,
    Way,
)

_SPOT: Final = MarketFacts(
    ccxt_id="kraken",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="cl_ord_id",
        param="clientOrderId",
        pattern="[ -~]{1,18}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        unique=Uniqueness.OPEN_ORDERS,
        source=(
            '"Client Order Identifiers" (2026): a UUID, or text up to 18; unique across open'
            " orders; what a second one is told, is not said"
        ),
    ),
    look_up=LookUp(
        way=Way.RAW,
        call="privatePostClosedOrders",
        param="cl_ord_id",
        kept_s=None,
        source=(
            '"Get Open Orders" and "Get Closed Orders" (2026) take cl_ord_id, "Query Orders Info"'
            " does not; for how long is not said"
        ),
    ),
    cancel=Cancel(way=Way.UNIFIED, call="privatePostCancelOrder", param="cl_ord_id"),
    duplicate_codes=(),
    fence=Fence(
        kind=FenceKind.DEADLINE,
        place="body",
        name="deadline",
        holds_at_match=True,
        sent_by_ccxt=False,
        default_s=0,
        source='"Add Order" (2026): the matching engine rejects after it, 2 to 60 s ahead',
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "IOC"}), on_wire="timeinforce=IOC"),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.BASE,
    tells_fills=False,
    fee_assets="the quote, as our orders ask; fee credits (KFEE) where there are any",
    budgets=(
        Budget(
            of="requests",
            count=20,
            seconds=40,
            source=(
                '"Spot REST Rate Limits" (2026): a counter of 15 or 20 for each key that loses one'
                " in one to three seconds; lists of executions count twice, orders apart"
            ),
        ),
        Budget(
            of="orders",
            count=60,
            seconds=60,
            source=(
                '"Spot Trading Limits" (2026): a counter for each market, of 60 at least that loses'
                " one in a second"
            ),
        ),
    ),
    contracts=None,
)
_LINEAR: Final = MarketFacts(
    ccxt_id="krakenfutures",
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    client_id=ClientId(
        field="cliOrdId",
        param="clientOrderId",
        pattern="[a-zA-Z0-9_-]{1,100}",
        unique=Uniqueness.ALWAYS,
        source='futures "Send order": must be globally unique',
    ),
    look_up=LookUp(
        way=Way.RAW,
        call="privateGetOrdersStatus",
        param="cliOrdIds",
        kept_s=5,
        source=('futures "Get specific orders\' status": open, or ended in the last five seconds'),
    ),
    cancel=Cancel(way=Way.RAW, call="privatePostCancelorder", param="cliOrdId"),
    duplicate_codes=("clientOrderIdAlreadyExist",),
    fence=Fence(
        kind=FenceKind.DEADLINE,
        place="query",
        name="processBefore",
        holds_at_match=False,
        sent_by_ccxt=False,
        default_s=0,
        source='futures "Send order": not processed after it',
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "ioc"}), on_wire="orderType=ioc"),
    exact_sizes=True,
    order_unit=Unit.CONTRACTS,
    market_buy_unit=Unit.CONTRACTS,
    tells_fills=True,
    fee_assets="the quote",
    budgets=(Budget(of="requests", count=1, seconds=1, source="ccxt 4.5.90 rateLimit"),),
    contracts=Contracts(
        position_modes=frozenset({"one_way"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="privatePutLeveragepreferences",
        funding_hours=1,
        dated=True,
        source='futures "Set the leverage setting for a market"',
    ),
)
_INVERSE: Final = replace(
    _LINEAR,
    fee_assets="the base",
)

FACTS: Final = VenueFacts(
    venue_id="kraken",
    name="Kraken",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.kraken.com", "futures.kraken.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.api of kraken and krakenfutures",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset({"demo-futures.kraken.com"}),
                switch=Switch.SANDBOX,
                header=None,
                markets=frozenset({Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.test of krakenfutures; spot has none",
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="privatePostGetApiKeyInfo",
    transfer_call="privatePostWalletTransfer",
    traps=(
        "fetch_order of spot sends our name as userref",
        "an IOC in capitals is dropped on futures, and the order rests; it must be written small",
        (
            "every private spot request is a POST with a rising number: two programs with one key"
            " disturb each other, and one that arrives out of turn is refused"
        ),
        "the clock of spot tells whole seconds",
        "coins that earn by themselves (.F) stand apart, and orders are paid from them",
        "the fee of a sale is taken from the coin unless the order says otherwise",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
            Market.INVERSE: _INVERSE,
        }
    ),
)
"""What is known of Kraken."""
