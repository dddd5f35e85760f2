"""Channels say what they lack, take no secret from the file, and post to nowhere unsafe."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import MutableMapping
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap.notifiers import open_notifiers
from trimtab.bootstrap.replies import open_ear
from trimtab.config.notify_secrets import notify_secret, required_secret, secret_keeper
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
        ('replies = ["email"]', "replies", "brings no replies"),
        ('telegram_sender = "@ada"', "telegram_sender", "must be a number"),
        ("telegram_sender = true", "telegram_sender", "must be"),
        ('ntfy_reply_topic = "a/b"', "ntfy_reply_topic", "must be letters"),
    ],
)
def test_what_cannot_be_used_is_refused(faults: Faults, line: str, key: str, reason: str) -> None:
    (found,) = faults(text_with(("notify", line)))
    assert found.key == f"notify.{key}"
    assert reason in found.reason


REPLIES = (
    ("notify", 'channels = ["telegram", "ntfy"]'),
    ("notify", 'telegram_chat = "-42"'),
    ("notify", 'ntfy_topic = "told"'),
    ("notify", 'replies = ["telegram", "ntfy"]'),
    ("notify", 'ntfy_reply_topic = "answers"'),
)


@pytest.mark.parametrize("sender", ['"7"', "7"])
def test_replies_are_read_where_it_is_said_whose_count(load: Load, sender: str) -> None:
    told = load(text_with(*REPLIES, ("notify", f"telegram_sender = {sender}"))).notify
    assert told.replies == (Channel.TELEGRAM, Channel.NTFY)
    assert (told.telegram_sender, told.ntfy_reply_topic) == ("7", "answers")


def test_replies_name_what_they_lack(faults: Faults) -> None:
    alone = faults(text_with(("notify", 'replies = ["telegram", "ntfy"]')))
    assert sorted((f.key, f.reason) for f in alone) == [
        ("notify.ntfy_reply_topic", "is empty, and replies over ntfy need it"),
        ("notify.replies", "names ntfy, over which nobody is asked"),
        ("notify.replies", "names telegram, over which nobody is asked"),
        ("notify.telegram_sender", "is empty, and replies over telegram need it"),
    ]


async def test_an_ear_needs_a_secret_that_is_one(load: Load) -> None:
    read = load(text_with(*REPLIES, ("notify", "telegram_sender = 7")))
    ledger, clock = MemoryLedger(MemoryStore(key=KEY, began_at=NOW)), SystemClock()
    for text, fault in (("", "no reply_secret"), ("AAAA", "no base32 text of 16 bytes")):
        environ = SET | {"TRIMTAB__NOTIFY__REPLY_SECRET": text}
        with pytest.raises(ConfigError, match=fault) as raised:
            async with open_ear(read, environ, ledger, clock, print):
                pass
        assert raised.value.next_step == "trimtab notify enrol"
    environ = SET | {"TRIMTAB__NOTIFY__REPLY_SECRET": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}
    async with open_ear(read, environ, ledger, clock, print) as ear:
        assert [channel.channel for channel in ear.channels] == ["telegram", "ntfy"]
        assert ear.secret == b"12345678901234567890"


LIBRARY = """
class Ring:
    priority = {priority}

def get_keyring():
    return Ring

def set_password(service, entry, text):
    print(service, entry, text)
"""
PROGRAM = """
from trimtab.config.notify_secrets import secret_keeper
from trimtab.domain.errors import ConfigError
from trimtab.domain.snapshot import AccountKey, Environment
key = AccountKey(venue="binance", account="main", environment=Environment.TESTNET)
try:
    print(secret_keeper(key, "reply_secret", home="", file=None)("ABC"))
except ConfigError as e:
    print(e)
"""


def kept_by(folder: Path, environ: MutableMapping[str, str], library: str) -> str:
    """What a program prints that keeps a secret where a keyring library is installed."""
    (folder / "installed").mkdir()
    (folder / "installed" / "keyring.py").write_text(library, encoding="utf-8")
    environ["PYTHONPATH"] = f"{environ['PYTHONPATH']}{os.pathsep}{folder / 'installed'}"
    words = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("library", "printed"),
    [
        (
            LIBRARY.format(priority=1),
            "trimtab ENTRY ABC\nENTRY\n".replace(
                "ENTRY", "binance/main/testnet/notify_reply_secret"
            ),
        ),
        (
            LIBRARY.format(priority=0),
            "this system has no keyring; name a file that is to be made\n",
        ),
        (
            "raise ImportError",
            "this system has no keyring; name a file that is to be made\n",
        ),
    ],
)
def test_a_new_secret_goes_into_the_keyring_where_there_is_one(
    tmp_path: Path, environ: MutableMapping[str, str], library: str, printed: str
) -> None:
    assert kept_by(tmp_path, environ, library) == printed


def test_a_new_secret_goes_into_a_file_that_is_not_there_and_nobody_else_can_read(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o700)
    home, place = str(tmp_path), tmp_path / "kept"
    keep = secret_keeper(KEY, "reply_secret", home=home, file="~/kept")
    assert keep("ABC") == str(place)
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("ABC\n", 0o600)
    with pytest.raises(ConfigError, match="is there already"):
        secret_keeper(KEY, "reply_secret", home=home, file="~/kept")
    with pytest.raises(ConfigError, match="cannot be made"):
        keep("ABC")
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigError, match="others may replace it"):
        secret_keeper(KEY, "reply_secret", home="", file=str(tmp_path / "other"))("ABC")
    assert not (tmp_path / "other").exists()


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
