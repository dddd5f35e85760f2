"""Standing approvals: how they are read and written, and the ledger's role for them.

A grant, and every yes that rests on it, is read from its entry of the chain. What is not as it
was written makes the grant unproved, and it covers nothing. Not pure: it reads and writes tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection
from typing_extensions import override

from trimtab.adapters.ledger import reads, standing_rules, statements, writes
from trimtab.adapters.ledger.account_role import View
from trimtab.adapters.ledger.pen import Hand, Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.statements import StoredRow, row_or_none, rows
from trimtab.approval import Occasion
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.canonical import from_document, instant_text, to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.policy import Policy
from trimtab.domain.standing_approval import (
    Revocation,
    StandingApproval,
    StandingRecord,
    StandingUse,
    Unproved,
    draw_of,
)
from trimtab.ports import StandingApprovalLedger


def standing_approvals(connection: Connection) -> tuple[StandingRecord, ...]:
    """Return all grants with what rested on them, oldest first."""
    found = rows(connection, statements.STANDINGS, {})
    return tuple(_record(connection, row) for row in found)


def standing_named(connection: Connection, digest: str) -> StandingRecord | None:
    """Return the grant of that name, or None."""
    row = row_or_none(connection, statements.STANDING, {"digest": digest})
    return None if row is None else _record(connection, row)


def _record(connection: Connection, row: StoredRow) -> StandingRecord:
    """Read one grant; what cannot be proved of it makes all of it unproved."""
    digest = row["digest"]
    try:
        return StandingRecord(
            digest=digest,
            approval=_granted(connection, row),
            revoked=_revocation(connection, digest, after=row["seq"]),
            uses=_uses(connection, digest),
        )
    except (InvalidOperation, KeyError, TypeError, ValueError, LedgerError) as e:
        why = Unproved(why=f"cannot be proved, run trimtab ledger verify ({e})")
        return StandingRecord(digest=digest, approval=why, revoked=None, uses=())


def _revocation(connection: Connection, digest: str, *, after: int) -> Revocation | None:
    """Read who took the grant of entry *after* back, or None when no later entry says so.

    Raises:
        LedgerError: row and entries do not say the same.

    """
    row = row_or_none(connection, statements.REVOCATION, {"digest": digest})
    bound = {"kind": EntryKind.STANDING_REVOKED.value, "after": after}
    told = [json.loads(each["body"]) for each in rows(connection, statements.LATER, bound)]
    mine = [{"by": t["by"], "at": t["at"]} for t in told if t["standing"] == digest]
    if mine != ([] if row is None else [{"by": row["by"], "at": row["at"]}]):
        raise LedgerError("what is written of its revocation was changed")
    return None if row is None else Revocation(by=row["by"], at=reads.instant(row["at"]))


def _granted(connection: Connection, row: StoredRow) -> StandingApproval:
    """Read what was granted from its entry.

    Raises:
        LedgerError: it is not as it was written.

    """
    what = f"standing approval {row['digest'][:12]}"
    body = json.loads(_linked(connection, row, what))
    given = from_document(StandingApproval, body["given"])
    if not given.digest == body["standing"] == row["digest"]:
        raise reads.changed(what, row["seq"])
    return given


def _uses(connection: Connection, digest: str) -> tuple[StandingUse, ...]:
    """Read what rested on a grant, oldest first.

    Raises:
        LedgerError: a use is not as it was written, or one is missing.

    """
    bound = {"digest": digest, "kind": ApprovalKind.STANDING.value, "real": 0}
    found = rows(connection, statements.STANDING_USES, bound)
    yeses = {row["plan_digest"] for row in rows(connection, statements.STANDING_YESES, bound)}
    if {row["plan_digest"] for row in found} != yeses:
        raise LedgerError("what rests on it and what it is counted for are not the same plans")
    return tuple(_use(connection, row, standing=digest) for row in found)


def _use(connection: Connection, row: StoredRow, *, standing: str) -> StandingUse:
    """Read one use from its entry.

    Raises:
        LedgerError: it is not as it was written.

    """
    what = f"yes to plan {row['plan_digest'][:12]}"
    body = json.loads(_linked(connection, row, what))
    told = (body["rests_on"], body["approval"]["plan_digest"], body["approval"]["at"])
    rests_on = {"standing": standing, "draw": row["draw"]}
    if told != (rests_on, row["plan_digest"], row["used_at"]):
        raise reads.changed(what, row["seq"])
    return StandingUse(
        plan_digest=row["plan_digest"],
        draw=Decimal(row["draw"]),
        at=reads.instant(row["used_at"]),
    )


def _linked(connection: Connection, entry: StoredRow, what: str) -> str:
    """Return the body of an entry that is as it was written and that the next one names.

    Raises:
        LedgerError: it was changed since.

    """
    body = reads.proved(entry, what)
    follower = row_or_none(connection, statements.FOLLOWER, {"next": entry["seq"] + 1})
    if follower is not None and follower["prev_hash"] != entry["hash"]:
        raise reads.changed(what, entry["seq"])
    return body


def grant(pen: Pen, hand: Hand, given: StandingApproval) -> None:
    """Append a grant."""
    _refuse_dry(hand)
    stamp = reads.stamp(pen.connection)
    there = row_or_none(pen.connection, statements.STANDING, {"digest": given.digest})
    standing_rules.refuse_grant(given, of=stamp, is_there=there is not None)
    body = {"standing": given.digest, "given": given}
    pen.append(EntryKind.STANDING_GRANTED, to_document(body))


def revoke(pen: Pen, hand: Hand, digest: str, *, by: str, at: datetime) -> None:
    """Append that a grant is taken back, provable or not."""
    _refuse_dry(hand)
    standing_rules.refuse_revocation(standing_named(pen.connection, digest), digest=digest)
    body = {"standing": digest, "by": by, "at": instant_text(at)}
    pen.append(EntryKind.STANDING_REVOKED, body)


def approve(
    pen: Pen, hand: Hand, plan_digest: str, *, standing: str, occasion: Occasion
) -> Approval:
    """Append the yes of a grant to a plan, counted in the same entry; return it."""
    _refuse_dry(hand)
    (saved,) = reads.saved_plans(pen.connection, prefix=plan_digest, dry_run=0)
    record = standing_named(pen.connection, standing) or standing_rules.missing(standing)
    yes = standing_rules.standing_yes(saved, record, occasion)
    rests_on = {"standing": standing, "draw": draw_of(saved.plan).total}
    writes.save_approval(pen, hand, yes, to_document(rests_on))
    return yes


def refuse_lapsed(pen: Pen, hand: Hand, plans: Iterable[str], *, at: datetime) -> None:
    """Refuse to begin anything of plans, by digest, whose standing approval is over by now."""
    if hand.dry_run != 0:
        return
    for digest in set(plans):
        yes = row_or_none(pen.connection, statements.APPROVAL, {"digest": digest, "run": 0})
        if yes is not None and yes["kind"] == ApprovalKind.STANDING:
            record = standing_named(pen.connection, yes["by"])
            standing_rules.refuse_lapsed(record or standing_rules.missing(yes["by"]), at=at)


def _refuse_dry(hand: Hand) -> None:
    """Refuse to write of standing approvals in a dry run, which can send nothing.

    Raises:
        LedgerError: it is one.

    """
    if hand.dry_run != 0:
        raise LedgerError("a dry run cannot grant, revoke or use a standing approval")


class SqlStandingApprovals(StandingApprovalLedger, View):
    """Grants, revocations and uses."""

    @override
    async def grant_standing(self, given: StandingApproval) -> None:
        """Append a grant."""
        hand = self._hand
        await self._writer.write(lambda pen: grant(pen, hand, given))

    @override
    async def revoke_standing(self, digest: str, *, by: str, at: datetime) -> None:
        """Append that a grant is taken back."""
        hand = self._hand
        await self._writer.write(lambda pen: revoke(pen, hand, digest, by=by, at=at))

    @override
    async def standing_approvals(self) -> tuple[StandingRecord, ...]:
        """Return all grants, oldest first, in a dry run too."""
        return await self._writer.read(standing_approvals)

    @override
    async def approve_standing(
        self, plan_digest: str, *, standing: str, policy: Policy, at: datetime
    ) -> Approval:
        """Append the yes of a grant to a plan, if it covers it in this very transaction."""
        hand = self._hand

        def approved(pen: Pen) -> Approval:
            key, halted = reads.stamp(pen.connection), reads.halted(pen.connection)
            assert key is not None, "An open ledger is stamped."
            occasion = Occasion(key=key, policy=policy, halted=halted, at=at)
            return approve(pen, hand, plan_digest, standing=standing, occasion=occasion)

        return await self._writer.write(approved)
