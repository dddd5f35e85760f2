"""What reconciliation came to, as a document and for a person.

Nothing prints here. Amounts are units, signed: positive came in.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.adapters.ledger.export import fill_document, payment_document
from trimtab.cli.documents import Document
from trimtab.cli.exits import Exit
from trimtab.cli.rows import Rows
from trimtab.cli.session import Result
from trimtab.cli.views_ledger import fills_view, payments_view
from trimtab.domain.exact import plain
from trimtab.domain.snapshot import AccountKey
from trimtab.domain.statement import ExternalFlow
from trimtab.domain.stops import is_stop_name
from trimtab.execution.reconcile import Actor, Difference, Subject
from trimtab.workflow.reconcile import Reconciliation


def reconcile_result(found: Reconciliation, key: AccountKey) -> Result:
    """Return what ledger and venue disagree on, and what was adopted."""
    next_step = _next_step(found)
    return Result(
        document=_document(found, key, next_step),
        view=Group(*_adopted(found), *_compared(found), Text(f"next: {next_step}")),
        code=Exit(found.exit_code),
    )


def _document(found: Reconciliation, key: AccountKey, next_step: str) -> Document:
    """Return the whole of it."""
    return {
        "status": "mismatch" if found.differences else "clean",
        "differences": [
            {
                "subject": d.subject.value,
                "name": d.name,
                "expected": d.expected,
                "actual": d.actual,
                "who": d.who.value,
            }
            for d in found.differences
        ],
        "adopted": [fill_document(key, f) for f in found.adopted],
        "payments": [payment_document(key, p) for p in found.payments],
        "payments_booked": len(found.booked),
        "external_flows": [
            {"asset": flow.asset, "amount": plain(flow.units)} for flow in found.flows
        ],
        "left_to_person": found.left_to_person,
        "balances_compared": found.has_statement,
        "next": next_step,
    }


def _adopted(found: Reconciliation) -> list[RenderableType]:
    """Return what was taken over."""
    parts: list[RenderableType] = []
    if found.adopted:
        parts += [Text("Adopted:", "bold"), fills_view(found.adopted), Text()]
    if found.booked:
        parts += [Text("Booked:", "bold"), payments_view(found.booked), Text()]
    if found.flows:
        title = "Adopted as external, as no execution explains it:"
        parts += [Text(title, "bold"), _flows(found.flows), Text()]
    if found.left_to_person:
        told = (
            "No new statement was taken: positions move only by executions and futures wallets "
            "only by payments, and the exchange's lists do not show all of them."
        )
        parts += [Text(told, "yellow"), Text()]
    return parts


def _compared(found: Reconciliation) -> list[RenderableType]:
    """Return what differs, or that nothing does."""
    parts: list[RenderableType] = []
    if found.differences:
        parts += [_differences(found.differences), Text()]
    else:
        every = "order, fill, balance, position and wallet"
        what = every if found.has_statement else "order and fill"
        parts.append(Text(f"The ledger and the exchange agree on every {what}.", "green"))
    if found.payments and not found.booked:
        count = len(found.payments)
        told = "1 payment" if count == 1 else f"{count} payments"
        parts.append(Text(f"Futures wallets: {told} since the last statement.", "dim"))
    if not found.has_statement:
        parts.append(
            Text("Balances and positions: not compared, as no run has recorded them yet.", "dim")
        )
    return parts


def _differences(found: Sequence[Difference]) -> RenderableType:
    """Return what ledger and venue disagree on."""
    columns = ("what", "which", "the ledger expects", "the exchange shows", "who acts")
    rows = [(d.subject.value, d.name, d.expected, d.actual, d.who.value) for d in found]
    return Rows(columns, rows)


def _flows(found: Sequence[ExternalFlow]) -> RenderableType:
    """Return what came from outside, or went there."""
    return Rows(("asset", ">units"), [(flow.asset, plain(flow.units)) for flow in found])


def _next_step(found: Reconciliation) -> str:
    """Return what gets further, what is certain first."""
    actors = {d.who for d in found.differences}
    if not actors:
        return "trimtab status"
    if Actor.RECOVER in actors:
        return "trimtab recover, then trimtab reconcile"
    if found.left_to_person:
        return "trimtab reconcile --adopt in a few minutes; if it stays, runbooks/unexplained.md"
    if late := [d.name for d in found.differences if _is_stop(d)]:
        where = "on the exchange's page of conditional orders"
        return f"cancel {', '.join(late)} {where}, then trimtab reconcile"
    if Actor.PERSON in actors:
        return "look at these on the exchange, then trimtab reconcile"
    return "trimtab reconcile --adopt, once you know where they came from"


def _is_stop(difference: Difference) -> bool:
    """Whether something rests under a name of our stops that the ledger does not have as open."""
    return difference.subject is Subject.ORDER and is_stop_name(difference.name)
