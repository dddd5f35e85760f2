"""What a run came to, as a document and for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.aftermath import aftermath
from trimtab.cli.documents import MARK_PLACES, Document, fees_document
from trimtab.cli.rows import Rows
from trimtab.cli.tables import fee_text, money, wallets, words
from trimtab.domain.exact import exact_arithmetic, plain, trimmed
from trimtab.domain.hedges import HedgeId
from trimtab.domain.orders import OrderState
from trimtab.domain.plan import Plan
from trimtab.domain.transfers import side_of
from trimtab.execution.report import ExecutionReport, OrderLine, Outcome, StopResult, TransferLine
from trimtab.execution.rests import RestReason
from trimtab.ports import PlanStatus
from trimtab.workflow.run import RunResult

_STYLES: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.EXECUTED: "bold green",
        Outcome.PARTIAL: "bold yellow",
        Outcome.INTERRUPTED: "bold yellow",
        Outcome.UNKNOWN: "bold red",
    }
)
"""All others: bold red."""
_NEXT: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.PARTIAL: "trimtab plan",
        Outcome.UNKNOWN: "trimtab recover",
        Outcome.NOTHING_SENT: "trimtab doctor",
        Outcome.REFUSED: "trimtab plan",
        Outcome.HALTED: "trimtab unhalt",
        Outcome.INTERRUPTED: "trimtab status",
    }
)
"""What the operator would do after an outcome; nothing after one that is done.

A dry run that is done is asked for with ``--execute``: what it was of, the command says.
"""


def execution_document(execution: ExecutionReport, plan: Plan) -> Document:
    """Return orders, remainder and unknown orders by the contract."""
    return {
        "outcome": execution.outcome.value,
        "orders": [
            {
                "line": order.line,
                "attempt": order.attempt,
                "client_order_id": order.client_order_id,
                "symbol": order.instrument.symbol,
                "side": order.side.value,
                "status": order.state.value,
                "filled": plain(order.filled),
                "average": _average(order),
                "fees": fees_document(order.fees),
                "note": order.note,
            }
            for order in execution.orders
        ],
        "transfers": [
            {
                "line": moved.line,
                "transfer_id": moved.transfer_id,
                "venue_transfer_id": moved.venue_transfer_id,
                "symbol": moved.asset,
                "side": side_of(moved.units).value,
                "quantity": plain(moved.units.copy_abs()),
                "status": moved.state.value,
                "note": moved.note,
            }
            for moved in execution.transfers
        ],
        "stops": [
            {
                "line": stop.line,
                "stop_id": stop.stop_id,
                "hedge_id": stop.hedge_id,
                "symbol": stop.symbol,
                "quantity": plain(stop.quantity),
                "trigger_price": plain(stop.trigger_price),
                "status": stop.state.value,
                "rests": stop.is_well,
                "note": stop.note,
            }
            for stop in execution.stops
        ],
        "remainder": [
            {
                "line": line,
                "symbol": name,
                "side": side,
                "quantity": quantity,
                "reason": reason.value,
            }
            for line, name, side, quantity, reason in _left(execution)
        ],
        "unknown": list(execution.unknown),
        "note": execution.note,
        "told": aftermath(execution),
        "plan": plan.digest,
    }


def _left(execution: ExecutionReport) -> list[tuple[int, str, str, str, RestReason]]:
    """Return line, market or asset, side, quantity and reason of all that was left, by line."""
    rests = [
        (r.line, str(r.symbol), r.side.value, plain(r.quantity), r.reason)
        for r in execution.remainder
    ]
    rests += [
        (r.line, str(r.asset), side_of(r.units).value, plain(r.units.copy_abs()), r.reason)
        for r in execution.unmoved
    ]
    return sorted(rests)


def run_view(result: RunResult, bare: Sequence[HedgeId] = ()) -> RenderableType:
    """Return a run for a person: the orders and the end. The plan was shown before.

    *bare* are hedges that had no stop on the venue when it began.
    """
    if result.execution is not None:
        return execution_view(result.execution, result)
    if result.status is PlanStatus.NOTHING_TO_DO:
        return Text(none_can_rest(bare)) if bare and result.plan.is_empty else Group()
    if result.status is PlanStatus.REFUSED and result.plan.legs and bare:
        return Text(f"The gate refused; nothing was sent.\n{refused_with_it(result.plan, bare)}")
    return Text(not_executed(result))


def refused_with_it(plan: Plan, bare: Sequence[HedgeId]) -> str:
    """Say that hedges without a stop get none by a plan that is refused, and what puts it."""
    name = plan.digest[:8]
    return (
        f"{name} is refused whole (trimtab explain {name}): {_bare(bare)}.\n"
        "next: trimtab mend-stops"
    )


def none_can_rest(bare: Sequence[HedgeId]) -> str:
    """Say that hedges without a stop get none though a plan would put what can rest, and why."""
    return (
        f"{_bare(bare)}, and none can rest now: the price is past it, or the position is smaller"
        " than its hedges.\nnext: trimtab plan"
    )


def _bare(bare: Sequence[HedgeId]) -> str:
    """Say that hedges have no stop."""
    return f"{', '.join(bare)} {'has' if len(bare) == 1 else 'have'} no stop on the venue still"


def execution_view(execution: ExecutionReport, result: RunResult) -> RenderableType:
    """Return orders with what they filled and cost, the rest, and the verdict."""
    parts: list[RenderableType] = []
    if execution.orders:
        parts += [Text(), _orders(execution.orders)]
    if execution.transfers:
        parts += [Text(), _transfers(execution.transfers)]
    if execution.stops:
        parts += [Text(), _stops(execution.stops)]
    if left := _left(execution):
        rests = ((str(line), *told, words(reason.value)) for line, *told, reason in left)
        parts += [Text(), Rows((">line", "market", "side", ">left", "~because"), rests)]
    style = _STYLES.get(execution.outcome, "bold red")
    kind = "Dry run" if result.status is PlanStatus.DRY_RUN else "Run"
    line = Text.assemble((f"{kind} ", "bold"), (words(execution.outcome.value), style))
    parts += [Text(), line]
    if told := aftermath(execution):
        parts.append(Text(told))
    next_step = _NEXT.get(execution.outcome)
    if result.status is PlanStatus.DRY_RUN and execution.outcome is Outcome.EXECUTED:
        next_step = "the same command with --execute, which plans anew and asks first"
    if next_step:
        parts.append(Text(f"next: {next_step}"))
    return Group(*parts)


def _orders(orders: tuple[OrderLine, ...]) -> RenderableType:
    """Return a table of orders, by line and attempt."""
    columns = (
        ">line",
        ">attempt",
        "market",
        "side",
        ">filled",
        ">average",
        ">value",
        "fees",
        "~status",
    )
    return Rows(columns, (_order_row(order) for order in orders))


def _transfers(transfers: tuple[TransferLine, ...]) -> RenderableType:
    """Return a table of transfers, by line."""
    rows = (
        (
            str(moved.line),
            moved.asset,
            wallets(moved.units),
            plain(moved.units.copy_abs()),
            moved.state.value + (f": {moved.note}" if moved.note else ""),
        )
        for moved in transfers
    )
    return Rows((">line", "transfer", "wallets", ">units", "~status"), rows)


def _stops(stops: tuple[StopResult, ...]) -> RenderableType:
    """Return a table of the stops that were to rest afterwards, by line."""
    rows = (
        (
            str(stop.line),
            f"stop of {stop.hedge_id}",
            stop.symbol,
            plain(stop.quantity),
            plain(stop.trigger_price),
            stop.state.value + (f": {stop.note}" if stop.note else ""),
        )
        for stop in stops
    )
    return Rows((">line", "stop", "market", ">quantity", ">from", "~status"), rows)


def _order_row(order: OrderLine) -> tuple[str, ...]:
    """Return one order as cells."""
    value = ""
    if order.average_fill_price is not None:
        with exact_arithmetic():
            value = money(order.filled * order.average_fill_price)
    fees = ", ".join(fee_text(fee, asset) for asset, fee in sorted(order.fees.items()))
    status = order.state.value
    if order.state is OrderState.EXPIRED and order.filled_lots:
        status = "filled in part"
    return (
        str(order.line),
        str(order.attempt),
        order.instrument.symbol,
        order.side.value,
        plain(order.filled),
        _average(order) or "",
        value,
        fees,
        status + (f": {order.note}" if order.note else ""),
    )


def _average(order: OrderLine) -> str | None:
    """Return the average fill price with eight decimals at most."""
    price = order.average_fill_price
    return None if price is None else trimmed(price, MARK_PLACES)


def not_executed(result: RunResult) -> str:
    """Say why nothing was sent, and what comes next."""
    name = result.plan.digest[:8]
    said, next_step = {
        PlanStatus.REFUSED: ("The gate refused; nothing was sent.", f"trimtab explain {name}"),
        PlanStatus.DECLINED: ("Declined; nothing was sent.", "trimtab run --execute"),
        PlanStatus.PROPOSED: (
            "Not decided; the plan is pending and nothing was sent.",
            f"trimtab approve {name}, then trimtab run --execute --plan {name}",
        ),
        PlanStatus.EXPIRED: ("Expired; nothing was sent.", "trimtab run --execute"),
    }.get(result.status, (f"{words(result.status)}; nothing was sent.", "trimtab plan"))
    return f"{said}\nnext: {next_step}"
