"""Binance spot and USD-M futures.

Pure data. Sources: binance-spot-api-docs ``rest-api.md`` and ``errors.md`` (2026-07-21),
USD-M "General Info" and "Error Code" pages, ccxt 4.5.90 for the demo hosts. A repeated
client order id is accepted again once the first order has filled, so it protects nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
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

_PRODUCTION: Final = frozenset({"api.binance.com", "fapi.binance.com", "dapi.binance.com"})
_DEMO: Final = frozenset({"demo-api.binance.com", "demo-fapi.binance.com", "demo-dapi.binance.com"})


def _codes(*numbers: int) -> frozenset[str]:
    """Return error codes as they stand in answers: negative, as text."""
    return frozenset(f"-{number}" for number in numbers)


_MALFORMED: Final = _codes(
    1013,
    1020,
    1100,
    1101,
    1102,
    1103,
    1104,
    1105,
    1106,
    1108,
    1111,
    1112,
    1114,
    1115,
    1116,
    1117,
    1121,
    1128,
    1130,
)
_KEY: Final = _codes(1002, 1022, 2014, 2015, 2017)
_UNDONE: Final = _codes(1003, 1015, 1021)
_WALLET: Final = _codes(5002, 5003, 5013)
"""Of transfers between wallets, which the spot host serves: balance or asset declined."""

_SPOT: Final = CodeTable(
    # -2021 and -2022 stay out: on spot they tell of a half-done cancel-replace. So does
    # every 5xx: the spot documentation calls each of them unknown.
    refused=_MALFORMED | _KEY | _WALLET | {"-1016", "-2010", "-2011", "-2013"},
    not_done=_UNDONE,
    not_done_texts=frozenset(),
    duplicate=frozenset({("-2010", "Duplicate order sent.")}),
    as_asked=frozenset(),
    gone=frozenset({"-2011"}),
    absent=frozenset({"-2013"}),
    unknown_symbol=frozenset({"-1121"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=False,
    too_fast=frozenset(),
    wrong_time=frozenset({"-1021"}),
    silent_until_header="",
)

_LINEAR: Final = CodeTable(
    refused=_MALFORMED
    | _KEY
    | _codes(
        1016,
        2010,
        2011,
        2013,
        2018,
        2019,
        2020,
        2021,
        2022,
        2023,
        2024,
        2025,
        2026,
        2027,
        2028,
        4003,
        4004,
        4005,
        4006,
        4007,
        4014,
        4015,
        4016,
        4023,
        4024,
        4028,
        4045,
        4046,
        4047,
        4048,
        4061,
        4087,
        4118,
        4120,
        4131,
        4136,
        4140,
        4141,
        4164,
        4192,
        4400,
        4401,
        4509,
        5021,
        5022,
    ),
    not_done=_UNDONE | {"-5028"},
    not_done_texts=frozenset(
        {
            (503, "Service Unavailable."),
            (503, "Request throttled by system-level protection."),
            (503, "Server is currently overloaded"),
        }
    ),
    duplicate=frozenset({("-4116", "")}),
    as_asked=frozenset({"-4046"}),
    gone=frozenset({"-2011"}),
    absent=frozenset({"-2013"}),
    unknown_symbol=frozenset({"-1121"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=False,
    too_fast=frozenset(),
    wrong_time=frozenset({"-1021"}),
    silent_until_header="",
    no_more_stops=_codes(4045),
)


def _weighs(of_one: int, of_all: int | None = None) -> RequestWeight:
    """Return a weight; without *of_all* it is the same for one market and for all."""
    return RequestWeight(of_one=of_one, of_all=of_one if of_all is None else of_all)


_WEIGHTS: Final[Mapping[str, RequestWeight]] = {
    "publicGetTime": _weighs(1),
    "publicGetExchangeInfo": _weighs(20),
    "publicGetDepth": _weighs(5),
    "publicGetKlines": _weighs(2),
    "privateGetAccount": _weighs(20),
    "privateGetOrder": _weighs(4),
    "privateGetOpenOrders": _weighs(6, 80),
    "privateGetAllOrders": _weighs(20),
    "privateGetMyTrades": _weighs(20),
    "sapiGetAccountApiRestrictions": _weighs(1),  # Counted apart; more is safe.
    "sapiGetBnbBurn": _weighs(1),
    "sapiGetAssetWalletBalance": _weighs(60),
    "sapiGetAssetTransfer": _weighs(1),
    "fapiPublicGetTime": _weighs(1),
    "fapiPublicGetExchangeInfo": _weighs(1),
    "fapiPublicGetDepth": _weighs(5),  # 2 up to 50 levels; more is safe, and headers correct it.
    "fapiPublicGetPremiumIndex": _weighs(1, 10),
    "fapiPublicGetKlines": _weighs(5),  # Up to 1,000 rows; more are never asked for.
    "fapiPublicGetFundingRate": _weighs(1),  # Counted apart, 500 in five minutes; more is safe.
    "fapiDataGetOpenInterestHist": _weighs(1),  # Likewise, 1,000 in five minutes.
    "fapiPrivateV3GetAccount": _weighs(5),
    "fapiPrivateV3GetPositionRisk": _weighs(5),
    "fapiPrivateGetAccountConfig": _weighs(5),
    "fapiPrivateGetSymbolConfig": _weighs(5),
    "fapiPrivateGetLeverageBracket": _weighs(1),
    "fapiPrivateGetCommissionRate": _weighs(20),
    "fapiPrivateGetOrder": _weighs(1),
    "fapiPrivateGetOpenOrders": _weighs(1, 40),
    "fapiPrivateGetAllOrders": _weighs(5),
    "fapiPrivateGetAlgoOrder": _weighs(1),
    "fapiPrivateGetOpenAlgoOrders": _weighs(1, 40),
    "fapiPrivateGetAllAlgoOrders": _weighs(5),
    "fapiPrivateGetFeeBurn": _weighs(30),
    "fapiPrivateGetIncome": _weighs(30),
    "fapiPrivateGetUserTrades": _weighs(5),
    "dapiPublicGetTime": _weighs(1),
    "dapiPublicGetExchangeInfo": _weighs(1),
    "dapiPublicGetPremiumIndex": _weighs(10),
    "dapiPrivateGetAccount": _weighs(5),
    "dapiPrivateGetPositionRisk": _weighs(1),
    "dapiPrivateV2GetLeverageBracket": _weighs(1),
    "dapiPrivateGetOpenOrders": _weighs(1, 40),
}

BINANCE: Final = VenueProfile(
    venue_id="binance",
    kinds=frozenset(MarketKind),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: _PRODUCTION,  # The URLs stay; only the socket is moved.
            Environment.TESTNET: _DEMO,
            Environment.LIVE: _PRODUCTION,
        }
    ),
    sandbox=Switch.DEMO,
    paper_header=None,
    takes_passphrase=False,
    options=MappingProxyType(
        {
            "crossMarginPairsData": [],  # ccxt fills them when it loads all markets.
            "isolatedMarginPairsData": [],
        }
    ),
    desk_of_host=MappingProxyType(
        {
            "api.binance.com": Desk.SPOT,
            "fapi.binance.com": Desk.LINEAR,
            "dapi.binance.com": Desk.INVERSE,
            "demo-api.binance.com": Desk.SPOT,
            "demo-fapi.binance.com": Desk.LINEAR,
            "demo-dapi.binance.com": Desk.INVERSE,
        }
    ),
    client_id_pattern="[a-zA-Z0-9_-]{1,36}",
    codes=MappingProxyType({Desk.SPOT: _SPOT, Desk.LINEAR: _LINEAR, Desk.INVERSE: _LINEAR}),
    order_limits=MappingProxyType(
        {
            Desk.SPOT: (OrderLimit(count=100, seconds=10),),
            Desk.LINEAR: (OrderLimit(count=300, seconds=10), OrderLimit(count=1200, seconds=60)),
            Desk.INVERSE: (OrderLimit(count=1200, seconds=60),),
        }
    ),
    weight_limits=MappingProxyType({Desk.SPOT: 6000, Desk.LINEAR: 2400, Desk.INVERSE: 2400}),
    weights=MappingProxyType(_WEIGHTS),
    write_weight=1,  # Futures orders cost none.
    weight_header="x-mbx-used-weight-1m",
    order_count_headers=MappingProxyType(
        {
            10: "x-mbx-order-count-10s",
            60: "x-mbx-order-count-1m",
            86_400: "x-mbx-order-count-1d",
        }
    ),
    time_calls=MappingProxyType(
        {
            Desk.SPOT: "publicGetTime",
            Desk.LINEAR: "fapiPublicGetTime",
            Desk.INVERSE: "dapiPublicGetTime",
        }
    ),
    time_params=MappingProxyType({desk: {} for desk in Desk}),
    time_field="serverTime",
    stamp_window_ms=0,  # Requests name their own.
    ended_statuses=frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH"}),
    forced_prefixes=("autoclose-", "adl_autoclose", "settlement_autoclose-"),
    transfer_ways=TransferWays(into_futures="MAIN_UMFUTURE", out_of_futures="UMFUTURE_MAIN"),
    funding_cap_share=Decimal("0.75"),
    funding_hours=8,
    rests_stops=True,
    reads_coin_margined=True,
)
