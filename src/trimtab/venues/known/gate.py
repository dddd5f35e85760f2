"""Gate v4: spot and linear contracts. Pure data.

Documentation: Gate API v4, "Create an order", "Query single order details", "Frequency limit rule",
2026; what its maintainers said in gateapi-go issue 41 and gateapi-python issue 61.
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
        unique=Uniqueness.NEVER,
        source=(
            '"Create an order": t- and up to 28; one that begins with t goes out '
            "without the prefix (ccxt 4.5.90); of two orders the later is found (gateapi-go 41)"
        ),
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateSpotGetOrdersOrderId",
        param="order_id",
        kept_s=None,
        source=(
            '"Query single order details": by text while it rests (2026), an hour after its end '
            "(before); lists of past orders and of executions carry it, for how long is not said"
        ),
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
        source=(
            '"Create an order": refused when received after it; ccxt does not send it; '
            '"Authentication": the time stamp ends after 60 s'
        ),
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "IOC"}), on_wire='"ioc"'),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.QUOTE,
    tells_fills=True,
    fee_assets="what is received, GT, or points",
    budgets=(
        Budget(of="orders", count=10, seconds=1, source='"Frequency limit rule", by market'),
        Budget(of="requests", count=200, seconds=10, source='"Frequency limit rule", by question'),
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
        kept_s=31_536_000,
        source=(
            '"Query single order details" of futures (2026): by text without end where something '
            "executed, else for 60 s"
        ),
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
                source="ccxt 4.5.90 urls.test; whether coins are traded there is not said",
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="privateAccountGetMainKeys",
    transfer_call="privateWalletPostTransfers",
    traps=(
        "ccxt asks for account/detail before a first order",
        "cancel_order ignores a client order id and names the order None",
        "sizes of contracts count contracts",
        "market buys on spot count quote",
        "an order that executed nothing is kept for a minute after its end (gateapi-python 61)",
        "an order that just filled was seen not to be found by its name (gateapi-go 41)",
        "executions are listed by when their order ended",
        "whether its page lets orders wait in other lists than that of trigger orders is not said",
        "in a unified account every order of coins is one of that account, whatever it says",
        "ccxt has no address of the sandbox for the question in which mode an account is",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
        }
    ),
)
"""What is known of Gate."""
