"""Reads replies while a plan waits, and takes those that name it with a code of the person's.

What a reply decides is decided by the ledger, in the transaction that records it; a waiting run
finds it there, as it finds what ``trimtab approve`` decides. Source: docs/design/0046-replies.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from trimtab.domain.errors import ChannelError, TrimtabError
from trimtab.domain.one_time import step_of, step_proved
from trimtab.domain.policy import Policy
from trimtab.domain.replies import Heard, Reply, ReplyOutcome, ReplyRecord, spoken
from trimtab.ports import Clock, Ledger, PlanHead, PlanStatus, ReplyChannel
from trimtab.workflow.slot_book import SlotBook

LOOKED_BACK: Final = timedelta(days=1)
"""How old a plan may be and still be named; none is pending for longer."""
POLL_S: Final = 5.0
"""Between two looks at a channel; what a public server takes without end."""
AHEAD: Final = timedelta(seconds=60)
"""How far a channel's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """What replies are heard with."""

    ledger: Ledger
    clock: Clock
    policy: Policy
    """The rules in force."""
    owner: str
    """Who writes down what becomes of a slot."""
    channels: Sequence[ReplyChannel]
    secret: bytes
    """What the codes are made of."""
    note: Callable[[str], None]
    """Takes one line for whoever watches."""


async def hear(ear: Ear) -> tuple[ReplyRecord, ...]:
    """Look at every channel once; return what was taken. Nothing is read while no plan waits.

    Raises:
        ChannelError: no channel could be read.
        LedgerError: what was heard could not be recorded.

    """
    heads = await _pending(ear)
    if not heads:
        return ()
    taken: list[ReplyRecord] = []
    faults: list[str] = []
    for channel in ear.channels:
        try:
            replies = await channel.read(since=heads[0].made_at)
        except ChannelError as fault:
            faults.append(f"{channel.channel}: {fault}")
            continue
        taken += await _taken(ear, replies)
    if len(faults) == len(ear.channels):
        raise ChannelError(f"no replies were read: {'; '.join(faults)}")
    for told in faults:
        ear.note(f"replies: {told}; next: trimtab notify replies")
    return tuple(taken)


async def listen(ear: Ear, told: Callable[[], Awaitable[None]]) -> None:
    """Look again and again, and have told what was taken, until cancelled; raises nothing."""
    quiet = replace(ear, note=_each_once(ear.note))
    while True:
        try:
            if await hear(quiet):
                await told()
        except TrimtabError as fault:
            quiet.note(f"{fault}; next: {fault.next_step}")
        await ear.clock.sleep(POLL_S)


def _each_once(note: Callable[[str], None]) -> Callable[[str], None]:
    """Return what passes on each line once: a channel that is away would say so every time."""
    said: set[str] = set()

    def once(line: str) -> None:
        """Pass on a line that was not."""
        if line not in said:
            said.add(line)
            note(line)

    return once


async def _pending(ear: Ear) -> tuple[PlanHead, ...]:
    """Return plans that wait, oldest first."""
    heads = await ear.ledger.plan_heads(since=ear.clock.now() - LOOKED_BACK)
    return tuple(head for head in heads if head.status is PlanStatus.PROPOSED)


async def _taken(ear: Ear, replies: Sequence[Reply]) -> list[ReplyRecord]:
    """Take what names a plan of ours, in its order."""
    heads = await ear.ledger.plan_heads(since=ear.clock.now() - LOOKED_BACK)
    taken: list[ReplyRecord] = []
    for reply in replies:
        heard = _heard(ear, reply, [head.digest for head in heads])
        if heard is None:
            continue
        record = await ear.ledger.take_reply(heard, policy=ear.policy, at=ear.clock.now())
        if record is not None:
            taken.append(record)
            await _note_slot(ear, record)
    return taken


def _heard(ear: Ear, reply: Reply, digests: Sequence[str]) -> Heard | None:
    """Return a reply that names one plan of ours, with what its code proves; None for others."""
    said = spoken(reply.text)
    if said is None:
        return None
    named = [digest for digest in digests if digest.startswith(said.digest)]
    if len(named) != 1:
        return None  # Another account's, which may share the chat, or nobody's.
    step = step_proved(ear.secret, said.code, at=reply.sent_at)
    if step is not None and step > step_of(ear.clock.now() + AHEAD):
        step = None  # A channel that tells the future proves nothing by it.
    return Heard(reply=reply, spoken=said, plan_digest=named[0], step=step)


async def _note_slot(ear: Ear, record: ReplyRecord) -> None:
    """Record a no to the slot that its plan may be for."""
    if record.outcome is ReplyOutcome.REJECTED:
        saved = await ear.ledger.plan(record.plan_digest)
        book = SlotBook(ledger=ear.ledger, clock=ear.clock, owner=ear.owner)
        await book.note(saved.plan, PlanStatus.DECLINED)
