"""``approve`` and ``reject``: decide a pending plan from another terminal.

The waiting run, or ``run --plan``, executes what is approved here; nothing is sent by these.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.text import Text

from trimtab.adapters.ledger.sql_ledger import SqlLedger
from trimtab.adapters.system_clock import SystemClock
from trimtab.approval import approve as approved_plan
from trimtab.approval import grant
from trimtab.bootstrap import open_books, owner
from trimtab.cli import session
from trimtab.cli.documents import plan_document
from trimtab.cli.exits import Exit
from trimtab.cli.options import OPTIONS
from trimtab.cli.prompt import answered, local_approver
from trimtab.cli.session import Result, Work
from trimtab.cli.tables import words
from trimtab.cli.views_plan import plan_view
from trimtab.config import Config
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.canonical import to_document
from trimtab.domain.errors import ApprovalError, ConfigError
from trimtab.domain.snapshot import Environment
from trimtab.ports import Answer, PlanStatus, SavedPlan
from trimtab.workflow.slot_book import SlotBook

PREFIX_DIGITS_MIN: Final = 8
"""Fewest digits that name a plan."""
SHOWN_DIGITS: Final = 12
"""How much of a digest is shown."""


def approve(digest: str) -> Exit:
    """Say yes to a pending plan; in live in the words that its run asks for.

    Parameters
    ----------
    digest
        The plan's digest, or its first eight digits or more.

    """
    config = session.configuration()

    async def work(given: Work) -> Result:
        """Look at the plan, ask where money is at stake, and record the yes."""
        async with open_books(config, dry_run=False) as ledger:
            saved = await pending(ledger, digest, now=SystemClock().now())
            refuse_other_rules(saved, config)
            answer = await _asked(saved, config, given)
            if answer is Answer.NOBODY:
                return _left_pending(saved, given)
            saved = await pending(ledger, saved.plan.digest, now=SystemClock().now())
            if answer is Answer.NO:
                await _decline(ledger, saved)
                return _declined(saved, Exit.NOT_APPROVED)
            approval = _granted(saved, config)
            await ledger.save_approval(approval)
        return _approved(saved, approval)

    return session.conduct(work)


def refuse_other_rules(saved: SavedPlan, config: Config) -> None:
    """Refuse a yes under other rules than those that the plan was made and judged under.

    Raises:
        ApprovalError: the configuration changed since, or another one is given here.

    """
    if saved.plan.policy_digest != config.policy_digest:
        name = saved.plan.digest[:SHOWN_DIGITS]
        raise ApprovalError(
            f"plan {name}: was made under another configuration than this one, or by another"
            " version; plan again",
            next_step="trimtab plan",
        )


async def _asked(saved: SavedPlan, config: Config, given: Work) -> Answer:
    """Show the plan and, in live, ask for its words; elsewhere the digest given is the word."""
    is_live = config.key.environment is Environment.LIVE
    if is_live or not OPTIONS.get().as_json:
        session.show(plan_view(saved.plan, saved.report), error=True)
    if not is_live:
        return Answer.YES
    return await answered(local_approver(config).ask(saved.plan, saved.report), given.stop)


def _granted(saved: SavedPlan, config: Config) -> Approval:
    """Return a yes that holds, before it is recorded.

    Raises:
        ApprovalError: it would not approve anything.

    """
    now, ttl_s = SystemClock().now(), config.policy.approval.ttl_s
    approval = grant(saved.report, kind=ApprovalKind.TYPED, by=owner(), at=now, ttl_s=ttl_s)
    approved_plan(saved.plan, saved.report, approval, now=now)
    return approval


def reject(digest: str) -> Exit:
    """Say no to a plan that is not begun: pending, or approved already.

    Parameters
    ----------
    digest
        The plan's digest, or its first eight digits or more.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Record the no."""
        async with open_books(config, dry_run=False) as ledger:
            saved = named(await ledger.plans(), digest)
            if saved.status is not PlanStatus.APPROVED:  # A yes may be taken back; once begun, no.
                saved = await pending(ledger, saved.plan.digest, now=SystemClock().now())
            await _decline(ledger, saved)
        return _declined(saved, Exit.DONE)

    return session.conduct(work)


async def _decline(ledger: SqlLedger, saved: SavedPlan) -> None:
    """Record a no, to the plan and to the slot that it may be for."""
    await ledger.set_plan_status(saved.plan.digest, PlanStatus.DECLINED)
    book = SlotBook(ledger=ledger, clock=SystemClock(), owner=owner())
    await book.note(saved.plan, PlanStatus.DECLINED)


async def pending(ledger: SqlLedger, digest: str, *, now: datetime) -> SavedPlan:
    """Return the one plan that *digest* begins, if it can still be decided.

    Raises:
        ConfigError: the digits name no plan, or several.
        ApprovalError: the plan was decided, used or refused already, or its time is over.

    """
    saved = named(await ledger.plans(), digest)
    name = saved.plan.digest[:SHOWN_DIGITS]
    if saved.status is PlanStatus.PROPOSED and now >= saved.plan.expires_at:
        await ledger.set_plan_status(saved.plan.digest, PlanStatus.EXPIRED)
        ended = f"{saved.plan.expires_at:%Y-%m-%d %H:%M:%S} UTC"
        raise ApprovalError(f"plan {name}: its time was over at {ended}", next_step="trimtab plan")
    if saved.status is not PlanStatus.PROPOSED:
        raise ApprovalError(
            f"plan {name}: {_standing(saved)}; only a pending plan can be decided",
            next_step=_after(saved),
        )
    return saved


def named(plans: Sequence[SavedPlan], digest: str) -> SavedPlan:
    """Return the one plan whose digest begins with the digits given.

    Raises:
        ConfigError: there is none, or several, or there are too few digits.

    """
    prefix = digest.lower()
    found = [saved for saved in plans if saved.plan.digest.startswith(prefix)]
    if len(prefix) >= PREFIX_DIGITS_MIN and len(found) == 1:
        return found[0]
    if len(prefix) < PREFIX_DIGITS_MIN:
        fault = f"give {PREFIX_DIGITS_MIN} digits of its digest or more"
    else:
        fault = f"{len(found)} plans begin so" if found else "no plan has that digest"
    raise ConfigError(f"plan {digest}: {fault}", next_step="trimtab ledger plans")


def _standing(saved: SavedPlan) -> str:
    """Say where a plan stands that is not pending."""
    match saved.status:
        case PlanStatus.REFUSED:
            return "the gate refused it"
        case PlanStatus.NOTHING_TO_DO:
            return "there is nothing to do in it"
        case PlanStatus.DRY_RUN:
            return "it was a dry run"
        case _:
            return f"is {words(saved.status.value)} already"


def _after(saved: SavedPlan) -> str:
    """Return the command that gets further from where a plan stands."""
    match saved.status:
        case PlanStatus.APPROVED:
            return _execution(saved)
        case PlanStatus.UNKNOWN:
            return "trimtab recover"
        case _:
            return "trimtab plan"


def _execution(saved: SavedPlan) -> str:
    """Return the command that executes an approved plan."""
    return f"trimtab run --execute --plan {saved.plan.digest[:SHOWN_DIGITS]}"


def _approved(saved: SavedPlan, approval: Approval) -> Result:
    """Return a recorded yes, with how long it holds."""
    ends_at = min(approval.expires_at, saved.plan.expires_at)
    document = plan_document(saved.plan, saved.report, status=PlanStatus.APPROVED, execution=None)
    document["approval"] = {
        "by": approval.by,
        "at": to_document(approval.at),
        "expires_at": to_document(ends_at),
    }
    view = Text(
        f"Plan {saved.plan.digest[:SHOWN_DIGITS]} is approved until {ends_at:%H:%M:%S} UTC.\n"
        "A run that waits for it executes it now; if none waits:\n"
        f"next: {_execution(saved)}"
    )
    return Result(document=document, view=view, code=Exit.DONE)


def _declined(saved: SavedPlan, code: Exit) -> Result:
    """Return a recorded no."""
    name, declined = saved.plan.digest[:SHOWN_DIGITS], PlanStatus.DECLINED
    return Result(
        document=plan_document(saved.plan, saved.report, status=declined, execution=None),
        view=Text(f"Plan {name} is declined; nothing was sent.\nnext: trimtab plan"),
        code=code,
    )


def _left_pending(saved: SavedPlan, given: Work) -> Result:
    """Return a plan that nobody decided."""
    name = saved.plan.digest[:SHOWN_DIGITS]
    told = f"Plan {name} is not decided and stays pending.\nnext: trimtab approve {name}"
    return Result(
        document=plan_document(saved.plan, saved.report, status=saved.status, execution=None),
        view=Text(told),
        code=Exit.INTERRUPTED if given.stop.is_set() else Exit.NOT_APPROVED,
        beside=told,
    )
