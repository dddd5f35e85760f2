"""Who carries notices, from the configuration: each channel pays for its own library alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from trimtab.config import Config
from trimtab.config.notify_secrets import notify_secret, required_secret
from trimtab.config.notify_settings import Channel
from trimtab.domain.errors import ConfigError
from trimtab.ports import Clock, Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriers:
    """What could be opened of the configured channels."""

    carriers: Mapping[str, Notifier]
    """By channel."""
    unopened: Mapping[str, ConfigError]
    """Why the others could not be, by channel."""


@asynccontextmanager
async def open_notifiers(
    config: Config, environ: Mapping[str, str], clock: Clock
) -> AsyncIterator[Carriers]:
    """Open every configured channel; one that lacks its secret keeps none of the others back."""
    found: dict[str, Notifier] = {}
    missing: dict[str, ConfigError] = {}
    async with AsyncExitStack() as stack:
        for channel in config.notify.channels:
            try:
                found[channel.value] = await _opened(channel, config, environ, clock, stack)
            except ConfigError as fault:
                missing[channel.value] = fault
        yield Carriers(carriers=found, unopened=missing)


async def _opened(
    channel: Channel,
    config: Config,
    environ: Mapping[str, str],
    clock: Clock,
    stack: AsyncExitStack,
) -> Notifier:
    """Open one channel.

    Raises:
        ConfigError: its secret is not set, or its library not installed.

    """
    if channel is Channel.EMAIL:
        return _mail(config, environ)
    if channel is Channel.APPRISE:
        from trimtab.adapters.notify.by_apprise import AppriseNotifier  # noqa: PLC0415  as below

        urls = required_secret(config.key, environ, "apprise_urls").reveal()
        return AppriseNotifier(urls, timeout_s=config.notify.timeout_s)
    return await _over_http(channel, config, environ, clock, stack)


def _mail(config: Config, environ: Mapping[str, str]) -> Notifier:
    """Return the channel of e-mail.

    Raises:
        ConfigError: it needs a password that is not set.

    """
    from trimtab.adapters.notify.by_email import (  # noqa: PLC0415  nobody else pays for smtplib
        EmailNotifier,
        MailRoute,
    )

    mail = config.notify.mail
    route = MailRoute(
        host=mail.host,
        port=mail.port,
        tls=mail.tls.value,
        user=mail.user,
        sender=mail.sender,
        recipients=mail.recipients,
        timeout_s=config.notify.timeout_s,
    )
    password = required_secret(config.key, environ, "email_password").reveal() if mail.user else ""
    return EmailNotifier(route, password=password)


async def _over_http(
    channel: Channel,
    config: Config,
    environ: Mapping[str, str],
    clock: Clock,
    stack: AsyncExitStack,
) -> Notifier:
    """Open a channel over HTTP.

    Raises:
        ConfigError: its secret is not set.

    """
    from trimtab.adapters.notify import by_http  # noqa: PLC0415  nobody else pays for httpx

    told, key = config.notify, config.key
    client = await stack.enter_async_context(by_http.http_client(told.timeout_s))
    line = by_http.Line(client=client, timeout_s=told.timeout_s)
    if channel is Channel.TELEGRAM:
        token = required_secret(key, environ, "telegram_token").reveal()
        return by_http.TelegramNotifier(line, token=token, chat=told.telegram_chat)
    if channel is Channel.NTFY:
        token = notify_secret(key, environ, "ntfy_token").reveal()
        return by_http.NtfyNotifier(line, url=told.ntfy_url, topic=told.ntfy_topic, token=token)
    secret = notify_secret(key, environ, "webhook_secret").reveal()
    return by_http.WebhookNotifier(line, url=told.webhook_url, secret=secret, clock=clock)
