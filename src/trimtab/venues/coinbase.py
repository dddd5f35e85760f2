"""Coinbase Advanced Trade, coins of one portfolio. Pure data.

Sources: Coinbase Advanced Trade API "Create Order", "Cancel Orders", "List Orders", "Rate Limits",
"Authentication", "Get Server Time" and the pages of what is read, 2026; ccxt 4.5.90 for hosts and
for the words of answers that are no 200, which no page lists. How accounts are read: design record
0070. How orders are sent, found and booked: 0074.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.instruments import MarketKind
from trimtab.domain.snapshot import Environment
from trimtab.venues.profile import (
    CodeTable,
    Desk,
    OrderLimit,
    RequestWeight,
    TransferWays,
    VenueProfile,
)

_HOST: Final = "api.coinbase.com"
_FUNDS: Final = ("INSUFFICIENT_FUND", "INSUFFICIENT_FUNDS", "INVALID_LEDGER_BALANCE")
_SAID_OF_BOTH: Final = (
    *("INVALID_SIDE", "INVALID_PRODUCT_ID", "INVALID_SIZE_PRECISION", "INVALID_PRICE_PRECISION"),
    *("INVALID_LIMIT_PRICE", "INVALID_NO_LIQUIDITY", "LIMIT_PRICE_TOO_FAR_FROM_MARKET"),
    *("UNTRADABLE_PRODUCT", "GEOFENCING_RESTRICTION", *_FUNDS),
)
"""Reasons for which an order was not made, in the list of an order and in that of a preview."""
_OF_AN_ORDER: Final = (
    *("UNSUPPORTED_ORDER_CONFIGURATION", "ORDER_ENTRY_DISABLED", "INELIGIBLE_PAIR"),
    "INVALID_REQUEST",
)
_OF_A_PREVIEW: Final = (
    *("INVALID_ORDER_CONFIG", "INSUFFICIENT_LEDGER_BALANCE", "INVALID_BASE_SIZE_TOO_LARGE"),
    *("INVALID_BASE_SIZE_TOO_SMALL", "INVALID_PRICE_TOO_LARGE", "INVALID_LIMIT_PRICE_PRECISION"),
    *("BREACHED_PRICE_LIMIT", "NOT_ALLOWED_BY_MARKET_STATE"),
)
_OF_A_CANCEL: Final = (
    *("INVALID_CANCEL_REQUEST", "INVALID_CANCEL_PRODUCT_ID", "NOT_ALLOWED_TO_CANCEL"),
)
_EXPIRED: Final = "unauthorized"
"""A token that has ended, or is none: the request was not looked at."""
_SPOT: Final = CodeTable(
    refused=frozenset(
        {
            *("INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED"),
            *_SAID_OF_BOTH,
            *_OF_AN_ORDER,
            *(f"PREVIEW_{reason}" for reason in (*_SAID_OF_BOTH, *_OF_A_PREVIEW)),
            *_OF_A_CANCEL,
        }
    ),
    not_done=frozenset({_EXPIRED}),
    not_done_texts=frozenset(),
    duplicate=frozenset(),
    as_asked=frozenset(),
    gone=frozenset({"UNKNOWN_CANCEL_ORDER", "ORDER_IS_FULLY_FILLED"}),
    absent=frozenset({"NOT_FOUND"}),
    unknown_symbol=frozenset({"NOT_FOUND"}),
    code_field="error",
    text_field="message",
    is_told_with_200=True,
    too_fast=frozenset({"rate_limit_exceeded", "resource_exhausted"}),
    wrong_time=frozenset({_EXPIRED}),
    silent_until_header="",
    of_one=(
        ("error_response.new_order_failure_reason", "error_response.message"),
        ("error_response.preview_failure_reason", "error_response.message"),
        ("error_response.error", "error_response.message"),
        ("results.0.failure_reason", "results.0.order_id"),
    ),
    no_codes=frozenset(
        {
            *("UNKNOWN_FAILURE_REASON", "UNKNOWN_PREVIEW_FAILURE_REASON"),
            *("UNKNOWN_CANCEL_FAILURE_REASON", ""),
        }
    ),
    done_marks=("success", "success_response.order_id", "order_id", "results.0.success"),
    bare=MappingProxyType({"Unauthorized": _EXPIRED}),
)
_ONE: Final = RequestWeight(of_one=1, of_all=1)

COINBASE: Final = VenueProfile(
    venue_id="coinbase",
    kinds=frozenset({MarketKind.SPOT}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset(),  # Its sandbox gives the same answers to everybody.
            Environment.LIVE: frozenset({_HOST}),
        }
    ),
    sandbox=None,
    paper_header=None,
    takes_passphrase=False,
    signs_with_key_pair=True,
    starter_names=MappingProxyType({"USDT": "USDC"}),
    options=MappingProxyType(dict[str, object]()),
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT}),
    client_id_pattern="b[a-z2-7]{27}",
    codes=MappingProxyType({Desk.SPOT: _SPOT}),
    # Thirty in a second for what a key asks and sends, with no number of their own for orders.
    order_limits=MappingProxyType({Desk.SPOT: (OrderLimit(count=30, seconds=1),)}),
    # Those without a key are ten, and only the time is asked without one.
    weight_limits=MappingProxyType({Desk.SPOT: 30}),
    weight_window_s=1,
    weights=MappingProxyType(
        dict.fromkeys(
            (
                "v3PublicGetBrokerageTime",
                "v3PrivateGetBrokerageProducts",
                "v3PrivateGetBrokerageProductBook",
                "v3PrivateGetBrokerageProductsProductIdCandles",
                "v3PrivateGetBrokerageAccounts",
                "v3PrivateGetBrokerageOrdersHistoricalBatch",
                "v3PrivateGetBrokerageOrdersHistoricalOrderId",
                "v3PrivateGetBrokerageOrdersHistoricalFills",
                "v3PrivateGetBrokerageTransactionSummary",
                "v3PrivateGetBrokerageKeyPermissions",
                "v3PrivateGetBrokeragePortfolios",
            ),
            _ONE,
        )
    ),
    write_weight=1,
    weight_header="",
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType({Desk.SPOT: "v3PublicGetBrokerageTime"}),
    time_params=MappingProxyType({Desk.SPOT: {}}),
    time_field="epochMillis",
    stamp_window_ms=120_000,
    ended_statuses=frozenset({"FILLED", "CANCELLED", "EXPIRED", "FAILED"}),
    forced_prefixes=(),
    funding_cap_share=Decimal(1),
    funding_hours=1,
)
"""Coinbase Advanced Trade, coins."""
