"""What the exchange says when it says no: numeric code, text, HTTP status.

Pure. Texts are those of Binance's "Error Codes" pages for spot and USD-M, because
clients decide by code and text.
"""

from __future__ import annotations


class Rejection(Exception):
    """A request that was certainly not executed."""

    def __init__(
        self, code: int, message: str, *, status: int = 400, retry_after_s: int = 0
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s


def missing(name: str) -> Rejection:
    """Return -1102 for the parameter *name*."""
    return Rejection(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def illegal(name: str, *, legal: str) -> Rejection:
    """Return -1100 for a value of *name* outside the pattern *legal*."""
    return Rejection(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )


def filter_failure(name: str) -> Rejection:
    """Return -1013 for the spot filter *name*."""
    return Rejection(-1013, f"Filter failure: {name}")


def invalid_symbol() -> Rejection:
    """Return -1121."""
    return Rejection(-1121, "Invalid symbol.")


def insufficient_balance() -> Rejection:
    """Return spot's -2010 for want of funds."""
    return Rejection(-2010, "Account has insufficient balance for requested action.")


def insufficient_margin() -> Rejection:
    """Return USD-M's -2019."""
    return Rejection(-2019, "Margin is insufficient.")


def reduce_only_rejected() -> Rejection:
    """Return USD-M's -2022."""
    return Rejection(-2022, "ReduceOnly Order is rejected.")


def no_such_order() -> Rejection:
    """Return -2013, the answer to a lookup."""
    return Rejection(-2013, "Order does not exist.")


def unknown_order() -> Rejection:
    """Return -2011, the answer to a cancel."""
    return Rejection(-2011, "Unknown order sent.")


def key_refused() -> Rejection:
    """Return -2015: the key is unknown or lacks the right."""
    return Rejection(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
