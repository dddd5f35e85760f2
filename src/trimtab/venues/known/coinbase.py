"""Coinbase Advanced: spot, and contracts through its derivatives arm. Pure data.

Documentation: Coinbase Advanced Trade API, "Create Order", "Get Order", "List Orders", "List
Fills", "Cancel Orders", "Get API Key Permissions", "Authentication", "Rate Limits", 2026; where it
is silent, ccxt. Why its orders cannot be proved absent, and are given to a person: design record
0074.
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
        pattern="[a-zA-Z0-9-]{1,41}",
        unique=Uniqueness.IDEMPOTENT,
        source=(
            '"Create Order": under a name that is not unique no order is made and the first is '
            "returned, for how long is not said; form and length are not said, ccxt 4.5.90 sends 41"
        ),
    ),
    look_up=LookUp(
        way=Way.LISTED,
        call="v3PrivateGetBrokerageOrdersHistoricalBatch",
        param="",
        kept_s=None,
        source=(
            '"Get Order": by the venue\'s id; "List Orders": by product and time, each tells our '
            "name, and nothing says by when an order stands there nor for how long"
        ),
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
        source='"Authentication": a token is good for two minutes; it signs no body',
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "IOC"}), on_wire="sor_limit_ioc"),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.QUOTE,
    tells_fills=False,
    fee_assets="the quote",
    budgets=(
        Budget(of="requests", count=30, seconds=1, source='"Rate Limits": private, by user'),
        Budget(of="requests", count=29, seconds=1, source="ccxt 4.5.90 rateLimit"),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP, MarketKind.FUTURE}),
    order_unit=Unit.CONTRACTS,
    market_buy_unit=Unit.CONTRACTS,
    contracts=Contracts(
        position_modes=frozenset({"one_way"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="",
        funding_hours=1,
        dated=True,
        source='"Perpetuals": hourly; "Create Order": margin_type and leverage are of each order',
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
        "an answer that says neither success nor error is an order without an id to ccxt, no error",
        "a key sees one portfolio, and legacy keys name theirs in retail_portfolio_id",
        "a product that tells an alias shares the book of that other one, as BTC-USDC and BTC-USD",
        "the secret is a PEM of several lines, which ccxt cannot read as JSON writes it, or base64",
        "a secret that is neither is signed the old way, without a token",
        "ccxt dates the token by the machine's clock (seconds), not by what it measured",
        "an execution names no coin of its fee; the order's totals count fees in the quote",
        "an execution that was adjusted (REVERSAL and others) may bear the trade_id of another",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
        }
    ),
)
"""What is known of Coinbase."""
