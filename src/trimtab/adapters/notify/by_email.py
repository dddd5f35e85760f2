"""Notices by e-mail, over SMTP in a thread. Port :class:`~trimtab.ports.Notifier`. Not pure.

What the server says decides: a lasting no (5xx) is a refusal, a passing one (4xx) and everything
before the message itself mean that nothing was taken. A connection that is lost behind it may
have carried it.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from socket import gethostname
from typing import Any, Final

from trimtab.domain.notices import Notice, Step
from trimtab.ports import Receipt

_LASTING: Final = 500
"""SMTP codes from here on are a lasting no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRoute:
    """The server, and who writes to whom."""

    host: str
    port: int
    """1 to 65,535."""
    tls: str
    """``starttls``, ``tls`` or ``none``."""
    user: str
    """Empty for no login."""
    sender: str
    recipients: tuple[str, ...]
    timeout_s: float
    """For each step of the talk with the server, > 0."""


class EmailNotifier:
    """Sends one message to all recipients."""

    channel = "email"

    def __init__(self, route: MailRoute, *, password: str) -> None:
        self._route = route
        self._password = password

    async def deliver(self, notice: Notice) -> Receipt:
        """Send a notice; its id is in the message's own, so that a double shows."""
        return await asyncio.to_thread(self._sent, mail_of(notice, self._route))

    def _sent(self, mail: EmailMessage) -> Receipt:
        """Send one message, and say what is certain of it."""
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as fault:
            return _not_taken(fault)
        with server:
            try:
                codes = self._addressed(server)
            except (OSError, smtplib.SMTPException) as fault:
                return _not_taken(fault)
            if wrong := [code for code in codes if code >= 400]:  # noqa: PLR2004  SMTP's own bound
                step = Step.REFUSED if max(wrong) >= _LASTING else Step.NOT_SENT
                return Receipt(step=step, note=f"an address was refused ({max(wrong)})")
            return self._handed_over(server, mail)

    def _addressed(self, server: smtplib.SMTP) -> list[int]:
        """Say whom it is from, and if that is taken, whom it is to; return the answers' codes."""
        code, _ = server.mail(self._route.sender)
        to = self._route.recipients if code < 400 else ()  # noqa: PLR2004  SMTP's own bound
        return [code, *(server.rcpt(each)[0] for each in to)]

    def _connected(self) -> smtplib.SMTP:
        """Return a server that is ready for a message.

        Raises:
            OSError: it cannot be reached.
            smtplib.SMTPException: it does not want us, or not so.

        """
        route, context = self._route, ssl.create_default_context()
        # Without a name of ours smtplib would ask the name servers for it.
        known: dict[str, Any] = {"timeout": route.timeout_s, "local_hostname": gethostname()}
        server: smtplib.SMTP
        if route.tls == "tls":
            server = smtplib.SMTP_SSL(route.host, route.port, context=context, **known)
        else:
            server = smtplib.SMTP(route.host, route.port, **known)
        try:
            if route.tls == "starttls":
                server.starttls(context=context)
            if route.user:
                server.login(route.user, self._password)
            server.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server

    def _handed_over(self, server: smtplib.SMTP, mail: EmailMessage) -> Receipt:
        """Hand the message itself over."""
        try:
            code, _ = server.data(mail.as_bytes())
        except smtplib.SMTPDataError as fault:
            return _not_taken(fault)
        except (OSError, smtplib.SMTPException) as fault:
            return Receipt(step=Step.UNKNOWN, note=f"no answer ({type(fault).__name__})")
        if code < 400:  # noqa: PLR2004  SMTP's own bound
            return Receipt(step=Step.DELIVERED, note=f"answered {code}")
        step = Step.REFUSED if code >= _LASTING else Step.NOT_SENT
        return Receipt(step=step, note=f"answered {code}")


def _not_taken(fault: Exception) -> Receipt:
    """Return the receipt of a message that the server certainly did not take."""
    code = fault.smtp_code if isinstance(fault, smtplib.SMTPResponseException) else 0
    step = Step.REFUSED if code >= _LASTING else Step.NOT_SENT
    if isinstance(fault, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError):
        step = Step.REFUSED
    said = f"answered {code}" if code else type(fault).__name__
    return Receipt(step=step, note=f"not taken ({said})")


def mail_of(notice: Notice, route: MailRoute) -> EmailMessage:
    """Return a notice as a message."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(notice.subject.split())
    mail["From"] = route.sender
    mail["To"] = ", ".join(route.recipients)
    mail["Date"] = format_datetime(notice.at)
    mail["Message-ID"] = f"<{notice.id}@trimtab.invalid>"
    if notice.kind.is_critical:
        mail["Importance"] = "high"
    mail.set_content(notice.text)
    return mail
