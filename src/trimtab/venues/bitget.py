"""Bitget v2, classic account: spot, and contracts that settle in USDT.

Pure data. Sources: Bitget API v2 "Place Order", "Signature", "RestAPI Demo Trading", "FAQ" and
"REST API Error Codes" (2025-12), ccxt 4.5.90 for hosts and for what it sends. Refusals come with
400 or with 200, and an order's answer says only that it was received. A code that the FAQ names
among those of a release (40015, 40725, 40808, 45001), or that may stand for something half done,
is left out of the table: the order is then unknown, and looked up.
"""

from __future__ import annotations

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

_HOST: Final = "api.bitget.com"
_ONE: Final = RequestWeight(of_one=1, of_all=1)
_KEY: Final = frozenset(
    {
        *("40000", "40001", "40002", "40003", "40006", "40007", "40009", "40011", "40012", "40013"),
        *("40014", "40016", "40018", "40022", "40023", "40024", "40025", "40026", "40031", "40035"),
        *("40036", "40037", "40038", "40040", "40041", "40068", "40081", "40085", "40099", "40100"),
        *("40101", "40103", "40104", "40105", "40110", "40111", "40199", "40301"),
    }
)
"""What is wrong with the key, the account or where it is used; 40085: the account is unified."""
_FORM: Final = frozenset(
    {
        *("40017", "40019", "40020", "40034", "40053", "40054", "40057", "40058", "40059", "40064"),
        *("40072", "40102", "40304", "40305", "40309", "40402", "40404", "40724", "40811", "40812"),
        *("40813", "40822", "40924", "41002", "41100", "41101", "41103", "42016", "43011", "43048"),
        *("43058", "48001", "48002", "400171", "400172"),
    }
)
"""What is wrong with the form of a request."""
_MONEY: Final = frozenset(
    {
        *("40711", "40712", "40754", "40756", "40757", "40762", "40798", "40800", "40801", "43012"),
        *("43117", "43132", "45002", "45003", "45005", "45009", "50020"),
    }
)
_ORDER: Final = frozenset(
    {
        *("40706", "40715", "40716", "40717", "40723", "40748", "40752", "40753", "40755", "40758"),
        *("40761", "40774", "40778", "40804", "40805", "40806", "40807", "40815", "40816", "40844"),
        *("40845", "40916", "40921", "40928", "40931", "43005", "43006", "43007", "43008", "43009"),
        *("43010", "43027", "43028", "43037", "43038", "43039", "43040", "43041", "43042", "43049"),
        *("43075", "43128", "45018", "45020", "45021", "45025", "45035", "45043", "45107", "45108"),
        *("45109", "45110", "45111", "45112", "45113", "45114", "45115", "45116", "45118", "45119"),
        *("45120", "46013", "70223", "70224", "70225", "70227"),
    }
)
"""What is wrong with an order itself."""
_SETTING: Final = frozenset(
    {"40730", "40872", "40893", "40903", "43050", "45044", "45045", "45097", "45117"}
)
"""Why a setting of a contract is not changed."""
_GONE: Final = frozenset(
    {"22001", "40109", "40768", "43001", "43004", "45031", "45055", "45056", "45057"}
)
_ABSENT: Final = frozenset({"40109", "40768", "43001", "45057"})
_WRONG_TIME: Final = frozenset({"40004", "40005", "40008", "40078"})

_CODES: Final = CodeTable(
    refused=_KEY | _FORM | _MONEY | _ORDER | _SETTING | _GONE,
    not_done=_WRONG_TIME | {"40200"},
    not_done_texts=frozenset(),
    duplicate=frozenset(
        (code, "") for code in ("40708", "40786", "43118", "45034", "50060", "25212")
    ),
    as_asked=frozenset({"40814", "45054"}),
    gone=_GONE,
    absent=_ABSENT,
    unknown_symbol=frozenset({"40034", "40072", "40102", "42016"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=True,
    too_fast=frozenset({"429"}),
    wrong_time=_WRONG_TIME,
    silent_until_header="",
)

_READS: Final = (
    "publicSpotGetV2SpotMarketTickers",
    "publicSpotGetV2SpotPublicSymbols",
    "publicSpotGetV2SpotMarketOrderbook",
    "publicSpotGetV2SpotMarketHistoryCandles",
    "privateSpotGetV2SpotAccountAssets",
    "privateSpotGetV2SpotAccountInfo",
    "privateSpotGetV2SpotAccountTransferRecords",
    "privateSpotGetV2SpotTradeOrderInfo",
    "privateSpotGetV2SpotTradeUnfilledOrders",
    "privateSpotGetV2SpotTradeCurrentPlanOrder",
    "privateSpotGetV2SpotTradeHistoryOrders",
    "privateSpotGetV2SpotTradeFills",
    "privateCommonGetV2CommonTradeRate",
    "publicMixGetV2MixMarketContracts",
    "publicMixGetV2MixMarketTicker",
    "publicMixGetV2MixMarketMergeDepth",
    "publicMixGetV2MixMarketQueryPositionLever",
    "publicMixGetV2MixMarketHistoryCandles",
    "publicMixGetV2MixMarketHistoryFundRate",
    "publicMixGetV2MixMarketSymbolPrice",
    "privateMixGetV2MixAccountAccounts",
    "privateMixGetV2MixAccountAccount",
    "privateMixGetV2MixAccountBill",
    "privateMixGetV2MixPositionAllPosition",
    "privateMixGetV2MixOrderDetail",
    "privateMixGetV2MixOrderOrdersPending",
    "privateMixGetV2MixOrderOrdersPlanPending",
    "privateMixGetV2MixOrderOrdersHistory",
    "privateMixGetV2MixOrderFills",
)

BITGET: Final = VenueProfile(
    venue_id="bitget",
    kinds=frozenset({MarketKind.SPOT, MarketKind.SWAP}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset({_HOST}),
            Environment.LIVE: frozenset({_HOST}),
        }
    ),
    sandbox=Switch.SANDBOX,
    paper_header=("PAPTRADING", "1"),
    takes_passphrase=True,
    options=MappingProxyType({"broker": "", "uta": False}),  # ccxt would send its own name.
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT}),
    client_id_pattern="[.A-Z:/a-z0-9_-]{1,32}",
    codes=MappingProxyType({Desk.SPOT: _CODES, Desk.LINEAR: _CODES}),
    order_limits=MappingProxyType(
        dict.fromkeys((Desk.SPOT, Desk.LINEAR), (OrderLimit(count=10, seconds=1),))
    ),
    # Each question has its own limit, ten in a second at the least, and there is no common weight.
    weight_limits=MappingProxyType({Desk.SPOT: 600, Desk.LINEAR: 600}),
    weights=MappingProxyType(dict.fromkeys(_READS, _ONE)),
    write_weight=1,
    weight_header="",  # No answer tells what the address has used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    # Every answer says when it was asked. ccxt leaves the paper header off the venue's own
    # question for the time, and nothing without it may leave.
    time_calls=MappingProxyType(
        {
            Desk.SPOT: "publicSpotGetV2SpotMarketTickers",
            Desk.LINEAR: "publicMixGetV2MixMarketSymbolPrice",
        }
    ),
    time_field="requestTime",
    time_params=MappingProxyType(
        {
            Desk.SPOT: {"symbol": "BTCUSDT"},
            Desk.LINEAR: {"symbol": "BTCUSDT", "productType": "USDT-FUTURES"},
        }
    ),
    stamp_window_ms=30_000,
    ended_statuses=frozenset({"filled", "cancelled", "canceled"}),
    forced_prefixes=(),
    transfer_ways=TransferWays(into_futures="usdt_futures", out_of_futures="spot"),
    funding_cap_share=Decimal(1),
    funding_hours=8,
)
