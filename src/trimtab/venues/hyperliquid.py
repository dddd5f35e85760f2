"""Hyperliquid: coins of one account, orders signed by an API wallet that may act for it.

Pure data. Sources: Hyperliquid docs "Exchange endpoint", "Info endpoint", "Error responses",
"Nonces and API wallets", "Rate limits" (2026), ccxt 4.5.90 for hosts and for sentences that the
table of the docs has not. Refusals come with status 200 and a sentence. What may stand for
something half done or done before is left out: a nonce that was used ("Invalid nonce: duplicate
nonce", which the second copy of one request is told too), an order that found nothing to match,
margin that did not suffice. Such an order is unknown, and looked up.
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

_LIVE: Final = "api.hyperliquid.xyz"
_TESTNET: Final = "api.hyperliquid-testnet.xyz"

_KEY: Final = frozenset(
    {"User or API Wallet", "Must deposit before performing actions", "Unable to recover signer"}
)
"""What is wrong with the key, or with its signature."""
_ORDER: Final = frozenset(
    {
        "Failed to deserialize the JSON body",
        "Price must be divisible by tick size",
        "Order must have minimum value of",
        "Order has invalid price",
        "Order has invalid size",
        "Order has zero size",
        "Order has insufficient spot balance to trade",
        "Insufficient spot balance",
        "Order price too far from oracle",
        "Price too far from oracle",
        "Order price cannot be more than",
    }
)
"""What is wrong with a request or with an order, seen before anything of it is matched."""
_GONE: Final = frozenset({"Order was never placed, already canceled, or filled"})
_WRONG_TIME: Final = frozenset({"Invalid nonce: nonce too low"})
_TOO_FAST: Final = frozenset({"Too many cumulative requests sent"})

_CODES: Final = CodeTable(
    refused=_KEY | _ORDER | _GONE,
    not_done=_WRONG_TIME,
    not_done_texts=frozenset(),
    duplicate=frozenset(),
    as_asked=frozenset(),
    gone=_GONE,
    absent=frozenset(),
    unknown_symbol=frozenset(),
    code_field="",
    text_field="response",
    is_told_with_200=True,
    too_fast=_TOO_FAST,
    wrong_time=_WRONG_TIME,
    silent_until_header="",
    sentences=tuple(sorted(_KEY | _ORDER | _GONE | _WRONG_TIME | _TOO_FAST)),
    of_one=(("", "response.data.statuses.0.error"),),
)
_OF_TYPE: Final = MappingProxyType(
    {
        "l2Book": 2,
        "orderStatus": 2,
        "spotClearinghouseState": 2,
        "exchangeStatus": 2,
        "userRole": 60,
        "candleSnapshot": 40,
        "userFillsByTime": 45,
        "historicalOrders": 120,
    }
)
"""Lists cost one more for each twenty rows: of past orders 2000 are counted, of executions 500."""

HYPERLIQUID: Final = VenueProfile(
    venue_id="hyperliquid",
    kinds=frozenset({MarketKind.SPOT}),
    hosts=MappingProxyType(
        {
            Environment.LOCAL: frozenset(),  # The local exchange does not speak it.
            Environment.TESTNET: frozenset({_TESTNET}),
            Environment.LIVE: frozenset({_LIVE}),
        }
    ),
    sandbox=Switch.SANDBOX,
    paper_header=None,
    takes_passphrase=False,
    signs_with_wallet=True,
    starter_names=MappingProxyType({"USDT": "USDC", "BTC": "UBTC", "ETH": "UETH", "SOL": "USOL"}),
    # Before a first order of its own ccxt signs an approval of a builder's fee and a referrer. No
    # call of ccxt that does so is made here; these keep them from it besides.
    options=MappingProxyType({"builderFee": False, "refSet": True}),
    desk_of_host=MappingProxyType({_LIVE: Desk.SPOT, _TESTNET: Desk.SPOT}),
    client_id_pattern="b[a-z2-7]{27}",
    codes=MappingProxyType({Desk.SPOT: _CODES}),
    order_limits=MappingProxyType({Desk.SPOT: (OrderLimit(count=5, seconds=1),)}),
    # 1200 in any minute for an address: half of it in each of ours.
    weight_limits=MappingProxyType({Desk.SPOT: 600}),
    weights=MappingProxyType(
        {"publicPostInfo": RequestWeight(of_one=20, of_all=20, of_type=_OF_TYPE)}
    ),
    write_weight=1,
    weight_header="",  # No answer tells what the address has used.
    order_count_headers=MappingProxyType(dict[int, str]()),
    transfer_ways=TransferWays(into_futures="", out_of_futures=""),
    time_calls=MappingProxyType({Desk.SPOT: "publicPostInfo"}),
    time_params=MappingProxyType({Desk.SPOT: MappingProxyType({"type": "exchangeStatus"})}),
    time_field="time",
    # Each request names its own deadline. Answers come from nodes that follow the chain: absence
    # is proved with so much more, so that one which lags behind is no proof.
    stamp_window_ms=30_000,
    ended_statuses=frozenset(
        {
            *("filled", "canceled", "rejected", "scheduledCancel"),
            *("marginCanceled", "vaultWithdrawalCanceled", "openInterestCapCanceled"),
            *("selfTradeCanceled", "reduceOnlyCanceled", "siblingFilledCanceled"),
            *("delistedCanceled", "liquidatedCanceled", "tickRejected", "minTradeNtlRejected"),
            *("perpMarginRejected", "reduceOnlyRejected", "badAloPxRejected", "iocCancelRejected"),
            *("badTriggerPxRejected", "marketOrderNoLiquidityRejected", "oracleRejected"),
            *("positionIncreaseAtOpenInterestCapRejected", "insufficientSpotBalanceRejected"),
            *("positionFlipAtOpenInterestCapRejected", "openInterestIncreaseRejected"),
            *("tooAggressiveAtOpenInterestCapRejected", "perpMaxPositionRejected"),
        }
    ),
    forced_prefixes=(),
    funding_cap_share=Decimal(1),  # Contracts are not opened there.
    funding_hours=1,
)
"""Hyperliquid."""
