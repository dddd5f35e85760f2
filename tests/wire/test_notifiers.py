"""Each channel says what is certain of a message: taken, refused, not taken, or nobody knows."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import respx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.builders import KEY, NOW
from tests.contract.ledger_cases import StandingClock
from trimtab import notices
from trimtab.adapters.notify.by_apprise import AppriseNotifier
from trimtab.adapters.notify.by_email import EmailNotifier, MailRoute
from trimtab.adapters.notify.by_http import (
    Line,
    NtfyNotifier,
    TelegramNotifier,
    WebhookNotifier,
    http_client,
    signature,
)
from trimtab.domain.errors import ConfigError
from trimtab.domain.notices import Step
from trimtab.notices import Telling
from trimtab.ports import Notifier, Receipt

HALTED = notices.halted(Telling(key=KEY, at=NOW), "the sky fell", since="")
HOOK = "https://hooks.example/trimtab"
TOKEN = "1234:only-the-bot-knows"


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with http_client(1.0) as client:
        yield Line(client=client, timeout_s=1.0)


def webhook(line: Line, url: str = HOOK, secret: str = "") -> Notifier:
    return WebhookNotifier(line, url=url, secret=secret, clock=StandingClock())


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (200, Step.DELIVERED),
        (204, Step.DELIVERED),
        (302, Step.REFUSED),
        (400, Step.REFUSED),
        (404, Step.REFUSED),
        (429, Step.NOT_SENT),
        (500, Step.UNKNOWN),
        (502, Step.UNKNOWN),
        (503, Step.NOT_SENT),
    ],
)
async def test_an_answer_says_whether_a_message_was_taken(
    line: Line, status: int, step: Step
) -> None:
    with respx.mock() as there:
        there.post(HOOK).respond(status, headers={"location": "https://elsewhere.example"})
        assert await webhook(line).deliver(HALTED) == Receipt(step=step, note=f"answered {status}")
        assert there.calls.call_count == 1


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        (httpx.ConnectError, Step.NOT_SENT),
        (httpx.ConnectTimeout, Step.NOT_SENT),
        (httpx.PoolTimeout, Step.NOT_SENT),
        (httpx.ReadTimeout, Step.UNKNOWN),
        (httpx.WriteError, Step.UNKNOWN),
        (httpx.RemoteProtocolError, Step.UNKNOWN),
    ],
)
async def test_a_connection_that_was_never_made_took_nothing_and_any_other_may_have(
    line: Line, fault: type[httpx.HTTPError], step: Step
) -> None:
    with respx.mock() as there:
        there.post(HOOK).mock(side_effect=fault("https://hooks.example/with-a-secret"))
        receipt = await webhook(line).deliver(HALTED)
    assert receipt.step is step
    assert "hooks.example" not in receipt.note


async def test_a_receiver_that_answers_too_slowly_may_have_taken_it(line: Line) -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        return httpx.Response(200)

    with respx.mock(assert_all_called=False) as there:
        there.post(HOOK).mock(side_effect=slow)
        receipt = await webhook(line).deliver(HALTED)
    assert receipt == Receipt(step=Step.UNKNOWN, note="no answer (TimeoutError)")


async def test_an_address_that_is_none_is_a_refusal(line: Line) -> None:
    receipt = await webhook(line, url="https://exa mple\x00/").deliver(HALTED)
    assert receipt.step is Step.REFUSED


def test_a_signature_is_hmac_sha256_of_instant_and_body() -> None:
    # printf '1700000000.{"a": 1}' | openssl dgst -sha256 -hmac key
    assert signature("key", at_s=1_700_000_000, body=b'{"a": 1}') == (
        "t=1700000000,v1=17e36a190ee125a4782d21867ffdf5712238dc71b452ba98254537bfdb4f3a77"
    )


async def test_a_webhook_gets_the_whole_notice_and_a_signature_only_with_a_secret(
    line: Line,
) -> None:
    with respx.mock() as there:
        route = there.post(HOOK).respond(200)
        await webhook(line).deliver(HALTED)
        await webhook(line, secret="key").deliver(HALTED)
    plain, signed = (call.request for call in route.calls)
    told = json.loads(plain.content)
    assert (told["id"], told["kind"], told["critical"]) == (HALTED.id, "halted", True)
    assert (told["venue"], told["account"], told["environment"]) == ("binance", "main", "local")
    assert (told["subject"], told["text"]) == (HALTED.subject, HALTED.text)
    assert "x-trimtab-signature" not in plain.headers
    at_s = int(NOW.timestamp())
    expected = signature("key", at_s=at_s, body=signed.content)
    assert signed.headers["x-trimtab-signature"] == expected
    assert signed.headers["x-trimtab-notice"] == HALTED.id


async def test_telegram_gets_plain_text_for_the_chat_and_its_token_stays_out_of_notes(
    line: Line,
) -> None:
    bot = TelegramNotifier(line, token=TOKEN, chat="42")
    with respx.mock() as there:
        route = there.post(f"https://api.telegram.org/bot{TOKEN}/sendMessage").respond(200)
        assert (await bot.deliver(HALTED)).step is Step.DELIVERED
        route.mock(side_effect=httpx.ReadError(f"bot{TOKEN}"))
        receipt = await bot.deliver(HALTED)
    told = json.loads(route.calls[0].request.content)
    assert (told["chat_id"], told["text"]) == ("42", HALTED.text)
    assert TOKEN not in receipt.note


async def test_ntfy_gets_a_title_a_priority_and_a_token_where_there_is_one(line: Line) -> None:
    calm = notices.tried(Telling(key=KEY, at=NOW))
    with respx.mock() as there:
        route = there.post("https://ntfy.example").respond(200)
        at = "https://ntfy.example"
        await NtfyNotifier(line, url=at, topic="t", token="").deliver(calm)
        await NtfyNotifier(line, url=at, topic="t", token="tk").deliver(HALTED)
    first, second = (call.request for call in route.calls)
    assert json.loads(first.content)["priority"] == 3
    assert "authorization" not in first.headers
    told = json.loads(second.content)
    assert (told["topic"], told["title"], told["priority"]) == ("t", HALTED.subject, 5)
    assert second.headers["authorization"] == "Bearer tk"


class Mailbox:
    """A mail server that says what it is told to, and keeps what it took."""

    def __init__(self) -> None:
        self.at_sender = self.at_recipient = self.at_end = ""
        self.taken: list[Envelope] = []

    async def handle_MAIL(  # noqa: N802  aiosmtpd finds it by its name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.at_sender or "250 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd finds it by its name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.at_recipient:
            envelope.rcpt_tos.append(address)
        return self.at_recipient or "250 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd finds it by its name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.taken.append(envelope)
        if self.at_end == "hang up":
            server.transport.close()
        return self.at_end or "250 taken"


@contextmanager
def serving(mailbox: Mailbox) -> Iterator[int]:
    """Serve a mailbox on loopback; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def mail(port: int, **changed: Any) -> EmailNotifier:
    """Return the channel to a server on loopback."""
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "user": "",
        "sender": "bot@example.org",
        "recipients": ("ada@example.org", "bob@example.org"),
        "timeout_s": 2.0,
    }
    return EmailNotifier(MailRoute(**fields | changed), password="word")


async def test_a_mail_goes_to_all_with_subject_text_and_an_id_of_its_own() -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        receipt = await mail(port).deliver(HALTED)
    assert receipt == Receipt(step=Step.DELIVERED, note="answered 250")
    (taken,) = mailbox.taken
    assert (taken.mail_from, taken.rcpt_tos) == (
        "bot@example.org",
        ["ada@example.org", "bob@example.org"],
    )
    text = taken.content.decode()
    assert f"Message-ID: <{HALTED.id}@trimtab.invalid>" in text
    assert "Importance: high" in text
    assert "halted: the sky fell" in text
    assert "next: trimtab status" in text


@pytest.mark.parametrize(
    ("answers", "step", "note"),
    [
        ({"at_sender": "550 no"}, Step.REFUSED, "an address was refused (550)"),
        ({"at_recipient": "550 no"}, Step.REFUSED, "an address was refused (550)"),
        ({"at_recipient": "450 later"}, Step.NOT_SENT, "an address was refused (450)"),
        ({"at_end": "554 no"}, Step.REFUSED, "answered 554"),
        ({"at_end": "451 later"}, Step.NOT_SENT, "answered 451"),
        ({"at_end": "hang up"}, Step.UNKNOWN, "no answer (SMTPServerDisconnected)"),
    ],
)
async def test_what_a_mail_server_says_decides(
    answers: dict[str, str], step: Step, note: str
) -> None:
    mailbox = Mailbox()
    for at, said in answers.items():
        setattr(mailbox, at, said)
    with serving(mailbox) as port:
        receipt = await mail(port).deliver(HALTED)
    assert receipt.step is step
    assert note in receipt.note


async def test_a_server_without_encryption_or_that_is_not_there_gets_nothing() -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        open_only = await mail(port, tls="starttls").deliver(HALTED)
        not_tls = await mail(port, tls="tls").deliver(HALTED)
        no_login = await mail(port, user="ada").deliver(HALTED)
    absent = await mail(port).deliver(HALTED)
    assert open_only.step is Step.REFUSED
    assert not_tls.step is Step.NOT_SENT
    assert no_login.step is Step.REFUSED
    assert absent == Receipt(step=Step.NOT_SENT, note="not taken (ConnectionRefusedError)")
    assert mailbox.taken == []


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_apprise_takes_known_addresses_and_says_yes_or_nobody_knows() -> None:
    with respx.mock(assert_all_called=False):
        with pytest.raises(ConfigError, match="names an address that apprise does not know"):
            AppriseNotifier("nothing://", timeout_s=1.0)
        with pytest.raises(ConfigError, match="names an address"):
            AppriseNotifier(" ", timeout_s=1.0)
        channel = AppriseNotifier("json://127.0.0.1:9/", timeout_s=5.0)
        receipt = await channel.deliver(HALTED)
    assert receipt == Receipt(step=Step.UNKNOWN, note="not taken by all")
