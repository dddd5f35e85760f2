"""Who is told, as one frozen value. Pure; holds no secret."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.notices import NoticeKind


class Channel(StrEnum):
    """A way to people."""

    WEBHOOK = "webhook"
    TELEGRAM = "telegram"
    NTFY = "ntfy"
    EMAIL = "email"
    APPRISE = "apprise"


class MailTls(StrEnum):
    """How a connection to a mail server is encrypted."""

    STARTTLS = "starttls"
    """From the greeting on; a server that does not offer it gets nothing."""
    TLS = "tls"
    """From the first byte."""
    NONE = "none"
    """Not at all; only on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server, and who writes to whom."""

    host: str
    port: int
    """1 to 65,535."""
    tls: MailTls
    user: str
    """Empty for no login."""
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """Who is told of what, and how."""

    channels: tuple[Channel, ...]
    """Empty: nobody is told, and nothing is written down."""
    replies: tuple[Channel, ...]
    """Over which of them a reply decides a plan; each has what it needs for that."""
    events: frozenset[NoticeKind]
    timeout_s: float
    """Wait for one message to be taken, > 0."""
    webhook_url: str
    telegram_chat: str
    telegram_sender: str
    """Whose replies count."""
    ntfy_url: str
    """Without a final slash."""
    ntfy_topic: str
    ntfy_reply_topic: str
    mail: MailSettings


def all_kinds(chosen: tuple[NoticeKind, ...]) -> frozenset[NoticeKind]:
    """Return what is told; all when nothing was chosen."""
    return frozenset(chosen or NoticeKind)


def seconds(timeout_s: Decimal) -> float:
    """Return a wait as the event loop takes it."""
    return float(timeout_s)
