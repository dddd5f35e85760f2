"""Binance: spot, USD-M and COIN-M futures. Pure data.

Documentation: binance-spot-api-docs `rest-api.md` and `errors.md`, USD-M and COIN-M "General
Info", "New Order" and "Query Order", 2026.
"""

from __future__ import annotations

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
    RestingStops,
    Switch,
    Uniqueness,
    Unit,
    VenueFacts,
    Way,
)

FACTS: Final = VenueFacts(
    venue_id="binance",
    name="Binance",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.binance.com", "fapi.binance.com", "dapi.binance.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.api",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset(
                    {"demo-api.binance.com", "demo-fapi.binance.com", "demo-dapi.binance.com"}
                ),
                switch=Switch.DEMO,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.demo",
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="sapiGetAccountApiRestrictions",
    transfer_call="sapiPostAssetTransfer",
    traps=(
        (
            "set_sandbox_mode changes the hosts, but every private futures call then fails; demo "
            "trading is the sandbox"
        ),
        "a parameter test on a USD-M order is dropped, and the order is real",
        "a GET, PUT or DELETE is sent again by the HTTP library when a kept connection drops",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: MarketFacts(
                ccxt_id="binance",
                kinds=frozenset({MarketKind.SPOT}),
                client_id=ClientId(
                    field="newClientOrderId",
                    param="clientOrderId",
                    pattern="[a-zA-Z0-9_-]{1,36}",
                    unique=Uniqueness.OPEN_ORDERS,
                    source=(
                        'rest-api.md "New order": unique among open orders; charset from the '
                        "error text"
                    ),
                ),
                look_up=LookUp(
                    way=Way.UNIFIED,
                    call="privateGetOrder",
                    param="origClientOrderId",
                    kept_s=7776000,
                    source='rest-api.md "Query order": 90 days',
                ),
                cancel=Cancel(
                    way=Way.UNIFIED, call="privateDeleteOrder", param="origClientOrderId"
                ),
                duplicate_codes=("-2010",),
                fence=Fence(
                    kind=FenceKind.WINDOW,
                    place="query",
                    name="recvWindow",
                    holds_at_match=True,
                    sent_by_ccxt=True,
                    default_s=5,
                    source=(
                        'rest-api.md "Timing security": checked on receipt and again before the '
                        "matching engine"
                    ),
                ),
                immediate=Immediate(
                    params=MappingProxyType({"timeInForce": "IOC"}), on_wire="timeInForce=IOC"
                ),
                exact_sizes=True,
                order_unit=Unit.BASE,
                market_buy_unit=Unit.BASE,
                tells_fills=True,
                fee_assets="what is received, or BNB",
                budgets=(
                    Budget(of="orders", count=100, seconds=10, source="rest-api.md, rateLimits"),
                    Budget(of="weight", count=6000, seconds=60, source="rest-api.md, rateLimits"),
                ),
                contracts=None,
            ),
            Market.LINEAR: MarketFacts(
                ccxt_id="binance",
                kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
                client_id=ClientId(
                    field="newClientOrderId",
                    param="clientOrderId",
                    pattern="[.A-Z:/a-z0-9_-]{1,36}",
                    unique=Uniqueness.OPEN_ORDERS,
                    source='USD-M "New Order": unique among open orders',
                ),
                look_up=LookUp(
                    way=Way.UNIFIED,
                    call="fapiPrivateGetOrder",
                    param="origClientOrderId",
                    kept_s=7776000,
                    source='USD-M "Query Order": 90 days, three when nothing was executed',
                ),
                cancel=Cancel(
                    way=Way.UNIFIED, call="fapiPrivateDeleteOrder", param="origClientOrderId"
                ),
                duplicate_codes=("-4116",),
                fence=Fence(
                    kind=FenceKind.WINDOW,
                    place="query",
                    name="recvWindow",
                    holds_at_match=True,
                    sent_by_ccxt=True,
                    default_s=5,
                    source='USD-M "General Info"; the second check is inferred from code -5028',
                ),
                immediate=Immediate(
                    params=MappingProxyType({"timeInForce": "IOC"}), on_wire="timeInForce=IOC"
                ),
                exact_sizes=True,
                order_unit=Unit.BASE,
                market_buy_unit=Unit.BASE,
                tells_fills=True,
                fee_assets="the quote, or BNB",
                budgets=(
                    Budget(of="orders", count=300, seconds=10, source="USD-M exchangeInfo"),
                    Budget(of="orders", count=1200, seconds=60, source="USD-M exchangeInfo"),
                    Budget(of="weight", count=2400, seconds=60, source="USD-M exchangeInfo"),
                ),
                contracts=Contracts(
                    position_modes=frozenset({"one_way", "hedge"}),
                    margin_modes=frozenset({"cross", "isolated"}),
                    leverage_call="fapiPrivatePostLeverage",
                    funding_hours=8,
                    dated=True,
                    source='USD-M "Change Position Mode", "Change Margin Type", "Mark Price"',
                ),
                stops=RestingStops(
                    call="fapiPrivatePostAlgoOrder",
                    field="clientAlgoId",
                    own_names=True,
                    own_number=True,
                    by_mark="workingType=MARK_PRICE",
                    source=(
                        'USD-M "New Algo Order": unique among open ones; "Query Algo Order": '
                        "actualOrderId"
                    ),
                ),
            ),
            Market.INVERSE: MarketFacts(
                ccxt_id="binance",
                kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
                client_id=ClientId(
                    field="newClientOrderId",
                    param="clientOrderId",
                    pattern="[.A-Z:/a-z0-9_-]{1,36}",
                    unique=Uniqueness.OPEN_ORDERS,
                    source='COIN-M "New Order": unique among open orders',
                ),
                look_up=LookUp(
                    way=Way.UNIFIED,
                    call="dapiPrivateGetOrder",
                    param="origClientOrderId",
                    kept_s=7776000,
                    source='COIN-M "Query Order": 90 days',
                ),
                cancel=Cancel(
                    way=Way.UNIFIED, call="dapiPrivateDeleteOrder", param="origClientOrderId"
                ),
                duplicate_codes=("-4116",),
                fence=Fence(
                    kind=FenceKind.WINDOW,
                    place="query",
                    name="recvWindow",
                    holds_at_match=False,
                    sent_by_ccxt=True,
                    default_s=5,
                    source='COIN-M "General Info": on receipt',
                ),
                immediate=Immediate(
                    params=MappingProxyType({"timeInForce": "IOC"}), on_wire="timeInForce=IOC"
                ),
                exact_sizes=True,
                order_unit=Unit.CONTRACTS,
                market_buy_unit=Unit.CONTRACTS,
                tells_fills=True,
                fee_assets="the base",
                budgets=(
                    Budget(of="orders", count=1200, seconds=60, source="COIN-M exchangeInfo"),
                    Budget(of="weight", count=2400, seconds=60, source="COIN-M exchangeInfo"),
                ),
                contracts=Contracts(
                    position_modes=frozenset({"one_way", "hedge"}),
                    margin_modes=frozenset({"cross", "isolated"}),
                    leverage_call="dapiPrivatePostLeverage",
                    funding_hours=8,
                    dated=True,
                    source='COIN-M "Change Position Mode"',
                ),
            ),
        }
    ),
)
"""What is known of Binance."""
