"""Gate v4: spot and linear contracts. Pure data.

Documentation: Gate API v4, "Create an order", "Get a single order", "Frequency limit rule", 2026.
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
    ccxt_id="gate",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="text",
        param="clientOrderId",
        pattern="[0-9A-Za-z_.-]{1,28}",
        unique=Uniqueness.UNSTATED,
        source=(
            '"Create an order": t- and up to 28; one that begins with t goes out '
            "without the prefix (ccxt 4.5.90)"
        ),
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateSpotGetOrdersOrderId",
        param="order_id",
        kept_s=3600,
        source='"Get a single order": by text while open and an hour after',
    ),
    cancel=Cancel(way=Way.RAW, call="privateSpotDeleteOrdersOrderId", param="order_id"),
    duplicate_codes=(),
    fence=Fence(
        kind=FenceKind.DEADLINE,
        place="header",
        name="x-gate-exptime",
        holds_at_match=False,
        sent_by_ccxt=False,
        default_s=60,
        source=('"Create an order": refused when received after it; ccxt does not send it'),
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "IOC"}), on_wire='"ioc"'),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.QUOTE,
    tells_fills=True,
    fee_assets="what is received, or GT",
    budgets=(
        Budget(of="orders", count=10, seconds=1, source='"Frequency limit rule"'),
        Budget(of="requests", count=20, seconds=1, source="ccxt 4.5.90 rateLimit"),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateFuturesGetSettleOrdersOrderId",
        param="order_id",
        kept_s=3600,
        source='"Get a single order": by text while open and an hour after',
    ),
    cancel=Cancel(way=Way.RAW, call="privateFuturesDeleteSettleOrdersOrderId", param="order_id"),
    order_unit=Unit.CONTRACTS,
    market_buy_unit=Unit.CONTRACTS,
    fee_assets="the quote",
    contracts=Contracts(
        position_modes=frozenset({"one_way", "hedge"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="privateFuturesPostSettlePositionsContractLeverage",
        funding_hours=8,
        dated=True,
        source='"Update position leverage", "Enable or disable dual mode"',
    ),
)

FACTS: Final = VenueFacts(
    venue_id="gate",
    name="Gate",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.gateio.ws"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR}),
                source="ccxt 4.5.90 urls.api",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset({"api-testnet.gateapi.io"}),
                switch=Switch.SANDBOX,
                header=None,
                markets=frozenset({Market.LINEAR}),
                source="ccxt 4.5.90 urls.test; spot has none",
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="",
    transfer_call="privateWalletPostTransfers",
    traps=(
        "ccxt asks for account/detail before a first order",
        "cancel_order ignores a client order id and names the order None",
        "sizes of contracts count contracts",
        "market buys on spot count quote",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
        }
    ),
)
"""What is known of Gate."""
