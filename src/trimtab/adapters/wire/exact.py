"""Reads answers of a venue as exact values: text to Decimal, never through float.

Pure. ccxt decodes JSON numbers to floats; these functions decode the captured bytes again.
Whatever is missing, of the wrong kind or not finite is Unreadable, never zero or empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from trimtab.domain.exact import ZERO

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS_MAX: Final = 64


class Unreadable(ValueError):
    """An answer does not have the shape that it must have."""


class Unserved(Unreadable):
    """An account that is told well, and is of a kind that could not be counted truly."""

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(message)
        self.next_step = f"{mend}, then trimtab doctor"


class SeveralMargins(Unserved):
    """A futures wallet in which every coin backs every position: no pool would say a truth."""

    def __init__(self) -> None:
        super().__init__(
            "several coins back contracts together (multi-assets mode)",
            mend="set single-asset mode for futures at the venue",
        )


def document(body: bytes) -> Any:  # noqa: ANN401 -- JSON is what it is until it is read.
    """Return the JSON in *body*, its numbers as int and Decimal.

    Raises:
        Unreadable: it is not JSON, or holds NaN or Infinity.

    """
    try:
        return _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {type(error).__name__}") from error


def _not_finite(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no number")


_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_not_finite)
"""As ``json.loads`` would make it for every answer anew."""


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return *value* as an object of JSON.

    Raises:
        Unreadable: it is none.

    """
    if not isinstance(value, dict):
        raise Unreadable(f"expected an object, got {type(value).__name__}")
    return value


def rows_of(value: object) -> tuple[Mapping[str, Any], ...]:
    """Return *value* as a list of objects, in its order.

    Raises:
        Unreadable: it is none.

    """
    if not isinstance(value, list):
        raise Unreadable(f"expected a list, got {type(value).__name__}")
    return tuple(mapping_of(row) for row in value)


def field(row: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- see document().
    """Return a field that must be there.

    Raises:
        Unreadable: it is not.

    """
    if name not in row:
        raise Unreadable(f"{name} is missing")
    return row[name]


def text_of(row: Mapping[str, Any], name: str) -> str:
    """Return a field that is text and not empty.

    Raises:
        Unreadable: it is not.

    """
    value = field(row, name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is not text")
    return value


def decimal_of(row: Mapping[str, Any], name: str) -> Decimal:
    """Return a field that is a finite number, written as a number or as text.

    Raises:
        Unreadable: it is not.

    """
    return number(field(row, name), name)


def fee_of(row: Mapping[str, Any], name: str) -> Decimal:
    """Return a field that is a fee as it is counted beforehand: fraction of value, >= 0.

    A rebate counts for nothing until it is booked: a plan that relied on one would be short of it.

    Raises:
        Unreadable: it is no number.

    """
    return max(ZERO, decimal_of(row, name))


def number(value: object, name: str) -> Decimal:
    """Return *value* as a finite Decimal.

    Raises:
        Unreadable: it is none, or absurdly long.

    """
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise Unreadable(f"{name} is not a number")
    if isinstance(value, str) and not _is_plain(value):
        raise Unreadable(f"{name} is not a number")
    try:
        exact = Decimal(value)
    except InvalidOperation as error:
        raise Unreadable(f"{name} is not a number") from error
    if not exact.is_finite() or abs(exact.adjusted()) > _DIGITS_MAX:
        raise Unreadable(f"{name} is not a usable number")
    return exact


def _is_plain(text: str) -> bool:
    """Say whether a text may be a number: Decimal would also take other alphabets' digits."""
    return len(text) <= _DIGITS_MAX and text.isascii() and "_" not in text


def words_of(value: object, name: str) -> frozenset[str]:
    """Return a list of words as a set.

    Raises:
        Unreadable: it is none.

    """
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise Unreadable(f"{name} is no list of words")
    return frozenset(value)


def integer_of(row: Mapping[str, Any], name: str) -> int:
    """Return a field that is a whole number.

    Raises:
        Unreadable: it is not.

    """
    exact = decimal_of(row, name)
    if exact != int(exact):
        raise Unreadable(f"{name} is not whole")
    return int(exact)


def instant_of(row: Mapping[str, Any], name: str) -> datetime:
    """Return a field of milliseconds since 1970 as an instant.

    Raises:
        Unreadable: it is none, or outside the calendar.

    """
    return instant(integer_of(row, name))


def instant(milliseconds: int) -> datetime:
    """Return milliseconds since 1970 as an aware instant.

    Raises:
        Unreadable: outside the calendar.

    """
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise Unreadable("an instant is outside the calendar") from error


def milliseconds(at: datetime) -> int:
    """Return an instant as milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // timedelta(milliseconds=1)
