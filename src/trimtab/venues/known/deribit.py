"""Deribit v2: spot, linear and inverse contracts. Pure data.

Documentation: docs.deribit.com, "private/buy", "private/get_order_state_by_label", "Rate Limits",
2026.
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
    ccxt_id="deribit",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="label",
        param="label",
        pattern="[a-zA-Z0-9_-]{1,64}",
        unique=Uniqueness.NEVER,
        source='"private/buy": at most 64; labels may repeat',
    ),
    look_up=LookUp(
        way=Way.RAW,
        call="privateGetGetOrderStateByLabel",
        param="label",
        kept_s=1800,
        source=(
            '"private/get_order_state_by_label": recent orders, with currency; "Accessing '
            'Historical Trades and Orders": for 30 minutes, then in the history alone'
        ),
    ),
    cancel=Cancel(way=Way.RAW, call="privateGetCancelByLabel", param="label"),
    duplicate_codes=(),
    fence=Fence(
        kind=FenceKind.DEADLINE,
        place="query",
        name="valid_until",
        holds_at_match=True,
        sent_by_ccxt=False,
        default_s=0,
        source=('"private/buy": timed_out when the matching engine is not reached before'),
    ),
    immediate=Immediate(
        params=MappingProxyType({"timeInForce": "IOC"}),
        on_wire="time_in_force=immediate_or_cancel",
    ),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.BASE,
    tells_fills=True,
    fee_assets="what is received",
    budgets=(
        Budget(
            of="orders",
            count=5,
            seconds=1,
            source='"Rate Limits": sustained, lowest tier',
        ),
        Budget(of="requests", count=20, seconds=1, source="ccxt 4.5.90 rateLimit"),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    fee_assets="the settlement coin",
    contracts=Contracts(
        position_modes=frozenset({"one_way"}),
        margin_modes=frozenset({"cross"}),
        leverage_call="",
        funding_hours=0,
        dated=True,
        source='"Linear Perpetual": margins by a formula; funding is paid all the time',
    ),
)
_INVERSE: Final = replace(
    _LINEAR,
    order_unit=Unit.QUOTE,
    market_buy_unit=Unit.QUOTE,
    fee_assets="the base",
)

FACTS: Final = VenueFacts(
    venue_id="deribit",
    name="Deribit",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"www.deribit.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.api",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset({"test.deribit.com"}),
                switch=Switch.SANDBOX,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR, Market.INVERSE}),
                source="ccxt 4.5.90 urls.test",
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="privateGetListApiKeys",
    transfer_call="",
    traps=(
        "orders and cancels are GET requests, which an HTTP library sends again by itself",
        "clientOrderId is sent as a parameter that the venue does not know; label must be given",
        "leverage and margin mode follow from the account, none is set",
        (
            "no answer has a table of maintenance margin: the formula of the venue's page is held "
            "for the linear perpetuals of BTC and SOL, and against what positions really maintain"
        ),
        (
            "its margins were reworked for standard margin on 2026-08-05; whether the page with "
            "the formula is from before or after is not known"
        ),
        (
            "what contracts win, lose and pay in funding reaches the balance at 8:00 UTC; until "
            "then it stands beside it, and no execution is paid for by itself"
        ),
        "the size of a linear position is in its quote; its coins are size_currency",
        (
            "most pairs of coins are matched at Coinbase Exchange (is_cbe_routed): they are read "
            "and not traded, since nothing says that valid_until holds there"
        ),
        "there is one right for all trading: a key that trades coins trades options",
        "candles of a day begin at 8:00 UTC",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
            Market.INVERSE: _INVERSE,
        }
    ),
)
"""What is known of Deribit."""
