"""BingX: spot and perpetual contracts. Pure data.

Documentation: spot and perpetual swap API, "Place Order", "Query Order details", 2026.
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
    ccxt_id="bingx",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="newClientOrderId",
        param="clientOrderId",
        pattern="[a-z0-9]{1,40}",
        unique=Uniqueness.ALWAYS,
        source='spot "Query Order details": found by name for two hours',
    ),
    look_up=LookUp(
        way=Way.RAW,
        call="spotV1PrivateGetTradeQuery",
        param="clientOrderID",
        kept_s=7200,
        source='spot "Query Order details": found by name for two hours',
    ),
    cancel=Cancel(way=Way.UNIFIED, call="spotV1PrivatePostTradeCancel", param="clientOrderID"),
    duplicate_codes=(),
    fence=Fence(
        kind=FenceKind.WINDOW,
        place="query",
        name="recvWindow",
        holds_at_match=False,
        sent_by_ccxt=False,
        default_s=5,
        source=(
            '"Signature": on receipt, at most 5 s; older pages say 30 s; ccxt sends it only when'
            " asked to"
        ),
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "IOC"}), on_wire="timeInForce=IOC"),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.BASE,
    tells_fills=False,
    fee_assets="what is received",
    budgets=(
        Budget(of="orders", count=5, seconds=1, source='spot "Place order"'),
        Budget(of="requests", count=1000, seconds=60, source='"Rate limit", market data'),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP}),
    client_id=ClientId(
        field="clientOrderID",
        param="clientOrderId",
        pattern="[a-z0-9]{1,40}",
        unique=Uniqueness.ALWAYS,
        source=('perpetual swap "Place order": 1 to 40, different orders cannot share one'),
    ),
    look_up=LookUp(
        way=Way.RAW,
        call="swapV2PrivateGetTradeOrder",
        param="clientOrderId",
        kept_s=None,
        source=('perpetual swap "Place order": 1 to 40, different orders cannot share one'),
    ),
    cancel=Cancel(way=Way.UNIFIED, call="swapV2PrivateDeleteTradeOrder", param="clientOrderID"),
    duplicate_codes=("101481", "109201"),
    budgets=(
        Budget(of="orders", count=10, seconds=1, source='perpetual swap "Place order"'),
        Budget(of="requests", count=1000, seconds=60, source='"Rate limit", market data'),
    ),
    fee_assets="the quote",
    contracts=Contracts(
        position_modes=frozenset({"one_way", "hedge"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="swapV2PrivatePostTradeLeverage",
        funding_hours=8,
        dated=False,
        source='perpetual swap "Set Leverage", "Change Margin Type"',
    ),
)

FACTS: Final = VenueFacts(
    venue_id="bingx",
    name="BingX",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"open-api.bingx.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR}),
                source="ccxt 4.5.90 urls.api",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset({"open-api-vst.bingx.com"}),
                switch=Switch.SANDBOX,
                header=None,
                markets=frozenset({Market.LINEAR}),
                source="ccxt 4.5.90 urls.test; virtual USDT, contracts only",
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="accountV1PrivateGetAccountApiPermissions",
    transfer_call="apiAssetV1PrivatePostTransfer",
    traps=(
        "fetch_order by client order id sends orderId=None beside it",
        "set_leverage needs a side even in one-way mode",
        "the futures book counts contracts; base units are in bidsCoin and asksCoin",
        "spot cuts a size or limit that is finer than its grid, and takes the order",
        "daily candles begin at midnight of UTC+8 unless asked otherwise",
        "its host of virtual money has no coins: an account is opened in live alone",
        "orders over time (TWAP) are in a list of their own, which is not read",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
        }
    ),
)
"""What is known of BingX."""
