"""What was read from the past, and trigger prices, for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from trimtab.cli.tables import money, percent, rows_table
from trimtab.domain.exact import shown, trimmed
from trimtab.domain.plan import Chance, Drift
from trimtab.domain.readings import Reading
from trimtab.domain.untold import WHY_UNTOLD, Untold

_PLACES = 6


def price_text(at: Decimal | None) -> str:
    """Return a price to six digits, so that a small coin's says something too."""
    if at is None:
        return ""
    return shown(at, max(2, 5 - at.adjusted())) if at.adjusted() < 1 else money(at)


def readings_table(readings: Sequence[Reading]) -> Table:
    """Return every figure of the past with what it was held against."""
    rows: list[list[str | Text]] = [
        [
            reading.rule,
            reading.subject,
            reading.name.replace("_", " "),
            "unknown" if reading.measured is None else _figure(reading.measured),
            "" if reading.limit is None else _figure(reading.limit),
            Text(reading.text, "" if reading.holds else "dim"),
        ]
        for reading in readings
    ]
    return rows_table(("rule", "of", "figure", ">measured", ">against", ""), rows)


def _figure(value: Decimal) -> str:
    """Return a figure with six places, or in powers of ten when it is smaller than that."""
    told = trimmed(value, _PLACES)
    return f"{value:.1E}" if told == "0" and value else told


def trigger_table(drifts: Sequence[Drift]) -> RenderableType | None:
    """Return at which price of each asset a band is left first, or why no price is told.

    None where there is none, or a band is left already: that is plain from the weights.
    """
    told = [d for d in drifts if d.trigger_low is not None or d.trigger_high is not None]
    if not told:
        untold = (d.untold for d in drifts if d.untold is not Untold.BAND_LEFT)
        why = next((WHY_UNTOLD[each] for each in untold if each is not None), "")
        return Text(f"No trigger prices: {why}.", "dim") if why else None
    spans = tuple(c.days for d in told for c in (d.chances_low or d.chances_high))
    days = tuple(dict.fromkeys(spans))
    likely = tuple(f">in {span} d" for span in days)
    columns = ("trigger price", ">below", *likely, ">above", *likely)
    rows: list[list[str | Text]] = [
        [
            drift.asset,
            price_text(drift.trigger_low),
            *_chances(drift.chances_low, days),
            price_text(drift.trigger_high),
            *_chances(drift.chances_high, days),
        ]
        for drift in told
    ]
    return rows_table(columns, rows)


def _chances(chances: Sequence[Chance], days: Sequence[int]) -> list[str]:
    """Return the chances in percent, in the order of the columns."""
    by_days = {each.days: each.chance for each in chances}
    return [percent(by_days[span]) if span in by_days else "" for span in days]
