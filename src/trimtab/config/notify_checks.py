"""What a channel needs beside its name. Pure; reads the raw tree, like the other checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from trimtab.config.faults import Flaw
from trimtab.config.notify_words import is_loopback

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "webhook": ("webhook_url",),
        "telegram": ("telegram_chat",),
        "ntfy": ("ntfy_topic",),
        "email": ("email_host", "email_from", "email_to"),
    }
)
"""Keys without which a channel cannot work."""
_NEEDED_TO_HEAR: Final[Mapping[str, str]] = MappingProxyType(
    {"telegram": "telegram_sender", "ntfy": "ntfy_reply_topic"}
)
"""The key without which replies of a channel cannot be read."""
_OTHERWISE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "webhook_url": 'write webhook_url = "https://…"',
        "telegram_chat": 'write telegram_chat = "…", the id of the chat',
        "telegram_sender": 'write telegram_sender = "…", the id of the person who replies',
        "ntfy_reply_topic": 'write ntfy_reply_topic = "…", a name that nobody guesses',
        "ntfy_topic": 'write ntfy_topic = "…", a name that nobody guesses',
        "email_host": 'write email_host = "…", the mail server',
        "email_from": 'write email_from = "me@example.org"',
        "email_to": 'write email_to = ["me@example.org"]',
    }
)


def notify_flaws(tree: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what a channel lacks, and mail in the open."""
    section = tree.get("notify")
    if not isinstance(section, dict):
        return
    channels = section.get("channels")
    for channel in channels if isinstance(channels, list) else ():
        for key in _NEEDED.get(channel, ()) if isinstance(channel, str) else ():
            if not section.get(key):
                reason = f"is empty, and the channel {channel} needs it"
                yield Flaw(path=("notify", key), reason=reason, fix=_OTHERWISE[key])
    yield from _unheard(section)
    host = section.get("email_host")
    is_far = isinstance(host, str) and host != "" and not is_loopback(host)
    if section.get("email_tls") == "none" and is_far:
        reason = "sends mail in the open to another machine"
        fix = 'write "starttls" or "tls", or remove it'
        yield Flaw(path=("notify", "email_tls"), reason=reason, fix=fix)


def _unheard(section: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what keeps replies from being read."""
    replies, channels = section.get("replies"), section.get("channels")
    for channel in replies if isinstance(replies, list) else ():
        if not isinstance(channel, str) or channel not in _NEEDED_TO_HEAR:
            continue
        if not isinstance(channels, list) or channel not in channels:
            reason = f"names {channel}, over which nobody is asked"
            fix = f'add "{channel}" to notify.channels, or remove it here'
            yield Flaw(path=("notify", "replies"), reason=reason, fix=fix)
        key = _NEEDED_TO_HEAR[channel]
        if not section.get(key):
            reason = f"is empty, and replies over {channel} need it"
            yield Flaw(path=("notify", key), reason=reason, fix=_OTHERWISE[key])
