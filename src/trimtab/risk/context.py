"""What the shell measured before it asked the gate. Pure.

Design: docs/design/0005-prefix-safety.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import exposure
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.references import References
from trimtab.domain.rights import KeyStanding
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import TransferRecord
from trimtab.risk.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What the plan under way began from: what it passed by then is what its rest is held by."""

    nav: Decimal
    """What the account was worth, quote units."""
    free_quote: Decimal
    """Free units of the quote in the spot wallet, >= 0: the fee reserve is a share of them."""
    pairs: frozenset[Asset]
    """Assets whose legs opposed each other, a contract among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateContext:
    """Facts about the account that no snapshot holds. Each must be stated, none has a default."""

    halt_reason: str | None
    """Why the account is halted; None when it is not."""
    unresolved: tuple[OrderRecord, ...]
    """Orders of ours that are not terminal in the ledger, oldest first."""
    unresolved_transfers: tuple[TransferRecord, ...]
    """Transfers of ours that are not terminal in the ledger, oldest first."""
    stops: tuple[StopRecord, ...]
    """Stops of ours that may fill at any time, oldest first."""
    concurrent_holder: str | None
    """Who else holds the account's lock; None when this run does."""
    key: KeyStanding
    """What the key in use may do, or why that is not known."""
    ledger_fault: str | None
    """Why the ledger cannot be written; None when a write was tried and held."""
    run_notional: Mapping[Symbol, Decimal]
    """Sent in this run so far (filled, open and unknown), quote units, >= 0; empty before it.

    At the marks of the plan, as what is planned: at its limits it would grow as it is filled.
    """
    run_orders: int
    """Lines of the plan under way that were sent and of which nothing is left to send, >= 0.

    What is left of a line counts with what was sent of it: as one, like before it was sent.
    """
    day_notional: Mapping[Symbol, Decimal]
    """Sent in the last 24 h (filled, open and unknown), quote units, >= 0: this run at the marks
    of its plan, all else at its limits."""
    references: References
    """What independent public sources say of the plan's assets and of the quote."""
    outside: Mapping[Symbol, str]
    """What somebody else did since the last statement, in one phrase by contract."""
    late: tuple[OrderRecord, ...]
    """Orders of ours that are absent or refused and have fills since the last statement."""
    record: Record
    """The past, for the limits that look back."""
    net_bounds: Mapping[Asset, Decimal]
    """Largest |net units| that the approved plan passes through, >= 0.

    Empty on the first review of a plan; a review of what is left of it must state them, or
    the way it has already come would widen the way it may go.
    """
    begun: Beginning | None
    """What the plan under way began from; None before anything is sent, when that is the account
    itself, and where it could not be measured."""


def net_bounds(plan: Plan, opening: Snapshot) -> Mapping[Asset, Decimal]:
    """Return the largest |net units| of each traded asset before *plan* and at its end.

    Taken once, from the snapshot that the whole plan was approved on, and held against every
    later review of what is left of it.
    """
    exposed = exposure(opening)
    with exact_arithmetic():
        before = {
            leg.instrument.base: exposed.holding(leg.instrument.base)
            + exposed.futures.get(leg.instrument.base, ZERO)
            for leg in plan.legs
        }
        after = dict(before)
        for leg in plan.legs:
            after[leg.instrument.base] += leg.instrument.units(leg.lots)
        return {asset: max(abs(before[asset]), abs(after[asset])) for asset in before}
