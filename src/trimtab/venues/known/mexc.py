"""MEXC: spot v3 and contract v1. Pure data.

Documentation: MEXC "Spot V3" and "Contract" API, 2026, whose update log says that trading contracts
by key was reopened on 2026-03-31; the contract docstring of its SDK.
"""

from __future__ import annotations

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

FACTS: Final = VenueFacts(
    venue_id="mexc",
    name="MEXC",
    checked_with=CHECKED_WITH,
    places=MappingProxyType(
        {
            Environment.LIVE: Place(
                hosts=frozenset({"api.mexc.com"}),
                switch=None,
                header=None,
                markets=frozenset({Market.SPOT, Market.LINEAR}),
                source="ccxt 4.5.90 urls.api",
            )
        }
    ),
    no_sandbox="it has none: set_sandbox_mode of ccxt raises TypeError",
    key_rights_call="spotPrivateGetApiKeyInfo",
    transfer_call="spotPrivatePostCapitalTransfer",
    traps=(
        (
            "that an order of coins must fill at once is its type, which the API's definitions "
            "name and no market lists; timeInForce is passed over, and the order rests"
        ),
        "an order of coins that was just sent is told as not there for moments (-2013)",
        "executions of coins are told for a month, name no order of ours, and lead to no next page",
        (
            "timeInForce of a contract order is sent under a name that the venue does not know: "
            "it would rest; type must be 3"
        ),
        "sizes and limits of contract orders go out as floats",
        (
            "orders of contracts by key were closed from 2022-07-25 to 2026-03-31; a contract says "
            "for itself whether it takes them (apiAllowed)"
        ),
        (
            "an order of contracts is in the mode of two sides unless it says positionMode 2, and "
            "one that opens must name its leverage"
        ),
        (
            "the question for the position mode of contracts is documented with a number, with "
            "that number by its name, and with the answer of another question"
        ),
        (
            "the page says that steps of the maintenance table count contracts, a public collector "
            "of rates that they are quote units"
        ),
        (
            "a futures wallet may hold a trial bonus, back contracts with several coins, and pay "
            "fees in MX: its balance is then not what its executions moved"
        ),
        (
            "the window of a contract's request is called Recv-Window on one page and Revc-Window "
            "on another, in seconds for one client and in milliseconds for another: it is not "
            "sent, and ten seconds hold"
        ),
        (
            "a cancel of a contract's order by our name takes one object, though its page shows a "
            "list (seen 2026-09-08)"
        ),
        (
            "the right to move money (SPOT_TRANSFER_WRITE) moves it to sub-accounts too, and a key "
            "may make keys of those"
        ),
        "fetch_order and cancel_order of contracts by client order id ask for None",
        "an order of coins that waits for a trigger on its page is in no list that its API names",
    ),
    markets=MappingProxyType(
        {
            Market.SPOT: MarketFacts(
                ccxt_id="mexc",
                kinds=frozenset({MarketKind.SPOT}),
                client_id=ClientId(
                    field="newClientOrderId",
                    param="clientOrderId",
                    pattern="[a-zA-Z0-9_-]{1,32}",
                    unique=Uniqueness.UNSTATED,
                    source='"Spot V3" New Order; 32 by other clients',
                ),
                look_up=LookUp(
                    way=Way.UNIFIED,
                    call="spotPrivateGetOrder",
                    param="origClientOrderId",
                    kept_s=None,
                    source='"Spot V3" Query Order',
                ),
                cancel=Cancel(
                    way=Way.UNIFIED, call="spotPrivateDeleteOrder", param="origClientOrderId"
                ),
                duplicate_codes=(),
                fence=Fence(
                    kind=FenceKind.WINDOW,
                    place="query",
                    name="recvWindow",
                    holds_at_match=False,
                    sent_by_ccxt=True,
                    default_s=5,
                    source='"Spot V3" Timing security: on receipt, at most 60 s',
                ),
                immediate=Immediate(
                    params=MappingProxyType({"timeInForce": "IOC"}),
                    on_wire="type=IMMEDIATE_OR_CANCEL",
                ),
                exact_sizes=True,
                order_unit=Unit.BASE,
                market_buy_unit=Unit.BASE,
                tells_fills=False,
                fee_assets="what is received, or MX",
                budgets=(
                    Budget(
                        of="orders",
                        count=12,
                        seconds=1,
                        source='"Spot V3" New Order: with cancels, 2026-05',
                    ),
                    Budget(
                        of="weight", count=300, seconds=10, source='"Spot V3" General Info, 2026'
                    ),
                ),
                contracts=None,
            ),
            Market.LINEAR: MarketFacts(
                ccxt_id="mexc",
                kinds=frozenset({MarketKind.SWAP}),
                client_id=ClientId(
                    field="externalOid",
                    param="clientOrderId",
                    pattern="[a-zA-Z0-9_-]{1,32}",
                    unique=Uniqueness.UNSTATED,
                    source=(
                        "its SDK returns the id of the first order, its error codes have one for a "
                        "duplicate (2042); 32 by code 2030"
                    ),
                ),
                look_up=LookUp(
                    way=Way.RAW,
                    call="contractPrivateGetOrderExternalSymbolExternalOid",
                    param="external_oid",
                    kept_s=None,
                    source='"Contract" Query order by external number',
                ),
                cancel=Cancel(
                    way=Way.RAW,
                    call="contractPrivatePostOrderCancelWithExternal",
                    param="externalOid",
                ),
                duplicate_codes=("2042",),
                fence=Fence(
                    kind=FenceKind.STAMP,
                    place="header",
                    name="Request-Time",
                    holds_at_match=False,
                    sent_by_ccxt=True,
                    default_s=10,
                    source=(
                        '"Futures" Integration Guide: ten seconds when no window is named; Error '
                        "Code: 513 outside of them"
                    ),
                ),
                immediate=Immediate(params=MappingProxyType({"type": 3}), on_wire='"type":3'),
                exact_sizes=False,
                order_unit=Unit.CONTRACTS,
                market_buy_unit=Unit.CONTRACTS,
                tells_fills=False,
                fee_assets="the quote, or MX",
                budgets=(
                    Budget(
                        of="orders", count=4, seconds=2, source='"Contract" Place order, 2026-05'
                    ),
                    Budget(
                        of="requests", count=20, seconds=2, source='"Contract" of each question'
                    ),
                ),
                contracts=Contracts(
                    position_modes=frozenset({"one_way", "hedge"}),
                    margin_modes=frozenset({"cross", "isolated"}),
                    leverage_call="contractPrivatePostPositionChangeLeverage",
                    funding_hours=8,
                    dated=False,
                    source='"Contract" Change leverage',
                ),
            ),
        }
    ),
)
"""What is known of MEXC."""
