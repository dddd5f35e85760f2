"""``notify enrol`` and ``notify replies``: a person's codes, and what they replied."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.terminal import read_line
from trimtab.bootstrap import open_books
from trimtab.bootstrap.replies import open_ear
from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.folding import to_stderr
from trimtab.cli.prompt import STDIN, answered
from trimtab.cli.rows import Rows
from trimtab.cli.session import Result, Work
from trimtab.cli.tables import words
from trimtab.cli.telling import afterwards
from trimtab.config import Config
from trimtab.config.notify_secrets import notify_secret, secret_keeper
from trimtab.domain.canonical import to_document
from trimtab.domain.errors import ConfigError
from trimtab.domain.one_time import SECRET_BYTES, enrolment_uri, secret_text, step_proved
from trimtab.domain.replies import ReplyOutcome, ReplyRecord
from trimtab.ports import Answer
from trimtab.workflow.replies import hear

TRIES: Final = 3
"""How often the first code may be typed wrong."""
SHOWN_DIGITS: Final = 12
"""How much of a plan's digest is shown."""
_FILE_VARIABLE: Final = "TRIMTAB__NOTIFY__REPLY_SECRET_FILE"


def enrol(*, file: str | None = None) -> Exit:
    """Make the secret of the codes that replies carry, and show it once to your app.

    It is stored only when a code has proved that the app has it, and never shown again.

    Parameters
    ----------
    file
        A new file for it, mode 0600, where there is no keyring.

    """
    config = session.configuration()

    async def work(given: Work) -> Result:
        """Show, prove, store."""
        if notify_secret(config.key, os.environ, "reply_secret"):
            raise ConfigError(
                "a reply_secret is set already; remove it first, from wherever it lies",
                next_step="remove it, then trimtab notify enrol",
            )
        home = os.environ.get("HOME", "")
        keep = secret_keeper(config.key, "reply_secret", home=home, file=file)
        secret = secrets.token_bytes(SECRET_BYTES)
        _show_once(config, secret)
        if await answered(_proved(secret), given.stop) is not Answer.YES:
            return _not_enrolled()
        return _enrolled(keep(secret_text(secret)), is_file=file is not None)

    return session.conduct(work)


def _show_once(config: Config, secret: bytes) -> None:
    """Show a new secret on standard error, where no result is kept of it."""
    key, text = config.key, secret_text(secret)
    spaced = " ".join(text[at : at + 4] for at in range(0, len(text), 4))
    label = f"{key.venue} {key.account} {key.environment.value}"
    to_stderr(
        "Give this to your authenticator app, one or the other. It is shown once.\n"
        f"  secret:  {spaced}\n"
        f"  address: {enrolment_uri(secret, label=label)}\n"
    )


async def _proved(secret: bytes) -> Answer:
    """Ask for a code of the app until one is right."""
    for _ in range(TRIES):
        to_stderr("Type the code that the app shows now: ")
        line = await read_line(STDIN)
        if line is None:
            return Answer.NOBODY
        if step_proved(secret, "".join(line.split()), at=SystemClock().now()) is not None:
            return Answer.YES
        to_stderr("That is not its code; look at the clocks of both.\n")
    return Answer.NO


def _enrolled(place: str, *, is_file: bool) -> Result:
    """Return that a secret was stored, and where."""
    where = "file" if is_file else "keyring"
    step = f"set {_FILE_VARIABLE}={place}, then trimtab doctor" if is_file else "trimtab doctor"
    document = {"status": "enrolled", "stored_in": where, "place": place, "next": step}
    told = f"Stored in the {where}: {place}\nReplies are read where notify.replies says so."
    return Result(document=document, view=Text(f"{told}\nnext: {step}"), code=Exit.DONE)


def _not_enrolled() -> Result:
    """Return that no code came, and nothing was stored."""
    told = "Nothing was stored: no code proved that the app has the secret. Forget it there.\n"
    document = {"status": "not_enrolled", "next": "trimtab notify enrol"}
    view = Text(f"{told}next: trimtab notify enrol")
    return Result(document=document, view=view, code=Exit.NOT_APPROVED)


def replies() -> Exit:
    """Read the channels once for replies to pending plans, and take those that decide.

    A waiting run does so by itself. Nothing is sent by this command.
    """
    config, clock = session.configuration(), SystemClock()

    async def work(_: Work) -> Result:
        """Look at each channel once."""
        if not config.notify.replies:
            raise ConfigError(
                "notify.replies: names no channel",
                next_step='write replies = ["telegram"] under [notify], then trimtab notify enrol',
            )
        async with (
            open_books(config, dry_run=False) as ledger,
            open_ear(config, os.environ, ledger, clock, session.note) as ear,
        ):
            taken = await hear(ear)
        return _taken(taken)

    return session.conduct(work, afterwards=afterwards(config, clock))


def _taken(taken: Sequence[ReplyRecord]) -> Result:
    """Return what became of the replies that were read."""
    step = next(
        (
            f"trimtab run --execute --plan {each.plan_digest[:SHOWN_DIGITS]}"
            for each in taken
            if each.outcome is ReplyOutcome.APPROVED
        ),
        "trimtab ledger plans",
    )
    document = {"status": "read", "replies": [_document(each) for each in taken], "next": step}
    view: RenderableType = Text(f"No reply decides anything.\nnext: {step}")
    if taken:
        columns = ("plan", "came from", "taken at", "~what became of it")
        view = Group(Rows(columns, map(_row, taken)), Text(f"next: {step}"))
    return Result(document=document, view=view, code=Exit.DONE)


def _document(record: ReplyRecord) -> dict[str, str]:
    """Return one reply."""
    return {
        "plan": record.plan_digest,
        "outcome": record.outcome.value,
        "channel": record.channel,
        "sender": record.sender,
        "message_id": record.message_id,
        "at": to_document(record.at),
    }


def _row(record: ReplyRecord) -> tuple[str, str, str, str]:
    """Return one reply as cells."""
    return (
        record.plan_digest[:SHOWN_DIGITS],
        f"{record.channel} {record.sender}",
        f"{record.at:%Y-%m-%d %H:%M:%S}",
        words(record.outcome.value),
    )
