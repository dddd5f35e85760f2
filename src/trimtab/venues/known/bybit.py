"""Bybit v5, unified account: spot, linear and inverse contracts. Pure data.

Documentation: v5 "Integration Guidance", "Place Order", "Get Open & Closed Orders", "Get Order
History", "Rate Limit Rules", 2026.
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
    RestingStops,
    Switch,
    Uniqueness,
    Unit,
    VenueFacts,
    Way,
)

_SPOT: Final = MarketFacts(
    ccxt_id="bybit",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="orderLinkId",
        param="clientOrderId",
        pattern="[a-zA-Z0-9_-]{1,36}",
        unique=Uniqueness.ALWAYS,
        source='v5 "Place Order": at most 36, always unique',
    ),
    look_up=LookUp(
        way=Way.RAW,
        call="privateGetV5OrderRealtime",
        param="orderLinkId",
        kept_s=63072000,
        source=(
            'v5 "Get Open & Closed Orders" for the last 500, then "Get Order History", two years'
        ),
    ),
    cancel=Cancel(way=Way.RAW, call="privatePostV5OrderCancel", param="orderLinkId"),
    duplicate_codes=("110072", "170141", "12141"),
    fence=Fence(
        kind=FenceKind.WINDOW,
        place="header",
        name="X-BAPI-RECV-WINDOW",
        holds_at_match=False,
        sent_by_ccxt=True,
        default_s=5,
        source='v5 "Integration Guidance": on receipt; orders are taken in later',
    ),
    immediate=Immediate(
        params=MappingProxyType({"timeInForce": "IOC"}), on_wire='"timeInForce":"IOC"'
    ),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.QUOTE,
    tells_fills=False,
    fee_assets="what is received",
    budgets=(
        Budget(of="orders", count=20, seconds=1, source='v5 "Rate Limit Rules"'),
        Budget(
            of="requests",
            count=600,
            seconds=5,
            source='v5 "Rate Limit Rules", by address',
        ),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    market_buy_unit=Unit.BASE,
    fee_assets="the quote",
    budgets=(
        Budget(of="orders", count=10, seconds=1, source='v5 "Rate Limit Rules"'),
        Budget(
            of="requests",
            count=600,
            seconds=5,
            source='v5 "Rate Limit Rules", by address',
        ),
    ),
    contracts=Contracts(
        position_modes=frozenset({"one_way", "hedge"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="privatePostV5PositionSetLeverage",
        funding_hours=8,
        dated=True,
        source='v5 "Switch Position Mode", "Set Margin Mode"',
    ),
    stops=RestingStops(
        call="privatePostV5OrderCreate",
        field="orderLinkId",
        own_names=False,
        own_number=False,
        by_mark='"triggerBy":"MarkPrice"',
        source='v5 "Place Order", triggerPrice; "Enums Definitions", Untriggered to New',
    ),
)
_INVERSE: Final = replace(
    _LINEAR,
    order_unit=Unit.QUOTE,
    market_buy_unit=Unit.QUOTE,
    fee_assets="the base",
)

FACTS: Final = VenueFacts(
    venue_id="bybit",
    name="Bybit",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.bybit.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.api",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset({"api-testnet.bybit.com"}),
                switch=Switch.SANDBOX,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.test",
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="privateGetV5UserQueryApi",
    transfer_call="privatePostV5AssetTransferInterTransfer",
    traps=(
        "fetch_order has no branch for a client order id",
        (
            "cancel_order sends clientOrderId, which the venue does not know; orderLinkId must "
            "be given"
        ),
        "refusals come with status 200, only retCode says so",
        (
            "an address that asks too fast is answered 403 for ten minutes, like one from a "
            "country that is barred"
        ),
        "set_margin_mode changes the whole account, not a market",
        "every request carries ccxt's own name in the header Referer",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
            Market.INVERSE: _INVERSE,
        }
    ),
)
"""What is known of Bybit."""
