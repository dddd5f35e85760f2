"""``ledger``: orders, fills, events and plans as they are written down; proof, and export."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import RenderableType
from rich.text import Text

from trimtab.adapters.ledger.export import (
    as_beancount,
    as_csv,
    event_document,
    fill_document,
    order_document,
    payment_document,
    plan_document,
    slot_document,
    transfer_document,
)
from trimtab.adapters.ledger.rows import LedgerEvent, VerifyReport
from trimtab.adapters.ledger.sql_ledger import SqlLedger, verify_ledger
from trimtab.bootstrap import open_books
from trimtab.cli import session
from trimtab.cli.commands.settings import write_new
from trimtab.cli.exits import Exit
from trimtab.cli.options import OPTIONS
from trimtab.cli.session import Result, Work
from trimtab.cli.streams import put
from trimtab.cli.views_ledger import (
    events_view,
    fills_view,
    orders_view,
    payments_view,
    plans_view,
    slots_view,
    transfers_view,
    verify_document,
    verify_view,
)
from trimtab.config import Config


class Contents(StrEnum):
    """What is written."""

    FILLS = "fills"
    PAYMENTS = "payments"
    TRANSFERS = "transfers"
    SLOTS = "slots"


class ExportFormat(StrEnum):
    """What it is written as."""

    CSV = "csv"
    JSON = "json"
    BEANCOUNT = "beancount"


def orders() -> Exit:
    """List orders, oldest first."""

    async def read(ledger: SqlLedger, _: Config) -> Result:
        """Read all orders; those of dry runs are not among them."""
        found = await ledger.orders(plan_digest=None)
        return _listed([order_document(r) for r in found], orders_view(found))

    return _read(read)


def fills() -> Exit:
    """List executions, oldest first."""

    async def read(ledger: SqlLedger, config: Config) -> Result:
        """Read all fills; those of dry runs are not among them."""
        found = await ledger.fills()
        return _listed([fill_document(config.key, f) for f in found], fills_view(found))

    return _read(read)


def payments() -> Exit:
    """List what moved the futures wallets, oldest first."""

    async def read(ledger: SqlLedger, config: Config) -> Result:
        """Read all payments."""
        found = await ledger.payments()
        return _listed([payment_document(config.key, p) for p in found], payments_view(found))

    return _read(read)


def transfers() -> Exit:
    """List moves between the account's own wallets, oldest first."""

    async def read(ledger: SqlLedger, _: Config) -> Result:
        """Read all transfers; those of dry runs are not among them."""
        found = await ledger.transfers(plan_digest=None)
        return _listed([transfer_document(r) for r in found], transfers_view(found))

    return _read(read)


def slots() -> Exit:
    """List what became of calendar slots, oldest first."""

    async def read(ledger: SqlLedger, _: Config) -> Result:
        """Read every step of every slot."""
        found = await ledger.slot_moves()
        return _listed([slot_document(m) for m in found], slots_view(found))

    return _read(read)


def events() -> Exit:
    """List every entry of the ledger, those of dry runs among them."""

    async def read(ledger: SqlLedger, _: Config) -> Result:
        """Read the chain."""
        found: Sequence[LedgerEvent] = await ledger.audit.events()
        return _listed([event_document(e) for e in found], events_view(found))

    return _read(read)


def plans() -> Exit:
    """List plans and where they stand, oldest first."""

    async def read(ledger: SqlLedger, _: Config) -> Result:
        """Read all plans."""
        found = await ledger.plans()
        return _listed([plan_document(s) for s in found], plans_view(found))

    return _read(read)


def verify() -> Exit:
    """Prove the ledger's chain, and name what is wrong."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Verify over a connection of its own, as the ledger may be too damaged to open."""
        report: VerifyReport = await verify_ledger(config.ledger_url)
        return Result(
            document=verify_document(report),
            view=verify_view(report),
            code=Exit.DONE if report.is_sound else Exit.MISMATCH,
        )

    return session.conduct(work)


def export(
    *,
    form: Annotated[ExportFormat, Parameter(name="--format")] = ExportFormat.CSV,
    of: Contents = Contents.FILLS,
    output: Path | None = None,
) -> Exit:
    """Write fills, payments, transfers or slots as CSV or JSON, or the books as beancount.

    Parameters
    ----------
    form
        csv, json or beancount, which has spot fills and what moved futures wallets.
    of
        fills; payments (funding, realised profit, commissions); transfers of our own; or slots.
    output
        A file that is not there yet; else standard output.

    """
    config = session.configuration()

    async def work(_: Work) -> Result | Exit:
        """Read what is asked for and write it out."""
        async with open_books(config, dry_run=False) as ledger:
            found = await _documents(ledger, config, of)
            text, count = await _rendered(ledger, config, found, form=form), len(found)
        if output is not None:
            write_new(output, text)
            return _written(output, form, of, count)
        if OPTIONS.get().as_json and form is not ExportFormat.JSON:
            document = {"format": form.value, of.value: count, "text": text}
            return Result(document=document, view=Text(), code=Exit.DONE)
        put(text)
        return Exit.DONE

    return session.conduct(work)


def _read(read: Callable[[SqlLedger, Config], Coroutine[Any, Any, Result]]) -> Exit:
    """Open the ledger for one reading and print what it gives."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Read once."""
        async with open_books(config, dry_run=False) as ledger:
            return await read(ledger, config)

    return session.conduct(work)


def _listed(documents: Sequence[dict[str, Any]], view: RenderableType) -> Result:
    """Return rows for printing."""
    return Result(document=list(documents), view=view, code=Exit.DONE)


async def _documents(ledger: SqlLedger, config: Config, of: Contents) -> list[dict[str, Any]]:
    """Return what is to be written, oldest first."""
    match of:
        case Contents.FILLS:
            return [fill_document(config.key, f) for f in await ledger.fills()]
        case Contents.PAYMENTS:
            return [payment_document(config.key, p) for p in await ledger.payments()]
        case Contents.TRANSFERS:
            found = await ledger.transfers(plan_digest=None)
            return [transfer_document(r) for r in found]
        case Contents.SLOTS:
            return [slot_document(m) for m in await ledger.slot_moves()]


async def _rendered(
    ledger: SqlLedger, config: Config, documents: Sequence[dict[str, Any]], *, form: ExportFormat
) -> str:
    """Return documents as text; beancount has the books, whatever was asked for."""
    match form:
        case ExportFormat.CSV:
            return as_csv(documents)
        case ExportFormat.JSON:
            return json.dumps(documents, indent=2, ensure_ascii=False) + "\n"
        case ExportFormat.BEANCOUNT:
            return as_beancount(config.key, await ledger.fills(), await ledger.payments())


def _written(file: Path, form: ExportFormat, of: Contents, count: int) -> Result:
    """Return that a file was written."""
    document = {"status": "written", "file": str(file), "format": form.value, of.value: count}
    told = f"1 {of.value[:-1]}" if count == 1 else f"{count} {of.value}"
    view = Text(f"Wrote {told} to {file} as {form.value}.")
    return Result(document=document, view=view, code=Exit.DONE)
