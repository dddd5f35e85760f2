"""Requests and answers as values, and how parameters are read from them.

Pure. A request carries query and body as they came, because signatures cover the
raw text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from trimtab.testnet.exact import ZERO
from trimtab.testnet.rejections import Rejection, illegal, missing

_DECIMAL = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
_INTEGER = "^[0-9]{1,20}$"


def _nothing() -> Mapping[str, str]:
    """Return an empty mapping that cannot be filled."""
    return MappingProxyType({})


@lru_cache(maxsize=256)
def _pairs(*, query: str, body: str) -> tuple[tuple[str, str], ...]:
    """Return names and values in the order that they came; a request is read several times."""
    pairs = parse_qsl(query, keep_blank_values=True) if query else []
    return tuple(pairs + (parse_qsl(body, keep_blank_values=True) if body else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, without a socket."""

    method: str
    """``GET``, ``POST``, ``PUT`` or ``DELETE``."""
    path: str
    """Path without host or query, such as ``/api/v3/order``."""
    query: str = ""
    """Raw query string without the question mark."""
    body: str = ""
    """Raw body; form-encoded for signed requests."""
    headers: Mapping[str, str] = field(default_factory=_nothing)
    """Header values by lower-case name."""
    ignore_window: bool = False
    """Set by a ``late`` fault only: execute though the receive window has closed."""

    def params(self) -> dict[str, str]:
        """Return the parameters of query and body; the body wins."""
        return dict(_pairs(query=self.query, body=self.body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, without a socket."""

    status: int = 200
    """HTTP status."""
    payload: Any = None
    """What goes out as JSON; a string goes out as HTML, as it is."""
    headers: Mapping[str, str] = field(default_factory=_nothing)
    """Extra headers, such as the used weight."""
    order_id: int = 0
    """The order that this request created; 0 for none."""


class Params:
    """Reads parameters, refuses malformed ones, remembers what was read.

    :attr:`rights` are those of the key that signed them; none when nobody did.
    """

    def __init__(self, values: Mapping[str, str], *, rights: frozenset[str]) -> None:
        self.rights = rights
        self._values = dict(values)
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        """Say whether *name* was sent with a value."""
        return bool(self.text(name))

    def text(self, name: str) -> str:
        """Return *name* as text, empty when absent."""
        self._read.add(name)
        return self._values.get(name, "")

    def required(self, name: str) -> str:
        """Return *name* as text.

        Raises:
            Rejection: -1102 when absent.

        """
        if not (value := self.text(name)):
            raise missing(name)
        return value

    def quantity(self, name: str) -> Decimal:
        """Return *name* as a decimal, zero when absent.

        Raises:
            Rejection: -1100 when it is not a plain non-negative decimal.

        """
        if not (value := self.text(name)):
            return ZERO
        if not set(value) <= set("0123456789.") or value.count(".") > 1:
            raise illegal(name, legal=_DECIMAL)
        try:
            return Decimal(value)
        except InvalidOperation:
            raise illegal(name, legal=_DECIMAL) from None

    def integer(self, name: str, default: int) -> int:
        """Return *name* as an integer, or *default* when absent.

        Raises:
            Rejection: -1100 when it is not made of digits.

        """
        if not (value := self.text(name)):
            return default
        if not (value.isascii() and value.isdigit()):
            raise illegal(name, legal=_INTEGER)
        return int(value)

    def flag(self, name: str) -> bool:
        """Return *name* as a truth value, false when absent."""
        return self.text(name).lower() == "true"

    def limit(self, *, default: int, most: int) -> int:
        """Return ``limit``, at least 1 and at most *most*."""
        return max(1, min(self.integer("limit", default), most))

    def refuse_unread(self) -> None:
        """Refuse parameters that nobody asked for, as spot order entry does.

        Raises:
            Rejection: -1104.

        """
        if unread := sorted(set(self._values) - self._read):
            read = len(self._values) - len(unread)
            raise Rejection(
                -1104,
                f"Not all sent parameters were read; read '{read}' parameter(s) "
                f"but was sent '{len(self._values)}'.",
            )
