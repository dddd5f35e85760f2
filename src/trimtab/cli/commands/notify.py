"""``notify test``, ``list``, ``ack`` and ``retry``: what people are told, and who has read it."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.console import Group, RenderableType
from rich.text import Text

from trimtab import notices
from trimtab.adapters.ledger.sql_ledger import SqlLedger
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import open_books, owner
from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.session import Result, Work
from trimtab.cli.telling import open_office
from trimtab.cli.views_notify import notice_document, notices_table, tried_document, tried_table
from trimtab.config import Config
from trimtab.domain.errors import ConfigError
from trimtab.domain.notices import NoticeRecord, Step
from trimtab.notices import Telling
from trimtab.workflow.telling import send_once


def test() -> Exit:
    """Send a test message over every configured channel, now."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Send once over each."""
        _refuse_nobody(config)
        clock = SystemClock()
        notice = notices.tried(Telling(key=config.key, at=clock.now()))
        async with (
            open_books(config, dry_run=False) as ledger,
            open_office(config, ledger, clock) as office,
        ):
            await ledger.post(notice, office.channels)
            for carrier in office.carriers.values():
                await send_once(office, carrier, notice, again=False)
            return _tried(await _named(ledger, notice.id))

    return session.conduct(work)


def listed() -> Exit:
    """List notices, oldest first: how far each got, and who has read it."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Read them."""
        async with open_books(config, dry_run=False) as ledger:
            records = await ledger.notices()
        return Result(
            document=[notice_document(record) for record in records],
            view=notices_table(records),
            code=Exit.DONE,
        )

    return session.conduct(work)


def ack(notice_id: Annotated[str, Parameter(name="ID")]) -> Exit:
    """Say that you have read a notice; a critical one holds unattended runs until then.

    One that was read already is left as it is: there is nothing to do.

    Parameters
    ----------
    notice_id
        Its id, as notify list shows it.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Record who read it."""
        async with open_books(config, dry_run=False) as ledger:
            found = await _named(ledger, notice_id)
            if found.read is None:
                await ledger.acknowledge(notice_id, by=owner(), at=SystemClock().now())
            record = await _named(ledger, notice_id)
        status = "read" if found.read is None else "nothing_to_do"
        document = {"status": status, "notice": notice_document(record)}
        view: RenderableType = notices_table([record])
        if found.read is not None:
            view = Group(view, Text(f"It was read already, by {found.read.by}; nothing to do."))
        return Result(document=document, view=view, code=Exit.DONE)

    return session.conduct(work)


def retry(notice_id: Annotated[str, Parameter(name="ID")]) -> Exit:
    """Send a notice again wherever it is not known to have arrived; it may arrive twice.

    Parameters
    ----------
    notice_id
        Its id, as notify list shows it.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Send once over each channel that it is meant for."""
        _refuse_nobody(config)
        clock = SystemClock()
        async with (
            open_books(config, dry_run=False) as ledger,
            open_office(config, ledger, clock) as office,
        ):
            record = await _named(ledger, notice_id)
            for channel in record.undelivered:
                if channel in office.carriers:
                    carrier = office.carriers[channel]
                    await send_once(office, carrier, record.notice, again=True)
            return _tried(await _named(ledger, notice_id))

    return session.conduct(work)


def _refuse_nobody(config: Config) -> None:
    """Refuse to send where nobody is named.

    Raises:
        ConfigError: there is no channel.

    """
    if not config.notify.channels:
        raise ConfigError(
            "notify.channels: names nobody",
            next_step='write channels = ["webhook"] under [notify], then trimtab notify test',
        )


async def _named(ledger: SqlLedger, notice_id: str) -> NoticeRecord:
    """Return the notice of that id.

    Raises:
        ConfigError: there is none.

    """
    for record in await ledger.notices():
        if record.notice.id == notice_id:
            return record
    told = f"notice {notice_id}: is not in the ledger"
    raise ConfigError(told, next_step="trimtab notify list")


def _tried(record: NoticeRecord) -> Result:
    """Return how far a notice got that was just sent; 1 unless it arrived everywhere."""
    arrived = all(d.step is Step.DELIVERED for d in record.deliveries.values())
    return Result(
        document=tried_document(record, arrived=arrived),
        view=tried_table(record),
        code=Exit.DONE if arrived else Exit.MISMATCH,
    )
