"""OKX v5, one trading account: coins, and perpetuals that settle in USDT.

Pure data. Sources: OKX API v5 "Error Code", "Place order", "Order details", "Place algo order",
"Transaction timeouts", "Rate limits" and "Demo trading" (2026), ccxt 4.5.90 for hosts. Refusals of
orders come with status 200, code 1 and a code of their own for the order. A code that may stand for
something half done (50001, 50004, 50013, 50026, 50037, 51054, 51149) is left out of the table: the
order is then unknown, and looked up.
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

_HOST: Final = "www.okx.com"
_ONE: Final = RequestWeight(of_one=1, of_all=1)
_KEY: Final = frozenset(
    {
        *("50007", "50008", "50009", "50010", "50012", "50027", "50028", "50029", "50030", "50032"),
        *("50033", "50035", "50038", "50041", "50051", "50052", "50059", "50060", "50100", "50101"),
        *("50103", "50104", "50105", "50106", "50107", "50110", "50111", "50113", "50114"),
    }
)
"""What is wrong with the key, the account or where it is used."""
_FORM: Final = frozenset(
    {"50000", "50002", "50006", "50014", "50015", "50016", "50024", "50025", "50115"}
)
"""What is wrong with the form of a request."""
_ORDER: Final = frozenset(
    {
        *("51000", "51001", "51003", "51004", "51005", "51006", "51007", "51008", "51009", "51010"),
        *("51012", "51015", "51020", "51021", "51022", "51024", "51025", "51027", "51028", "51029"),
        *("51030", "51031", "51100", "51101", "51102", "51103", "51104", "51105", "51106", "51107"),
        *("51112", "51116", "51118", "51119", "51120", "51121", "51122", "51124", "51127", "51129"),
        *("51131", "51135", "51136", "51137", "51138", "51139", "51155", "51174", "51185", "51203"),
        *("51204", "51205", "51023"),
    }
)
"""What is wrong with an order itself."""
_STOP: Final = frozenset(
    {
        *("51058", "51169", "51170", "51250", "51252", "51261", "51275", "51276", "51278", "51280"),
        *("51298", "51299", "51302", "51304", "51317", "51328", "51330"),
    }
)
"""What is wrong with an order that waits for its trigger, or with one that only reduces."""
_GONE: Final = frozenset({"51400", "51401", "51402", "51603"})
_WRONG_TIME: Final = frozenset({"50036", "50102", "50112"})

_CODES: Final = CodeTable(
    refused=_KEY | _FORM | _ORDER | _STOP | _GONE,
    not_done=_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset({("51016", ""), ("51065", ""), ("51068", "")}),
    as_asked=frozenset(),
    gone=_GONE,
    no_more_stops=frozenset({"51261"}),
    absent=frozenset({"51603"}),
    unknown_symbol=frozenset({"51001"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=True,
    too_fast=frozenset({"50011", "50040", "50061"}),
    wrong_time=_WRONG_TIME,
    silent_until_header="",
    of_one=(("data.0.sCode", "data.0.sMsg"),),
)

_READS: Final = (
    "publicGetPublicTime",
    "publicGetPublicInstruments",
    "publicGetPublicPriceLimit",
    "publicGetMarketBooks",
    "publicGetMarketHistoryCandles",
    "privateGetAccountConfig",
    "privateGetAccountBalance",
    "privateGetAccountTradeFee",
    "privateGetTradeOrder",
    "privateGetTradeOrdersPending",
    "privateGetTradeOrderAlgo",
    "privateGetTradeOrdersAlgoPending",
    "privateGetTradeOrdersAlgoHistory",
    "privateGetTradeOrdersHistory",
    "privateGetTradeOrdersHistoryArchive",
    "privateGetTradeFills",
    "privateGetTradeFillsHistory",
    "publicGetPublicMarkPrice",
    "publicGetPublicFundingRate",
    "publicGetPublicFundingRateHistory",
    "publicGetPublicPositionTiers",
    "publicGetMarketIndexTickers",
    "privateGetAccountPositions",
    "privateGetAccountLeverageInfo",
    "privateGetAccountBills",
    "privateGetAccountBillsArchive",
)

OKX: Final = VenueProfile(
    venue_id="okx",
    kinds=frozenset({MarketKind.SPOT, MarketKind.SWAP}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset({_HOST}),
            Environment.LIVE: frozenset({_HOST}),
        }
    ),
    sandbox=Switch.SANDBOX,
    paper_header=("x-simulated-trading", "1"),
    takes_passphrase=True,
    options=MappingProxyType({"brokerId": ""}),  # ccxt would send its own name.
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT}),
    client_id_pattern="[a-zA-Z0-9]{1,32}",
    codes=MappingProxyType({Desk.SPOT: _CODES, Desk.LINEAR: _CODES}),
    # Sixty in two seconds for each market; a tenth of it for all of them together is safe.
    order_limits=MappingProxyType(
        dict.fromkeys((Desk.SPOT, Desk.LINEAR), (OrderLimit(count=10, seconds=1),))
    ),
    # Each question has its own limit, five in two seconds at the least, and no common weight.
    weight_limits=MappingProxyType({Desk.SPOT: 600, Desk.LINEAR: 600}),
    weights=MappingProxyType(dict.fromkeys(_READS, _ONE)),
    write_weight=1,
    weight_header="",  # No answer tells what the address has used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType(dict.fromkeys((Desk.SPOT, Desk.LINEAR), "publicGetPublicTime")),
    time_params=MappingProxyType({Desk.SPOT: {}, Desk.LINEAR: {}}),
    time_field="data.0.ts",
    # Orders name until when they are taken; their time stamp ends half a minute after it.
    stamp_window_ms=30_000,
    ended_statuses=frozenset({"filled", "canceled", "mmp_canceled"}),
    forced_prefixes=(),
    # Rates of a settlement were capped at 1.5 per cent where the first step maintains 1 per cent.
    funding_cap_share=Decimal(2),
    funding_hours=8,
    rests_stops=True,
)
"""OKX v5."""
