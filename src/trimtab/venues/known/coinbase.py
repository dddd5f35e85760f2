"""Coinbase Advanced: spot, and contracts through its derivatives arm. Pure data.

Documentation: Coinbase Advanced Trade API, "Create Order", "List Orders", "Authentication", 2026.
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
    Uniqueness,
    Unit,
    VenueFacts,
    Way,
)

_SPOT: Final = MarketFacts(
    ccxt_id="coinbase",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="client_order_id",
        param="client_order_id",
        pattern="[a-zA-Z0-9-]{1,128}",
        unique=Uniqueness.IDEMPOTENT,
        source='"Create Order": a second order with the name returns the first',
    ),
    look_up=LookUp(
        way=Way.NONE,
        call="",
        param="",
        kept_s=None,
        source=('"Get Order" takes the venue\'s id, "List Orders" has no filter for ours'),
    ),
    cancel=Cancel(way=Way.NONE, call="", param=""),
    duplicate_codes=(),
    fence=Fence(
        kind=FenceKind.STAMP,
        place="signature",
        name="exp",
        holds_at_match=False,
        sent_by_ccxt=True,
        default_s=120,
        source='"Authentication": a token is good for two minutes',
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "IOC"}), on_wire="sor_limit_ioc"),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.QUOTE,
    tells_fills=False,
    fee_assets="the quote",
    budgets=(Budget(of="requests", count=29, seconds=1, source="ccxt 4.5.90 rateLimit"),),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    order_unit=Unit.CONTRACTS,
    market_buy_unit=Unit.CONTRACTS,
    contracts=Contracts(
        position_modes=frozenset({"one_way"}),
        margin_modes=frozenset({"cross"}),
        leverage_call="",
        funding_hours=1,
        dated=True,
        source='"Perpetuals": hourly',
    ),
)

FACTS: Final = VenueFacts(
    venue_id="coinbase",
    name="Coinbase",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.coinbase.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR}),
                source="ccxt 4.5.90 urls.api",
            )
        }
    ),
    no_sandbox="its sandbox gives the same answers to everybody, no account is behind it",
    key_rights_call="v3PrivateGetBrokerageKeyPermissions",
    transfer_call="v3PrivatePostBrokeragePortfoliosMoveFunds",
    traps=(
        "clientOrderId is dropped for a name of ccxt's own; client_order_id must be given",
        "market buys on spot count quote",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
        }
    ),
)
"""What is known of Coinbase."""
