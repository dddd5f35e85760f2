"""WEEX v3: spot and perpetual contracts. Pure data.

Documentation: WEEX API v3, "Place Order", "Demo Trading", 2026; where it is silent, ccxt.
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
    ccxt_id="weex",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="newClientOrderId",
        param="clientOrderId",
        pattern="[a-zA-Z0-9_-]{1,36}",
        unique=Uniqueness.UNSTATED,
        source="ccxt 4.5.90 weex.create_order; length not stated",
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateGetApiV3Order",
        param="origClientOrderId",
        kept_s=None,
        source="ccxt 4.5.90 weex.fetch_order",
    ),
    cancel=Cancel(way=Way.UNIFIED, call="privateDeleteApiV3Order", param="origClientOrderId"),
    duplicate_codes=(),
    fence=Fence(
        kind=FenceKind.STAMP,
        place="header",
        name="ACCESS-TIMESTAMP",
        holds_at_match=False,
        sent_by_ccxt=True,
        default_s=30,
        source='"Signature": a request is refused when its time stamp is 30 s off',
    ),
    immediate=Immediate(
        params=MappingProxyType({"timeInForce": "IOC"}), on_wire='"timeInForce":"IOC"'
    ),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.BASE,
    tells_fills=False,
    fee_assets="what is received",
    budgets=(Budget(of="requests", count=50, seconds=1, source="ccxt 4.5.90 rateLimit"),),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP}),
    look_up=LookUp(
        way=Way.NONE,
        call="",
        param="",
        kept_s=None,
        source="ccxt 4.5.90 weex.fetch_order: contracts need the venue's own id",
    ),
    cancel=Cancel(
        way=Way.UNIFIED,
        call="contractPrivateDeleteCapiV3Order",
        param="origClientOrderId",
    ),
    fee_assets="the quote",
    contracts=Contracts(
        position_modes=frozenset({"one_way", "hedge"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="contractPrivatePostCapiV3AccountLeverage",
        funding_hours=8,
        dated=False,
        source="ccxt 4.5.90 weex.set_leverage, set_margin_mode",
    ),
)

FACTS: Final = VenueFacts(
    venue_id="weex",
    name="WEEX",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api-spot.weex.com", "api-contract.weex.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR}),
                source="ccxt 4.5.90 urls.api",
            )
        }
    ),
    no_sandbox=(
        "its demo trading is another path on the live host, no header shows that it is meant, "
        "and spot has none"
    ),
    key_rights_call="",
    transfer_call="",
    traps=(
        (
            "set_sandbox_mode leaves the live hosts in place; only paths of private contract "
            "calls change"
        ),
        "create_order for contracts chooses LONG or SHORT itself",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
        }
    ),
)
"""What is known of WEEX."""
