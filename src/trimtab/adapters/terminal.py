"""A person at a terminal: asked before orders are sent, and shown what happens. Not pure.

Prompts and progress go to standard error; the answer is one line of standard input, from a
terminal or not. Values are quote units, quantities base units.
"""

from __future__ import annotations

import asyncio
import os
import select
import termios
import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.exact import plain
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import OrderIntent, OrderRecord, OrderState
from trimtab.domain.plan import Plan
from trimtab.domain.policy import ApprovalPolicy
from trimtab.domain.question import (
    asked_words,
    is_asked_twice,
    question,
    second_question,
    second_words,
)
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import TransferIntent, TransferRecord, TransferState
from trimtab.ports import Answer

_LINE_BYTES_MAX: Final = 4_096

_ENDS: Final = MappingProxyType(
    {
        OrderState.FILLED: "✓ {}: filled",
        OrderState.EXPIRED: "◐ {}: ended, filled",
        OrderState.REFUSED: "✗ {}: refused by the venue, filled",
        OrderState.ABSENT: "✗ {}: never reached the venue, filled",
        OrderState.UNKNOWN: "? {}: answer lost, looking it up; filled so far",
    }
)
"""What is told of an order that has come so far, with its line between."""
_TRANSFER_ENDS: Final = MappingProxyType(
    {
        TransferState.SENDING: "· {}: about to be sent",
        TransferState.DONE: "✓ {}: moved",
        TransferState.REFUSED: "✗ {}: refused by the venue, nothing moved",
        TransferState.ABSENT: "✗ {}: never reached the venue, nothing moved",
        TransferState.UNKNOWN: "? {}: answer lost, looking for it in the venue's lists",
    }
)
"""The same of a transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalApprover:
    """Asks for typed words that name the plan; above a threshold a second time, for others."""

    write: Callable[[str], None]
    """Where the prompt goes."""
    descriptor: int
    """The file descriptor that the answer is read from; 0 is standard input."""
    policy: ApprovalPolicy
    """Says from where on one answer is not enough."""
    pause_s: float
    """How long what is at stake stands there before the second answer is taken."""

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        """Echo what is at stake, and read the words; anything but them is a no."""
        self.write(f"\n{question(plan, report)}\n")
        answer = await self.typed(asked_words(plan), to="approve")
        if answer is Answer.YES and is_asked_twice(plan, self.policy):
            self.write(f"\n{second_question(plan, self.policy)}\n")
            await asyncio.sleep(self.pause_s)
            answer = await self.typed(second_words(plan), to="approve")
        return answer

    async def typed(self, words: str, *, to: str) -> Answer:
        """Ask for *words*, and read one line; what was typed before the question answers none."""
        forget_typed_ahead(self.descriptor)
        self.write(f'Type "{words}" to {to}, anything else to decline: ')
        try:
            line = await read_line(self.descriptor)
        except asyncio.CancelledError:
            self.write("\n")  # What is said next stands beneath the question, not behind it.
            raise
        if line is None:
            self.write("\nNobody answered.\n")  # What that means, the command says.
            return Answer.NOBODY
        return Answer.YES if line.strip() == words else Answer.NO


def forget_typed_ahead(descriptor: int) -> None:
    """Drop what was typed before it was asked for; what a script has piped stays.

    Behind a shell that has the terminal what is typed is the shell's; to drop it there would have
    this process stopped (``SIGTTOU``), and with it whatever it watches.
    """
    if os.isatty(descriptor) and not _is_behind(descriptor):
        termios.tcflush(descriptor, termios.TCIFLUSH)


def _is_behind(descriptor: int) -> bool:
    """Whether another group of processes has this process's terminal now."""
    try:
        return os.tcgetpgrp(descriptor) != os.getpgrp()
    except OSError:  # It is no terminal of this process, which no signal of it reaches.
        return False


async def read_line(descriptor: int) -> str | None:
    """Return one line without its end, or None at the end of input.

    A thread reads, unbuffered, so that the wait can be given up at any time: neither a lock of
    a buffered stream nor the loop's own threads are left behind. It ends with the wait: one that
    read on would take a part of the answer to the next question.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes | None] = loop.create_future()
    over, waiting = os.pipe()

    def settle(line: bytes | None) -> None:
        """Hand the line over, unless nobody waits any more."""
        if not answer.done():
            answer.set_result(line)

    def read() -> None:
        """Read bytes up to the line's end."""
        try:
            line = _line(descriptor, over=over)
        finally:
            os.close(over)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, line)

    threading.Thread(target=read, daemon=True).start()
    try:
        line = await answer
    finally:
        os.close(waiting)
    return None if line is None else line.decode("utf-8", "replace")


def _line(descriptor: int, *, over: int) -> bytes | None:
    """Read up to a newline; None when the input ends before the first byte, or nobody waits.

    Nobody waits once the other end of *over* is closed.
    """
    line = b""
    while len(line) < _LINE_BYTES_MAX:
        try:
            if over in select.select([descriptor, over], [], [])[0]:
                return None
            byte = os.read(descriptor, 1)
        except (OSError, ValueError):  # The latter for a descriptor that cannot be waited for.
            byte = b""
        if byte == b"\n":
            return line
        if not byte:
            return line or None
        line += byte
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalProgress:
    """Tells a run's steps, a line each, as they happen."""

    write: Callable[[str], None]
    show: Callable[[Plan, GateReport], None]
    """Shows a whole plan."""

    def proposed(self, plan: Plan, report: GateReport) -> None:
        """Show what is proposed."""
        self.show(plan, report)

    def leverage_set(self, symbol: Symbol, *, leverage: int) -> None:
        """Tell that a contract's leverage was set."""
        self.write(f"  · {symbol} leverage set to {leverage}, cross margin\n")

    def order_sent(self, intent: OrderIntent) -> None:
        """Tell that an order left."""
        self.write(f"  → {_named(intent)}\n")

    def order_moved(self, record: OrderRecord) -> None:
        """Tell how an order ended, or that its end is not known."""
        if (told := _ENDS.get(record.state)) is None:
            return  # On its way: the end is told when it is known.
        intent = record.intent
        filled = plain(intent.instrument.units(record.filled_lots).copy_abs())
        self.write(f"  {told.format(f'line {intent.line}')} {filled} {intent.instrument.base}\n")

    def transfer_sent(self, intent: TransferIntent) -> None:
        """Tell that a transfer left."""
        self.write(f"  → line {intent.line}: {moved(intent.units, intent.asset)}\n")

    def transfer_moved(self, record: TransferRecord) -> None:
        """Tell how a transfer ended, or that its end is not known."""
        line = record.intent.line
        self.write(f"  {_TRANSFER_ENDS[record.state].format(f'line {line}')}\n")

    def stop_moved(self, record: StopRecord) -> None:
        """Tell where a stop stands."""
        intent = record.intent
        at = f"{plain(intent.quantity)} {intent.instrument.base} at {plain(intent.trigger_price)}"
        self.write(f"  stop of {intent.hedge_id}, {at}: {record.state.value}\n")

    def waiting(self, reason: str, *, seconds: float) -> None:
        """Tell that nothing happens for a while, and why."""
        self.write(f"  … {reason} ({seconds:.0f} s)\n")

    def noted(self, text: str) -> None:
        """Tell what changes nothing, and is worth a look."""
        self.write(f"  ! {text}\n")


def moved(units: Decimal, asset: Asset) -> str:
    """Return what goes from one wallet to the other in a few words."""
    way = "spot to futures wallet" if units > 0 else "futures to spot wallet"
    return f"move {plain(units.copy_abs())} {asset}, {way}"


def _named(intent: OrderIntent) -> str:
    """Return an order in a few words."""
    again = f", attempt {intent.attempt}" if intent.attempt > 1 else ""
    return (
        f"line {intent.line}{again}: {intent.side.value} {plain(intent.quantity)} "
        f"{intent.instrument.symbol} at {plain(intent.limit_price)} or better"
    )
