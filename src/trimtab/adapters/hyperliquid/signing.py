"""Requests that change something at Hyperliquid, signed when they leave. Not pure: it signs.

ccxt hashes and signs an action with its nonce and its deadline; the action is ours, digit by digit.
A nonce is the venue's time in milliseconds and rises: two in one millisecond would be one request.
Source: Hyperliquid docs "Exchange endpoint", "Nonces and API wallets", "Signing", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.order_sending import RawCall
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import milliseconds
from trimtab.venues.profile import Desk

_EXCHANGE: Final = "privatePostExchange"
_UNDER_WAY_MAX_MS: Final = 10_000
"""Absence is proved no sooner than after ``stamp_window_ms`` of the profile, which is longer."""


class Signer:
    """Signs for one account, with one nonce after the other."""

    def __init__(self, wire: Wire, *, window_ms: int) -> None:
        """Take for how long a request may be under way, milliseconds, > 0; at most ten seconds."""
        self._wire = wire
        self._window_ms = min(window_ms, _UNDER_WAY_MAX_MS)
        self._nonce = 0

    def call(self, action: Mapping[str, object]) -> RawCall:
        """Return the request of *action*, signed when it is sent; its parts keep their order."""

        def made() -> Mapping[str, object]:
            """Sign it, to be taken until the window ends."""
            now_ms = milliseconds(self._wire.clocks.now(Desk.SPOT))
            self._nonce = nonce = max(now_ms, self._nonce + 1)
            until = now_ms + self._window_ms
            signature = self._wire.exchange.sign_l1_action(dict(action), nonce, None, until)
            return {
                "action": dict(action),
                "nonce": nonce,
                "signature": signature,
                "expiresAfter": until,
            }

        return RawCall(method=_EXCHANGE, asked={}, made=made)


def plain(value: Decimal) -> str:
    """Return a number as the venue hashes it: no exponent, and no zeros at its end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
