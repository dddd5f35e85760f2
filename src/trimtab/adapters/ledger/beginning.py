"""What has to hold when something new is committed before its bytes leave, whatever it is.

Not pure: it reads tables, inside the write that begins an order, a transfer or a stop.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trimtab.adapters.ledger import reads, rules, standing_approvals
from trimtab.adapters.ledger.pen import Hand, Pen


def refuse_begun(
    pen: Pen, hand: Hand, plans: Iterable[str], *, at: datetime, halt_seen: str | None
) -> None:
    """Refuse to begin anything of *plans*, by digest, that may no longer be sent.

    *halt_seen* is the kill switch as the gate saw it.

    Raises:
        Halted: it was latched since, or a plan rests on a standing approval that is over.

    """
    rules.refuse_new_halt(reads.halted(pen.connection), seen=halt_seen)
    standing_approvals.refuse_lapsed(pen, hand, plans, at=at)
