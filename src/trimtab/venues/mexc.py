"""MEXC: spot v3, and perpetuals that settle in USDT by contract v1.

Pure data. Sources: MEXC "Spot V3" General Info, New Order, Error Code and Public API Definitions,
"Futures" Error Code, Place Order and Integration Guide (2026), ccxt 4.5.90 for hosts and for what
it sends. Refusals of coins come with 400, those of contracts with 200; 5xx is unknown by the
venue's own word. What it answers to a second order under a name is written nowhere, or in two ways,
so that codes about parameters as such, about a repeated request (603, 2042), about too many orders
(2037) and about a busy system are left out of the tables: an order that meets one is unknown, and
looked up. There is no sandbox.
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

_HOST: Final = "api.mexc.com"
_KEY: Final = frozenset(
    {
        *("400", "401", "402", "602", "10001", "10015", "10072", "10073", "60005", "70011"),
        *("700001", "700002", "700005", "700006", "700007", "700013", "730706"),
    }
)
"""What is wrong with the key, the account or where it is used."""
_ORDER: Final = frozenset(
    {
        *("-1121", "10007", "10095", "10096", "10097", "10098", "10101", "10102", "30000", "30001"),
        *("30002", "30003", "30004", "30005", "30010", "30014", "30016", "30018", "30019", "30020"),
        *("30021", "30025", "30027", "30028", "30029", "30032", "30041", "30087", "88013"),
    }
)
"""What is wrong with an order itself."""
_GONE: Final = frozenset({"-2011", "-2013"})
_WRONG_TIME: Final = frozenset({"700003"})
_TOO_FAST: Final = frozenset({"429", "510"})
_CONTRACT_KEY: Final = frozenset(
    {"401", "402", "406", "511", "602", "701", "702", "703", "704", "1000", "6001"}
)
_CONTRACT_ORDER: Final = frozenset(
    {
        *("1001", "1002", "1003", "1004", "2001", "2002", "2003", "2004", "2005", "2006", "2007"),
        *("2008", "2009", "2011", "2015", "2018", "2019", "2021", "2022", "2023", "2024", "2025"),
        *("2026", "2027", "2028", "2029", "2030", "2031", "2032", "2033", "2035", "2036", "2038"),
    }
)
"""What is wrong with an order of contracts, or with a setting of one."""
_CONTRACT_GONE: Final = frozenset({"2040", "2041"})
_CONTRACT_WRONG_TIME: Final = frozenset({"513"})

_SPOT: Final = CodeTable(
    refused=_KEY | _ORDER | _GONE,
    not_done=_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset(),  # It is not known what one is told.
    as_asked=frozenset(),
    gone=_GONE,
    absent=_GONE,
    unknown_symbol=frozenset({"-1121", "10007", "30014", "30021"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=False,
    too_fast=_TOO_FAST,
    wrong_time=_WRONG_TIME,
    silent_until_header="",
)
_LINEAR: Final = CodeTable(
    refused=_CONTRACT_KEY | _CONTRACT_ORDER | _CONTRACT_GONE,
    not_done=_CONTRACT_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset(),  # Two pages contradict each other.
    as_asked=frozenset(),
    gone=_CONTRACT_GONE,
    absent=frozenset({"2040"}),
    unknown_symbol=frozenset({"1001"}),
    code_field="code",
    text_field="message",
    is_told_with_200=True,
    too_fast=_TOO_FAST,
    wrong_time=_CONTRACT_WRONG_TIME,
    silent_until_header="",
    of_one=(("data.0.errorCode", "data.0.errorMsg"),),
)


def _weighing(weight: int) -> RequestWeight:
    """Return what a call costs, whatever it is about."""
    return RequestWeight(of_one=weight, of_all=weight)


_CONTRACT_READS: Final = (
    "contractPublicGetPing",
    "contractPublicGetTicker",
    "contractPublicGetDepthSymbol",
    "contractPublicGetKlineSymbol",
    "contractPublicGetFundingRateHistory",
    "contractPrivateGetAccountAssets",
    "contractPrivateGetAccountTransferRecord",
    "contractPrivateGetAccountTieredFeeRateV2",
    "contractPrivateGetPositionOpenPositions",
    "contractPrivateGetPositionPositionMode",
    "contractPrivateGetPositionLeverage",
    "contractPrivateGetPositionFundingRecords",
    "contractPrivateGetOrderExternalSymbolExternalOid",
    "contractPrivateGetOrderGetOrderId",
    "contractPrivateGetOrderListOpenOrders",
    "contractPrivateGetOrderListHistoryOrders",
    "contractPrivateGetOrderListOrderDealsV3",
    "contractPrivateGetPlanorderListOrders",
    "contractPrivateGetStoporderOpenOrders",
    "contractPrivateGetTrackorderListOrders",
)

MEXC: Final = VenueProfile(
    venue_id="mexc",
    kinds=frozenset({MarketKind.SPOT, MarketKind.SWAP}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset(),  # There is none.
            Environment.LIVE: frozenset({_HOST}),
        }
    ),
    sandbox=None,
    paper_header=None,
    takes_passphrase=False,
    options=MappingProxyType({"broker": "trimtab"}),  # ccxt would send its own name.
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT}),
    client_id_pattern="[a-zA-Z0-9_-]{1,32}",
    codes=MappingProxyType({Desk.SPOT: _SPOT, Desk.LINEAR: _LINEAR}),
    # Coins: twelve in a second, orders and cancels together, half of which is left for cancels.
    # Contracts: four in two seconds, whenever they begin.
    order_limits=MappingProxyType(
        {
            Desk.SPOT: (OrderLimit(count=6, seconds=1),),
            Desk.LINEAR: (OrderLimit(count=2, seconds=2),),
        }
    ),
    # Three hundred in ten seconds, whenever they begin: half of it in each of ours. Of contracts
    # each question has twenty in two seconds for itself; a hundred in ten is kept for all.
    weight_limits=MappingProxyType({Desk.SPOT: 150, Desk.LINEAR: 100}),
    weight_window_s=10,
    weights=MappingProxyType(
        {
            "spotPublicGetTime": _weighing(1),
            "spotPublicGetExchangeInfo": _weighing(
                15
            ),  # Twenty-five in a minute, or ten of weight.
            "spotPublicGetDepth": _weighing(3),
            "spotPublicGetKlines": _weighing(1),
            "spotPrivateGetAccount": _weighing(10),
            "spotPrivateGetTradeFee": _weighing(20),
            "spotPrivateGetApiKeyInfo": _weighing(1),
            "spotPrivateGetOrder": _weighing(2),
            "spotPrivateGetOpenOrders": _weighing(3),
            "spotPrivateGetAllOrders": _weighing(10),
            "spotPrivateGetMyTrades": _weighing(10),
            "contractPublicGetDetail": _weighing(40),  # Once in five seconds.
            **dict.fromkeys(_CONTRACT_READS, _weighing(1)),
        }
    ),
    write_weight=1,
    weight_header="",  # No answer tells what the address has used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    time_calls=MappingProxyType(
        {Desk.SPOT: "spotPublicGetTime", Desk.LINEAR: "contractPublicGetPing"}
    ),
    time_params=MappingProxyType({Desk.SPOT: {}, Desk.LINEAR: {}}),
    time_field="serverTime",
    time_fields=MappingProxyType({Desk.LINEAR: "data"}),
    # Requests about coins name their own. One about contracts has a header for it that two pages
    # spell in two ways; without it ten seconds hold.
    stamp_window_ms=10_000,
    # Statuses of contracts are numbers: 3 filled, 4 cancelled, 5 invalid.
    ended_statuses=frozenset({"FILLED", "CANCELED", "PARTIALLY_CANCELED", "3", "4", "5"}),
    forced_prefixes=(),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    # BTC_USDT: 0.0018 at most, and 0.001 is its first rate of maintenance.
    funding_cap_share=Decimal(3),
    funding_hours=8,
)
