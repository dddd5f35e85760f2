"""MEXC: spot v3.

Pure data. Sources: MEXC "Spot V3" General Info, New Order, Error Code and Public API Definitions
(2026), ccxt 4.5.90 for hosts and for what it sends. Refusals come with 400; 5xx is unknown by the
venue's own word. What it answers to a second order under a name is written nowhere, so that codes
about parameters as such are left out of the table: an order that meets one is unknown, and looked
up. There is no sandbox.
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
    too_fast=frozenset({"429"}),
    wrong_time=_WRONG_TIME,
    silent_until_header="",
)


def _weighing(weight: int) -> RequestWeight:
    """Return what a call costs, whatever it is about."""
    return RequestWeight(of_one=weight, of_all=weight)


MEXC: Final = VenueProfile(
    venue_id="mexc",
    kinds=frozenset({MarketKind.SPOT}),
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
    codes=MappingProxyType({Desk.SPOT: _SPOT}),
    # Twelve in a second, orders and cancels together: half is left for cancels.
    order_limits=MappingProxyType({Desk.SPOT: (OrderLimit(count=6, seconds=1),)}),
    # Three hundred in ten seconds, whenever they begin: half of it in each of ours.
    weight_limits=MappingProxyType({Desk.SPOT: 150}),
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
        }
    ),
    write_weight=1,
    weight_header="",  # No answer tells what the address has used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    time_calls=MappingProxyType({Desk.SPOT: "spotPublicGetTime"}),
    time_params=MappingProxyType({Desk.SPOT: {}}),
    time_field="serverTime",
    stamp_window_ms=0,  # Requests name their own.
    ended_statuses=frozenset({"FILLED", "CANCELED", "PARTIALLY_CANCELED"}),
    forced_prefixes=(),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    funding_cap_share=Decimal(1),
    funding_hours=8,
)
