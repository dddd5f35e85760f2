"""What every adapter has shown: the outcome of each case, by venue and market. Pure data.

tests/conformance runs every case that is written down here as passed, and fails when one is
not; what is not written down has not been shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trimtab.venues.cases import CASES, Outcome, Showing
from trimtab.venues.facts import Market
from trimtab.venues.promise import Shown

_PASSED: Final = Showing(outcome=Outcome.PASS, reason="")


def _besides(reasons: Mapping[str, str], outcome: Outcome) -> Mapping[str, Showing]:
    """Return cases that came to *outcome*, with their reasons."""
    return {number: Showing(outcome=outcome, reason=why) for number, why in reasons.items()}


def _all_but(*exceptions: Mapping[str, Showing]) -> Shown:
    """Return every case as passed, but for *exceptions*."""
    shown = dict.fromkeys(CASES, _PASSED)
    for each in exceptions:
        shown.update(each)
    return MappingProxyType(shown)


_COINS_ONLY: Final = _besides(
    {
        "VC-03": "spot holds coins, no positions",
        "VC-05": "spot has no mark, no funding and no brackets",
        "VC-20": "sizes are base units already",
        "VC-21": "coins that are held have no leverage",
        "VC-22": "nothing is paid for holding coins",
        "VC-25": "coins are held in one wallet",
        "VC-26": "coins are held without a stop",
        "VC-27": "coins are held without a stop",
    },
    Outcome.NOT_APPLICABLE,
)

_DUPLICATES_UNTOLD: Final = _besides(
    {"VC-09": "what a second order under a name is told is not documented, so none is ever sent"},
    Outcome.NOT_APPLICABLE,
)
_UNTOLD_RIGHTS: Final = _besides(
    {"VC-23": "the venue has no question for what a key may do; its owner vouches for it"},
    Outcome.NOT_SUPPORTED,
)
_ANSWERED_AS_THE_FIRST: Final = _besides(
    {"VC-09": "no name is refused: while its order rests a second is answered as the first"},
    Outcome.NOT_APPLICABLE,
)
_FIRST_IS_RETURNED: Final = _besides(
    {"VC-09": "no name is refused: a second order under it is not made, the first is returned"},
    Outcome.NOT_APPLICABLE,
)
_ONE_WALLET: Final = _besides({"VC-25": "cash and margin are one wallet"}, Outcome.NOT_APPLICABLE)

_MOVED_BY_HAND: Final = _besides(
    {"VC-25": "a key that may move money is refused, so that a person moves margin"},
    Outcome.NOT_APPLICABLE,
)

_NO_MOVES: Final = _besides(
    {"VC-25": "no call of its API moves money between the wallets, so that a person moves margin"},
    Outcome.NOT_APPLICABLE,
)

_NO_STOPS: Final = _besides(
    dict.fromkeys(("VC-26", "VC-27"), "no adapter places conditional orders there"),
    Outcome.NOT_SUPPORTED,
)
_NO_LEVERAGE_IS_SET: Final = _besides(
    {"VC-21": "what a position binds follows from its size; no leverage and no mode is set"},
    Outcome.NOT_APPLICABLE,
)
_LABELS_REPEAT: Final = _besides(
    {"VC-09": "labels may repeat: no order is refused for its own, so none is ever sent again"},
    Outcome.NOT_APPLICABLE,
)

_NO_TIME: Final = _besides(
    {"VC-18": "requests bear no time: their number rises, and one that was used proves nothing"},
    Outcome.NOT_APPLICABLE,
)

_WAITING_UNTOLD: Final = _besides(
    {"VC-28": "no list of its API is said to have what its page lets wait for a trigger"},
    Outcome.NOT_SUPPORTED,
)
_WAITING_UNREAD: Final = _besides(
    {"VC-28": "an account in which an order waits for a trigger is not read, by name"},
    Outcome.NOT_SUPPORTED,
)

SHOWN: Final[Mapping[tuple[str, Market], Shown]] = MappingProxyType(
    {
        ("binance", Market.SPOT): _all_but(_COINS_ONLY),
        ("binance", Market.LINEAR): _all_but(),
        ("bybit", Market.SPOT): _all_but(_COINS_ONLY),
        ("bybit", Market.LINEAR): _all_but(_ONE_WALLET),
        ("bitget", Market.SPOT): _all_but(_COINS_ONLY),
        ("bitget", Market.LINEAR): _all_but(_NO_STOPS),
        ("deribit", Market.SPOT): _all_but(_COINS_ONLY, _LABELS_REPEAT),
        ("deribit", Market.LINEAR): _all_but(
            _LABELS_REPEAT, _ONE_WALLET, _NO_LEVERAGE_IS_SET, _NO_STOPS
        ),
        ("weex", Market.SPOT): _all_but(
            _COINS_ONLY, _ANSWERED_AS_THE_FIRST, _UNTOLD_RIGHTS, _WAITING_UNTOLD
        ),
        ("weex", Market.LINEAR): _all_but(_DUPLICATES_UNTOLD, _UNTOLD_RIGHTS, _NO_MOVES, _NO_STOPS),
        ("bingx", Market.SPOT): _all_but(_COINS_ONLY),
        ("bingx", Market.LINEAR): _all_but(_NO_STOPS),
        ("mexc", Market.SPOT): _all_but(_COINS_ONLY, _DUPLICATES_UNTOLD, _WAITING_UNTOLD),
        ("mexc", Market.LINEAR): _all_but(
            _DUPLICATES_UNTOLD, _MOVED_BY_HAND, _NO_STOPS, _WAITING_UNREAD
        ),
        ("okx", Market.SPOT): _all_but(_COINS_ONLY),
        ("okx", Market.LINEAR): _all_but(_ONE_WALLET),
        ("hyperliquid", Market.SPOT): _all_but(_COINS_ONLY, _DUPLICATES_UNTOLD),
        ("gate", Market.SPOT): _all_but(_COINS_ONLY, _LABELS_REPEAT),
        ("kraken", Market.SPOT): _all_but(_COINS_ONLY, _DUPLICATES_UNTOLD, _NO_TIME),
        ("kucoin", Market.SPOT): _all_but(_COINS_ONLY),
        ("coinbase", Market.SPOT): _all_but(_COINS_ONLY, _FIRST_IS_RETURNED),
    }
)
"""What was shown, by venue and market."""
