"""What recovery, halt and release came to, as documents and for a person.

Nothing prints here. Quantities are base units, unsigned; the side tells the direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.adapters.ledger.rows import LedgerEvent
from trimtab.cli.exits import Exit
from trimtab.cli.rows import Rows
from trimtab.cli.session import Result
from trimtab.cli.tables import wallets, words
from trimtab.cli.views_ledger import side
from trimtab.domain.exact import plain
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Instrument
from trimtab.domain.orders import OrderRecord, Side
from trimtab.domain.snapshot import OpenOrder
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import side_of
from trimtab.execution.retry import SET_BACK
from trimtab.execution.tracking import Outlook
from trimtab.workflow.recover import Recovered, RecoveryReport
from trimtab.workflow.recovered_stops import RecoveredStop
from trimtab.workflow.recovered_transfers import RecoveredTransfer

MEND_CLOCK: Final = (
    "set this machine's clock right, or wait until it is past when that was sent, then trimtab"
    " recover"
)
"""What gets further where by our clock what is looked for has not been sent yet."""


class Ended(StrEnum):
    """What became of a cancel."""

    CANCELLED = "cancelled"
    RESTING = "resting"
    """Certainly not cancelled."""
    UNKNOWN = "unknown"
    """It may be cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """One order of ours that rested when the kill switch was latched."""

    order: OpenOrder
    instrument: Instrument
    outcome: Ended
    note: str
    """The venue's answer when it was not cancelled; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """A latched kill switch, and what became of the orders that rested."""

    reason: str
    before: str | None
    """Why it was latched already, or None."""
    cancellations: tuple[Cancellation, ...]
    unreached: str
    """What could not be looked at, and why; empty when all was."""
    stops: tuple[StopRecord, ...]
    """Stops that stay on the venue: they work when nobody does."""


def recover_result(
    report: RecoveryReport, before: Sequence[OrderRecord], bare: Sequence[HedgeId]
) -> Result:
    """Return what recovery found out; *before* are the orders that it was to resolve.

    *bare* are the hedges that should have a stop on the venue and have none.
    """
    code, known = Exit(report.exit_code), {r.intent.client_order_id: r for r in before}
    next_step = "trimtab run --execute" if bare and not code else _after_recovery(report, code)
    document = {
        "status": _recovery_status(report, code),
        "resolved": len(report.resolved),
        "orders": [_recovered_document(o, known[o.client_order_id]) for o in report.orders],
        "transfers": [_transfer_document(t) for t in report.transfers],
        "stops": [_stop_document(s) for s in report.stops],
        "hedges_without_stop": list(bare),
        "next": next_step,
    }
    told = "Nothing to recover: every order and transfer is closed, every stop is where it was."
    if report.is_nothing:
        view = Group(Text(told), *_without_stop(bare), Text(f"next: {next_step}"))
        return Result(document=document, view=view, code=code)
    columns = ("order", "market", "side", ">quantity", "before", "after", ">filled")
    rows = [_recovered_row(o, known[o.client_order_id]) for o in report.orders]
    notes = [
        Text(f"{o.client_order_id}: {words(o.outlook.value)}; {o.note}", "yellow")
        for o in report.unresolved
    ]
    notes += [
        Text(f"{t.transfer_id}: {words(t.outlook.value)}; {t.note}", "yellow")
        for t in report.unresolved_transfers
    ]
    notes += [
        Text(f"{s.record.intent.stop_id}: {words(s.outlook.value)}; {s.note}", "yellow")
        for s in report.unresolved_stops
    ]
    tables = [Rows(columns, rows)] if rows else []
    if report.transfers:
        moved = ("transfer", "asset", "wallets", ">units", "before", "after")
        tables.append(Rows(moved, [_transfer_row(t) for t in report.transfers]))
    if report.stops:
        stops = ("stop", "hedge", "market", ">quantity", ">from", "before", "after")
        tables.append(Rows(stops, [_stop_row(s) for s in report.stops]))
    others = [each.is_resolved for each in report.transfers]
    others += [each.is_resolved for each in report.stops]
    known_ends = len(report.resolved) + sum(others)
    told = f"{known_ends} of {len(report.orders) + len(others)} resolved."
    lines = (Text(told), *_without_stop(bare), Text(f"next: {next_step}"))
    return Result(document=document, view=Group(*tables, Text(), *notes, *lines), code=code)


def _without_stop(bare: Sequence[HedgeId]) -> Iterator[Text]:
    """Yield that hedges have no stop on the venue, and what becomes of them."""
    if bare:
        told = f"No stop on the venue: {', '.join(bare)}. Until a run puts it, only plans close it."
        yield Text(told, "bold yellow")


def _recovery_status(report: RecoveryReport, code: Exit) -> str:
    """Return where recovery ended, in one word."""
    if report.is_nothing:
        return "nothing_to_do"
    if code is Exit.DONE:
        return "resolved"
    return {Exit.INTERRUPTED: "interrupted", Exit.UNREACHABLE: "unanswered"}.get(code, "unknown")


def _after_recovery(report: RecoveryReport, code: Exit) -> str:
    """Return the command that gets further."""
    if report.is_nothing:
        return "trimtab plan"
    if code is Exit.DONE:
        return "trimtab reconcile"
    moved = [s.record.intent.stop_id for s in report.unresolved_stops if s.is_moved]
    left = {each.outlook for each in report.unresolved}
    left |= {each.outlook for each in report.unresolved_transfers}
    left |= {each.outlook for each in report.unresolved_stops if not each.is_moved}
    if Outlook.CONTRADICTED in left:
        return "trimtab reconcile, and look at the orders and transfers on the venue"
    if moved:
        return f"cancel {moved[0]} on the venue's page of conditional orders, then trimtab recover"
    return _after_silence(report)


def _after_silence(report: RecoveryReport) -> str:
    """Return what gets further where what was sent is neither seen nor proved absent."""
    notes = {order.note for order in report.unresolved}
    notes |= {transfer.note for transfer in report.unresolved_transfers}
    notes |= {stop.note for stop in report.unresolved_stops}
    if SET_BACK in notes:
        return MEND_CLOCK
    for_you = [o.client_order_id for o in report.unresolved if o.outlook is Outlook.UNPROVABLE]
    if for_you:
        looked = "look for it at the venue; when it is not there, in orders and in executions"
        return f"{looked}: trimtab recover --absent {for_you[0]}"
    return "trimtab recover, once the venue answers"


def _recovered_document(order: Recovered, record: OrderRecord) -> dict[str, object]:
    """Return one order before and after."""
    intent = record.intent
    return {
        "client_order_id": order.client_order_id,
        "plan_digest": intent.plan_digest,
        "line": order.line,
        "symbol": intent.instrument.symbol,
        "side": intent.side.value,
        "quantity": plain(intent.quantity),
        "before": order.before.value,
        "after": order.after.value,
        "filled": plain(intent.instrument.units(order.filled_lots).copy_abs()),
        "resolved": order.is_resolved,
        "note": order.note,
    }


def _recovered_row(order: Recovered, record: OrderRecord) -> list[str | Text]:
    """Return one order before and after."""
    intent = record.intent
    return [
        order.client_order_id,
        intent.instrument.symbol,
        side(intent.side),
        plain(intent.quantity),
        order.before.value,
        Text(order.after.value, "green" if order.is_resolved else "bold yellow"),
        plain(intent.instrument.units(order.filled_lots).copy_abs()),
    ]


def _transfer_document(moved: RecoveredTransfer) -> dict[str, object]:
    """Return one transfer before and after."""
    return {
        "transfer_id": moved.transfer_id,
        "plan_digest": moved.plan_digest,
        "line": moved.line,
        "symbol": moved.asset,
        "side": side_of(moved.units).value,
        "quantity": plain(moved.units.copy_abs()),
        "before": moved.before.value,
        "after": moved.after.value,
        "resolved": moved.is_resolved,
        "note": moved.note,
    }


def _transfer_row(moved: RecoveredTransfer) -> list[str | Text]:
    """Return one transfer before and after."""
    return [
        moved.transfer_id,
        moved.asset,
        wallets(moved.units),
        plain(moved.units.copy_abs()),
        moved.before.value,
        Text(moved.after.value, "green" if moved.is_resolved else "bold yellow"),
    ]


def _stop_document(found: RecoveredStop) -> dict[str, object]:
    """Return one stop before and after."""
    record = found.record
    return {
        "stop_id": record.intent.stop_id,
        "plan_digest": record.intent.plan_digest,
        "line": record.intent.line,
        "hedge_id": record.intent.hedge_id,
        "symbol": record.intent.instrument.symbol,
        "quantity": plain(record.intent.quantity),
        "trigger_price": plain(record.intent.trigger_price),
        "before": found.before.value,
        "after": record.state.value,
        "resolved": found.is_resolved,
        "note": found.note,
    }


def _stop_row(found: RecoveredStop) -> list[str | Text]:
    """Return one stop before and after."""
    record = found.record
    return [
        record.intent.stop_id,
        record.intent.hedge_id,
        record.intent.instrument.symbol,
        plain(record.intent.quantity),
        plain(record.intent.trigger_price),
        found.before.value,
        Text(record.state.value, "green" if found.is_resolved else "bold yellow"),
    ]


def halt_result(halted: Halted) -> Result:
    """Return a latched kill switch; the code says whether anything may still rest."""
    code = _halt_code(halted)
    next_step = "trimtab status, then trimtab unhalt"
    if code is not Exit.DONE:
        next_step = "trimtab halt, once the venue answers"
    document = {
        "status": "halted",
        "reason": halted.reason,
        "halted_before": halted.before,
        "orders": [
            {
                "client_order_id": c.order.client_order_id,
                "symbol": c.order.symbol,
                "side": Side.of(c.order.lots).value,
                "quantity": plain(c.instrument.units(c.order.lots).copy_abs()),
                "outcome": c.outcome.value,
                "note": c.note,
            }
            for c in halted.cancellations
        ],
        "stops": [
            {
                "stop_id": s.intent.stop_id,
                "hedge_id": s.intent.hedge_id,
                "symbol": s.intent.instrument.symbol,
                "quantity": plain(s.intent.quantity),
                "trigger_price": plain(s.intent.trigger_price),
                "status": s.state.value,
            }
            for s in halted.stops
        ],
        "venue_error": halted.unreached or None,
        "next": next_step,
    }
    parts: list[RenderableType] = [
        Text.assemble(("Halted", "bold red"), f": {halted.reason}. Only reductions pass now.")
    ]
    if halted.before is not None:
        parts.append(Text(f"It was halted before: {halted.before}", "dim"))
    parts.append(_cancellations(halted))
    parts += [
        Text(
            f"The stop of {s.intent.hedge_id} stays on the venue: {plain(s.intent.quantity)}"
            f" {s.intent.instrument.base} at {plain(s.intent.trigger_price)}."
        )
        for s in halted.stops
    ]
    parts.append(Text(f"next: {next_step}"))
    return Result(document=document, view=Group(*parts), code=code)


def _halt_code(halted: Halted) -> Exit:
    """Return 0 when nothing of ours rests, else what is in the way."""
    outcomes = {c.outcome for c in halted.cancellations}
    if halted.unreached or Ended.RESTING in outcomes:
        return Exit.UNREACHABLE
    return Exit.UNKNOWN if Ended.UNKNOWN in outcomes else Exit.DONE


def _cancellations(halted: Halted) -> RenderableType:
    """Return what became of our resting orders."""
    parts: list[RenderableType] = []
    if halted.unreached:
        others = " other" * bool(halted.cancellations)
        told = f"Our{others} open orders were not cancelled: {halted.unreached}\nThe halt holds."
        parts.append(Text(told, "yellow"))
    elif not halted.cancellations:
        parts.append(Text("No order of ours rests on the exchange."))
    return Group(*_cancel_table(halted.cancellations), *parts)


def _cancel_table(cancellations: Sequence[Cancellation]) -> Iterator[RenderableType]:
    """Yield what became of each order, where there was one."""
    if not cancellations:
        return
    rows: list[list[str | Text]] = [
        [
            c.order.client_order_id,
            c.order.symbol,
            side(Side.of(c.order.lots)),
            plain(c.instrument.units(c.order.lots).copy_abs()),
            Text(c.outcome.value, "green" if c.outcome is Ended.CANCELLED else "bold red"),
            c.note,
        ]
        for c in cancellations
    ]
    yield Rows(("order", "market", "side", ">quantity", "outcome", "~"), rows)


_PUT: Final[Mapping[str, str]] = MappingProxyType(
    {"halted": "last halted", "reducing": "set to reducing"}
)
"""How an account came into a state, said with when; it may have been halted before."""


def unhalt_result(latched: Mapping[str, LedgerEvent]) -> Result:
    """Return what was released, ``halted`` or ``reducing``, with why, when and by whom."""
    if not latched:
        view = Text("Not halted and not reducing; nothing to release.\nnext: trimtab plan")
        return Result(document={"status": "not_halted", "halted": None}, view=view, code=Exit.DONE)
    told = {state: {k: e.body[k] for k in ("reason", "by", "at")} for state, e in latched.items()}
    document = {"status": "released", "halted": None, "reducing": None} | told
    lines = [
        f"Released. It was {_PUT[state]} at {str(one['at'])[:19].replace('T', ' ')} UTC by"
        f" {one['by']}: {one['reason']}"
        for state, one in told.items()
    ]
    view = Text("\n".join([*lines, "next: trimtab plan"]))
    return Result(document=document, view=view, code=Exit.DONE)
