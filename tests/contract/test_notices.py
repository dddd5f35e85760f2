"""What every ledger keeps of notices: in memory, on disk and on a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import KEY, NOW, report_on
from tests.contract.ledger_cases import LATER, SELL, StandingClock, plan_of
from tests.contract.server_cases import needs_server, own_schema
from tests.fakes.memory_ledger import MemoryStore, open_memory_ledger
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.domain.errors import LedgerError
from trimtab.domain.notices import (
    NOT_TRIED,
    Acknowledgement,
    Delivery,
    Notice,
    NoticeKind,
    Step,
    notice_id,
)
from trimtab.ports import Ledger, PlanHead, PlanStatus, Receipt

Opening = Callable[[bool], AbstractAsyncContextManager[Ledger]]
"""Opens the ledger as another process would; True: for a dry run."""
CHANNELS = ("webhook", "email")


def notice(event: str = "one", kind: NoticeKind = NoticeKind.UNRESOLVED) -> Notice:
    """Return the notice of an event."""
    return Notice(
        id=notice_id(KEY, kind, event=event),
        kind=kind,
        key=KEY,
        at=NOW,
        subject="subject",
        text="text\nnext: trimtab recover",
        short="short",
        next_step="trimtab recover",
    )


@pytest.fixture(params=["memory", "disk", pytest.param("server", marks=needs_server)])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    clock, store = StandingClock(), MemoryStore(key=KEY, began_at=NOW)

    def at(url: str) -> Opening:
        return lambda dry: open_ledger(url, KEY, dry_run=dry, clock=clock)

    match request.param:
        case "memory":
            yield lambda dry: open_memory_ledger(store, KEY, dry_run=dry, clock=clock)
        case "disk":
            yield at(f"sqlite:///{tmp_path / 'ledger.db'}")
        case _:
            with own_schema() as url:
                yield at(url)


@pytest.fixture
async def ledger(opening: Opening) -> AsyncIterator[Ledger]:
    async with opening(False) as opened:
        yield opened


async def claimed(ledger: Ledger, channel: str = "webhook", *, again: bool = False) -> bool:
    """Mark the notice as being sent."""
    return await ledger.claim(notice().id, channel=channel, at=NOW, again=again)


async def came_of_it(ledger: Ledger, step: Step, note: str = "") -> None:
    """Record what came of sending the notice by webhook."""
    await ledger.settle(notice().id, Receipt(step=step, note=note), channel="webhook", at=LATER)


async def by_webhook(ledger: Ledger) -> Delivery:
    """Return how far the notice got by webhook."""
    (record,) = await ledger.notices()
    return record.deliveries["webhook"]


async def test_a_notice_is_read_back_as_it_was_posted(ledger: Ledger) -> None:
    assert await ledger.notices() == ()
    assert await ledger.post(notice(), CHANNELS)
    assert await ledger.post(notice("two"), ())
    first, second = await ledger.notices()
    assert (first.notice, first.read) == (notice(), None)
    assert dict(first.deliveries) == dict.fromkeys(CHANNELS, NOT_TRIED)
    assert (second.notice.id, dict(second.deliveries)) == (notice("two").id, {})


async def test_an_event_is_told_once(ledger: Ledger) -> None:
    assert await ledger.post(notice(), CHANNELS)
    assert not await ledger.post(notice(), ("telegram",))
    (record,) = await ledger.notices()
    assert tuple(record.deliveries) == CHANNELS


async def test_a_notice_that_may_be_on_its_way_is_not_sent_by_another(
    ledger: Ledger, opening: Opening
) -> None:
    await ledger.post(notice(), CHANNELS)
    assert await claimed(ledger)
    async with opening(False) as other:
        assert not await claimed(other)
        assert await claimed(other, "email")
    assert await by_webhook(ledger) == Delivery(
        step=Step.SENDING, attempts=1, note="", stepped_at=NOW
    )


@pytest.mark.parametrize(
    ("step", "tried_again", "sent_again_by_hand"),
    [
        (Step.NOT_SENT, True, True),
        (Step.REFUSED, False, True),
        (Step.UNKNOWN, False, True),
        (Step.DELIVERED, False, False),
    ],
)
async def test_only_what_certainly_did_not_arrive_is_tried_again(
    ledger: Ledger, step: Step, *, tried_again: bool, sent_again_by_hand: bool
) -> None:
    await ledger.post(notice(), CHANNELS)
    await claimed(ledger)
    await came_of_it(ledger, step, "answered 500")
    assert await by_webhook(ledger) == Delivery(
        step=step, attempts=1, note="answered 500", stepped_at=LATER
    )
    assert await claimed(ledger) is tried_again
    if not tried_again:
        assert await claimed(ledger, again=True) is sent_again_by_hand
    expected = 1 + (tried_again or sent_again_by_hand)
    assert (await by_webhook(ledger)).attempts == expected


async def test_nobody_is_told_over_a_channel_that_it_is_not_meant_for(ledger: Ledger) -> None:
    await ledger.post(notice(), CHANNELS)
    with pytest.raises(LedgerError, match="is not meant for telegram"):
        await claimed(ledger, "telegram")
    with pytest.raises(LedgerError, match="is not in the ledger"):
        await ledger.claim("0" * 12, channel="webhook", at=NOW, again=False)


async def test_a_notice_is_read_once_and_by_somebody(ledger: Ledger) -> None:
    await ledger.post(notice(), CHANNELS)
    assert (await ledger.notices())[0].holds
    await ledger.acknowledge(notice().id, by="ada", at=LATER)
    (record,) = await ledger.notices()
    assert (record.read, record.holds) == (Acknowledgement(by="ada", at=LATER), False)
    with pytest.raises(LedgerError, match="was read already, by ada"):
        await ledger.acknowledge(notice().id, by="bob", at=LATER)
    with pytest.raises(LedgerError, match="is not in the ledger"):
        await ledger.acknowledge("0" * 12, by="bob", at=LATER)


async def test_a_dry_run_tells_nobody(opening: Opening) -> None:
    async with opening(False) as real:
        await real.post(notice(), CHANNELS)
    async with opening(True) as dry:
        assert len(await dry.notices()) == 1
        for wish in (
            dry.post(notice("two"), CHANNELS),
            dry.claim(notice().id, channel="email", at=NOW, again=False),
            dry.settle(notice().id, Receipt(step=Step.DELIVERED, note=""), channel="email", at=NOW),
            dry.acknowledge(notice().id, by="ada", at=NOW),
        ):
            with pytest.raises(LedgerError, match="a dry run tells nobody"):
                await wish


async def test_plans_are_headed_by_where_they_stand_without_those_of_dry_runs(
    opening: Opening,
) -> None:
    old, dry_made = plan_of("buy 0.1 ETH @ 3010", second=-9), plan_of("buy 1 ETH @ 3010")
    async with opening(False) as ledger:
        await ledger.save_plan(old, report_on(old), PlanStatus.PROPOSED)
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        await ledger.set_plan_status(SELL.digest, PlanStatus.DECLINED)
    async with opening(True) as dry:
        await dry.save_plan(dry_made, report_on(dry_made), PlanStatus.PROPOSED)
    async with opening(False) as ledger:
        (head,) = await ledger.plan_heads(since=NOW)
        assert head == PlanHead(digest=SELL.digest, status=PlanStatus.DECLINED, made_at=NOW)
        assert len(await ledger.plan_heads(since=NOW - timedelta(seconds=9))) == 2


async def test_verification_covers_notices_and_every_entry_names_its_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        assert isinstance(ledger, SqlLedger)
        await ledger.post(notice(), CHANNELS)
        await claimed(ledger)
        await ledger.acknowledge(notice().id, by="ada", at=NOW)
        assert (await ledger.audit.verify()).is_sound
        subjects = [e.subject for e in await ledger.audit.events()][1:]
        assert subjects == [notice().id] * 3
