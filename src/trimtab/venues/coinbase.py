"""Coinbase Advanced Trade, coins of one portfolio: read, and nothing sent.

Pure data. Sources: Coinbase Advanced Trade API "Rate Limits", "Get Server Time" and the pages of
what is read, 2026; ccxt 4.5.90 for hosts and for the words of refusals, which no page lists. Why no
order is sent: design record 0065. What is read, and what is not: 0070.
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
_SPOT: Final = CodeTable(
    refused=frozenset({"INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED"}),
    not_done=frozenset(),
    not_done_texts=frozenset(),
    duplicate=frozenset(),
    as_asked=frozenset(),
    gone=frozenset(),
    absent=frozenset(),
    unknown_symbol=frozenset({"NOT_FOUND"}),
    code_field="error",
    text_field="message",
    is_told_with_200=False,
    too_fast=frozenset({"rate_limit_exceeded", "resource_exhausted"}),
    wrong_time=frozenset(),
    silent_until_header="",
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
    order_limits=MappingProxyType({Desk.SPOT: (OrderLimit(count=1, seconds=1),)}),  # None is sent.
    # Thirty in a second for a key's questions. Those without one are ten, and only the time is.
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
