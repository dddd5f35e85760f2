"""A run of an approved plan as one value: terms, legs, orders, phase. Pure.

Sizes are signed lots. The machine makes the next state from this one and an event; nothing
in it changes.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.approved import ApprovedPlan
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument, Lots
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    OrderState,
    client_order_id,
)
from trimtab.domain.plan import Leg
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import TransferIntent, TransferLeg, TransferState, transfer_id
from trimtab.execution.rests import RestReason
from trimtab.execution.sizing import Sized
from trimtab.execution.tracking import TrackedOrder
from trimtab.execution.transfers import TrackedTransfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What does not change during a run."""

    plan_digest: str
    expires_at: datetime
    """No order is sent at or after it."""
    max_reprices: int
    """New orders for the rest of a leg after its first, >= 0."""
    receive_window_ms: int
    fee_reserve: Decimal
    """Fraction of the opening free quote that stays for fees, 0 to 1."""

    @classmethod
    def of(cls, approved: ApprovedPlan, policy: Policy) -> Terms:
        """Return the terms of an approved plan under *policy*."""
        return cls(
            plan_digest=approved.plan.digest,
            expires_at=min(approved.approval.expires_at, approved.plan.expires_at),
            max_reprices=policy.execution.max_reprices,
            receive_window_ms=policy.execution.receive_window_ms,
            fee_reserve=policy.limits.fee_reserve,
        )


class Phase(StrEnum):
    """What the run waits for."""

    SURVEYING = "surveying"
    """A fresh read of account and prices."""
    REVIEWING = "reviewing"
    """The gate's word on what is left."""
    WORKING = "working"
    """The orders of the round."""
    FINISHED = "finished"
    """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegWork:
    """One leg of the plan and the orders that were made for it."""

    leg: Leg
    orders: tuple[TrackedOrder, ...]
    """By attempt."""
    rung: int
    """Orders that the venue took for it, >= 0: the next one's place on the price ladder."""
    came_to_nothing: int
    """Attempts that never became an order, >= 0."""
    rest_reason: RestReason
    """Why it goes no further; ``NONE`` while it does."""
    cut_reason: RestReason
    """Why the last order was smaller than the rest; ``NONE`` when it was not."""
    wait_s: float
    """Silence before the next attempt, seconds, >= 0."""

    @property
    def done(self) -> int:
        """What was executed, signed lots."""
        return sum(order.executed for order in self.orders)

    @property
    def rest(self) -> Lots:
        """What is approved and not executed, signed like the leg; zero when more was."""
        rest = self.leg.lots - self.done
        return Lots(rest if rest * self.leg.lots > 0 else 0)

    @property
    def is_workable(self) -> bool:
        """Whether a further order may be sent for it."""
        in_flight = any(not order.state.is_terminal for order in self.orders)
        return bool(self.rest) and self.rest_reason is RestReason.NONE and not in_flight

    def intent(self, sized: Sized, terms: Terms) -> OrderIntent:
        """Return the next attempt at this leg."""
        attempt = len(self.orders) + 1
        name = client_order_id(plan_digest=terms.plan_digest, line=self.leg.line, attempt=attempt)
        return OrderIntent(
            client_order_id=name,
            plan_digest=terms.plan_digest,
            line=self.leg.line,
            attempt=attempt,
            instrument=self.leg.instrument,
            lots=sized.lots,
            limit=sized.wanted.limit,
            reduce_only=self.leg.reduce_only,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWork:
    """One transfer of the plan, and what became of it; it is sent once at most."""

    leg: TransferLeg
    sent: tuple[TrackedTransfer, ...]
    """None or one."""
    rest_reason: RestReason
    """Why it is not made; ``NONE`` while it may be or was."""

    @property
    def is_made(self) -> bool:
        """Whether the money moved."""
        return any(each.state is TransferState.DONE for each in self.sent)

    @property
    def is_workable(self) -> bool:
        """Whether it may be sent."""
        return not self.sent and self.rest_reason is RestReason.NONE

    def intent(self, terms: Terms) -> TransferIntent:
        """Return the one intent that it can have."""
        return TransferIntent(
            transfer_id=transfer_id(plan_digest=terms.plan_digest, line=self.leg.line),
            plan_digest=terms.plan_digest,
            line=self.leg.line,
            asset=self.leg.asset,
            units=self.leg.units,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """Where a run stands."""

    terms: Terms
    opening: Snapshot
    """The account before the first order."""
    legs: tuple[LegWork, ...]
    """By line."""
    transfers: tuple[TransferWork, ...]
    """By line."""
    stage: int
    """The stage that is worked on, >= 1."""
    phase: Phase
    proposal: tuple[OrderIntent, ...]
    """What is sent if the gate passes it; empty in every other phase than REVIEWING."""
    moving: tuple[TransferIntent, ...]
    """The same of transfers, one at most; never beside orders."""
    stop: RestReason
    """Why no order is sent any more; ``NONE`` while they are."""

    @property
    def orders(self) -> Iterator[TrackedOrder]:
        """Every order, by line and attempt."""
        return (order for work in self.legs for order in work.orders)

    @property
    def booked_fills(self) -> tuple[tuple[Instrument, Fill], ...]:
        """Every fill of the run, with its instrument."""
        return tuple((o.intent.instrument, f) for o in self.orders for f in o.fills)

    @property
    def followed(self) -> Iterator[TrackedTransfer]:
        """Every transfer that was begun, by line."""
        return (sent for work in self.transfers for sent in work.sent)

    @property
    def is_quiet(self) -> bool:
        """Whether every order and transfer is closed or given up."""
        return all(o.is_done for o in self.orders) and all(t.is_done for t in self.followed)

    @property
    def open_stages(self) -> tuple[int, ...]:
        """Stages in which something may still be sent."""
        legs = [work.leg.stage for work in self.legs if work.is_workable]
        return (*legs, *(work.leg.stage for work in self.transfers if work.is_workable))

    @property
    def moved(self) -> Mapping[Asset, Decimal]:
        """What transfers of the run took out of the spot wallet, signed units by asset."""
        units: dict[Asset, Decimal] = {}
        with exact_arithmetic():
            for work in self.transfers:
                if work.is_made:
                    asset = work.leg.asset
                    units[asset] = units.get(asset, ZERO) + work.leg.units
        return units

    def order(self, name: ClientOrderId) -> TrackedOrder | None:
        """Return the order of that name, None when it is not of this run."""
        return next((o for o in self.orders if o.intent.client_order_id == name), None)

    def with_orders(self, changed: dict[ClientOrderId, TrackedOrder]) -> RunState:
        """Return the state with some orders replaced."""
        legs = []
        for work in self.legs:
            orders = tuple(changed.get(o.intent.client_order_id, o) for o in work.orders)
            is_same = all(map(operator.is_, orders, work.orders))
            legs.append(work if is_same else dataclasses.replace(work, orders=orders))
        return dataclasses.replace(self, legs=tuple(legs))

    def with_transfer(self, changed: TransferWork) -> RunState:
        """Return the state with one transfer replaced."""
        line = changed.leg.line
        works = tuple(changed if work.leg.line == line else work for work in self.transfers)
        return dataclasses.replace(self, transfers=works)

    @property
    def without_unbegun(self) -> RunState:
        """The state without what a round was to send and never began; the ledger has none of it."""
        legs = tuple(
            dataclasses.replace(w, orders=w.orders[:-1])
            if w.orders and w.orders[-1].state is OrderState.SUBMITTING
            else w
            for w in self.legs
        )
        transfers = tuple(
            dataclasses.replace(w, sent=())
            if any(t.state is TransferState.SENDING for t in w.sent)
            else w
            for w in self.transfers
        )
        return dataclasses.replace(self, legs=legs, transfers=transfers)
