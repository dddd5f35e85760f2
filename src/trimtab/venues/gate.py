"""Gate v4, spot.

Pure data. Sources: Gate API v4 "Create an order", "Error handling", "Frequency limit rule",
"Authentication" (2026), ccxt 4.5.90 for hosts and for labels that the pages do not list. A refusal
is told by a label beside its status; an order that was made comes with 201. Labels that may stand
for something half done (INTERNAL, SERVER_ERROR, TOO_BUSY), for a second creation
(REPEATED_CREATION) or for anything at all (BAD_REQUEST, NOT_FOUND) are left out: the order is then
unknown, and looked up. ccxt has no address of the sandbox for the question in which mode an account
is, so that none is spoken.
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

_HOST: Final = "api.gateio.ws"
_ONE: Final = RequestWeight(of_one=1, of_all=1)
_KEY: Final = frozenset(
    {
        *("INVALID_CREDENTIALS", "INVALID_KEY", "IP_FORBIDDEN", "READ_ONLY", "INVALID_SIGNATURE"),
        *("MISSING_REQUIRED_HEADER", "ACCOUNT_LOCKED", "FORBIDDEN", "SUB_ACCOUNT_LOCKED"),
        "SUB_ACCOUNT_NOT_FOUND",
    }
)
"""What is wrong with the key, the account or where it is used."""
_ORDER: Final = frozenset(
    {
        *("INVALID_PARAM_VALUE", "INVALID_PROTOCOL", "INVALID_ARGUMENT", "INVALID_REQUEST_BODY"),
        *("MISSING_REQUIRED_PARAM", "INVALID_CONTENT_TYPE", "NOT_ACCEPTABLE", "METHOD_NOT_ALLOWED"),
        *("INVALID_PRECISION", "INVALID_CURRENCY", "INVALID_CURRENCY_PAIR", "POC_FILL_IMMEDIATELY"),
        *("QUANTITY_NOT_ENOUGH", "BALANCE_NOT_ENOUGH", "MARGIN_NOT_SUPPORTED", "AMOUNT_TOO_LITTLE"),
        *("AMOUNT_TOO_MUCH", "TOO_MANY_CURRENCY_PAIRS", "TOO_MANY_ORDERS", "MIXED_ACCOUNT_TYPE"),
        *("TRADE_RESTRICTED", "PRICE_THRESHOLD_EXCEEDED"),
    }
)
"""What is wrong with the form of a request, or with an order itself."""
_ABSENT: Final = frozenset({"ORDER_NOT_FOUND", "CLIENT_ID_NOT_FOUND"})
_GONE: Final = _ABSENT | {"ORDER_CLOSED", "ORDER_CANCELLED"}
_WRONG_TIME: Final = frozenset({"REQUEST_EXPIRED"})

_SPOT: Final = CodeTable(
    refused=_KEY | _ORDER | _GONE,
    not_done=_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset(),  # No name is refused: the later order bears it.
    as_asked=frozenset(),
    gone=_GONE,
    absent=_ABSENT,
    unknown_symbol=frozenset({"INVALID_CURRENCY_PAIR", "INVALID_CURRENCY"}),
    code_field="label",
    text_field="message",
    is_told_with_200=False,
    too_fast=frozenset({"TOO_MANY_REQUESTS"}),
    wrong_time=_WRONG_TIME,
    silent_until_header="",  # Its time of reset may be the present, and says nothing then.
    done_with=frozenset({200, 201}),
)
_READS: Final = (
    "publicSpotGetTime",
    "publicSpotGetCurrencyPairs",
    "publicSpotGetOrderBook",
    "publicSpotGetCandlesticks",
    "privateUnifiedGetUnifiedMode",
    "privateAccountGetMainKeys",
    "privateWalletGetFee",
    "privateWalletGetTotalBalance",
    "privateSpotGetAccounts",
    "privateSpotGetOrdersOrderId",
    "privateSpotGetOrders",
    "privateSpotGetOpenOrders",
    "privateSpotGetPriceOrders",
    "privateSpotGetMyTrades",
)

GATE: Final = VenueProfile(
    venue_id="gate",
    kinds=frozenset({MarketKind.SPOT}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset(),  # The mode of an account is not told there.
            Environment.LIVE: frozenset({_HOST}),
        }
    ),
    sandbox=None,
    paper_header=None,
    takes_passphrase=False,
    options=MappingProxyType({"unifiedAccount": False}),  # ccxt would ask before a first order.
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT}),
    client_id_pattern="[0-9A-Za-z_.-]{1,28}",
    codes=MappingProxyType({Desk.SPOT: _SPOT}),
    # Ten in a second for each market, whenever they begin: half of it for all of them together.
    order_limits=MappingProxyType({Desk.SPOT: (OrderLimit(count=5, seconds=1),)}),
    # Each question has two hundred in ten seconds for itself; half of one is kept for all.
    weight_limits=MappingProxyType({Desk.SPOT: 100}),
    weight_window_s=10,
    weights=MappingProxyType(dict.fromkeys(_READS, _ONE)),
    write_weight=1,
    weight_header="",  # What answers tell is of one question, not of the address.
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType({Desk.SPOT: "publicSpotGetTime"}),
    time_params=MappingProxyType({Desk.SPOT: {}}),
    time_field="server_time",
    # Orders name until when they are taken; their time stamp ends a minute after it.
    stamp_window_ms=60_000,
    ended_statuses=frozenset({"closed", "cancelled"}),
    forced_prefixes=("liquidate", "pm_liquidate", "comb_margin_liquidate", "scm_liquidate"),
    funding_cap_share=Decimal(1),
    funding_hours=8,
    unsaid_headers=("X-Gate-Channel-Id",),
)
"""Gate v4."""
