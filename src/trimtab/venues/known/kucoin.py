"""KuCoin: spot and futures. Pure data.

Documentation: KuCoin API, "Authentication", "Add Order", "Get Order By ClientOid", "Get Trade
History", "Get Apikey Info", "Rate Limit", 2025-11; the orders that it calls hf, for the others are
called old there.
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
    ccxt_id="kucoin",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="clientOid",
        param="clientOrderId",
        pattern="[0-9A-Za-z_-]{1,40}",
        unique=Uniqueness.OPEN_ORDERS,
        source=(
            '"Add Order": up to 40, not to be used again; that of an ended order was taken again '
            "(kucoin-api-docs issue 468)"
        ),
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateGetHfOrdersClientOrderClientOid",
        param="clientOid",
        kept_s=None,
        source=('"Get Order By ClientOid": for how long is not said; unified calls want hf for it'),
    ),
    cancel=Cancel(
        way=Way.UNIFIED,
        call="privateDeleteHfOrdersClientOrderClientOid",
        param="clientOid",
    ),
    duplicate_codes=(),
    fence=Fence(
        kind=FenceKind.STAMP,
        place="header",
        name="KC-API-TIMESTAMP",
        holds_at_match=False,
        sent_by_ccxt=True,
        default_s=5,
        source=('"Authentication": a request is refused when its time stamp is five seconds off'),
    ),
    immediate=Immediate(
        params=MappingProxyType({"timeInForce": "IOC"}), on_wire='"timeInForce":"IOC"'
    ),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.BASE,
    tells_fills=False,
    fee_assets="the quote, or KCS",
    budgets=(
        Budget(of="orders", count=45, seconds=3, source='"Rate Limit": a ninth of its pool'),
        Budget(of="weight", count=2000, seconds=30, source='"Rate Limit": the least pool of VIP0'),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="futuresPrivateGetOrdersByClientOid",
        param="clientOid",
        kept_s=None,
        source='"Get Order By ClientOid"',
    ),
    cancel=Cancel(
        way=Way.UNIFIED,
        call="futuresPrivateDeleteOrdersClientOrderClientOid",
        param="clientOid",
    ),
    exact_sizes=False,
    order_unit=Unit.CONTRACTS,
    market_buy_unit=Unit.CONTRACTS,
    fee_assets="the quote",
    contracts=Contracts(
        position_modes=frozenset({"one_way", "hedge"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="futuresPrivatePostChangeCrossUserLeverage",
        funding_hours=8,
        dated=True,
        source='"Modify Cross Margin Leverage", "Switch Margin Mode"',
    ),
)
_INVERSE: Final = replace(
    _LINEAR,
    fee_assets="the base",
)

FACTS: Final = VenueFacts(
    venue_id="kucoin",
    name="KuCoin",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.kucoin.com", "api-futures.kucoin.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.api",
            )
        }
    ),
    no_sandbox="it was closed: set_sandbox_mode of ccxt raises TypeError",
    key_rights_call="privateGetUserApiKey",
    transfer_call="privatePostAccountsUniversalTransfer",
    traps=(
        "unified calls for orders of coins go to the old endpoints unless told hf",
        "one code, 400100, is sent for a name that is taken and for whatever else is wrong",
        "an order's own time window (allowMaxTimeWindow) has to name the time stamp of the header",
        "buys of coins pay their fee in the quote, besides what they spend",
        "coins are traded from the trade account; those in the main account are not",
        "contract orders cannot be given a size as text: ccxt compares it with a number",
        "contract orders carry a leverage of 1 unless told otherwise",
        "sizes of contracts count contracts, 0.001 BTC for XBTUSDTM",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
            Market.INVERSE: _INVERSE,
        }
    ),
)
"""What is known of KuCoin."""
