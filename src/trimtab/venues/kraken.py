"""Kraken spot.

Pure data. Sources: Kraken "Spot Error Messages", "Add Order", "Spot REST Rate Limits", "Spot
Trading Limits" and "Get Server Time" (2026), ccxt 4.5.90 for hosts and for refusals that the page
has not. Every private request is a POST with a number that has to rise, and every refusal comes
with status 200 and sentences. What may stand for something half done is left out: EService
(Unavailable, Busy, Timeout, Deadline elapsed), EGeneral:Internal error, and EAPI:Invalid nonce,
which the second copy of one request is told too. Whatever names cl_ord_id may speak of an order of
that name. Such an order is unknown, and looked up.
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

_HOST: Final = "api.kraken.com"
_KEY: Final = frozenset(
    {
        "EAPI:Invalid key",
        "EAPI:Invalid signature",
        "EAccount:Invalid permissions",
        "EAuth:Account temporary disabled",
        "EAuth:Account unconfirmed",
        "EGeneral:Permission denied",
        "EGeneral:Unknown method",
    }
)
"""What is wrong with the key or the account."""
_ORDER: Final = frozenset(
    {
        "EBM:limit exceeded",
        "EGeneral:Invalid arguments",
        "EOrder:Cannot open opposing position",
        "EOrder:Cannot open position",
        "EOrder:Cost minimum not met",
        "EOrder:Insufficient funds",
        "EOrder:Insufficient margin",
        "EOrder:Invalid price",
        "EOrder:Margin allowance exceeded",
        "EOrder:Margin level too low",
        "EOrder:Order minimum not met",
        "EOrder:Orders limit exceeded",
        "EOrder:Tick size check failed",
        "EQuery:Invalid asset pair",
        "EQuery:Unknown asset pair",
        "EService:Market in cancel_only mode",
        "EService:Market in post_only mode",
    }
)
"""What is wrong with an order, or with its market now."""
_OF_A_NAME: Final = "EGeneral:Invalid arguments:cl_ord_id"
"""What is wrong with a name, whatever it is: it proves nothing of the order that bears it."""
_GONE: Final = frozenset({"EOrder:Unknown order"})
_TOO_FAST: Final = frozenset(
    {
        "EAPI:Rate limit exceeded",
        "EAuth:Rate limit exceeded",
        "EAuth:Too many requests",
        "EGeneral:Temporary lockout",
        "EGeneral:Too many requests",
        "EOrder:Domain rate limit exceeded",
        "EOrder:Rate limit exceeded",
        "EService: Throttled",
        "EService:Throttled",
    }
)
_NUMBER: Final = frozenset({"EAPI:Invalid nonce"})
"""The number is drawn from the clock."""

_SPOT: Final = CodeTable(
    refused=_KEY | _ORDER | _GONE,
    not_done=frozenset(),
    not_done_texts=frozenset(),
    duplicate=frozenset(),  # What a second order under a name is told is written nowhere.
    as_asked=frozenset(),
    gone=_GONE,
    absent=frozenset(),  # Nothing is told by an empty list.
    unknown_symbol=frozenset({"EQuery:Invalid asset pair", "EQuery:Unknown asset pair"}),
    code_field="",
    text_field="error.0",
    is_told_with_200=True,
    too_fast=_TOO_FAST,
    wrong_time=_NUMBER,
    silent_until_header="",
    sentences=(_OF_A_NAME, *sorted(_KEY | _ORDER | _GONE | _TOO_FAST | _NUMBER)),
)


def _weight(count: int) -> RequestWeight:
    """Return what a question costs, about one market or about all."""
    return RequestWeight(of_one=count, of_all=count)


KRAKEN: Final = VenueProfile(
    venue_id="kraken",
    kinds=frozenset({MarketKind.SPOT}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset(),  # The demo has contracts only.
            Environment.LIVE: frozenset({_HOST}),
        }
    ),
    sandbox=None,
    paper_header=None,
    takes_passphrase=False,
    options=MappingProxyType(dict[str, object]()),
    desk_of_host=MappingProxyType({_HOST: Desk.SPOT}),
    client_id_pattern="b[a-z2-7]{27}",  # Told as a UUID.
    codes=MappingProxyType({Desk.SPOT: _SPOT}),
    # Each market has a counter of sixty at least that loses one in a second; half of it is safe
    # for all of them together.
    order_limits=MappingProxyType({Desk.SPOT: (OrderLimit(count=30, seconds=60),)}),
    # A counter of twenty that loses one in two seconds. That of the lowest tier holds fifteen and
    # loses one in three: there the venue may want silence, and nothing was done then.
    weight_limits=MappingProxyType({Desk.SPOT: 20}),
    weight_window_s=40,
    weights=MappingProxyType(
        {
            # Public questions are counted by address, one in a second.
            **dict.fromkeys(
                ("publicGetTime", "publicGetAssetPairs", "publicGetDepth", "publicGetOHLC"),
                _weight(0),
            ),
            "privatePostBalanceEx": _weight(1),
            "privatePostOpenPositions": _weight(1),
            "privatePostTradeVolume": _weight(1),
            "privatePostOpenOrders": _weight(1),
            "privatePostClosedOrders": _weight(1),
            "privatePostQueryOrders": _weight(1),
            "privatePostGetApiKeyInfo": _weight(1),
            "privatePostTradesHistory": _weight(2),
        }
    ),
    write_weight=0,  # Orders and cancels are counted apart.
    weight_header="",  # No answer tells what was used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType({Desk.SPOT: "publicGetTime"}),
    time_params=MappingProxyType({Desk.SPOT: {}}),
    time_field="result.unixtime",
    time_unit_ms=1000,
    # Orders name until when they are taken, two seconds ahead at least when they arrive.
    stamp_window_ms=5_000,
    ended_statuses=frozenset({"closed", "canceled", "expired"}),
    forced_prefixes=(),
    funding_cap_share=Decimal(1),
    funding_hours=8,
    numbers_rise=True,
)
"""Kraken spot."""
