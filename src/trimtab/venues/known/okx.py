"""OKX v5: spot, linear and inverse contracts. Pure data.

Documentation: OKX API v5, "General Info", "Place order", "Order details", "Demo trading", 2026.
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
    ccxt_id="okx",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="clOrdId",
        param="clientOrderId",
        pattern="[a-zA-Z0-9]{1,32}",
        unique=Uniqueness.OPEN_ORDERS,
        source=('"Place order": up to 32, case-sensitive; "Order details": the latest of several'),
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateGetTradeOrder",
        param="clOrdId",
        kept_s=604800,
        source='"Order history (last 7 days)"; unfilled and cancelled for two hours',
    ),
    cancel=Cancel(way=Way.UNIFIED, call="privatePostTradeCancelOrder", param="clOrdId"),
    duplicate_codes=("51016",),
    fence=Fence(
        kind=FenceKind.DEADLINE,
        place="header",
        name="expTime",
        holds_at_match=False,
        sent_by_ccxt=False,
        default_s=30,
        source=(
            '"General Info": request effective deadline, for placing and amending; '
            "ccxt puts it into the body"
        ),
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "IOC"}), on_wire='"ordType":"ioc"'),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.BASE,
    tells_fills=False,
    fee_assets="what is received",
    budgets=(
        Budget(of="orders", count=60, seconds=2, source='"Place order", by user and market'),
        Budget(of="orders", count=1000, seconds=2, source='"Rate limits", by sub-account'),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    order_unit=Unit.CONTRACTS,
    market_buy_unit=Unit.CONTRACTS,
    fee_assets="the quote",
    contracts=Contracts(
        position_modes=frozenset({"one_way", "hedge"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="privatePostAccountSetLeverage",
        funding_hours=8,
        dated=True,
        source='"Set leverage", "Set position mode"',
    ),
    stops=RestingStops(
        call="privatePostTradeOrderAlgo",
        field="algoClOrdId",
        own_names=True,
        own_number=True,
        by_mark='"slTriggerPxType":"mark"',
        source='"Place algo order", slTriggerPxType; "Algo order details", ordIdList',
    ),
)
_INVERSE: Final = replace(
    _LINEAR,
    fee_assets="the base",
    stops=None,
)

FACTS: Final = VenueFacts(
    venue_id="okx",
    name="OKX",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"www.okx.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.api",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset({"www.okx.com"}),
                switch=Switch.SANDBOX,
                header=("x-simulated-trading", "1"),
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source='"Demo trading"; ccxt 4.5.90 okx.set_sandbox_mode',
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="privateGetAccountConfig",
    transfer_call="privatePostAssetTransfer",
    traps=(
        "its sandbox is the live host with a header: a request that lost it is a real one",
        (
            "a single order goes out as a batch: the answer holds one code for the batch and one "
            "for the order"
        ),
        "sizes of contracts count contracts, 0.01 BTC for BTC-USDT-SWAP",
        "an unfilled cancelled order is found for two hours only",
        "what is refused about an order has a code beside the order, under code 1 of the answer",
        "in multi-currency and portfolio margin every coin backs contracts, and may be sold",
        "steps of the maintenance table count contracts, and a step's rate holds for all of it",
        "whether a list by time has its bounds in it is not said",
        (
            "algo orders are in lists of their own, one for each kind; a chase order is not asked "
            "for, and counts by the limit that it has in the book"
        ),
        "a stop at market that is larger than such an order may be is split into several orders",
        "expTime is taken for orders and not for stops; a late one is kept out by its time stamp",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
            Market.INVERSE: _INVERSE,
        }
    ),
)
"""What is known of OKX."""
