"""KuCoin spot: the trade account, by the orders that its documents call hf.

Pure data. Sources: KuCoin API "Gateway error code", "Spot error code", "Authentication", "Rate
Limit", "Add Order", 2025-11; ccxt 4.5.90 for hosts. Its contracts are facts only. One code, 400100,
stands for whatever is wrong with what is asked: an order that is not there, a name that is taken,
too little that is free. It is told apart by its text, and without one that is known it proves
nothing; so do 408000 and 500000.
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

_HOST: Final = "api.kucoin.com"
_KEY: Final = frozenset(
    {
        *("400001", "400003", "400004", "400005", "400006", "400007", "400008", "400009", "400010"),
        *("400301", "400302", "400303", "400500", "400700", "411100", "200009"),
    }
)
"""What is wrong with the key, the account or where it is used."""
_FORM: Final = frozenset({"404000", "415000"})
"""What is wrong with the form of a request."""
_ORDER: Final = frozenset(
    {"200001", "200003", "200004", "400200", "400600", "400760", "600101", "600203"}
)
"""What is wrong with an order itself."""
_NOT_THERE: Final = ("order_not_exist", "rder not exist", "order does not exist")
_GONE: Final = frozenset({"order_not_exist", *(f"400100:{text}" for text in _NOT_THERE)})
_TAKEN: Final = "clientOidDuplicated"
_TOO_LITTLE: Final = "account.available.amount"
_WRONG_TIME: Final = frozenset({"400002"})

_SPOT: Final = CodeTable(
    refused=_KEY | _FORM | _ORDER | _GONE | {f"400100:{_TOO_LITTLE}"},
    not_done=_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset({(f"400100:{_TAKEN}", "")}),
    as_asked=frozenset(),
    gone=_GONE,
    absent=_GONE,
    unknown_symbol=frozenset({"400600"}),
    code_field="code",
    text_field="msg",
    is_told_with_200=True,
    too_fast=frozenset({"429000"}),
    wrong_time=_WRONG_TIME,
    silent_until_header="",
    silent_for_header="gw-ratelimit-reset",
    told_apart=tuple(("400100", text) for text in (*_NOT_THERE, _TAKEN, _TOO_LITTLE)),
)


def _weight(count: int) -> RequestWeight:
    """Return what a question costs, about one market or about all."""
    return RequestWeight(of_one=count, of_all=count)


KUCOIN: Final = VenueProfile(
    venue_id="kucoin",
    kinds=frozenset({MarketKind.SPOT}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset(),  # Its sandbox was closed.
            Environment.LIVE: frozenset({_HOST}),
        }
    ),
    sandbox=None,
    paper_header=None,
    takes_passphrase=True,
    options=MappingProxyType({"partner": ""}),  # ccxt would name itself.
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT}),
    client_id_pattern="[0-9A-Za-z_-]{1,40}",
    codes=MappingProxyType({Desk.SPOT: _SPOT}),
    order_limits=MappingProxyType({Desk.SPOT: (OrderLimit(count=45, seconds=3),)}),
    # Three pools, of which the least hold 2000 in half a minute; all are counted as one.
    weight_limits=MappingProxyType({Desk.SPOT: 2000}),
    weights=MappingProxyType(
        {
            "publicGetTimestamp": _weight(3),
            "publicGetSymbols": _weight(4),
            "publicGetMarketOrderbookLevel2100": _weight(4),
            "publicGetMarketCandles": _weight(3),
            "privateGetAccounts": _weight(5),
            "privateGetUserApiKey": _weight(20),
            "privateGetTradeFees": _weight(3),
            "privateGetHfOrdersClientOrderClientOid": _weight(2),
            "privateGetHfOrdersOrderId": _weight(2),
            "privateGetHfOrdersActiveSymbols": _weight(2),
            "privateGetHfOrdersActive": _weight(2),
            "privateGetHfOrdersDone": _weight(2),
            "privateGetHfFills": _weight(2),
            "privateGetStopOrder": _weight(8),
            "privateGetOcoOrders": _weight(2),
        }
    ),
    write_weight=1,
    weight_header="",  # Answers tell what is left of a pool, and not of which.
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType({Desk.SPOT: "publicGetTimestamp"}),
    time_params=MappingProxyType({Desk.SPOT: {}}),
    time_field="data",
    stamp_window_ms=5_000,
    ended_statuses=frozenset({"done"}),
    forced_prefixes=(),
    funding_cap_share=Decimal(1),
    funding_hours=8,
    weight_window_s=30,
)
"""KuCoin, the trade account."""
