"""Bybit v5, unified account: coins, and perpetuals that settle in USDT.

Pure data. Sources: Bybit API v5 "Integration Guidance", "Place Order", "Error Codes" and "Rate
Limit Rules" (2026), ccxt 4.5.90 for hosts. Refusals come with status 200, and an order's answer
says only that it was received. A code that may stand for something half done is left out of the
table: the order is then unknown, and looked up.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.instruments import MarketKind
from trimtab.domain.snapshot import Environment
from trimtab.venues.facts import Switch
from trimtab.venues.profile import (
    CodeTable,
    Desk,
    OrderLimit,
    RequestWeight,
    TransferWays,
    VenueProfile,
)

_ONE: Final = RequestWeight(of_one=1, of_all=1)
_KEY: Final = frozenset({"10003", "10004", "10005", "10007", "10010", "10024", "10027", "10028"})
_ORDER: Final = frozenset(
    {
        *("170033", "170105", "170115", "170116", "170117", "170121", "170124", "170130", "170131"),
        *("170132", "170133", "170134", "170135", "170136", "170137", "170140", "170148", "170151"),
        *("170157", "170159", "170192", "170193", "170194", "170201", "170202"),
    }
)
"""What is wrong with an order itself; 170146, 170149 and 170150 say that something failed on the
way and stay out."""
_GONE: Final = frozenset({"170139", "170142", "170143", "170190", "170213"})

_LINEAR_ORDER: Final = frozenset(
    {
        *("110003", "110004", "110005", "110006", "110007", "110009", "110012", "110013", "110014"),
        *("110016", "110017", "110018", "110020", "110021", "110022", "110023", "110036"),
        *("110038", "110039", "110040", "110042", "110044", "110045", "110049", "110051", "110052"),
        *("110053", "110063", "110066", "110067", "110068", "110069", "110070", "110094", "110095"),
        *("110092", "110093", "110110", "110125", "110126"),
    }
)
"""What is wrong with an order of a contract, or with a setting."""
_LINEAR_GONE: Final = frozenset({"110001", "110008", "110010", "110019"})

_SPOT: Final = CodeTable(
    refused=_KEY | _ORDER | _GONE | {"10001", "10029", "12137"},
    not_done=frozenset({"10002"}),
    not_done_texts=frozenset(),
    duplicate=frozenset({("170141", ""), ("12141", ""), ("110072", "")}),
    as_asked=frozenset(),
    gone=_GONE,
    absent=frozenset(),
    unknown_symbol=frozenset({"10001", "170121"}),
    code_field="retCode",
    text_field="retMsg",
    is_told_with_200=True,
    too_fast=frozenset({"10006", "10018", "170005"}),
    wrong_time=frozenset({"10002"}),
    silent_until_header="x-bapi-limit-reset-timestamp",
)

_LINEAR: Final = replace(
    _SPOT,
    refused=_KEY | _LINEAR_ORDER | _LINEAR_GONE | {"10001", "10029", "12137"},
    duplicate=frozenset({("110072", ""), ("170141", ""), ("12141", "")}),
    as_asked=frozenset({"110043"}),
    gone=_LINEAR_GONE,
    no_more_stops=frozenset({"110009"}),
    unknown_symbol=frozenset({"10001"}),
)

BYBIT: Final = VenueProfile(
    venue_id="bybit",
    kinds=frozenset({MarketKind.SPOT, MarketKind.SWAP}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset({"api-testnet.bybit.com"}),
            Environment.LIVE: frozenset({"api.bybit.com"}),
        }
    ),
    sandbox=Switch.SANDBOX,
    paper_header=None,
    takes_passphrase=False,
    options=MappingProxyType(
        {
            "brokerId": "",  # ccxt would send its own name with every request.
            "enableUnifiedMargin": False,  # ccxt would ask before each call.
            "enableUnifiedAccount": True,
            "unifiedMarginStatus": 6,
        }
    ),
    desk_of_host=MappingProxyType({"api.bybit.com": Desk.SPOT, "api-testnet.bybit.com": Desk.SPOT}),
    client_id_pattern="[a-zA-Z0-9_-]{1,36}",
    codes=MappingProxyType({Desk.SPOT: _SPOT, Desk.LINEAR: _LINEAR}),
    order_limits=MappingProxyType(
        {
            Desk.SPOT: (OrderLimit(count=20, seconds=1),),
            Desk.LINEAR: (OrderLimit(count=10, seconds=1),),
        }
    ),
    # In five seconds, for both desks; a minute each is safe.
    weight_limits=MappingProxyType({Desk.SPOT: 600, Desk.LINEAR: 600}),
    weights=MappingProxyType(
        dict.fromkeys(
            (
                "publicGetV5MarketTime",
                "publicGetV5MarketInstrumentsInfo",
                "publicGetV5MarketOrderbook",
                "publicGetV5MarketKline",
                "publicGetV5MarketTickers",
                "publicGetV5MarketRiskLimit",
                "publicGetV5MarketFundingHistory",
                "privateGetV5AccountInfo",
                "privateGetV5AccountTransactionLog",
                "privateGetV5PositionList",
                "privateGetV5AccountWalletBalance",
                "privateGetV5AccountFeeRate",
                "privateGetV5OrderRealtime",
                "privateGetV5OrderHistory",
                "privateGetV5ExecutionList",
                "privateGetV5SpotMarginTradeState",
                "privateGetV5UserQueryApi",
            ),
            _ONE,
        )
    ),
    write_weight=1,
    weight_header="",  # No answer tells what the address has used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType(dict.fromkeys((Desk.SPOT, Desk.LINEAR), "publicGetV5MarketTime")),
    time_params=MappingProxyType({Desk.SPOT: {}, Desk.LINEAR: {}}),
    time_field="time",
    stamp_window_ms=0,  # Requests name their own.
    ended_statuses=frozenset(
        {"Filled", "Cancelled", "PartiallyFilledCanceled", "Rejected", "Deactivated"}
    ),
    forced_prefixes=(),
    # The least of three quarters of (initial - maintenance) and of the latter itself.
    funding_cap_share=Decimal(1),
    funding_hours=8,
    rests_stops=True,
)
