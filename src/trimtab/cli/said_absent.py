"""A person's word that an order is not at the venue, where the venue can prove no absence.

Nothing is decided here: recovery looks for the order once more and takes the word only when no list
shows it. See docs/design/0072-a-persons-word.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.text import Text

from trimtab.adapters.terminal import TerminalApprover
from trimtab.cli.exits import Exit
from trimtab.cli.folding import to_stderr
from trimtab.cli.session import Result
from trimtab.domain.errors import ConfigError, OutcomeUnknown
from trimtab.domain.exact import plain
from trimtab.domain.orders import ClientOrderId, OrderRecord, OrderState
from trimtab.execution import retry
from trimtab.ports import Answer, StopSignal


def refuse_a_word_too_soon(
    left: Sequence[OrderRecord], name: ClientOrderId, *, receive_window_ms: int, now: datetime
) -> OrderRecord:
    """Return the order of *name* among those that are not closed; *now* is aware UTC.

    Raises:
        ConfigError: no order of that name is of unknown outcome.
        OutcomeUnknown: the venue's own pages may still be late.

    """
    record = next((r for r in left if r.intent.client_order_id == name), None)
    if record is None:
        raise ConfigError(
            f"no open order of the ledger has the name {name}; nothing was recorded",
            next_step="trimtab recover, which names those that need a word",
        )
    if record.state is not OrderState.UNKNOWN:
        raise ConfigError(
            f"{name} is {record.state.value}: nobody has looked for it in vain; nothing was"
            " recorded",
            next_step="trimtab recover",
        )
    last_sent_at = record.submitted_at + timedelta(seconds=retry.SUBMIT_WITHIN_S)
    fence = retry.fence_at(last_sent_at, receive_window_ms=receive_window_ms)
    if now < (from_then := retry.may_be_said_at(fence)):
        raise OutcomeUnknown(
            f"{name} may still show until {from_then:%Y-%m-%d %H:%M:%S} UTC; nothing was recorded",
            next_step=f"trimtab recover --absent {name}, after that",
        )
    return record


def absent_words(name: ClientOrderId) -> str:
    """Return what has to be typed: it names the order."""
    return f"absent {name[-6:]}"


async def asked_absent(record: OrderRecord, person: TerminalApprover) -> Answer:
    """Show what is at stake and read the words."""
    intent = record.intent
    to_stderr(
        f"\nOrder {intent.client_order_id} left at {record.submitted_at:%Y-%m-%d %H:%M:%S} UTC and"
        f" no answer came:\n{intent.side.value} {plain(intent.quantity)}"
        f" {intent.instrument.symbol} at {plain(intent.limit_price)} or better.\n"
        "Look at the venue's own pages, at orders and executions of that time. If it is there in"
        " any state, decline:\nrecovery finds it. If it is called absent and is not, the next plan"
        " may trade it a second time.\n"
    )
    return await person.typed(absent_words(intent.client_order_id), to="say that it is not there")


def not_said(name: ClientOrderId, stop: StopSignal) -> Result:
    """Return that no word was given."""
    step = "trimtab recover"
    return Result(
        document={"status": "declined", "order": name, "next": step},
        view=Text(f"{name} stays unknown; nothing was recorded.\nnext: {step}"),
        code=Exit.INTERRUPTED if stop.is_set() else Exit.NOT_APPROVED,
    )
