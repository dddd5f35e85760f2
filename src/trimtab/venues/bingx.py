"""BingX: spot, and perpetuals that settle in USDT.

Pure data. Sources: BingX API "Signature", "Rate limit", "Error Codes", spot "Place order" and
"Query Order details", USDT-M "Place order" and "Query Order details", 2025-11 and 2026-04; ccxt
4.5.90 for hosts and for what it sends. Refusals come with status 200, and an order's answer says
only that it was received. A code that the documents also give to a busy system, or that may stand
for a name that is taken (100400, 101400), for an order that was taken and then cancelled (101215,
102201), or for an account that is busy (101214, 101219, 101412), is left out of the table: the
order is then unknown, and looked up.
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

_HOST: Final = "open-api.bingx.com"
_ONE: Final = RequestWeight(of_one=1, of_all=1)
_KEY: Final = frozenset(
    {
        *("100001", "100004", "100403", "100412", "100413", "100414", "100419", "100441"),
        *("101210", "101483", "101484", "104414"),
    }
)
"""What is wrong with the key, the account or where it is used."""
_SPOT_ORDER: Final = frozenset({"100202", "100437", "100440", "100450", "100490", "101402"})
"""What is wrong with an order of coins, or with a move between wallets."""
_LINEAR_ORDER: Final = frozenset(
    {
        *("80012", "80013", "80014", "101201", "101202", "101204", "101205", "101206", "101209"),
        *("101211", "101212", "101222", "101253", "101290", "101413", "101414", "101415"),
        *("101419", "101429", "101434", "101460", "101461", "101485", "109400", "109403"),
        *("109417", "109420", "109425", "109430", "110203", "110280", "110287", "110400"),
        *("110402", "110422", "110424", "110425", "110426", "112414"),
    }
)
_SETTING: Final = frozenset({"104103", "104108"})
"""Why a setting is not changed."""
_SPOT_GONE: Final = frozenset({"100404"})
_LINEAR_GONE: Final = frozenset({"80016", "80018", "109421", "109422"})
_WRONG_TIME: Final = frozenset({"100421"})
_TOO_FAST: Final = frozenset({"100410", "109429"})

_SPOT: Final = CodeTable(
    refused=_KEY | _SPOT_ORDER | _SPOT_GONE,
    not_done=_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset({("101481", ""), ("109201", "")}),
    as_asked=frozenset(),
    gone=_SPOT_GONE,
    absent=_SPOT_GONE,
    unknown_symbol=frozenset({"100490"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=True,
    too_fast=_TOO_FAST,
    wrong_time=_WRONG_TIME,
    silent_until_header="",
)
_LINEAR: Final = CodeTable(
    refused=_KEY | _LINEAR_ORDER | _SETTING | _LINEAR_GONE,
    not_done=_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset({("101481", ""), ("109201", "")}),
    as_asked=frozenset(),
    gone=_LINEAR_GONE,
    absent=frozenset({"80016", "109421"}),
    unknown_symbol=frozenset({"109425"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=True,
    too_fast=_TOO_FAST,
    wrong_time=_WRONG_TIME,
    silent_until_header="",
)

_READS: Final = (
    "spotV1PublicGetServerTime",
    "spotV1PublicGetCommonSymbols",
    "spotV1PublicGetMarketDepth",
    "spotV1PublicGetMarketKline",
    "spotV1PrivateGetAccountBalance",
    "spotV1PrivateGetUserCommissionRate",
    "spotV1PrivateGetTradeQuery",
    "spotV1PrivateGetTradeOpenOrders",
    "spotV1PrivateGetTradeHistoryOrders",
    "spotV1PrivateGetTradeMyTrades",
    "accountV1PrivateGetAccountApiPermissions",
    "apiV3PrivateGetAssetTransferRecord",
    "swapV2PublicGetServerTime",
    "swapV2PublicGetQuoteContracts",
    "swapV2PublicGetQuoteDepth",
    "swapV2PublicGetQuotePremiumIndex",
    "swapV2PublicGetQuoteFundingRate",
    "swapV3PublicGetQuoteKlines",
    "swapV3PrivateGetUserBalance",
    "swapV2PrivateGetUserPositions",
    "cswapV1PrivateGetUserPositions",
    "swapV2PrivateGetUserIncome",
    "swapV2PrivateGetUserCommissionRate",
    "swapV1PrivateGetTradeAssetMode",
    "swapV1PrivateGetPositionSideDual",
    "swapV1PrivateGetMaintMarginRatio",
    "swapV2PrivateGetTradeMarginType",
    "swapV2PrivateGetTradeLeverage",
    "swapV2PrivateGetTradeOrder",
    "swapV2PrivateGetTradeOpenOrders",
    "swapV2PrivateGetTradeAllOrders",
    "swapV2PrivateGetTradeFillHistory",
)

BINGX: Final = VenueProfile(
    venue_id="bingx",
    kinds=frozenset({MarketKind.SPOT, MarketKind.SWAP}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            # Its host of virtual money has contracts only, and every account here has coins.
            Environment.TESTNET: frozenset(),
            Environment.LIVE: frozenset({_HOST}),
        }
    ),
    sandbox=None,
    paper_header=None,
    takes_passphrase=False,
    options=MappingProxyType({"broker": " "}),  # Else ccxt sends its own name; empty is none.
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT}),
    client_id_pattern="[a-z0-9]{1,40}",
    codes=MappingProxyType({Desk.SPOT: _SPOT, Desk.LINEAR: _LINEAR}),
    order_limits=MappingProxyType(
        dict.fromkeys((Desk.SPOT, Desk.LINEAR), (OrderLimit(count=5, seconds=1),))
    ),
    # Market data have 1,000 in a minute, all else more; a minute's least is kept for all.
    weight_limits=MappingProxyType({Desk.SPOT: 900, Desk.LINEAR: 900}),
    weights=MappingProxyType(dict.fromkeys(_READS, _ONE)),
    write_weight=1,
    weight_header="",  # No answer tells what the address has used of all.
    order_count_headers=MappingProxyType(dict[int, str]()),
    time_calls=MappingProxyType(
        {
            Desk.SPOT: "spotV1PublicGetServerTime",
            Desk.LINEAR: "swapV2PublicGetServerTime",
        }
    ),
    time_params=MappingProxyType({Desk.SPOT: {}, Desk.LINEAR: {}}),
    time_field="data.serverTime",
    # Requests name their own window; older pages say thirty seconds, and the longer is waited out.
    stamp_window_ms=30_000,
    ended_statuses=frozenset({"FILLED", "CANCELED", "CANCELLED", "FAILED", "EXPIRED"}),
    forced_prefixes=(),
    transfer_ways=TransferWays(into_futures="USDTMPerp", out_of_futures="spot"),
    funding_cap_share=Decimal(1),
    funding_hours=8,
)
