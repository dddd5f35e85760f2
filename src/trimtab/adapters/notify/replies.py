"""Replies over HTTP: Telegram and ntfy, asked for new messages. Not pure; opens no port.

Port :class:`~trimtab.ports.ReplyChannel`. What a channel answers is a stranger's word: it is read
up to a bound, and whatever is not of the shape that is expected is left out. Messages of faults
name the kind and never an address, which may hold a token. Telegram: Bot API 9, ``getUpdates``;
ntfy: 2.x, a topic's JSON with ``poll=1``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from trimtab.adapters.notify.by_http import TELEGRAM
from trimtab.domain.errors import ChannelError
from trimtab.domain.replies import Reply

BYTES_MAX: Final = 1_000_000
"""Of one answer; more is a fault."""
PAGE: Final = 100
"""Updates that Telegram gives at once."""
PAGES_MAX: Final = 10
"""Of them at one look; the rest comes at the next."""
UNNAMED: Final = "unnamed"
"""Who sends over a topic that knows no senders."""
_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What ntfy names its messages with; it gives twelve letters and digits."""
_MARGIN_S: Final = 0.5
"""How much longer the whole may take than each of its parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLine:
    """What a channel is read with."""

    client: httpx.AsyncClient
    timeout_s: float
    """For the whole of one answer, > 0."""

    async def got(self, url: str, *, asked: Mapping[str, str], headers: Mapping[str, str]) -> bytes:
        """Return the body of one answer.

        Raises:
            ChannelError: there is none that says yes, or it is too long.

        """
        try:
            async with asyncio.timeout(self.timeout_s + _MARGIN_S):
                return await self._body(url, asked=asked, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            raise ChannelError(f"no answer ({type(fault).__name__})") from None

    async def _body(
        self, url: str, *, asked: Mapping[str, str], headers: Mapping[str, str]
    ) -> bytes:
        """Read one answer up to its bound.

        Raises:
            ChannelError: it says no, or is too long.

        """
        body = b""
        async with self.client.stream("GET", url, params=asked, headers=headers) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise ChannelError(f"answered {answer.status_code}{_hint(answer.status_code)}")
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > BYTES_MAX:
                    raise ChannelError("answered with more than a megabyte")
        return body


def _hint(status: int) -> str:
    """Return what a status means that has one known cause."""
    if status == HTTPStatus.CONFLICT:
        return ": something else reads this bot, or it has a webhook; give each account its own"
    return ""


class TelegramReplies:
    """Reads what one person writes to a bot in one chat.

    What was read is confirmed by the next look, so that a process which dies in between reads it
    again, and the ledger knows it.
    """

    channel = "telegram"

    def __init__(self, line: ReadingLine, *, token: str, chat: str, sender: str) -> None:
        self._line = line
        self._token = token
        self._chat = chat
        self._sender = sender
        self._next = 0
        """The update after the last that was read; 0 before the first."""

    async def read(self, *, since: datetime) -> Sequence[Reply]:
        """Return what the person wrote since an instant."""
        found: list[Reply] = []
        for _ in range(PAGES_MAX):
            updates = await self._page()
            found += filter(None, map(self._reply, updates))
            if len(updates) < PAGE:
                break
        return [reply for reply in found if reply.sent_at >= since.replace(microsecond=0)]

    async def _page(self) -> list[Mapping[str, Any]]:
        """Return the next updates, and step behind them.

        Raises:
            ChannelError: it answers what cannot be read.

        """
        asked = {"limit": str(PAGE), "timeout": "0", "allowed_updates": '["message"]'}
        if self._next:
            asked["offset"] = str(self._next)
        body = await self._line.got(
            f"{TELEGRAM}/bot{self._token}/getUpdates", asked=asked, headers={}
        )
        told = _object(body)
        updates = told.get("result")
        if told.get("ok") is not True or not isinstance(updates, list):
            raise ChannelError("answered what is no list of updates")
        for update in updates:
            number = update.get("update_id") if isinstance(update, dict) else None
            if not isinstance(number, int):
                raise ChannelError("answered an update without its number")
            self._next = max(self._next, number + 1)
        return updates

    def _reply(self, update: Mapping[str, Any]) -> Reply | None:
        """Return a message of the person who may decide; None for any other."""
        message = _part(update, "message")
        chat, sender = _part(message, "chat").get("id"), _part(message, "from")
        if (str(chat), str(sender.get("id"))) != (self._chat, self._sender):
            return None
        if sender.get("is_bot") is not False or _is_second_hand(message):
            return None
        named, sent_at = message.get("message_id"), _instant(message.get("date"))
        text = message.get("text")
        if not isinstance(named, int) or not isinstance(text, str) or sent_at is None:
            return None
        return Reply(
            channel=self.channel,
            # Numbers begin anew in the chat with another bot; what was taken is not taken again.
            message_id=f"{int(sent_at.timestamp())}.{named}",
            sender=self._sender,
            text=text,
            sent_at=sent_at,
        )


def _is_second_hand(message: Mapping[str, Any]) -> bool:
    """Whether somebody else wrote it first, or a bot did in the person's name."""
    return any(key in message for key in ("forward_origin", "forward_date", "via_bot"))


class NtfyReplies:
    """Reads a topic; who wrote to it is not known, so that the code alone proves the person."""

    channel = "ntfy"

    def __init__(self, line: ReadingLine, *, url: str, topic: str, token: str) -> None:
        self._line = line
        self._url = f"{url}/{topic}/json"
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def read(self, *, since: datetime) -> Sequence[Reply]:
        """Return what was published since an instant."""
        asked = {"poll": "1", "since": str(int(since.timestamp()))}
        body = await self._line.got(self._url, asked=asked, headers=self._headers)
        return list(filter(None, map(self._reply, _objects(body))))

    def _reply(self, event: Mapping[str, Any]) -> Reply | None:
        """Return a published message; None for what is none."""
        named, text, sent_at = event.get("id"), event.get("message"), _instant(event.get("time"))
        if not isinstance(named, str) or _MESSAGE_ID.fullmatch(named) is None:
            return None  # It is stored, and not every text can be.
        if event.get("event") != "message" or not isinstance(text, str) or sent_at is None:
            return None
        return Reply(
            channel=self.channel,
            message_id=named,
            sender=UNNAMED,
            text=text,
            sent_at=sent_at,
        )


def _object(body: bytes) -> Mapping[str, Any]:
    """Return an answer that is one object; an empty one for any other."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # The latter for what is nested too deeply.
        return {}
    return told if isinstance(told, dict) else {}


def _objects(body: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of an answer that has one in each line."""
    return map(_object, body.splitlines())


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object within another; an empty one where there is none."""
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _instant(seconds: object) -> datetime | None:
    """Return an instant from seconds since 1970; None for what is no such number."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
