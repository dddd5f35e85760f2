"""Notices over HTTP: webhook, Telegram, ntfy. Ports :class:`~trimtab.ports.Notifier`. Not pure.

A receipt tells what is certain. A connection that was never made, 429 and 503 mean that nothing
was taken; any other answer below 500 but 2xx is a no; all else may have been taken. Notes name
the kind of fault and never an address: a Telegram address holds the bot's token. Redirects,
proxies and variables are off.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx

from trimtab import __version__
from trimtab.domain.canonical import instant_text, to_document
from trimtab.domain.notices import Notice, Step
from trimtab.ports import Clock, Receipt

TELEGRAM: Final = "https://api.telegram.org"
TEXT_MAX: Final = 4000
"""Characters of a message; Telegram takes 4096, ntfy 4096 bytes."""
_NOT_TAKEN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_MARGIN_S: Final = 0.5
"""How much longer the whole may take than each of its parts."""


def http_client(timeout_s: float) -> httpx.AsyncClient:
    """Return a client for channels; whoever opens it closes it."""
    return httpx.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        timeout=timeout_s,
        headers={"user-agent": f"trimtab/{__version__}"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a channel over HTTP sends with."""

    client: httpx.AsyncClient
    timeout_s: float
    """For the whole of one message, > 0."""

    async def posted(self, url: str, body: bytes, headers: Mapping[str, str]) -> Receipt:
        """Post once, and say what is certain of it."""
        try:
            async with asyncio.timeout(self.timeout_s + _MARGIN_S):
                answer = await self.client.post(url, content=body, headers=dict(headers))
        except _NEVER_LEFT as fault:
            return Receipt(step=Step.NOT_SENT, note=f"no connection ({type(fault).__name__})")
        except httpx.InvalidURL:
            return Receipt(step=Step.REFUSED, note="its address is none")
        except (httpx.HTTPError, TimeoutError) as fault:
            return Receipt(step=Step.UNKNOWN, note=f"no answer ({type(fault).__name__})")
        return _receipt(answer.status_code)


def _receipt(status: int) -> Receipt:
    """Return what an answer's status says."""
    note = f"answered {status}"
    if HTTPStatus(200) <= status < HTTPStatus(300):
        return Receipt(step=Step.DELIVERED, note=note)
    if status in _NOT_TAKEN:
        return Receipt(step=Step.NOT_SENT, note=note)
    step = Step.REFUSED if status < HTTPStatus.INTERNAL_SERVER_ERROR else Step.UNKNOWN
    return Receipt(step=step, note=note)


def signature(secret: str, *, at_s: int, body: bytes) -> str:
    """Return the header that proves who posted *body*, and when: ``t=SECONDS,v1=HEX``.

    HMAC-SHA256 of the seconds, a full stop and the body, so that an old one cannot be replayed.
    """
    signed = f"{at_s}.".encode() + body
    made = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={made}"


def notice_document(notice: Notice) -> dict[str, Any]:
    """Return a notice as a webhook gets it."""
    document: dict[str, Any] = to_document(notice)
    key = document.pop("key")
    return {
        **document,
        **key,
        "at": instant_text(notice.at),
        "critical": notice.kind.is_critical,
    }


class WebhookNotifier:
    """Posts JSON, signed where there is a secret."""

    channel = "webhook"

    def __init__(self, line: Line, *, url: str, secret: str, clock: Clock) -> None:
        self._line = line
        self._url = url
        self._secret = secret
        self._clock = clock

    async def deliver(self, notice: Notice) -> Receipt:
        """Post a notice; its id is a header too, for receivers that keep out doubles."""
        body = json.dumps(notice_document(notice), sort_keys=True).encode()
        headers = {"content-type": "application/json", "x-trimtab-notice": notice.id}
        if self._secret:
            at_s = int(self._clock.now().timestamp())
            headers["x-trimtab-signature"] = signature(self._secret, at_s=at_s, body=body)
        return await self._line.posted(self._url, body, headers)


class TelegramNotifier:
    """Writes to a chat as a bot."""

    channel = "telegram"

    def __init__(self, line: Line, *, token: str, chat: str) -> None:
        self._line = line
        self._token = token
        self._chat = chat

    async def deliver(self, notice: Notice) -> Receipt:
        """Write a notice as plain text."""
        message = {
            "chat_id": self._chat,
            "text": notice.text[:TEXT_MAX],
            "disable_web_page_preview": True,
        }
        url = f"{TELEGRAM}/bot{self._token}/sendMessage"
        headers = {"content-type": "application/json"}
        return await self._line.posted(url, json.dumps(message).encode(), headers)


class NtfyNotifier:
    """Publishes to a topic."""

    channel = "ntfy"

    def __init__(self, line: Line, *, url: str, topic: str, token: str) -> None:
        self._line = line
        self._url = url
        self._topic = topic
        self._token = token

    async def deliver(self, notice: Notice) -> Receipt:
        """Publish a notice, urgent where it is critical."""
        message = {
            "topic": self._topic,
            "title": notice.subject,
            "message": notice.text[:TEXT_MAX],
            "priority": 5 if notice.kind.is_critical else 3,
        }
        headers = {"content-type": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        return await self._line.posted(self._url, json.dumps(message).encode(), headers)
