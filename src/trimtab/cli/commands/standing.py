"""``standing grant``, ``standing list`` and ``standing revoke``: what runs may send unasked.

Nothing is sent by these. A grant is asked about in typed words; taking one back is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

from cyclopts import Parameter
from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.adapters.ledger.sql_ledger import SqlLedger
from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.terminal import forget_typed_ahead
from trimtab.approval import ungrantable
from trimtab.bootstrap import open_books, owner
from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.flags import FLAG
from trimtab.cli.folding import to_stderr
from trimtab.cli.prompt import PAUSE_S, STDIN, answered, local_approver
from trimtab.cli.session import Result, Work
from trimtab.cli.standing_document import standing_document
from trimtab.cli.standing_terms import Terms, granted
from trimtab.cli.views_standing import standing_table
from trimtab.config import ApprovalMode, Config
from trimtab.domain.errors import ApprovalError, ConfigError
from trimtab.domain.snapshot import Environment
from trimtab.domain.standing_approval import StandingApproval, StandingRecord
from trimtab.domain.standing_question import (
    grant_question,
    grant_words,
    is_grant_asked_twice,
    second_grant_question,
    second_grant_words,
)
from trimtab.ports import Answer
from trimtab.venues.promise import objection
from trimtab.venues.register import least_promised
from trimtab.workflow.unattended import Standing, look_at_standing

PREFIX_DIGITS_MIN: Final = 8
"""Fewest digits that name a standing approval."""
SHOWN_DIGITS: Final = 12
_AGAIN: Final = "trimtab standing grant --help"
"""What a grant needs, where none was made; the command needs caps."""


def grant(
    terms: Annotated[Terms, Parameter(name="*")],
    *,
    yes: Annotated[bool, FLAG] = False,
) -> Exit:
    """Approve beforehand what runs of this account may send with nobody asked.

    Parameters
    ----------
    terms
        What is granted.
    yes
        Grant without a prompt; never in live.

    """
    config = session.configuration()

    async def work(given: Work) -> Result:
        """Read the words, ask, and record the grant."""
        drawn = granted(terms, config, by=owner(), at=SystemClock().now())
        refuse_too_wide(drawn, config)
        _refuse_where_it_never_counts(config)
        _refuse_yes_in_live(config, yes=yes)
        answer = Answer.YES if yes else await answered(_asked(drawn, config), given.stop)
        if answer is not Answer.YES:
            return _not_granted(drawn, given)
        async with open_books(config, dry_run=False) as ledger:
            await ledger.grant_standing(drawn)
            seen = await look_at_standing(
                ledger, config.policy, key=config.key, at=SystemClock().now()
            )
        return _granted(_one(seen, drawn.digest), config)

    return session.conduct(work)


def refuse_too_wide(given: StandingApproval, config: Config) -> None:
    """Refuse what no person may grant either.

    Raises:
        ConfigError: it is wider than a hard limit, or holds too long.

    """
    if reasons := ungrantable(given, config.policy.limits):
        raise ConfigError(
            f"this cannot be granted: {'; '.join(reasons)}",
            next_step=_AGAIN,
        )


def _refuse_where_it_never_counts(config: Config) -> None:
    """Refuse to grant what no run at this venue may rest on.

    Raises:
        ConfigError: no order may be sent there.
        ApprovalError: a person has to say yes to every run.

    """
    venue_id, promise = least_promised((p.venue_id, p.markets) for p in config.parts)
    against = objection(
        promise,
        venue_id=venue_id,
        is_live=config.key.environment is Environment.LIVE,
        is_unattended=True,
    )
    if against is not None:
        raise against


def _refuse_yes_in_live(config: Config, *, yes: bool) -> None:
    """Refuse to grant without a person's words where real money is.

    Raises:
        ApprovalError: the environment is live.

    """
    if yes and config.key.environment is Environment.LIVE:
        raise ApprovalError(
            "--yes grants nothing in live; run without it and type the words",
            next_step=_AGAIN,
        )


async def _asked(given: StandingApproval, config: Config) -> Answer:
    """Show what would be granted and read the words; above the threshold, others once more."""
    person, policy = local_approver(config), config.policy.approval
    to_stderr(f"\n{grant_question(given, config.quote)}\n")
    answer = await person.typed(grant_words(given), to="grant")
    if answer is Answer.YES and is_grant_asked_twice(given, policy):
        to_stderr(f"\n{second_grant_question(policy, config.quote)}\n")
        await asyncio.sleep(PAUSE_S)
        forget_typed_ahead(STDIN)
        answer = await person.typed(second_grant_words(given, config.quote), to="grant")
    return answer


def _granted(seen: Standing, config: Config) -> Result:
    """Return a recorded grant, and what it still needs."""
    name = seen.record.digest[:SHOWN_DIGITS]
    step = "trimtab run --execute --yes"
    if config.approval_mode is not ApprovalMode.STANDING:
        step = 'set approval.mode = "standing", then trimtab run --execute --yes'
    view = Group(
        Text(f"Standing approval {name} is granted."),
        standing_table([seen]),
        Text(f"Take it back: trimtab standing revoke {name[:PREFIX_DIGITS_MIN]}\nnext: {step}"),
    )
    document = {"status": "granted", "standing": standing_document(seen), "next": step}
    return Result(document=document, view=view, code=Exit.DONE)


def _not_granted(given: StandingApproval, work: Work) -> Result:
    """Return that nothing was granted."""
    document = {"status": "declined", "standing": None, "next": _AGAIN}
    told = f"Standing approval {given.digest[:SHOWN_DIGITS]} is not granted; nothing is recorded."
    return Result(
        document=document,
        view=Text(f"{told}\nnext: {_AGAIN}"),
        code=Exit.INTERRUPTED if work.stop.is_set() else Exit.NOT_APPROVED,
    )


def listed() -> Exit:
    """List standing approvals, oldest first, and what is left of their caps."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Read the ledger alone."""
        async with open_books(config, dry_run=False) as ledger:
            seen = await look_at_standing(
                ledger, config.policy, key=config.key, at=SystemClock().now()
            )
        return Result(
            document=[standing_document(each) for each in seen],
            view=_list_view(seen),
            code=Exit.DONE,
        )

    return session.conduct(work)


def _list_view(seen: Sequence[Standing]) -> RenderableType:
    """Return all standing approvals, or how to come to one."""
    if not seen:
        return Text("No standing approvals.\nnext: trimtab standing grant --help")
    return standing_table(seen)


def revoke(digest: str) -> Exit:
    """Take a standing approval back; nothing begins under it from now on.

    Parameters
    ----------
    digest
        Its name, or the first eight digits or more.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Record it, unless that was done before."""
        async with open_books(config, dry_run=False) as ledger:
            record = await _named(ledger, digest)
            now = SystemClock().now()
            if record.revoked is None:
                await ledger.revoke_standing(record.digest, by=owner(), at=now)
            seen = await look_at_standing(ledger, config.policy, key=config.key, at=now)
        return _revoked(_one(seen, record.digest))

    return session.conduct(work)


def _revoked(seen: Standing) -> Result:
    """Return a recorded revocation."""
    name = seen.record.digest[:SHOWN_DIGITS]
    told = f"Standing approval {name} is revoked; no order begins under it any more."
    document: dict[str, Any] = {"status": "revoked", "standing": standing_document(seen)}
    return Result(
        document=document, view=Text(f"{told}\nnext: trimtab standing list"), code=Exit.DONE
    )


async def _named(ledger: SqlLedger, digest: str) -> StandingRecord:
    """Return the one standing approval that *digest* begins.

    Raises:
        ConfigError: the digits name none, or several, or there are too few.

    """
    prefix, records = digest.lower(), await ledger.standing_approvals()
    found = [record for record in records if record.digest.startswith(prefix)]
    if len(prefix) >= PREFIX_DIGITS_MIN and len(found) == 1:
        return found[0]
    fault = f"{len(found)} begin so" if found else "none has that name"
    if len(prefix) < PREFIX_DIGITS_MIN:
        fault = f"give {PREFIX_DIGITS_MIN} digits of its name or more"
    raise ConfigError(f"standing approval {digest}: {fault}", next_step="trimtab standing list")


def _one(seen: Sequence[Standing], digest: str) -> Standing:
    """Return the standing approval of that name, which is there."""
    return next(each for each in seen if each.record.digest == digest)
