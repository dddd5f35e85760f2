"""What the doctor says of stops: the ledger's, the venue's, those that hedges should have. Pure.

Values in, one examination out; :mod:`trimtab.cli.commands.doctor` reads ledger and account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trimtab.domain.exact import plain
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.hedges import HedgeBook
from trimtab.domain.orders import ClientOrderId
from trimtab.domain.snapshot import OpenOrder, Snapshot
from trimtab.domain.stops import (
    StopRecord,
    StopState,
    is_stop_name,
    moved,
    names_of,
    unseen,
)
from trimtab.workflow.doctor import Examination, failed, listed, passed, warned
from trimtab.workflow.hedges import seen_hedges

STOPS_CHECK: Final = "stops"
BY_HAND: Final = (
    "cancel it on the exchange's page of conditional orders, no run does; then trimtab reconcile"
)
"""What ends a stop that the ledger does not have as open, or that somebody moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopsKnown:
    """What the ledger knows of stops."""

    records: tuple[StopRecord, ...]
    """Every stop, ended ones too, oldest first."""
    book: HedgeBook

    @property
    def open(self) -> tuple[StopRecord, ...]:
        """Those that may still fill, oldest first."""
        return tuple(record for record in self.records if record.state.may_fill)


def stops_examination(
    known: StopsKnown, snapshot: Snapshot, policy: HedgePolicy, *, now: datetime
) -> Examination:
    """Say which stops rest that should not, which do not that should, and which are not known.

    What no run takes off fails; what the next run finds out or mends is a warning.
    """
    hedges = seen_hedges(known.book, snapshot, policy, stops=known.open, now=now)
    covered = {(each.hedge.hedge_id, each.hedge.symbol) for each in hedges}
    orphans = [
        record.intent.hedge_id
        for record in known.open
        if (record.intent.hedge_id, record.intent.instrument.symbol) not in covered
    ]
    wrong = [h.hedge.hedge_id for h in hedges if h.stop is not None and not h.stop.is_right]
    bare = [h.hedge.hedge_id for h in hedges if h.stop is None and h.wants_stop]
    strangers = [_told(order, known) for order in _strangers(known, snapshot)]
    elsewhere = [
        f"{order.client_order_id} at {plain(order.limit_price)}"
        for _, order in moved(known.open, snapshot.open_orders)
    ]
    lost = [f"{r.intent.hedge_id} (gone)" for r in unseen(known.open, snapshot.open_orders)]
    lost += [
        f"{record.intent.hedge_id} ({record.state.value})"
        for record in known.open
        if record.state is not StopState.RESTING
    ]
    found = "; ".join(
        f"{what}: {listed(names)}"
        for what, names in (
            ("on the venue and not the ledger's", strangers),
            ("elsewhere than it was put", elsewhere),
            ("what became of it is not booked", lost),
            ("without the stop that it should have", bare),
            ("with another stop than it should have", [*wrong, *orphans]),
        )
        if names
    )
    if strangers or elsewhere:
        return failed(STOPS_CHECK, found=found, fix=BY_HAND)
    if lost:
        return warned(STOPS_CHECK, found=found, fix="trimtab recover, then trimtab plan")
    if found:
        return warned(STOPS_CHECK, found=found, fix="trimtab run --execute")
    count = len(known.open)
    return passed(STOPS_CHECK, found=f"{count} on the venue, as wanted" if count else "none wanted")


def _strangers(known: StopsKnown, snapshot: Snapshot) -> Sequence[OpenOrder]:
    """Return what rests under a name of our kind and is no stop that the ledger has as open."""
    ours = names_of(known.open)
    return [
        order
        for order in snapshot.open_orders
        if is_stop_name(order.client_order_id) and order.client_order_id not in ours
    ]


def _told(order: OpenOrder, known: StopsKnown) -> str:
    """Return a stop that is not the ledger's any more or never was, with what the ledger has."""
    states = {ClientOrderId(r.intent.stop_id): r.state.value for r in known.records}
    state = states.get(order.client_order_id, "unknown there")
    return f"{order.client_order_id} in {order.symbol} ({state})"
