"""Bugs that are planted on purpose, each of which some seed must catch: the laws can be broken.

A bug is an edit of one function's text. It is compiled in memory and swapped in for the
length of a block; the edit must still fit exactly once, so a bug cannot silently wear off.
"""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One edit: in the function *where* (``module:qualified.name``), *old* becomes *new*."""

    name: str
    where: str
    old: str
    new: str
    breaks: str | tuple[str, ...]
    """The law that catches it first, or those of which one does."""
    seen_at: int
    """A seed that shows it; when the seeds have moved on, others do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One constant (``module:NAME``) with a value that breaks a promise."""

    name: str
    where: str
    value: Any
    breaks: str | tuple[str, ...]
    """The law that catches it first, or those of which one does."""
    seen_at: int
    """A seed that shows it; when the seeds have moved on, others do."""


BUGS: tuple[Bug | Wrong, ...] = (
    Wrong(
        name="no-fence",
        where="trimtab.execution.retry:PROCESSING_LIMIT_S",
        value=-10,
        breaks=("I7", "I17"),  # Which of the two depends on what the lost order had filled.
        seen_at=200,
    ),
    Bug(
        name="fence-without-the-window",
        where="trimtab.execution.retry:fence_at",
        old="return sent_by + window + timedelta",
        new="return sent_by + timedelta",
        breaks="I7",
        seen_at=82,
    ),
    Bug(
        name="resend-on-timeout",
        where="trimtab.workflow.execute:_sent",
        old="        lost = WasLost(client_order_id=name, reason=str(error), at=now())\n",
        new=(
            "        again = await desk.venue.submit(intent)\n"
            "        seen = Shown(client_order_id=name, order=again, at=now())\n"
            "        return OrderNews(event=seen, evidence=None)\n"
        ),
        breaks="I1",
        seen_at=7,
    ),
    Bug(
        name="unknown-is-not-sent",
        where="trimtab.adapters.ccxt_verdict:_declined",
        old="return Verdict.UNKNOWN",
        new="return Verdict.UNDONE",
        breaks="I7",
        seen_at=8,
    ),
    Bug(
        name="not-found-is-the-end",
        where="trimtab.execution.tracking:_unseen",
        old="    order = dataclasses.replace(order, missing=order.missing + 1)\n",
        new=(
            "    if order.state is OrderState.UNKNOWN:\n"
            "        state = next_state(order.state, EventKind.ABSENCE_PROVED)\n"
            "        return dataclasses.replace(order, state=state), ()\n"
        ),
        breaks="I7",
        seen_at=7,
    ),
    Bug(
        name="timeout-is-a-refusal",
        where="trimtab.workflow.execute:_sent",
        old="lost = WasLost(client_order_id=name, reason=str(error), at=now())",
        new="lost = WasRefused(client_order_id=name, reason=str(error), at=now())",
        breaks="I7",
        seen_at=7,
    ),
    Bug(
        name="send-before-commit",
        where="trimtab.workflow.execute:_Driver._submit",
        old="await ledger.begin(intents, at=at, halt_seen=self._halt_seen)",
        new=(
            "asyncio.get_running_loop().create_task("
            "ledger.begin(intents, at=at, halt_seen=self._halt_seen))"
        ),
        breaks="I3",
        seen_at=0,
    ),
    Bug(
        name="one-name-for-all-attempts",
        where="trimtab.domain.orders:client_order_id",
        old='{line}:{attempt}"',
        new='{line}:1"',
        breaks="L5",
        seen_at=6,
    ),
    Bug(
        name="gate-that-always-passes",
        where="trimtab.risk.gate:review",
        old="findings=_findings(case)",
        new="findings=tuple(f for f in _findings(case) if f.verdict is not Verdict.REFUSE)",
        breaks="I23",
        seen_at=5,
    ),
    Bug(
        name="halt-unheard",
        where="trimtab.workflow.propose:gate_context",
        old="halt_reason=await ledger.halted()",
        new="halt_reason=None",
        breaks="I14",
        seen_at=9,
    ),
    Bug(
        name="cursor-before-fills",
        where="trimtab.adapters.ledger.writes:book_fills",
        old="for f, b in zip(fresh, booked, strict=True)",
        new="for f, b in list(zip(fresh, booked, strict=True))[1:]",
        breaks="I5",
        seen_at=0,
    ),
    Bug(
        name="fills-from-the-summary",
        where="trimtab.execution.tracking:_closed",
        old="booked=order.booked)",
        new="booked=order.reported)",
        breaks="L5",
        seen_at=0,
    ),
    Bug(
        name="fills-never-read-again",
        where="trimtab.execution.tracking:_ask_fills",
        old="from_start=order.fill_reads > 0",
        new="from_start=False",
        breaks="L1",
        seen_at=188,
    ),
    Bug(
        name="fee-in-quote-always",
        where="trimtab.adapters.ccxt_orders:fill_of",
        old='Asset(text_of(row, "commissionAsset"))',
        new='Asset("USDT")',
        breaks="I6",
        seen_at=1,
    ),
    Bug(
        name="killed-means-not-sent",
        where="trimtab.execution.tracking:resume",
        old="EventKind.LOST",
        new="EventKind.NOT_SENT",
        breaks="I7",
        seen_at=211,
    ),
    Bug(
        name="recovery-skipped",
        where="trimtab.workflow.run:resolved_first",
        old="if (await leftovers(ledger, now=runner.desk.clock.now())).is_nothing:",
        new="if True:",
        breaks="L1",
        seen_at=7,
    ),
    Bug(
        name="ban-ignored",
        where="trimtab.adapters.budget:Budget._refuse_while_silent",
        old="if left > 0:",
        new="if left > 1e9:",
        breaks="I15",
        seen_at=7,
    ),
    Bug(
        name="ban-that-is-no-throttling",
        where="trimtab.adapters.budget:Budget.after",
        old="if status in _UNSAID_S:",
        new="if status == 429:",
        breaks="I15",
        seen_at=7,
    ),
    Bug(
        name="reduce-only-forgotten",
        where="trimtab.adapters.ccxt_venue:CcxtVenue.submit",
        old="if intent.reduce_only and instrument.is_contract:",
        new="if False:",
        breaks="I3",
        seen_at=3,
    ),
    Bug(
        name="size-changed-on-the-way",
        where="trimtab.adapters.ccxt_venue:_as_text",
        old="return quantity, limit_price",
        new="return str(Decimal(quantity) * 2), limit_price",
        breaks="I3",
        seen_at=0,
    ),
    Bug(
        name="limit-beyond-the-bound",
        where="trimtab.execution.pricing:limit_of",
        old="return Ticks(touch + sign * min(depth, room))",
        new="return Ticks(touch + sign * (room + 5))",
        breaks="I22",
        seen_at=0,
    ),
    Bug(
        name="rest-forgets-what-was-filled",
        where="trimtab.execution.state:LegWork.rest",
        old="self.leg.lots - sum(order.executed for order in self.orders)",
        new="self.leg.lots",
        breaks="I1",
        seen_at=6,
    ),
    Bug(
        name="conclusions-not-recorded",
        where="trimtab.workflow.execute:_Driver._tell",
        old="            await self._desk.ledger.advance(rows)\n",
        new="            pass\n",
        breaks="L1",
        seen_at=0,
    ),
    Bug(
        name="answer-of-any-kind-accepted",
        where="trimtab.adapters.ccxt_verdict:_verdict",
        old="    if not capture.handed_to_socket:\n",
        new="    if capture.http_status == 200 or not capture.handed_to_socket:\n",
        breaks="I7",
        seen_at=8,
    ),
    Bug(
        name="refused-and-reset-are-one",
        where="trimtab.adapters.ccxt_verdict:_verdict",
        old="if not capture.handed_to_socket:",
        new="if capture.cause:",
        breaks="I7",
        seen_at=7,
    ),
    Bug(
        name="expired-approval-honoured",
        where="trimtab.execution.machine:_reviewed",
        old="if event.at >= state.terms.expires_at:",
        new="if False:",
        breaks="I11",
        seen_at=10,
    ),
)
"""Every planted bug."""


@contextmanager
def planted(bug: Bug | Wrong) -> Iterator[None]:
    """Plant *bug* for the length of the block."""
    module_name, _, name = bug.where.partition(":")
    module = importlib.import_module(module_name)
    if isinstance(bug, Wrong):
        real = getattr(module, name)
        setattr(module, name, bug.value)
        try:
            yield
        finally:
            setattr(module, name, real)
        return
    function = _function(module, name)
    code = function.__code__
    function.__code__ = _edited(function, bug)
    try:
        yield
    finally:
        function.__code__ = code


def _function(module: Any, qualified: str) -> FunctionType:
    """Return a function by its qualified name, without what decorates it."""
    found: Any = module
    for part in qualified.split("."):
        found = inspect.getattr_static(found, part)
    found = found.fget if isinstance(found, property) else found
    found = inspect.unwrap(getattr(found, "__func__", found))
    assert isinstance(found, FunctionType), qualified
    return found


def _edited(function: FunctionType, bug: Bug) -> CodeType:
    """Return the code of *function* with the edit made."""
    text = inspect.getsource(function)
    assert text.count(bug.old) == 1, f"{bug.name} no longer fits {bug.where}"
    edited = "from __future__ import annotations\n" + textwrap.dedent(
        text.replace(bug.old, bug.new)
    )
    found = [
        c for c in _codes(compile(edited, bug.where, "exec")) if c.co_name == function.__name__
    ]
    assert found[0].co_freevars == function.__code__.co_freevars, f"{bug.name} needs a closure"
    return found[0]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the codes inside *code*, outermost first."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
