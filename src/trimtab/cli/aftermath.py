"""What a run that did not go through whole says at its end: what happened, what is true now.

One paragraph for a person at three in the morning. The command that comes next follows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trimtab.cli.tables import wallets, words
from trimtab.domain.exact import plain
from trimtab.domain.stops import StopState
from trimtab.domain.transfers import TransferState
from trimtab.execution.report import ExecutionReport, OrderLine, Outcome

_HAPPENED: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.REFUSED: "The gate looked again just before the first order, and refused.",
        Outcome.PARTIAL: "The run ended before all of the plan was done.",
        Outcome.UNKNOWN: "The exchange has not told how every order or transfer ended.",
        Outcome.NOTHING_SENT: "The exchange took no order.",
        Outcome.HALTED: "The kill switch was latched before the first order.",
        Outcome.INTERRUPTED: "The run was asked to stop.",
    }
)

_NO_STOP: Final = frozenset({StopState.ABSENT, StopState.REFUSED, StopState.WITHDRAWN})


def aftermath(execution: ExecutionReport) -> str:
    """Return the paragraph; empty for a run that did all of its plan."""
    happened = _HAPPENED.get(execution.outcome)
    if happened is None:
        return ""
    sent = [order for order in execution.orders if order.client_order_id not in execution.unknown]
    sentences = [happened, *_causes(execution), *_moved(execution)]
    sentences += _known(sent) if sent or not execution.unknown else []
    return " ".join(sentences + _unknown(execution))


def _causes(execution: ExecutionReport) -> list[str]:
    """Return why, as closely as it is known."""
    why = execution.note.rstrip(".").replace(".; ", "; ")
    left = [rest.reason for rest in execution.unmoved]
    left += [rest.reason for rest in execution.remainder]
    reasons = dict.fromkeys(words(reason.value) for reason in left)
    causes = [f"It was noted: {why}."] if why else []
    bare = [each.hedge_id for each in execution.stops if not each.is_well]
    if bare:
        causes.append(f"No stop rests as it should on the venue for: {', '.join(bare)}.")
    if any(not each.is_well and each.state in _NO_STOP for each in execution.stops):
        causes.append("A hedge without one is closed by plans alone.")
    return causes + ([f"Left undone because of: {', '.join(reasons)}."] if reasons else [])


def _moved(execution: ExecutionReport) -> list[str]:
    """Return what transfers are certain to have moved: it stays where it is."""
    return [
        f"{plain(each.units.copy_abs())} {each.asset} went {wallets(each.units)} and stays there."
        for each in execution.transfers
        if each.state is TransferState.DONE
    ]


def _known(orders: list[OrderLine]) -> list[str]:
    """Return what is certain about the orders whose end is known."""
    if not orders:
        return ["No order is under way."]
    filled = sum(1 for order in orders if order.filled_lots)
    many = "1 order ended" if len(orders) == 1 else f"{len(orders)} orders ended"
    return [f"{many}, {filled} of them with fills; every fill is in the ledger."]


def _unknown(execution: ExecutionReport) -> list[str]:
    """Return what is not certain, and what is done about it."""
    if not execution.unknown:
        return []
    names = ", ".join(execution.unknown)
    subject = "Its end" if len(execution.unknown) == 1 else "Their end"
    return [
        f"Not known yet: {names}.",
        f"{subject} is looked up, never sent again; until then nothing follows.",
    ]
