"""Hyperliquid: spot and perpetual contracts, signed by a wallet. Pure data.

Documentation: Hyperliquid docs, "Exchange endpoint", "Info endpoint", "Nonces and API wallets",
"Rate limits", "Error responses", "Tick and lot size", 2026.
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
    ccxt_id="hyperliquid",
    kinds=frozenset({MarketKind.SPOT}),
    client_id=ClientId(
        field="c",
        param="clientOrderId",
        pattern="0x[0-9a-f]{32}",
        unique=Uniqueness.UNSTATED,
        source='"Exchange endpoint": 128 bits in hexadecimal; what a second order is told, is not',
    ),
    look_up=LookUp(
        way=Way.UNIFIED,
        call="publicPostInfo",
        param="oid",
        kept_s=None,
        source='"Info endpoint": order status by oid or cloid; for how long is not said',
    ),
    cancel=Cancel(way=Way.UNIFIED, call="privatePostExchange", param="cloid"),
    duplicate_codes=(),
    fence=Fence(
        kind=FenceKind.DEADLINE,
        place="signature",
        name="expiresAfter",
        holds_at_match=True,
        sent_by_ccxt=False,
        default_s=172800,
        source=(
            '"Exchange endpoint": an action is rejected after it, where blocks are executed and '
            'orders matched; "Nonces and API wallets": without it a nonce holds for two days'
        ),
    ),
    immediate=Immediate(params=MappingProxyType({"timeInForce": "IOC"}), on_wire='"tif":"Ioc"'),
    exact_sizes=True,
    order_unit=Unit.BASE,
    market_buy_unit=Unit.BASE,
    tells_fills=True,
    fee_assets="what is received",
    budgets=(
        Budget(of="weight", count=1200, seconds=60, source='"Rate limits", by IP address'),
        Budget(
            of="requests",
            count=1,
            seconds=10,
            source=(
                '"Rate limits", by account: 10,000 at first and one for each USDC traded, then '
                "one in ten seconds"
            ),
        ),
    ),
    contracts=None,
)
_LINEAR: Final = replace(
    _SPOT,
    kinds=frozenset({MarketKind.SWAP}),
    fee_assets="USDC",
    contracts=Contracts(
        position_modes=frozenset({"one_way"}),
        margin_modes=frozenset({"cross", "isolated"}),
        leverage_call="privatePostExchange",
        funding_hours=1,
        dated=False,
        source='"Exchange endpoint" updateLeverage; "Funding"',
    ),
)

FACTS: Final = VenueFacts(
    venue_id="hyperliquid",
    name="Hyperliquid",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.hyperliquid.xyz"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR}),
                source="ccxt 4.5.90 urls.api",
            ),
            Environment.TESTNET: Place(
                hosts=frozenset({"api.hyperliquid-testnet.xyz"}),
                switch=Switch.SANDBOX,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR}),
                source="ccxt 4.5.90 urls.test",
            ),
        }
    ),
    no_sandbox="",
    key_rights_call="publicPostInfo",
    transfer_call="privatePostExchange",
    traps=(
        (
            "before a first order ccxt signs an approval of a builder's fee and a referrer "
            "unless told not to"
        ),
        "every order names a builder unless builderFee is off",
        "it has no order at the market: ccxt sends a limit with slippage of its own",
        "an agent's key can trade and not withdraw; the wallet's own can do everything",
        "asked about an agent's own address it tells an empty account",
        "an agent's key may put what margins contracts into a vault (pull request 56 of its SDK)",
        (
            "ccxt calls UBTC, UETH, USDT0 and nine more by other coins' names; a name may belong "
            "to two coins"
        ),
        "the size in an order's row is as old as its status, so that it tells no executions",
        "a price with zeros at its end is hashed otherwise there, and its signer is nobody",
        "a price has five significant digits or is whole: no one tick holds for all prices",
        "an order over time (TWAP) is in no list of open orders",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: _SPOT,
            Market.LINEAR: _LINEAR,
        }
    ),
)
"""What is known of Hyperliquid."""
