"""Hedges as ``status`` shows them: as a document, and for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.accounting.pot import PotEntry
from trimtab.cli.rows import Rows
from trimtab.cli.tables import money, points, words
from trimtab.domain.exact import plain, shown, trimmed
from trimtab.domain.hedges import Hedge
from trimtab.domain.instruments import Asset
from trimtab.domain.stops import StopState
from trimtab.hedging.score import HedgeScore
from trimtab.workflow.hedges import SeenHedge


def hedges_view(
    hedges: Sequence[SeenHedge], pot: Decimal, quote: str
) -> tuple[RenderableType, ...]:
    """Return open hedges, if any, and what hedges have brought so far."""
    line = Text(f"Pot of what hedges brought: {money(pot)} {quote}.  trimtab ledger pot")
    return (_hedges_table(hedges, quote), line) if hedges else (line,)


def scores_view(scored: Sequence[tuple[Hedge, HedgeScore | None]], quote: Asset) -> RenderableType:
    """Return every hedge, and what came of those that an auto route chose."""
    if not scored:
        return Text("No hedge was ever opened.\nnext: trimtab status")
    columns = ("hedge", "why", "opened (UTC)", "closed (UTC)", "by", f">result {quote}")
    parts: list[RenderableType] = [Rows(columns, [_book_row(h, quote) for h, _ in scored])]
    rows = [_score_row(h, score) for h, score in scored if score is not None]
    if rows:
        figures = (">days", ">sale", ">predicted", ">realised", ">saved", "")
        parts += [Text(), Text(f"What an auto route chose, and its cost in {quote}", "bold")]
        parts.append(Rows(("hedge", *figures), rows))
    return Group(*parts)


def _book_row(hedge: Hedge, quote: Asset) -> list[str | Text]:
    """Return one hedge, open or closed."""
    return [
        hedge.hedge_id,
        words(hedge.origin.value),
        f"{hedge.opened_at:%Y-%m-%d %H:%M}",
        "open" if hedge.closed_at is None else f"{hedge.closed_at:%Y-%m-%d %H:%M}",
        "" if hedge.closed_by is None else words(hedge.closed_by.value),
        money(hedge.result(quote)),
    ]


def _score_row(hedge: Hedge, score: HedgeScore) -> list[str | Text]:
    """Return what a hedge came to cost against the sale that it stood for."""
    right = score.saved > 0
    return [
        hedge.hedge_id,
        trimmed(score.days, 1),
        money(score.sale),
        money(score.predicted),
        money(score.realised),
        money(score.saved),
        Text(
            "the hedge was cheaper" if right else "the sale was cheaper", "" if right else "yellow"
        ),
    ]


def pot_table(entries: Sequence[PotEntry]) -> RenderableType:
    """Return the pot entry by entry, oldest first."""
    if not entries:
        return Text("No hedge has earned or cost anything yet.\nnext: trimtab status")
    rows: list[list[str | Text]] = [
        [
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.hedge_id,
            entry.kind.value,
            trimmed(entry.postings[0].units, 8),
            entry.postings[0].asset,
            money(entry.balance),
            entry.reference,
        ]
        for entry in entries
    ]
    columns = ("at (UTC)", "hedge", "for", ">received", "asset", ">pot after", "trade")
    return Rows(columns, rows)


def _hedges_table(hedges: Sequence[SeenHedge], quote: str) -> RenderableType:
    """Return open hedges, with what closes each."""
    columns = ("hedge", "why", ">short", ">entry", ">mark", f">profit {quote}", ">realised")
    rest = (">funding", ">days", "stop", "~closes at")
    return Rows((*columns, *rest), [_row(seen) for seen in hedges])


def _row(seen: SeenHedge) -> list[str | Text]:
    """Return one open hedge."""
    hedge = seen.hedge
    return [
        hedge.hedge_id,
        words(hedge.origin.value),
        Text(_short(seen), "" if seen.is_covered else "bold red"),
        shown(hedge.entry, 2),
        "" if seen.mark is None else shown(seen.mark, 2),
        "" if seen.profit is None else money(seen.profit),
        money(hedge.realised),
        money(hedge.funding),
        str(seen.age.days),
        Text(_stop(seen), "" if _is_stopped(seen) else "bold red"),
        seen.ends if seen.is_covered else "position is smaller: trimtab reconcile",
    ]


def _is_stopped(seen: SeenHedge) -> bool:
    """Whether a hedge has the stop on the venue that it should have, or should have none."""
    if seen.stop is None:
        return not seen.wants_stop
    is_where_it_was = not (seen.stop.is_gone or seen.stop.is_moved)
    return seen.stop.is_right and is_where_it_was and seen.stop.record.state is StopState.RESTING


def _stop(seen: SeenHedge) -> str:
    """Return the stop of a hedge on the venue in a few words; empty where none is wanted."""
    if seen.stop is None:
        return "missing: trimtab plan" if seen.wants_stop else ""
    intent, state = seen.stop.record.intent, seen.stop.record.state
    told = plain(intent.trigger_price)
    if seen.stop.distance is not None:
        told += f" ({points(seen.stop.distance)})"
    if state is not StopState.RESTING:
        return f"{told}, {state.value}: trimtab recover"
    if seen.stop.is_gone:
        return f"{told}, gone: trimtab recover"
    if seen.stop.is_moved:
        return f"{told}, moved: trimtab recover"
    return told if seen.stop.is_right else f"{told}, wrong: trimtab plan"


def _short(seen: SeenHedge) -> str:
    """Return what is short: units, asset, day of a dated contract; and for which other asset."""
    hedge, (base, _, market) = seen.hedge, seen.hedge.symbol.partition("/")
    _, _, expiry = market.partition("-")
    told = f"{plain(hedge.units)} {base}" + (f" {expiry}" if expiry else "")
    return f"{told} for {hedge.asset} at beta {plain(hedge.beta)}" if hedge.is_cross else told
