"""What proposals are made with and orders are worked with, from an open shell."""

from __future__ import annotations

from trimtab.bootstrap import Shell, owner
from trimtab.domain.hedges import Wish
from trimtab.ports import Approver, Progress, StopSignal
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.propose import Planner
from trimtab.workflow.run import Runner


def planner_of(shell: Shell, *, wish: Wish | None) -> Planner:
    """Return what proposals are made with, for drifts or for what a person asks of hedges."""
    return Planner(
        market=shell.market,
        payments=shell.payments,
        references=shell.references,
        history=shell.history,
        ledger=shell.ledger,
        keys=shell.preflight,
        clock=shell.clock,
        policy=shell.config.policy,
        owner=owner(),
        wish=wish,
    )


def desk_of(shell: Shell, *, progress: Progress, stop: StopSignal) -> Desk:
    """Return what orders are worked with."""
    return Desk(
        venue=shell.venue,
        wallets=shell.wallets,
        stops=shell.stops,
        ledger=shell.ledger,
        clock=shell.clock,
        progress=progress,
        stop=stop,
    )


def runner_of(
    shell: Shell,
    *,
    approver: Approver,
    progress: Progress,
    stop: StopSignal,
    wish: Wish | None,
) -> Runner:
    """Return what a run works with, for drifts or for what a person asks of hedges."""
    desk = desk_of(shell, progress=progress, stop=stop)
    return Runner(planner=planner_of(shell, wish=wish), desk=desk, approver=approver)
