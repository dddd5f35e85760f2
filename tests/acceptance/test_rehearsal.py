"""Days before a slot people are told what it would do, once, and nothing is sent for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tests.acceptance.conftest import Account, AccountAt
from tests.acceptance.receiver import Receiver, receiving
from tests.acceptance.test_slots import DUE, SCHEDULED

DAILY: Final = (
    SCHEDULED.replace("[schedule]", '[rebalance]\ncalendar = "0 0 * * *"\n\n[schedule]')
    + """
[notify]
channels = ["webhook"]
webhook_url = "{hook}"
"""
)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def account(account_at: AccountAt, receiver: Receiver) -> Account:
    """Return the drifted account with a slot each day, whose owner is told by webhook."""
    return await account_at(config=DAILY.replace("{hook}", receiver.url))


def rehearsals(receiver: Receiver) -> list[dict[str, Any]]:
    """Return what was told of slots that have not begun."""
    return [each for each in receiver.got if each["kind"] == "rehearsal"]


async def test_the_next_slot_is_rehearsed_once_and_nothing_is_sent_for_it(
    account: Account, receiver: Receiver
) -> None:
    assert (await account.trimtab("plan")).code == 0
    assert rehearsals(receiver) == [], "Only what a timer calls rehearses."
    assert (await account.trimtab(*DUE)).code == 0
    sent = account.mutations()
    (told,) = rehearsals(receiver)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert f"slot {tomorrow:%Y-%m-%d}T00:00 begins at {tomorrow:%Y-%m-%d} 00:00 UTC" in told["text"]
    assert "Nothing was sent. It is planned anew" in told["text"]
    assert (await account.trimtab(*DUE)).code == 0
    assert (len(rehearsals(receiver)), account.mutations()) == (1, sent)
    slots = (await account.trimtab("ledger", "slots", "--json")).document
    assert told["text"].count(slots[-1]["slot"]) == 0
    assert (await account.trimtab("ledger", "verify")).code == 0


@pytest.mark.parametrize("off", ["schedule.rehearse_days=0", "notify.events=executed"])
async def test_who_does_not_want_a_rehearsal_gets_none(
    account: Account, receiver: Receiver, off: str
) -> None:
    assert (await account.trimtab(*DUE, "--set", off)).code == 0
    assert rehearsals(receiver) == []
    assert "executed" in receiver.kinds


async def test_a_venue_that_is_away_keeps_a_rehearsal_and_nothing_else(
    account: Account, receiver: Receiver
) -> None:
    assert (await account.trimtab(*DUE, "--set", "schedule.rehearse_days=0")).code == 0
    ended = await account.trimtab(*DUE, "--set", "venue.url=http://127.0.0.1:9")
    assert (ended.code, ended.document["status"]) == (0, "nothing_to_do"), ended.text
    assert "rehearsal: " in ended.stderr
    assert rehearsals(receiver) == []
    assert (await account.trimtab(*DUE)).code == 0
    assert len(rehearsals(receiver)) == 1
