"""WEEX v3: spot and perpetual contracts. Pure data.

Documentation: WEEX API v3, "Place Order", "Get Order Details", "Get Order Info", "Get Order
History", "FAQs", "Demo Trading", 2026 (contracts: 2026-07); v1 "Standard Specifications"; where it
is silent, ccxt.
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
        unique=Uniqueness.OPEN_ORDERS,
        source=(
            'v3 "Place Order": while an order of the name is active a second is answered with '
            "success and not made; length from contracts"
        ),
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateGetApiV3Order",
        param="origClientOrderId",
        kept_s=None,
        source='v3 "Get Order Details": by origClientOrderId; for how long is not said',
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
        source='v1 "Standard Specifications": refused when the time stamp is over 30 s off',
    ),
    immediate=Immediate(
        params=MappingProxyType({"timeInForce": "IOC"}), on_wire='"timeInForce":"IOC"'
    ),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.BASE,
    tells_fills=False,
    fee_assets="what is received",
    budgets=(
        Budget(of="orders", count=100, seconds=60, source='v3 "FAQs": placing on spot'),
        Budget(of="requests", count=50, seconds=1, source="ccxt 4.5.90 rateLimit"),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP}),
    client_id=ClientId(
        field="newClientOrderId",
        param="clientOrderId",
        pattern="[a-zA-Z0-9_-]{1,36}",
        unique=Uniqueness.UNSTATED,
        source='contract v3 "Place Order": needed, 1 to 36; what a second one is told is not said',
    ),
    look_up=LookUp(
        way=Way.LISTED,
        call="contractPrivateGetCapiV3OrderHistory",
        param="",
        kept_s=None,
        source=(
            'contract v3 "Get Order Info": by the venue\'s own id only; "Get Current Orders" and'
            ' "Get Order History" carry our name, and do not say by when an ended order stands'
            " there"
        ),
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
        source='contract v3 "Update Leverage Settings", "Change Margin Mode", 2026-07',
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
        (
            "an order of a contract cannot say that it only reduces: it names the position, LONG or"
            " SHORT, and one against what is held closes it"
        ),
        (
            "it tells no table of maintenance margin: the tiers are the word of whoever writes them"
            " (venue.maintenance), and every plan warns of it"
        ),
        "whether a futures wallet's total has unrealised profit in it is on no page of v3",
        "orders that trail the price may be in a list of their own, which is not read",
        "an execution of coins does not say in what its fee is; ccxt takes it for what is received",
        "the account's own fee rates were seen to be 0 while fees were paid",
        "an order of coins that waits for a trigger on its page is in no list that its API names",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
        }
    ),
)
"""What is known of WEEX."""
