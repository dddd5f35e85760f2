"""Sleeves, and what they do to net exposure, for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.tables import percent
from trimtab.domain.exact import trimmed
from trimtab.domain.sleeves import NetOfSleeves, SleeveDrift, SleeveScale


def sleeve_lines(
    sleeves: Sequence[SleeveDrift], nets: Sequence[NetOfSleeves], *, acts: bool
) -> list[RenderableType]:
    """Return one line for each sleeve, and one for each asset that it touches.

    With *acts* also where both are when every leg has filled.
    """
    return [
        *(_sleeve_line(s, acts=acts) for s in sleeves),
        *(_net_line(net, acts=acts) for net in nets),
    ]


def _sleeve_line(drift: SleeveDrift, *, acts: bool) -> Text:
    """Return the size of one sleeve against its band."""
    size, low, high = (
        _size(drift, each) for each in (drift.target, drift.band_low, drift.band_high)
    )
    after = f" → {_size(drift, drift.after)}" if acts else ""
    told = (
        f"  sleeve, {drift.direction.value}: {_size(drift, drift.measured)}{after} of {size}, "
        f"band {low} to {high}: {', '.join(m.asset for m in drift.members)}"
    )
    line = Text.assemble((drift.sleeve, "bold cyan"), told)
    return line.append("  outside", "bold yellow") if drift.breached else line


def _size(drift: SleeveDrift, size: Decimal) -> str:
    """Return a size in its unit."""
    is_multiple = drift.scale is SleeveScale.MULTIPLE
    return f"{trimmed(size, 4)} ×" if is_multiple else percent(size)


def _net_line(net: NetOfSleeves, *, acts: bool) -> Text:
    """Return what sleeves make of one asset's exposure."""
    told = f"  net {percent(net.net)}: {percent(net.own)} itself, {percent(net.in_sleeves)} sleeves"
    after = (
        f" → net {percent(net.net_after)}: {percent(net.own_after)} itself, "
        f"{percent(net.in_sleeves_after)} sleeves"
    )
    return Text.assemble((str(net.asset), "bold cyan"), told + (after if acts else ""))
