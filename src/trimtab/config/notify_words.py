"""Addresses, channels and events of the section on notices. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, TypeVar
from urllib.parse import urlsplit

from trimtab.config.notify_settings import Channel
from trimtab.config.numerals import fault, shown
from trimtab.config.words import read_text
from trimtab.domain.notices import NoticeKind

_ADDRESS: Final = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,250}")
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SENDER: Final = re.compile(r"[0-9]{1,20}")
BRING_REPLIES: Final = frozenset({Channel.TELEGRAM, Channel.NTFY})
"""Channels that can be read."""
_NEVER_SENT: Final = frozenset({NoticeKind.BEGUN, NoticeKind.TEST})
WordT = TypeVar("WordT")


def is_loopback(host: str) -> bool:
    """Say whether *host* can only be this machine; no name is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_hook(value: object) -> str:
    """Return an address that may be posted to, without a final slash; empty for none."""
    text = read_text(value)
    if not text:
        return text
    fix = 'write an address such as "https://example.org/hook"'
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise fault("must be a URL", fix=fix) from None
    if parts.username is not None or parts.password is not None:
        raise fault("must not carry a name or a password", fix=fix)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not (host and is_safe) or parts.fragment or not text.isprintable() or " " in text:
        raise fault("must be an https URL, or http on this machine", fix=fix)
    return text.removesuffix("/")


def read_address(value: object) -> str:
    """Return a mail address; empty for none."""
    text = read_text(value)
    if text and _ADDRESS.fullmatch(text) is None:
        raise fault(f"must be a mail address, was {shown(text)}", fix='write "me@example.org"')
    return text


def read_addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is no mail address, and lists that name one twice."""
    for text in values:
        if not read_address(text):
            raise fault("names an empty address", fix='write ["me@example.org"]')
    return _each_once(values)


def read_channels(values: tuple[Channel, ...]) -> tuple[Channel, ...]:
    """Refuse lists that name a channel twice."""
    return _each_once(values)


def read_reply_channels(values: tuple[Channel, ...]) -> tuple[Channel, ...]:
    """Refuse channels that bring no replies, and lists that name one twice."""
    for channel in values:
        if channel not in BRING_REPLIES:
            raise fault(f'"{channel}" brings no replies', fix='write "telegram" or "ntfy"')
    return _each_once(values)


def read_sender(value: object) -> str:
    """Return the id of a person on Telegram; empty for none."""
    text = (
        str(value) if isinstance(value, int) and not isinstance(value, bool) else read_text(value)
    )
    if text and _SENDER.fullmatch(text) is None:
        raise fault(f"must be a number, was {shown(text)}", fix='write the id, such as "123456789"')
    return text


def read_topic(value: object) -> str:
    """Return a topic of ntfy; empty for none."""
    text = read_text(value)
    if text and _TOPIC.fullmatch(text) is None:
        reason = f"must be letters, digits, - and _, at most 64, was {shown(text)}"
        raise fault(reason, fix="choose a name that nobody guesses")
    return text


def read_events(values: tuple[NoticeKind, ...]) -> tuple[NoticeKind, ...]:
    """Refuse lists that name an event twice, or one that nobody can be told of by choice."""
    for kind in values:
        if kind in _NEVER_SENT:
            raise fault(f'"{kind}" cannot be chosen', fix="remove it")
    return _each_once(values)


def _each_once(values: tuple[WordT, ...]) -> tuple[WordT, ...]:
    """Refuse lists that name something twice."""
    if len(set(values)) < len(values):
        raise fault("names one twice", fix="name each once")
    return values
