"""A past that was given instead of made up: daily closes, funding rates, open interest.

Pure. Every list is oldest first and ends on the day before the exchange started; a null among
the closes is a day without a candle, and before the first nothing was listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

DAY_MS: Final = 86_400_000


def _nothing() -> Mapping[str, Any]:
    """Return an empty mapping that cannot be filled."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is told of the days before the start, where it was given."""

    closes: Mapping[str, tuple[Decimal | None, ...]] = field(default_factory=_nothing)
    """Daily closes by asset, quote per base unit; None is a day without a candle."""
    funding: Mapping[str, tuple[Decimal, ...]] = field(default_factory=_nothing)
    """Rate per settlement and contract; positive means longs paid."""
    open_interest: Mapping[str, tuple[Decimal, ...]] = field(default_factory=_nothing)
    """Base units a day and contract, >= 0."""

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Past:
        """Build it from ``{closes, funding, open_interest}``, lists of text by name.

        Raises:
            ValueError: an unknown key, or a number that is written as a float.

        """
        if unknown := sorted(set(given) - {"closes", "funding", "open_interest"}):
            raise ValueError(f"past: unknown keys {', '.join(unknown)}")
        closes = {
            asset: tuple(None if v is None else _number(v) for v in row)
            for asset, row in given.get("closes", {}).items()
        }
        funding, interest = (_rows(given.get(k, {})) for k in ("funding", "open_interest"))
        return cls(closes=closes, funding=funding, open_interest=interest)

    def is_told(self, asset: str) -> bool:
        """Whether the closes of *asset* were given."""
        return asset in self.closes

    def close_of(self, asset: str, *, opens_at: int, started_at: int) -> Decimal | None:
        """Return the close of the day that began at *opens_at*, None where there is none."""
        row = self.closes[asset]
        back = (started_at // DAY_MS * DAY_MS - opens_at) // DAY_MS
        return row[-back] if 1 <= back <= len(row) else None


def _number(value: object) -> Decimal:
    """Read a decimal from text or an integer; a float has already lost digits."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError(f"numbers of the past are strings or integers, not {value!r}")  # noqa: TRY004 -- one error type for one faulty document.
    return Decimal(value)


def _rows(given: Mapping[str, Sequence[Any]]) -> Mapping[str, tuple[Decimal, ...]]:
    """Read lists of decimals by name."""
    return {name: tuple(map(_number, row)) for name, row in given.items()}
