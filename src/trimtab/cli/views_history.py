"""What was read from the past, and trigger prices, for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.rows import Rows
from trimtab.cli.tables import money, percent
from trimtab.domain.exact import shown, trimmed
from trimtab.domain.plan import Chance, Drift
from trimtab.domain.readings import Reading
from trimtab.domain.untold import WHY_UNTOLD, Untold

_PLACES = 6
_SHARES: Final = frozenset({"extra", "fall", "open_interest", "support", "volatility"})
"""Figures that are told in percent."""
_PRICES: Final = frozenset({"ema"})
"""Figures that are prices, in the quote."""


def price_text(at: Decimal | None) -> str:
    """Return a price to six digits, so that a small coin's says something too."""
    if at is None:
        return ""
    return shown(at, max(2, 5 - at.adjusted())) if at.adjusted() < 1 else money(at)


def readings_table(readings: Sequence[Reading]) -> RenderableType:
    """Return every figure of the past with what it was held against."""
    rows: list[list[str | Text]] = [
        [
            reading.rule,
            reading.subject,
            reading.name.replace("_", " "),
            "unknown" if reading.measured is None else _figure(reading.name, reading.measured),
            "" if reading.limit is None else _figure(reading.name, reading.limit),
            Text(reading.text, "" if reading.holds else "dim"),
        ]
        for reading in readings
    ]
    return Rows(("rule", "of", "figure", ">measured", ">against", "~"), rows)


def _figure(name: str, value: Decimal) -> str:
    """Return a share in percent, a price as prices are, another figure with six places.

    One that is smaller than that is told in powers of ten.
    """
    if name in _SHARES:
        return percent(value)
    if name in _PRICES:
        return price_text(value)
    told = trimmed(value, _PLACES)
    return f"{value:.1E}" if told == "0" and value else told


def prices_table(drifts: Sequence[Drift]) -> RenderableType | None:
    """Return alert prices, at which an asset meets its own band's edge, beside trigger prices.

    None where there are neither, nor a reason to tell. Outside its band an asset's alert price is
    where it comes back, and so marked.
    """
    parts: list[RenderableType] = []
    if told := [d for d in drifts if _has_alert(d) or _has_trigger(d)]:
        columns, rows = _triggers(told)
        alerts = ([price_text(d.alert_low), price_text(d.alert_high)] for d in told)
        head = ("price of", ">alert below", ">above", *columns)
        cells = [[d.asset, *a, *row] for d, a, row in zip(told, alerts, rows, strict=True)]
        parts.append(Rows(head, cells))
        back = ", ".join(d.asset for d in told if d.breached and _has_alert(d))
        parts += [Text(f"At its alert price back inside its band: {back}.", "dim")] if back else []
    parts += [] if any(map(_has_trigger, drifts)) else _untold(drifts)
    return Group(*parts) if parts else None


def trigger_table(drifts: Sequence[Drift]) -> RenderableType | None:
    """Return at which price of each asset a band is left first, or why no price is told.

    None where there is none, or a band is left already: that is plain from the weights.
    """
    told = [d for d in drifts if _has_trigger(d)]
    if not told:
        return next(iter(_untold(drifts)), None)
    columns, rows = _triggers(told)
    return Rows(("price of", *columns), [[d.asset, *r] for d, r in zip(told, rows, strict=True)])


def _has_alert(drift: Drift) -> bool:
    """Return whether a price of the asset brings it to an edge of its own band."""
    return drift.alert_low is not None or drift.alert_high is not None


def _has_trigger(drift: Drift) -> bool:
    """Return whether a price of the asset makes any asset leave its band."""
    return drift.trigger_low is not None or drift.trigger_high is not None


def _untold(drifts: Sequence[Drift]) -> list[Text]:
    """Return why no trigger price is told, where that is not plain from the weights."""
    untold = (d.untold for d in drifts if d.untold is not Untold.BAND_LEFT)
    why = next((WHY_UNTOLD[each] for each in untold if each is not None), "")
    return [Text(f"No trigger prices: {why}.", "dim")] if why else []


def _triggers(told: Sequence[Drift]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the columns of trigger prices, and each asset's cells; empty where none has any."""
    if not any(map(_has_trigger, told)):
        return (), [[] for _ in told]
    spans = tuple(c.days for d in told for c in (d.chances_low or d.chances_high))
    days = tuple(dict.fromkeys(spans))
    likely = tuple(f">in {span} d" for span in days)
    rows = [
        [
            price_text(drift.trigger_low),
            *_chances(drift.chances_low, days),
            price_text(drift.trigger_high),
            *_chances(drift.chances_high, days),
        ]
        for drift in told
    ]
    return (">trigger below", *likely, ">above", *likely), rows


def _chances(chances: Sequence[Chance], days: Sequence[int]) -> list[str]:
    """Return the chances in percent, in the order of the columns."""
    by_days = {each.days: each.chance for each in chances}
    return [percent(by_days[span]) if span in by_days else "" for span in days]
