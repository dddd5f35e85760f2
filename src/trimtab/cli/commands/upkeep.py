"""``recover``, ``reconcile``, ``halt`` and ``unhalt``: what keeps ledger and venue together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Annotated, Final

from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.rows import LedgerEvent
from trimtab.adapters.ledger.sql_ledger import SqlLedger
from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.terminal import TerminalProgress
from trimtab.bootstrap import Shell, open_books, open_shell, owner
from trimtab.bootstrap.execution import desk_of
from trimtab.cli import session
from trimtab.cli.beside import refuse_unread_stops
from trimtab.cli.exits import Exit
from trimtab.cli.flags import FLAG
from trimtab.cli.logged_progress import LoggedProgress
from trimtab.cli.prompt import answered, local_approver
from trimtab.cli.said_absent import asked_absent, not_said, refuse_a_word_too_soon
from trimtab.cli.session import Result, Work
from trimtab.cli.telling import afterwards
from trimtab.cli.views_reconcile import reconcile_result
from trimtab.cli.views_upkeep import (
    Cancellation,
    Ended,
    Halted,
    halt_result,
    recover_result,
    unhalt_result,
)
from trimtab.config import Config
from trimtab.domain.errors import LedgerError, OutcomeUnknown, TrimtabError, VenueError
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Instrument
from trimtab.domain.orders import ClientOrderId
from trimtab.domain.plan import Plan
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import OpenOrder
from trimtab.domain.trading import TradingState
from trimtab.ports import Answer
from trimtab.workflow.portfolio import portfolio_of
from trimtab.workflow.reconcile import reconcile as compared
from trimtab.workflow.recover import RecoveryReport, leftovers
from trimtab.workflow.recovered_stops import require_known, without_stop
from trimtab.workflow.statements import Books
from trimtab.workflow.windows import believed_window_ms, recovered

BY_THE_VENUE: Final = (
    "at the venue, by hand: cancel every open order, spot and futures, and take the right to"
    " trade from the key or delete it, so that a run in progress can send nothing more"
)
"""What stops everything when the latch cannot be written."""
BY_HAND: Final = "halted by hand"
"""The reason when none is given."""


def recover(*, absent: ClientOrderId | None = None) -> Exit:
    """Find out about every order and transfer that is not closed.

    Parameters
    ----------
    absent
        The name of an order that you have looked for at the venue and that is not there. Asked once
        more, and only where the venue itself can prove no absence.

    """
    config = session.configuration()

    async def work(given: Work) -> Result:
        """Ask about what is open; a ledger without open orders asks nobody."""
        rules, quote = config.policy.hedge, config.quote
        async with open_books(config, dry_run=False) as ledger:
            await refuse_unread_stops(ledger, config)
            left = await leftovers(ledger, now=SystemClock().now())
            window_ms = await believed_window_ms(left, config.policy, ledger)
            bare = await without_stop(ledger, rules, quote)
        said: Mapping[ClientOrderId, str] = {}
        if absent is not None:
            record = refuse_a_word_too_soon(
                left.open_orders, absent, receive_window_ms=window_ms, now=SystemClock().now()
            )
            answer = await answered(asked_absent(record, local_approver(config)), given.stop)
            if answer is not Answer.YES:
                return not_said(absent, given.stop)
            said = {absent: owner()}
        if left.is_nothing:
            nothing = RecoveryReport(orders=(), transfers=(), interrupted=False)
            return recover_result(nothing, (), bare)
        async with open_shell(config, os.environ, use=KeyUse.SEND, dry_run=False) as shell:
            desk = desk_of(shell, progress=_progress(), stop=given.stop)
            async with shell.ledger.holding_account(owner=owner()):
                report = await recovered(desk, config.policy, said=said)
            bare = await without_stop(shell.ledger, rules, quote)
            return recover_result(report, await shell.ledger.orders(plan_digest=None), bare)

    return session.conduct(work, afterwards=afterwards(config, SystemClock()))


def _progress() -> LoggedProgress:
    """Return what tells each step on standard error."""
    return LoggedProgress(watcher=TerminalProgress(write=_told, show=_nothing_proposed))


def _told(line: str) -> None:
    """Write one line of progress."""
    session.note(line.removesuffix("\n"))


def _nothing_proposed(_plan: Plan, _report: GateReport) -> None:
    """Recovery proposes nothing."""


def reconcile(*, adopt: Annotated[bool, FLAG] = False) -> Exit:
    """Compare the ledger with the exchange: orders, fills, balances, positions, wallets.

    Parameters
    ----------
    adopt
        Book what the ledger lacks and take the account as it stands, if positions are explained.

    """
    config = session.configuration()

    async def work(given: Work) -> Result:
        """Compare; only adoption holds the account and writes."""
        async with open_shell(config, os.environ, use=KeyUse.READ, dry_run=False) as shell:
            books = _books(shell)
            if not adopt:
                found = await compared(books, shell.clock, adopt=False)
                return reconcile_result(found, config.key)
            await refuse_unread_stops(shell.ledger, config)
            async with shell.ledger.holding_account(owner=owner()):
                if await shell.ledger.open_stops():  # One that fired is nobody else's doing.
                    desk = desk_of(shell, progress=_progress(), stop=given.stop)
                    report = await recovered(desk, config.policy)
                    require_known(report.stops)
                found = await compared(books, shell.clock, adopt=True)
                return reconcile_result(found, config.key)

    return session.conduct(work, afterwards=afterwards(config, SystemClock()))


def _books(shell: Shell) -> Books:
    """Return whose word is held against whose."""
    return Books(
        venue=shell.venue,
        market=shell.market,
        ledger=shell.ledger,
        portfolio=portfolio_of(shell.config.policy),
    )


def halt(reason: str = BY_HAND) -> Exit:
    """Latch the kill switch and cancel our open orders.

    The latch comes first and needs neither the venue nor the account: it holds whatever the
    venue does, and a run in progress sends nothing more.

    Parameters
    ----------
    reason
        Why, for whoever releases it.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Latch, then cancel."""
        try:
            async with open_books(config, dry_run=False) as ledger:
                before = await ledger.halted()
                await ledger.set_halt(reason, by=owner(), at=SystemClock().now())
                stops = await ledger.open_stops()
        except LedgerError as fault:
            raise _not_halted(fault) from fault
        session.note("latched; looking for our open orders")
        try:
            cancelled, unreached = await _cancelled(config)
        except TrimtabError as fault:
            cancelled, unreached = (), str(fault)
        return halt_result(
            Halted(
                reason=reason,
                before=before,
                cancellations=cancelled,
                unreached=unreached,
                stops=stops,
            )
        )

    return session.conduct(work, afterwards=afterwards(config, SystemClock()))


def _not_halted(fault: LedgerError) -> LedgerError:
    """Return what a person must know when the latch could not be written: nothing holds."""
    told = LedgerError(
        f"not known to be halted: {fault}",
        next_step=f"{BY_THE_VENUE}; then {fault.next_step}; then trimtab halt",
    )
    told.true_now = "The account is not known to be halted, and no order was cancelled."
    return told


async def _cancelled(config: Config) -> tuple[tuple[Cancellation, ...], str]:
    """Cancel what rests on the venue under a client order id of ours; say what was not looked at.

    Coins and contracts side by side: they may be on two venues, and one that is silent keeps
    nothing resting on the other.

    Raises:
        ConfigError: there is no key to ask with.
        LedgerError: the ledger cannot be read.

    """
    async with open_shell(config, os.environ, use=KeyUse.SEND, dry_run=False) as shell:
        records = await shell.ledger.orders(plan_digest=None)
        ours = {r.intent.client_order_id: r.intent.instrument for r in records}
        sides = [
            {name: each for name, each in ours.items() if each.is_contract is contracts}
            for contracts in (False, True)
        ]
        found = await asyncio.gather(*(_cancelled_of(shell, side) for side in sides if side))
    cancelled = tuple(each for cancellations, _ in found for each in cancellations)
    return cancelled, "; ".join(fault for _, fault in found if fault)


async def _cancelled_of(
    shell: Shell, markets: Mapping[ClientOrderId, Instrument]
) -> tuple[tuple[Cancellation, ...], str]:
    """Cancel what rests of the orders in *markets*; say why where that could not be read."""
    symbols = sorted({instrument.symbol for instrument in markets.values()})
    try:
        resting = await shell.venue.open_orders(symbols)
    except VenueError as fault:
        return (), f"{', '.join(symbols)}: {fault}"
    mine = [order for order in resting if order.client_order_id in markets]
    cancels = (_cancel(shell, order, markets[order.client_order_id]) for order in mine)
    return tuple(await asyncio.gather(*cancels)), ""


async def _cancel(shell: Shell, order: OpenOrder, instrument: Instrument) -> Cancellation:
    """Cancel one order, once, and say what became of it."""
    outcome, note = Ended.CANCELLED, ""
    try:
        await shell.venue.cancel(order)
    except OutcomeUnknown as fault:
        outcome, note = Ended.UNKNOWN, str(fault)
    except VenueError as fault:
        outcome, note = Ended.RESTING, str(fault)
    return Cancellation(order=order, instrument=instrument, outcome=outcome, note=note)


def unhalt() -> Exit:
    """Release the kill switch, and the state in which only reductions pass; show why they held."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Release what is latched, both latches at once."""
        async with open_books(config, dry_run=False) as ledger:
            latched = await ledger.restraint()
            if latched.state is TradingState.ACTIVE:
                return unhalt_result({})
            held = {"halted": latched.halted, "reducing": latched.reducing}
            entries = await _latched(ledger)
            await ledger.set_halt(None, by=owner(), at=SystemClock().now())
        return unhalt_result({s: entries[s] for s, why in held.items() if why is not None})

    return session.conduct(work, afterwards=afterwards(config, SystemClock()))


async def _latched(ledger: SqlLedger) -> Mapping[str, LedgerEvent]:
    """Return the last entry of each latch, by the state that it brings."""
    kinds = {EntryKind.HALT: "halted", EntryKind.RESTRAINT: "reducing"}
    events = await ledger.audit.events()
    return {kinds[EntryKind(e.kind)]: e for e in events if e.kind in kinds}
