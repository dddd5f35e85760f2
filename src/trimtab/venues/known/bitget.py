"""Bitget v2: spot, linear and inverse contracts. Pure data.

Documentation: Bitget API v2, "Place Order", "Get Order Info", "Demo Trading", "Signature", 2025-12.
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
    ccxt_id="bitget",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="clientOid",
        param="clientOrderId",
        pattern="[.A-Z:/a-z0-9_-]{1,32}",
        unique=Uniqueness.UNSTATED,
        source='v2 "Place Order", "FAQ" and error 40304: at most 50; charset by other clients',
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateSpotGetV2SpotTradeOrderInfo",
        param="clientOid",
        kept_s=None,
        source='v2 "Get Order Info", "Get Order Detail"',
    ),
    cancel=Cancel(way=Way.UNIFIED, call="privateSpotPostV2SpotTradeCancelOrder", param="clientOid"),
    duplicate_codes=("40786", "43118", "45034"),
    fence=Fence(
        kind=FenceKind.STAMP,
        place="header",
        name="ACCESS-TIMESTAMP",
        holds_at_match=False,
        sent_by_ccxt=True,
        default_s=30,
        source='"Signature": a request is refused when its time stamp is 30 s off',
    ),
    immediate=Immediate(params=MappingProxyType({"force": "ioc"}), on_wire='"force":"ioc"'),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.QUOTE,
    tells_fills=False,
    fee_assets="what is received, or BGB",
    budgets=(Budget(of="orders", count=10, seconds=1, source='v2 "Place Order", by user'),),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="privateMixGetV2MixOrderDetail",
        param="clientOid",
        kept_s=None,
        source='v2 "Get Order Info", "Get Order Detail"',
    ),
    cancel=Cancel(way=Way.UNIFIED, call="privateMixPostV2MixOrderCancelOrder", param="clientOid"),
    market_buy_unit=Unit.BASE,
    fee_assets="the quote",
    contracts=Contracts(
        position_modes=frozenset({"one_way", "hedge"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="privateMixPostV2MixAccountSetLeverage",
        funding_hours=8,
        dated=True,
        source='v2 "Change Leverage", "Change Hold Mode"',
    ),
)
_INVERSE: Final = replace(
    _LINEAR,
    fee_assets="the base",
)

FACTS: Final = VenueFacts(
    venue_id="bitget",
    name="Bitget",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.bitget.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.api",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset({"api.bitget.com"}),
                switch=Switch.SANDBOX,
                header=("PAPTRADING", "1"),
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source='v2 "Demo Trading"; ccxt 4.5.90 bitget.sign',
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="privateSpotGetV2SpotAccountInfo",
    transfer_call="privateSpotPostV2SpotWalletTransfer",
    traps=(
        "its sandbox is the live host with a header: a request that lost it is a real one",
        "ccxt leaves the header of the sandbox off the question for the time",
        "market buys on spot count quote",
        "ccxt writes the word for at once in capitals, the documentation in small letters",
        "an account that was made unified is answered 40085 by every question of v2",
        "what a transfer is answered with and what it is listed with are different numbers",
        "a margin mode is refused while a position is open, also the one that is set",
        (
            "orders that wait for a trigger are in lists of their own, three of contracts and two "
            "of coins; those of contracts are told for three months"
        ),
        (
            "whether trigger orders of coins are told of all markets at once is documented in two "
            "ways; where they are not, those of markets that the account does not touch are unseen"
        ),
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
            Market.INVERSE: _INVERSE,
        }
    ),
)
"""What is known of Bitget."""
