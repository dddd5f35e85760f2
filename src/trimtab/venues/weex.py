"""WEEX v3: spot, and perpetuals that settle in USDT.

Pure data. Sources: WEEX API v3 "Place Order", "Get Order Details", "Get Trade History", "Error
Codes" and "FAQs" (2026-03), v1 "Standard Specifications" for the time stamp, ccxt 4.5.90 for hosts
and for codes of contracts; "Contract" v3 for weights (2026-07).
It has no sandbox for coins and no question for what a key may do. With which status a refusal comes
is not said, so that the code decides. Codes that may stand for something half done (-1000, -1054)
are left out: the order is then unknown, and looked up. That too little is free has no code of its
own in the documents, and is such a case.
"""

from __future__ import annotations

from dataclasses import replace
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

_HOST: Final = "api-spot.weex.com"
_CONTRACTS: Final = "api-contract.weex.com"
_KEY: Final = frozenset(
    {
        *("-1040", "-1041", "-1042", "-1044", "-1045", "-1047", "-1049", "-1050", "-1051", "-1052"),
        *("-1053", "-1055", "-1056", "-1057", "-1058", "-1190"),
    }
)
"""What is wrong with the key, the account, or where it is used."""
_FORM: Final = frozenset(
    {
        *("-1115", "-1116", "-1117", "-1121", "-1128", "-1135", "-1140", "-1141", "-1142", "-1150"),
        *("-1160", "-1170", "-1171", "-1180", "-2007"),
    }
)
"""What is wrong with the form of a request."""
_ORDER: Final = frozenset({"-3006", "-3007", "-3235", "-3236", "-3313", "-3613"})
"""What is wrong with an order or a setting of a contract."""
_GONE: Final = frozenset({"-2200"})
_CONTRACT_GONE: Final = frozenset({"-3200"})
_WRONG_TIME: Final = frozenset({"-1043", "-1046"})

_SPOT: Final = CodeTable(
    refused=_KEY | _FORM | _GONE,
    not_done=_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset(),  # A name that is taken is answered as the first order was.
    as_asked=frozenset(),
    gone=_GONE,
    absent=_GONE,
    unknown_symbol=frozenset({"-1121", "-2007"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=True,
    too_fast=frozenset({"429"}),
    wrong_time=_WRONG_TIME,
    silent_until_header="",
)
_LINEAR: Final = replace(
    _SPOT,
    refused=_KEY | _FORM | _ORDER | _CONTRACT_GONE,
    gone=_CONTRACT_GONE,
    absent=_CONTRACT_GONE,
    unknown_symbol=frozenset({"-1121"}),
    of_one=(("errorCode", "errorMessage"),),
    done_marks=("success",),
)


def _weight(count: int) -> RequestWeight:
    """Return what a question costs, about one market or about all."""
    return RequestWeight(of_one=count, of_all=count)


WEEX: Final = VenueProfile(
    venue_id="weex",
    kinds=frozenset({MarketKind.SPOT, MarketKind.SWAP}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset(),  # Demo trading has contracts only.
            Environment.LIVE: frozenset({_HOST, _CONTRACTS}),
        }
    ),
    sandbox=None,
    paper_header=None,
    takes_passphrase=True,
    options=MappingProxyType({"partner": ""}),  # ccxt would name itself.
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT, _CONTRACTS: Desk.LINEAR}),
    client_id_pattern="[a-zA-Z0-9_-]{1,36}",
    codes=MappingProxyType({Desk.SPOT: _SPOT, Desk.LINEAR: _LINEAR}),
    order_limits=MappingProxyType(
        dict.fromkeys((Desk.SPOT, Desk.LINEAR), (OrderLimit(count=100, seconds=60),))
    ),
    weight_limits=MappingProxyType({Desk.SPOT: 500, Desk.LINEAR: 500}),
    weight_window_s=10,
    weights=MappingProxyType(
        {
            "publicGetApiV3Time": _weight(1),
            "publicGetApiV3ExchangeInfo": _weight(20),
            "publicGetApiV3MarketDepth": _weight(5),
            "publicGetApiV3MarketKlines": _weight(2),
            "privateGetApiV3Account": _weight(5),
            "privateGetApiV3Order": _weight(2),
            "privateGetApiV3OpenOrders": _weight(3),
            "privateGetApiV3AllOrders": _weight(10),
            "privateGetApiV3MyTrades": _weight(5),
            "contractGetCapiV3MarketTime": _weight(1),
            "contractGetCapiV3MarketExchangeInfo": _weight(1),
            "contractGetCapiV3MarketApiTradingSymbols": _weight(5),
            "contractGetCapiV3MarketDepth": _weight(1),
            "contractGetCapiV3MarketPremiumIndex": _weight(1),
            "contractGetCapiV3MarketHistoryKlines": _weight(5),
            "contractGetCapiV3MarketFundingRate": _weight(5),
            "contractPrivateGetCapiV3AccountAccountConfig": _weight(10),
            "contractPrivateGetCapiV3AccountSymbolConfig": _weight(10),
            "contractPrivateGetCapiV3AccountBalance": _weight(10),
            "contractPrivateGetCapiV3AccountCommissionRate": _weight(10),
            "contractPrivateGetCapiV3AccountPositionAllPosition": _weight(15),
            "contractPrivateGetCapiV3AccountPositionSinglePosition": _weight(3),
            "contractPrivatePostCapiV3AccountIncome": _weight(5),
            "contractPrivateGetCapiV3Order": _weight(3),
            "contractPrivateGetCapiV3OpenOrders": _weight(5),
            "contractPrivateGetCapiV3OpenAlgoOrders": _weight(3),
            "contractPrivateGetCapiV3OrderHistory": _weight(10),
            "contractPrivateGetCapiV3UserTrades": _weight(5),
        }
    ),
    write_weight=20,  # A change of the margin mode; an order costs 5.
    weight_header="",  # No answer is said to tell what was used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType(
        {Desk.SPOT: "publicGetApiV3Time", Desk.LINEAR: "contractGetCapiV3MarketTime"}
    ),
    time_params=MappingProxyType({Desk.SPOT: {}, Desk.LINEAR: {}}),
    time_field="serverTime",
    stamp_window_ms=30_000,
    ended_statuses=frozenset({"FILLED", "CANCELED", "CANCELLED", "EXPIRED", "REJECTED"}),
    forced_prefixes=(),
    funding_cap_share=Decimal(1),
    funding_hours=8,
    tells_rights=False,
    tells_maintenance=False,
)
