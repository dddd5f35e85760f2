"""Who hears replies, from the configuration. Nobody does where ``notify.replies`` is empty."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from trimtab.bootstrap import owner
from trimtab.config import Config
from trimtab.config.notify_secrets import notify_secret, required_secret
from trimtab.config.notify_settings import Channel
from trimtab.domain.errors import ConfigError
from trimtab.domain.one_time import SECRET_BYTES_MIN, secret_bytes
from trimtab.ports import Clock, Ledger, ReplyChannel
from trimtab.workflow.replies import Ear


def reply_secret(config: Config, environ: Mapping[str, str]) -> bytes:
    """Return what the codes of replies are made of.

    Raises:
        ConfigError: it is not set, or is none.

    """
    text = required_secret(
        config.key, environ, "reply_secret", next_step="trimtab notify enrol"
    ).reveal()
    if (secret := secret_bytes(text)) is None:
        raise ConfigError(
            f"the reply_secret is no base32 text of {SECRET_BYTES_MIN} bytes or more",
            next_step="trimtab notify enrol",
        )
    return secret


@asynccontextmanager
async def open_ear(
    config: Config,
    environ: Mapping[str, str],
    ledger: Ledger,
    clock: Clock,
    note: Callable[[str], None],
) -> AsyncIterator[Ear]:
    """Open the channels that replies are read from.

    Raises:
        ConfigError: the secret of the codes, or that of a channel, is not set.

    """
    from trimtab.adapters.notify import (  # noqa: PLC0415  nobody else pays for httpx
        by_http,
        replies,
    )

    told, secret = config.notify, reply_secret(config, environ)
    async with by_http.http_client(told.timeout_s) as client:
        line = replies.ReadingLine(client=client, timeout_s=told.timeout_s)
        channels: list[ReplyChannel] = []
        if Channel.TELEGRAM in told.replies:
            token = required_secret(config.key, environ, "telegram_token").reveal()
            chat, sender = told.telegram_chat, told.telegram_sender
            channels.append(replies.TelegramReplies(line, token=token, chat=chat, sender=sender))
        if Channel.NTFY in told.replies:
            token = notify_secret(config.key, environ, "ntfy_token").reveal()
            url, topic = told.ntfy_url, told.ntfy_reply_topic
            channels.append(replies.NtfyReplies(line, url=url, topic=topic, token=token))
        yield Ear(
            ledger=ledger,
            clock=clock,
            policy=config.policy,
            owner=owner(),
            channels=tuple(channels),
            secret=secret,
            note=note,
        )
