"""The kinds of value that configuration keys have: how each is read, bounded and written.

Pure. The sections in :mod:`trimtab.config.models` are made of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from trimtab.config.numerals import fault, read_exact, read_whole
from trimtab.config.words import (
    destination_text,
    read_asset,
    read_day,
    read_destination,
    read_flag,
    read_group,
    read_month,
    read_share,
    read_switch,
    read_text,
    read_threshold,
    threshold_text,
)
from trimtab.domain.exact import plain
from trimtab.domain.instruments import MarketKind
from trimtab.domain.policy import Destination, Threshold
from trimtab.domain.references import REFERENCES_MIN, ReferenceSource
from trimtab.domain.routing import Share

SECTION: Final = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)
"""What all sections share: an unknown key is an error. Only the document's validator is built."""


_ASSETS_FIX: Final = 'write each once, such as ["BTC", "ETH"]'


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Marks what a number counts, for the documentation."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultText:
    """Says in words what a computed default is, for the documentation."""

    text: str


def read_kinds(kinds: tuple[MarketKind, ...]) -> tuple[MarketKind, ...]:
    """Refuse lists that name a market twice or leave out spot, which prices everything."""
    if len(set(kinds)) < len(kinds):
        raise fault("names a kind of market twice", fix="name each once")
    if MarketKind.SPOT not in kinds:
        raise fault('must include "spot"', fix='write ["spot"] or ["spot", "swap"]')
    return kinds


def read_sources(sources: tuple[ReferenceSource, ...]) -> tuple[ReferenceSource, ...]:
    """Refuse lists of sources that could never agree about anything."""
    if len(set(sources)) < len(sources):
        raise fault("names a source twice", fix="name each once")
    if 0 < len(sources) < REFERENCES_MIN:
        fix = 'write two or more, such as ["coinbase", "kraken"]'
        raise fault("names one source, and it takes two that agree", fix=fix)
    return sources


def read_assets(assets: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse lists of no asset, and lists that name one twice."""
    if not assets:
        raise fault("names no asset", fix=_ASSETS_FIX)
    return read_once(assets)


def read_once(assets: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse lists that name an asset twice."""
    if len(set(assets)) < len(assets):
        raise fault("names an asset twice", fix=_ASSETS_FIX)
    return assets


Exact = Annotated[
    Decimal,
    BeforeValidator(read_exact, json_schema_input_type=str | int | float),
    PlainSerializer(plain),
]
"""A number, digit for digit."""
Fraction = Annotated[Exact, Field(ge=0, le=1), Unit(name="fraction")]
"""A share of 1, 0 to 1."""
Early = Annotated[Exact, Field(ge=0, lt=1), Unit(name="fraction")]
"""A share of 1 that leaves something, 0 up to below 1."""
Multiple = Annotated[Exact, Field(ge=0, le=1000), Unit(name="multiple")]
"""So many times something, 0 to 1000."""
Value = Annotated[Exact, Field(ge=0), Unit(name="quote")]
"""Quote units, >= 0."""
Bps = Annotated[Exact, Field(ge=0, le=10_000), Unit(name="bps")]
"""1/10,000, 0 to 10,000."""
Whole = Annotated[int, BeforeValidator(read_whole)]
"""A whole number."""
Switch = Annotated[bool, BeforeValidator(read_switch)]
"""true or false."""
AssetCode = Annotated[str, BeforeValidator(read_asset)]
"""An asset by its code."""
GroupName = Annotated[str, BeforeValidator(read_group)]
"""A group by the name that the file gives it."""
MonthName = Annotated[str, BeforeValidator(read_month)]
"""A month by its first three letters: jan to dec."""
Day = Annotated[
    date,
    PlainValidator(read_day),
    PlainSerializer(date.isoformat),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A day of the calendar in rebalance.timezone."""
FlagText = Annotated[str, BeforeValidator(read_flag)]
"""Why an asset is flagged."""
Text = Annotated[str, BeforeValidator(read_text)]
"""Text as it is."""
ShareText = Annotated[
    Share,
    PlainValidator(read_share),
    PlainSerializer(lambda share: share.text),
    WithJsonSchema({"type": ["string", "number"], "examples": ["0.5", "5/6"]}),
]
"""A share of 1: ``0.5``, or ``5/6`` where decimals end."""
ThresholdText = Annotated[
    Threshold,
    PlainValidator(read_threshold),
    PlainSerializer(threshold_text),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,12})?\s?(pp|%)$"}),
]
"""A band with its unit: ``5pp`` or ``10%``."""
DestinationText = Annotated[
    Destination,
    PlainValidator(read_destination),
    PlainSerializer(destination_text),
    WithJsonSchema({"type": ["string", "number"], "examples": ["target", "band", "0.5"]}),
]
"""``target``, ``band`` or a fraction of the way."""
