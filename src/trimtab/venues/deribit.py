"""Deribit v2: coins, and perpetuals that settle in their quote.

Pure data. Sources: docs.deribit.com "private/buy", "Accessing Historical Trades and Orders Using
API", "Rate Limits" and the list of error codes (2026), ccxt 4.5.90 for hosts. Everything is asked
by GET, orders too. A code that may stand for something half done (10001, 10003, 11031, 11094,
13008, 13028, 13888) is left out: the order is then unknown, and looked up.
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

_LIVE: Final = "www.deribit.com"
_TEST: Final = "test.deribit.com"
_ONE: Final = RequestWeight(of_one=1, of_all=1)
_KEY: Final = frozenset(
    {"9999", "10000", "10019", "11042", "13002", "13004", "13012", "13021", "13025"}
)
"""What is wrong with the key or the account."""
_FORM: Final = frozenset(
    {
        *("10020", "10030", "10031", "10033", "11029", "11043", "11047", "11049", "11050", "13010"),
        *("13011", "13016", "13020", "-32600", "-32601", "-32602"),
    }
)
"""What is wrong with the form of a request."""
_ORDER: Final = frozenset(
    {
        *("10002", "10005", "10006", "10007", "10008", "10009", "10011", "10012", "10021"),
        *("10022", "10023", "10025", "10026", "10027", "10029", "10032", "10043", "11030", "11055"),
        *("11059", "11060", "13019"),
    }
)
"""What is wrong with an order itself."""
_GONE: Final = frozenset({"10004", "10010", "11008", "11044"})
_WRONG_TIME: Final = frozenset({"13009"})
"""A stamp that is too old makes a bad signature; so does a wrong secret."""

_ALL: Final = CodeTable(
    refused=_KEY | _FORM | _ORDER | _GONE,
    not_done=_WRONG_TIME | {"10040", "10041", "11051"},
    not_done_texts=frozenset(),
    duplicate=frozenset(),  # Labels may repeat.
    as_asked=frozenset(),
    gone=_GONE,
    absent=frozenset({"10004"}),
    unknown_symbol=frozenset({"10020", "13020"}),
    code_field="error.code",
    text_field="error.message",
    is_told_with_200=True,
    too_fast=frozenset({"10028", "10047", "10066"}),
    wrong_time=_WRONG_TIME,
    silent_until_header="",
    writes_with_get=True,
)

DERIBIT: Final = VenueProfile(
    venue_id="deribit",
    kinds=frozenset({MarketKind.SPOT, MarketKind.SWAP}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset({_TEST}),
            Environment.LIVE: frozenset({_LIVE}),
        }
    ),
    sandbox=Switch.SANDBOX,
    paper_header=None,
    takes_passphrase=False,
    options=MappingProxyType(dict[str, object]()),
    desk_of_host=MappingProxyType({_LIVE: Desk.SPOT, _TEST: Desk.SPOT}),
    client_id_pattern="[a-zA-Z0-9_-]{1,64}",
    codes=MappingProxyType({Desk.SPOT: _ALL, Desk.LINEAR: _ALL}),
    # Sustained for all markets together; twenty may come at once.
    order_limits=MappingProxyType(
        dict.fromkeys((Desk.SPOT, Desk.LINEAR), (OrderLimit(count=5, seconds=1),))
    ),
    # Twenty in a second, sustained, for both desks.
    weight_limits=MappingProxyType({Desk.SPOT: 600, Desk.LINEAR: 600}),
    weights=MappingProxyType(
        dict.fromkeys(
            (
                "publicGetGetTime",
                "publicGetGetInstruments",
                "publicGetGetOrderBook",
                "publicGetGetTradingviewChartData",
                "publicGetTicker",
                "publicGetGetFundingRateHistory",
                "privateGetGetAccountSummaries",
                "privateGetGetOpenOrders",
                "privateGetGetOpenOrdersByInstrument",
                "privateGetGetOrderState",
                "privateGetGetOrderStateByLabel",
                "privateGetGetOrderHistoryByInstrument",
                "privateGetGetUserTradesByInstrumentAndTime",
                "privateGetGetPositions",
                "privateGetGetTransactionLog",
                "privateGetListApiKeys",
            ),
            _ONE,
        )
    ),
    write_weight=1,
    weight_header="",  # No answer tells what was used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType(dict.fromkeys((Desk.SPOT, Desk.LINEAR), "publicGetGetTime")),
    time_params=MappingProxyType({Desk.SPOT: {}, Desk.LINEAR: {}}),
    time_field="result",
    stamp_window_ms=0,  # Orders name until when they are valid.
    ended_statuses=frozenset({"filled", "cancelled", "rejected"}),
    forced_prefixes=(),
    funding_cap_share=Decimal(1),
    funding_hours=1,  # It is paid all the time, and told by the hour.
)
