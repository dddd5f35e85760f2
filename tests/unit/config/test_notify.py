"""Channels say what they lack, take no secret from the file, and post to nowhere unsafe."""

from __future__ import annotations

import dataclasses
from collections.abc import MutableMapping
from pathlib import Path

import pytest

from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap.notifiers import open_notifiers
from trimtab.config.notify_secrets import notify_secret, required_secret
from trimtab.config.notify_settings import Channel
from trimtab.config.sources import NOTIFY_SECRETS
from trimtab.domain.errors import ConfigError
from trimtab.domain.notices import NoticeKind
from trimtab.domain.snapshot import AccountKey, Environment

KEY = AccountKey(venue="binance", account="main", environment=Environment.TESTNET)
ALL = (
    ("notify", 'channels = ["webhook", "telegram", "ntfy", "email", "apprise"]'),
    ("notify", 'webhook_url = "https://example.org/hook/"'),
    ("notify", 'telegram_chat = "42"'),
    ("notify", 'ntfy_topic = "t"'),
    ("notify", 'email_host = "mail.example.org"'),
    ("notify", 'email_user = "ada"'),
    ("notify", 'email_from = "bot@example.org"'),
    ("notify", 'email_to = ["ada@example.org"]'),
)
SET = {
    "TRIMTAB__NOTIFY__TELEGRAM_TOKEN": "1:a",
    "TRIMTAB__NOTIFY__EMAIL_PASSWORD": "word",
    "TRIMTAB__NOTIFY__APPRISE_URLS": "json://127.0.0.1:9",
}


def test_nobody_is_told_unless_somebody_is_named(load: Load) -> None:
    told = load(text_with()).notify
    assert told.channels == ()
    assert told.events == frozenset(NoticeKind)


def test_what_is_chosen_is_what_is_told(load: Load) -> None:
    told = load(text_with(*ALL, ("notify", 'events = ["halted", "executed"]'))).notify
    assert told.channels == tuple(Channel)
    assert told.events == frozenset({NoticeKind.HALTED, NoticeKind.EXECUTED})
    assert told.webhook_url == "https://example.org/hook"
    assert (told.mail.host, told.mail.port, told.mail.tls.value) == (
        "mail.example.org",
        587,
        "starttls",
    )


@pytest.mark.parametrize(
    ("channel", "keys"),
    [
        ("webhook", ["webhook_url"]),
        ("telegram", ["telegram_chat"]),
        ("ntfy", ["ntfy_topic"]),
        ("email", ["email_from", "email_host", "email_to"]),
    ],
)
def test_a_channel_names_what_it_lacks(faults: Faults, channel: str, keys: list[str]) -> None:
    found = faults(text_with(("notify", f'channels = ["{channel}"]')))
    assert sorted(fault.key for fault in found) == [f"notify.{key}" for key in keys]
    assert all(f"the channel {channel} needs it" in fault.reason for fault in found)


@pytest.mark.parametrize(
    ("line", "key", "reason"),
    [
        ('webhook_url = "http://example.org/hook"', "webhook_url", "must be an https URL"),
        ('webhook_url = "https://a:b@example.org"', "webhook_url", "a name or a password"),
        ('webhook_url = "https://[::1"', "webhook_url", "must be a URL"),
        ('webhook_url = "ftp://127.0.0.1/"', "webhook_url", "must be an https URL"),
        ('webhook_url = "https://"', "webhook_url", "must be an https URL"),
        ('email_from = "nobody"', "email_from", "must be a mail address"),
        ('email_to = [""]', "email_to", "names an empty address"),
        ('email_to = ["a@b.c", "a@b.c"]', "email_to", "names one twice"),
        ('channels = ["apprise", "apprise"]', "channels", "names one twice"),
        ('events = ["halted", "halted"]', "events", "names one twice"),
        ('events = ["test"]', "events", "cannot be chosen"),
    ],
)
def test_what_cannot_be_used_is_refused(faults: Faults, line: str, key: str, reason: str) -> None:
    (found,) = faults(text_with(("notify", line)))
    assert found.key == f"notify.{key}"
    assert reason in found.reason


def test_http_is_taken_on_this_machine_alone(load: Load) -> None:
    for host in ("127.0.0.1:9", "localhost", "[::1]:80"):
        line = f'webhook_url = "http://{host}/x"'
        assert load(text_with(("notify", line))).notify.webhook_url == f"http://{host}/x"


def test_mail_in_the_open_stays_on_this_machine(load: Load, faults: Faults) -> None:
    off = ("notify", 'email_tls = "none"')
    (found,) = faults(text_with(off, ("notify", 'email_host = "mail.example.org"')))
    assert (found.key, found.reason) == (
        "notify.email_tls",
        "sends mail in the open to another machine",
    )
    assert load(text_with(off, ("notify", 'email_host = "127.0.0.1"'))).notify.mail.port == 587


@pytest.mark.parametrize("name", NOTIFY_SECRETS)
def test_a_secret_in_the_file_is_refused_and_told_where_it_belongs(
    faults: Faults, name: str
) -> None:
    (found,) = faults(text_with(("notify", f'{name} = "canary-3f9a"')))
    assert (found.key, found.reason) == (f"notify.{name}", "is a secret in the open")
    assert f"TRIMTAB__NOTIFY__{name.upper()}_FILE" in found.fix
    assert "canary" not in found.message


def test_variables_of_secrets_are_no_settings(load: Load) -> None:
    environ = {f"TRIMTAB__NOTIFY__{name.upper()}": "x" for name in NOTIFY_SECRETS}
    assert load(text_with(), environ=environ).notify.channels == ()


def test_a_secret_comes_from_a_file_before_a_variable(
    environ: MutableMapping[str, str], tmp_path: Path
) -> None:
    assert not notify_secret(KEY, {}, "ntfy_token")
    told = {"TRIMTAB__NOTIFY__NTFY_TOKEN": "of the variable"}
    assert notify_secret(KEY, told, "ntfy_token").reveal() == "of the variable"
    file = tmp_path / "token"
    file.write_text("of the file\n")
    file.chmod(0o600)
    tmp_path.chmod(0o700)
    told["TRIMTAB__NOTIFY__NTFY_TOKEN_FILE"] = str(file)
    assert notify_secret(KEY, told, "ntfy_token").reveal() == "of the file"
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read it"):
        notify_secret(KEY, told, "ntfy_token")


def test_a_secret_that_is_needed_names_its_places() -> None:
    with pytest.raises(ConfigError, match="binance/main/testnet/notify_telegram_token") as raised:
        required_secret(KEY, {}, "telegram_token")
    assert "TRIMTAB__NOTIFY__TELEGRAM_TOKEN_FILE" in str(raised.value)
    assert "trimtab notify test" in raised.value.next_step


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_every_channel_opens_with_its_secret_and_none_keeps_another_back(load: Load) -> None:
    read = load(text_with(*ALL))
    async with open_notifiers(read, SET, SystemClock()) as opened:
        assert set(opened.carriers) == {channel.value for channel in Channel}
        assert all(name == carrier.channel for name, carrier in opened.carriers.items())
        assert opened.unopened == {}
    async with open_notifiers(read, {}, SystemClock()) as opened:
        assert set(opened.carriers) == {"webhook", "ntfy"}
        assert set(opened.unopened) == {"telegram", "email", "apprise"}
    nobody = dataclasses.replace(read, notify=dataclasses.replace(read.notify, channels=()))
    async with open_notifiers(nobody, {}, SystemClock()) as opened:
        assert opened.carriers == {}
