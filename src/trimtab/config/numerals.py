"""Exact numbers as a configuration writes them, and what is refused.

Pure. A number is text (``"0.50"``) or a whole number. A TOML float is taken by its own
digits, and only while a binary float could hold them: longer ones must be text, so that no
editor or converter that touches the file can change them. Every refusal is a
``PydanticCustomError`` that carries a reason and a fix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from pydantic_core import PydanticCustomError

from trimtab.domain.exact import exact_arithmetic, plain

_PLAIN: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_PERCENT: Final = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,16})?)\s*%")
_NOT_FINITE: Final = re.compile(r"[+-]?(?:s?nan|inf(?:inity)?)[0-9]*", re.IGNORECASE)
_WHOLE_END: Final = 10**18
"""Whole numbers beyond it are no sizes, values or times that exist."""
_SHOWN_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatLiteral:
    """A TOML float by the digits that stand in the file."""

    text: str
    """Such as ``0.50``, ``1_000.5``, ``5e-1`` or ``nan``."""


def fault(reason: str, *, fix: str) -> PydanticCustomError:
    """Return the error that validation turns into a located fault."""
    # Curly brackets in a value must not be read as a template, so both go in as context.
    return PydanticCustomError("flaw", "{reason}; {fix}", {"reason": reason, "fix": fix})


def shown(value: object) -> str:
    """Return a refused value for a message, quoted when it is text, cut when it is long."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = f'"{value}"'
        case int():
            text = str(value) if abs(value) < _WHOLE_END else "huge"
        case FloatLiteral(text=text):
            pass
        case dict():
            text = "a table"
        case list():
            text = "a list"
        case _:
            text = f"a {type(value).__name__}"
    text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def read_exact(value: object) -> Decimal:
    """Return the number that a configuration means, digit for digit."""
    match value:
        case Decimal():
            return value  # A default of our own.
        case bool():
            raise fault(
                f"must be a number, was {shown(value)}", fix='write it as text, such as "0.5"'
            )
        case int() if abs(value) < _WHOLE_END:
            return Decimal(value)
        case FloatLiteral(text=text):
            return _of_float(text)
        case str() if _PLAIN.fullmatch(value):
            return Decimal(value)
        case str():
            raise _not_plain(value)
    raise fault(f"must be a number, was {shown(value)}", fix='write it as text, such as "0.5"')


def _not_plain(text: str) -> PydanticCustomError:
    """Return why *text* is no number, with the nearest right way to write it."""
    if _NOT_FINITE.fullmatch(text):
        return fault(
            f"must be a finite number, was {text}", fix='write plain digits, such as "0.5"'
        )
    if percent := _PERCENT.fullmatch(text):
        with exact_arithmetic():
            fraction = plain(Decimal(percent.group(1)).scaleb(-2))
        return fault(f"must be a fraction, was {shown(text)}", fix=f'write "{fraction}"')
    advice = 'write plain digits with at most 18 on either side of the point, such as "0.5"'
    return fault(f"must be a number, was {shown(text)}", fix=advice)


def _of_float(text: str) -> Decimal:
    """Return the number that a TOML float spells, unless a float could not hold it."""
    if _NOT_FINITE.fullmatch(text):
        raise _not_plain(text)
    digits = text.replace("_", "")
    nearest = float(digits)
    # A context of our own: an exponent that is out of reach must give a fault, not an alarm.
    exact = Context(prec=1000, traps=[]).create_decimal(digits)
    if exact.is_nan() or exact != Context(prec=1000, traps=[]).create_decimal(repr(nearest)):
        raise fault(
            f"has more digits than a TOML float can hold: {shown(FloatLiteral(text=text))}",
            fix=f'put it in quotes: "{text[:_SHOWN_CHARACTERS]}"',
        )
    spelled = plain(exact) if abs(exact.adjusted()) < 2 * len(str(_WHOLE_END)) else digits
    if not _PLAIN.fullmatch(spelled):
        raise _not_plain(text)
    return Decimal(spelled)


def read_whole(value: object) -> int:
    """Return a whole number; text and fractions are refused."""
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < _WHOLE_END:
            return value
        raise fault("must be a whole number of at most 18 digits", fix="write a smaller number")
    fix = "write plain digits without quotes, such as 3"
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        fix = f"write {value} without quotes"
    raise fault(f"must be a whole number, was {shown(value)}", fix=fix)
