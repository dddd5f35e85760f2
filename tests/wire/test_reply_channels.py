"""A channel gives what one person wrote, and nothing of a stranger, a bot or a broken answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
import respx

from trimtab.adapters.notify.by_http import http_client
from trimtab.adapters.notify.replies import (
    BYTES_MAX,
    PAGE,
    PAGES_MAX,
    NtfyReplies,
    ReadingLine,
    TelegramReplies,
)
from trimtab.domain.errors import ChannelError
from trimtab.domain.replies import Reply

TOKEN: Final = "1234:only-the-bot-knows"
UPDATES: Final = f"https://api.telegram.org/bot{TOKEN}/getUpdates"
TOPIC: Final = "https://ntfy.example/answers/json"
AT: Final = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)
SECONDS: Final = int(AT.timestamp())
TEXT: Final = "approve 1a2b3c4d 900 123456"


@pytest.fixture
async def line() -> AsyncIterator[ReadingLine]:
    async with http_client(1.0) as client:
        yield ReadingLine(client=client, timeout_s=1.0)


def telegram(line: ReadingLine) -> TelegramReplies:
    return TelegramReplies(line, token=TOKEN, chat="42", sender="7")


def ntfy(line: ReadingLine, token: str = "") -> NtfyReplies:
    return NtfyReplies(line, url="https://ntfy.example", topic="answers", token=token)


def update(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return an update with a message of the person in the chat, and changes to the message."""
    message = {
        "message_id": 100 + number,
        "from": {"id": 7, "is_bot": False},
        "chat": {"id": 42, "type": "private"},
        "date": SECONDS,
        "text": TEXT,
    }
    kept = {name: part for name, part in (message | changes).items() if part is not None}
    return {"update_id": number, "message": kept}


def told(*updates: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "result": list(updates)}


def of_telegram(number: int = 1) -> Reply:
    return Reply(
        channel="telegram",
        message_id=f"{SECONDS}.{100 + number}",
        sender="7",
        text=TEXT,
        sent_at=AT,
    )


async def test_telegram_gives_what_the_person_wrote_in_the_chat(line: ReadingLine) -> None:
    with respx.mock() as there:
        route = there.get(UPDATES).respond(json=told(update(1), update(2)))
        found = await telegram(line).read(since=AT)
    assert found == [of_telegram(1), of_telegram(2)]
    asked = route.calls[0].request.url.params
    assert (asked["allowed_updates"], "offset" in asked) == ('["message"]', False)


async def test_two_messages_that_two_bots_give_one_number_are_two(line: ReadingLine) -> None:
    with respx.mock() as there:
        there.get(UPDATES).respond(json=told(update(1), update(1, date=SECONDS + 60)))
        earlier, later = await telegram(line).read(since=AT)
    assert earlier.message_id != later.message_id


@pytest.mark.parametrize(
    "changes",
    [
        {"from": {"id": 8, "is_bot": False}},
        {"from": {"id": 7, "is_bot": True}},
        {"from": {"id": 7}},
        {"from": None},
        {"chat": {"id": 43}},
        {"chat": None},
        {"chat": "42"},
        {"forward_origin": {"type": "user"}},
        {"forward_date": SECONDS},
        {"via_bot": {"id": 9}},
        {"text": None},
        {"text": 5},
        {"date": None},
        {"date": "now"},
        {"date": True},
        {"date": 10**30},
        {"date": SECONDS - 1},
        {"message_id": "1"},
    ],
)
async def test_telegram_leaves_out_strangers_bots_and_what_is_second_hand_or_old(
    line: ReadingLine, changes: dict[str, Any]
) -> None:
    with respx.mock() as there:
        there.get(UPDATES).respond(json=told(update(1, **changes), {"update_id": 2}))
        assert await telegram(line).read(since=AT) == []


async def test_a_message_of_the_second_in_which_a_plan_was_made_is_given(line: ReadingLine) -> None:
    with respx.mock() as there:
        there.get(UPDATES).respond(json=told(update(1)))
        assert await telegram(line).read(since=AT + timedelta(milliseconds=900)) != []


async def test_what_was_read_is_confirmed_by_the_next_look_and_not_before(
    line: ReadingLine,
) -> None:
    bot = telegram(line)
    with respx.mock() as there:
        route = there.get(UPDATES).respond(json=told(update(5), update(6)))
        await bot.read(since=AT)
        route.respond(json=told())
        await bot.read(since=AT)
        await bot.read(since=AT)
    offsets = [call.request.url.params.get("offset") for call in route.calls]
    assert offsets == [None, "7", "7"]


async def test_a_full_page_is_followed_by_the_next_one_up_to_a_bound(line: ReadingLine) -> None:
    pages = [told(*(update(PAGE * p + n) for n in range(PAGE))) for p in range(PAGES_MAX + 2)]
    with respx.mock() as there:
        route = there.get(UPDATES)
        route.side_effect = [httpx.Response(200, json=page) for page in pages]
        found = await telegram(line).read(since=AT)
        assert (len(found), route.call_count) == (PAGE * PAGES_MAX, PAGES_MAX)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"ok": false, "result": []}',
        b'{"ok": true}',
        b'{"ok": true, "result": {}}',
        b'{"ok": true, "result": [5]}',
        b'{"ok": true, "result": [{"update_id": "5"}]}',
        b" " * (BYTES_MAX + 1),
        b"[" * 200_000,
    ],
)
async def test_an_answer_of_another_shape_is_a_fault_without_an_address(
    line: ReadingLine, body: bytes
) -> None:
    with respx.mock() as there:
        there.get(UPDATES).respond(content=body)
        with pytest.raises(ChannelError) as raised:
            await telegram(line).read(since=AT)
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("status", [302, 401, 404, 409, 500, 503])
async def test_a_no_is_a_fault_and_no_redirect_is_followed(line: ReadingLine, status: int) -> None:
    with respx.mock() as there:
        there.get(UPDATES).respond(status, headers={"location": "https://elsewhere.example"})
        with pytest.raises(ChannelError, match=f"answered {status}") as raised:
            await telegram(line).read(since=AT)
    assert ("give each account its own" in str(raised.value)) is (status == 409)


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.InvalidURL])
async def test_no_answer_is_a_fault_without_an_address(
    line: ReadingLine, fault: type[Exception]
) -> None:
    with respx.mock() as there:
        there.get(UPDATES).mock(side_effect=fault(f"bot{TOKEN}"))
        with pytest.raises(ChannelError, match=fault.__name__) as raised:
            await telegram(line).read(since=AT)
    assert TOKEN not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_ntfy_gives_the_messages_of_a_topic_since_an_instant(line: ReadingLine) -> None:
    events: list[Any] = [
        {"id": "a", "time": SECONDS, "event": "open"},
        {"id": "b", "time": SECONDS, "event": "message", "message": TEXT},
        {"id": "c", "time": SECONDS, "event": "message"},
        {"id": 4, "time": SECONDS, "event": "message", "message": TEXT},
        {"id": "d\0", "time": SECONDS, "event": "message", "message": TEXT},
        {"id": "d" * 65, "time": SECONDS, "event": "message", "message": TEXT},
        {"id": "", "time": SECONDS, "event": "message", "message": TEXT},
        {"id": "e", "time": "now", "event": "message", "message": TEXT},
        [],
    ]
    body = "\n".join([*map(json.dumps, events), "no json", "[" * 200_000])
    with respx.mock() as there:
        route = there.get(TOPIC).respond(text=body)
        found = await ntfy(line, token="tk").read(since=AT)
        await ntfy(line).read(since=AT)
    assert found == [Reply(channel="ntfy", message_id="b", sender="unnamed", text=TEXT, sent_at=AT)]
    first, second = (call.request for call in route.calls)
    assert dict(first.url.params) == {"poll": "1", "since": str(SECONDS)}
    assert first.headers["authorization"] == "Bearer tk"
    assert "authorization" not in second.headers
