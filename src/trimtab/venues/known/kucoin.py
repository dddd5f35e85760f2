"""KuCoin: spot and futures. Pure data.

Documentation: KuCoin API, "Authentication", "Add Order", "Get Order By ClientOid", 2026.
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
        unique=Uniqueness.UNSTATED,
        source='"Add Order": up to 40',
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateGetOrderClientOrderClientOid",
        param="clientOid",
        kept_s=None,
        source='"Get Order By ClientOid"',
    ),
    cancel=Cancel(
        way=Way.UNIFIED,
        call="privateDeleteOrderClientOrderClientOid",
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
    budgets=(Budget(of="requests", count=133, seconds=1, source="ccxt 4.5.90 rateLimit"),),
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
