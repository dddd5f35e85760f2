"""``plan`` and ``run``: from the account as it is to orders, with a person's yes between."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.terminal import TerminalProgress
from trimtab.bootstrap import Shell, open_books, open_shell
from trimtab.bootstrap.execution import planner_of, runner_of
from trimtab.cli import session
from trimtab.cli.bearings import bearing_document
from trimtab.cli.beside import note_left_behind, refuse_unread_stops
from trimtab.cli.commands.decisions import named
from trimtab.cli.documents import Document, plan_document
from trimtab.cli.execution_view import (
    execution_document,
    not_executed,
    refused_with_it,
    run_view,
)
from trimtab.cli.exits import Exit, exit_of_status
from trimtab.cli.flags import FLAG
from trimtab.cli.flips import flips_document, flips_view
from trimtab.cli.folding import to_stderr
from trimtab.cli.logged_progress import LoggedProgress
from trimtab.cli.options import OPTIONS
from trimtab.cli.prompt import local_approver
from trimtab.cli.session import Result, Work
from trimtab.cli.survival import survival_view
from trimtab.cli.survival_document import survival_document
from trimtab.cli.tables import bearings_table, words
from trimtab.cli.telling import afterwards, telling_approver
from trimtab.cli.views_plan import plan_view
from trimtab.config import ApprovalMode, Config
from trimtab.domain.errors import ApprovalError, ConfigError, OutcomeUnknown
from trimtab.domain.findings import GateReport
from trimtab.domain.hedges import HedgeId, StopsWish, Wish
from trimtab.domain.plan import Plan
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Environment
from trimtab.domain.stops import unseen
from trimtab.ports import PlanStatus
from trimtab.risk.certificate import Flips, Turned
from trimtab.risk.survival import Survival, survival
from trimtab.venues.promise import objection
from trimtab.venues.register import least_promised
from trimtab.workflow.propose import Proposal, flips_of, propose
from trimtab.workflow.recovered_stops import RecoveredStop, without_stop
from trimtab.workflow.run import Consent, Runner, RunResult, resolved_first, run_saved
from trimtab.workflow.run import run as run_once


def plan(
    *,
    detailed_exitcode: Annotated[bool, FLAG] = False,
) -> Exit:
    """Make a plan, ask the gate, and save it as proposed.

    Parameters
    ----------
    detailed_exitcode
        End with 10 when there is something to do.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        async with open_shell(config, os.environ, use=KeyUse.READ, dry_run=False) as shell:
            await refuse_unread_stops(shell.ledger, config)
            await note_left_behind(shell)
            bare = await without_stop(shell.ledger, config.policy.hedge, config.quote)
            proposal = await propose(planner_of(shell, wish=None), slot_due=False)
        code = exit_of_status(proposal.status)
        if detailed_exitcode and proposal.status is PlanStatus.PROPOSED:
            code = Exit.TRADES_DUE
        asked = _Answers(line=survival(proposal.case), flips=flips_of(proposal), bare=bare)
        return Result(document=_proposed(proposal, asked), view=_seen(proposal, asked), code=code)

    return session.conduct(work, afterwards=afterwards(config, SystemClock()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """What is asked of a proposal beyond its verdict."""

    line: Survival
    flips: Flips
    bare: tuple[HedgeId, ...]
    """Hedges that have no stop on the venue and should, by the ledger."""


def _proposed(proposal: Proposal, asked: _Answers) -> Document:
    """Return a proposal's document, with what was asked and read beyond the verdict."""
    document = plan_document(proposal.plan, proposal.report, status=proposal.status, execution=None)
    return document | {
        "survival": survival_document(asked.line),
        "flip": flips_document(asked.flips),
        "references": [bearing_document(b) for b in proposal.bearings],
    }


def _seen(proposal: Proposal, asked: _Answers) -> RenderableType:
    """Return a proposal for a person, with what was asked and read beyond the verdict."""
    parts = [plan_view(proposal.plan, proposal.report)]
    if asked.flips.turned is not Turned.NONE:
        parts += [Text(), flips_view(asked.flips)]
    parts += [Text(), survival_view(asked.line)]
    if proposal.bearings:
        parts += [Text(), bearings_table(proposal.bearings)]
    return Group(*parts, *_next(proposal, asked.bare))


def _next(proposal: Proposal, bare: Sequence[HedgeId]) -> Iterator[RenderableType]:
    """Yield the command that gets further with a plan, none where there is nothing to do."""
    plan, name = proposal.plan, proposal.plan.digest[:8]
    if gone := unseen(proposal.case.context.stops, proposal.snapshot.open_orders):
        hedges = ", ".join(record.intent.hedge_id for record in gone)
        told = f"The stop of {hedges} rests no more: it has fired or was withdrawn."
        yield Text(f"\n{told} What became of it is not booked, the plan is of before.", "yellow")
        yield Text("next: trimtab recover, then trimtab plan")
    elif proposal.status is PlanStatus.PROPOSED:
        until = f"asks first; until {plan.expires_at:%H:%M:%S} UTC"
        yield Text(f"next: trimtab run --execute --plan {name}  ({until})")
    elif proposal.status is PlanStatus.REFUSED and plan.legs and bare:
        yield Text(refused_with_it(plan, bare))
    elif proposal.status is PlanStatus.REFUSED:
        yield Text(f"next: trimtab explain {name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a run is wanted, and whether it waits for a yes from elsewhere."""

    if_due: Annotated[bool, FLAG] = False
    """Only when a slot of rebalance.calendar is due; then to target inside the bands too."""
    slot: str | None = None
    """With --if-due: this slot, such as 2026Q4, whatever activation and grace say, if not done."""
    wait: Annotated[bool, FLAG] = False
    """Wait for a yes by approve or a reply while the plan holds, though nobody is here."""


ANY_TIME: Final = Timing()


def run(
    *,
    execute: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
    plan: Annotated[str | None, Parameter(name="--plan")] = None,
    timing: Annotated[Timing, Parameter(name="*")] = ANY_TIME,
) -> Exit:
    """Plan and run dry; with --execute ask for approval and send orders.

    Parameters
    ----------
    execute
        Send orders. Without it nothing leaves that changes anything.
    yes
        Approve unasked: never in live, but for what a standing approval covers.
    plan
        Execute exactly the saved plan with this digest, or its first eight digits or more.
    timing
        When it runs, and whether it waits.

    """
    slot, if_due = timing.slot, timing.if_due
    _refuse_mixed(plan=plan, slot=slot, if_due=if_due)
    config = session.configuration()
    asked = Asked(yes=yes, saved=plan, wish=None, waits=timing.wait)

    async def work(given: Work) -> Result:
        if if_due:
            return await _if_due(config, given, slot, asked, execute=execute)
        return await (executed if execute else dry_run)(config, given, asked)

    told = None
    if execute:
        told = afterwards(config, SystemClock(), rehearses=if_due, asks=True, about=plan or "")
    return session.conduct(work, afterwards=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks a run for."""

    yes: bool
    """Approve without a prompt."""
    saved: str | None
    """Digest of a saved plan, or its beginning; None for a new plan."""
    wish: Wish | None
    """What hedges are to be, instead of what drifts ask for."""
    waits: bool = False
    """Whether a yes from elsewhere is waited for while the plan holds, though nobody is here."""
    slot: str = ""
    """Name of the calendar slot that is due; empty when none is."""


def _refuse_mixed(*, plan: str | None, slot: str | None, if_due: bool) -> None:
    """Refuse options that contradict each other.

    Raises:
        ConfigError: --slot without --if-due, or --plan with it.

    """
    if slot is not None and not if_due:
        told = "--slot names what --if-due is to run"
        raise ConfigError(told, next_step=f"trimtab run --if-due --slot {slot}")
    if plan is not None and if_due:
        told = "--plan executes a saved plan, --if-due makes its own; give one of them"
        raise ConfigError(told, next_step=f"trimtab run --execute --plan {plan}")


async def _if_due(
    config: Config, given: Work, slot: str | None, asked: Asked, *, execute: bool
) -> Result:
    """Run the slot that is due, or say that none is."""
    from trimtab.cli import slot_runs  # noqa: PLC0415 -- other runs pay for no calendar.

    found = await slot_runs.look_at_slot(config, slot, execute=execute)
    if found is None or not found.runs:
        return slot_runs.not_due(found)
    asked = replace(asked, slot=found.view.slot.name)
    result = await (executed if execute else dry_run)(config, given, asked)
    return await slot_runs.with_slot(config, result, found)


async def executed(config: Config, given: Work, asked: Asked) -> Result:
    """Recover, plan, ask and send."""
    consent = consent_of(config, yes=asked.yes)
    allowed(config, consent)
    async with (
        open_shell(config, os.environ, use=KeyUse.SEND, dry_run=False) as shell,
        telling_approver(
            local_approver(config), shell, waits=asked.waits, about=asked.saved or ""
        ) as approver,
    ):
        runner = replace(local_runner(shell, given, asked.wish), approver=approver)
        await refuse_unread_stops(shell.ledger, config)
        await note_left_behind(shell)
        await _nothing_left_open(runner)
        bare = await without_stop(shell.ledger, config.policy.hedge, config.quote)
        if bare and not isinstance(asked.wish, StopsWish):
            session.note(f"no stop on the venue: {', '.join(bare)}; trimtab mend-stops puts it")
        if asked.saved is not None:
            pending = named(await shell.ledger.plans(), asked.saved)
            return run_result(await run_saved(runner, pending, consent=consent), bare)
        ran = await run_once(runner, consent=consent, slot_due=bool(asked.slot), slot=asked.slot)
        return run_result(ran, bare)


async def dry_run(config: Config, given: Work, asked: Asked) -> Result:
    """Plan and simulate against the books that were read."""
    if asked.saved is not None:
        raise ConfigError(
            "--plan executes a saved plan and needs --execute; a dry run makes its own plan",
            next_step=f"trimtab run --execute --plan {asked.saved}",
        )
    bare: tuple[HedgeId, ...] = ()
    if config.policy.hedge.rests_stop:  # By what was really sent: a dry run sees its own orders.
        async with open_books(config, dry_run=False) as ledger:
            bare = await without_stop(ledger, config.policy.hedge, config.quote)
    async with open_shell(config, os.environ, use=KeyUse.READ, dry_run=True) as shell:
        await refuse_unread_stops(shell.ledger, config)
        runner = local_runner(shell, given, asked.wish)
        result = await run_once(
            runner, consent=Consent.DRY_RUN, slot_due=bool(asked.slot), slot=asked.slot
        )
    return run_result(result, bare)


def run_result(result: RunResult, bare: Sequence[HedgeId] = ()) -> Result:
    """Return a run for printing; the plan was shown when it was proposed.

    *bare* are hedges that had no stop on the venue when it began.
    """
    execution = result.execution
    code = exit_of_status(result.status) if execution is None else Exit(execution.outcome.exit_code)
    if execution is None and result.status is PlanStatus.PROPOSED:
        code = Exit.INTERRUPTED if result.interrupted else Exit.NOT_APPROVED
    document = None if execution is None else execution_document(execution, result.plan)
    return Result(
        document=plan_document(
            result.plan, result.report, status=result.status, execution=document
        ),
        view=run_view(result, bare),
        code=code,
        beside=not_executed(result) if result.status is PlanStatus.PROPOSED else "",
    )


def local_runner(shell: Shell, given: Work, wish: Wish | None) -> Runner:
    """Return what a run works with, at this terminal."""
    return runner_of(
        shell,
        approver=local_approver(shell.config),
        progress=LoggedProgress(watcher=TerminalProgress(write=to_stderr, show=_show_plan)),
        stop=given.stop,
        wish=wish,
    )


async def _nothing_left_open(runner: Runner) -> None:
    """Resolve what an earlier run left open, before anything new is planned.

    Raises:
        OutcomeUnknown: the end of an order or a transfer is still not known.

    """
    report = await resolved_first(runner)
    if report is None or report.is_nothing:
        return
    left: list[str] = [each.client_order_id for each in report.orders if not each.is_resolved]
    if found := report.orders:
        session.note(f"recovered {len(found) - len(left)} of {len(found)} open orders")
    if moved := report.transfers:
        unmoved = [each.transfer_id for each in report.unresolved_transfers]
        session.note(f"recovered {len(moved) - len(unmoved)} of {len(moved)} open transfers")
        left += unmoved
    for stop in report.stops:
        session.note(told_of(stop))
    left += [each.record.intent.stop_id for each in report.unresolved_stops]
    if left:
        names = ", ".join(left)
        raise OutcomeUnknown(f"the end of {names} is not known; nothing new is sent")


def told_of(found: RecoveredStop) -> str:
    """Return where a stop stands that an earlier run left; what is not known is said so."""
    hedge, state = found.record.intent.hedge_id, found.record.state.value
    if found.is_resolved:
        return f"the stop of {hedge} is {state} now"
    why = "; ".join(word for word in (words(found.outlook.value), found.note) if word)
    return f"where the stop of {hedge} stands is not known ({why}); the ledger has it as {state}"


def consent_of(config: Config, *, yes: bool) -> Consent:
    """Return how the run comes to its yes.

    Raises:
        ApprovalError: it is live, and nothing but --yes would say it.

    """
    if not yes:
        return Consent.ASK
    if config.approval_mode is ApprovalMode.STANDING:
        return Consent.STANDING
    if config.key.environment is Environment.LIVE:
        raise ApprovalError(
            "--yes approves nothing in live; run without it and type the words, or grant a "
            'standing approval and set approval.mode = "standing"'
        )
    return Consent.FLAG


def allowed(config: Config, consent: Consent) -> None:
    """Hold a run that sends orders against what is promised of its venue.

    Raises:
        ConfigError: no order may be sent there.
        ApprovalError: orders may be sent there only with a person watching.

    """
    venue_id, promise = least_promised((p.venue_id, p.markets) for p in config.parts)
    against = objection(
        promise,
        venue_id=venue_id,
        is_live=config.key.environment is Environment.LIVE,
        is_unattended=consent is Consent.STANDING,
    )
    if against is not None:
        raise against


def _show_plan(plan: Plan, report: GateReport) -> None:
    """Show a proposal where it does not disturb a script that reads the result."""
    session.show(plan_view(plan, report), error=OPTIONS.get().as_json)
    sys.stdout.flush()
