"""Lay out: sized moves to numbered legs in stages.

Pure and exact. Stages, each started when the one before has ended: reductions of futures
positions and spot sells; a transfer between the wallets, alone; hedges that lower exposure; spot
buys and synthetic longs. So sells fund transfers and buys, and every prefix of the plan owns less
risk than the whole. A transfer that rescues margin goes first. Only reductions are split to the
order cap; everything else above it is refused by the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import exact_arithmetic, floor_times
from trimtab.domain.instruments import Lots
from trimtab.domain.plan import Leg, Role
from trimtab.domain.policy import RiskLimits
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import TransferLeg, TransferReason
from trimtab.planning.costs import expected_cost, least_reduction
from trimtab.planning.sizes import Sized, book_of

_RESCUE: Final = 0
_FREEING: Final = 1
_TRANSFER: Final = 2
_LOWERING: Final = 3
_RAISING: Final = 4
"""Groups of stages, in order; a plan has the stages of the groups that it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A plan's lines, numbered together: orders and transfers apart."""

    legs: tuple[Leg, ...]
    """By line."""
    transfers: tuple[TransferLeg, ...]
    """By line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a transfer moves, and when."""

    units: Decimal
    """Into the quote's futures wallet, signed units; zero for no transfer."""
    comes_first: bool
    """Whether it rescues margin, so that everything else is after it."""

    @property
    def rank(self) -> int:
        """The group of stages that it makes."""
        return _RESCUE if self.comes_first else _TRANSFER

    @property
    def reason(self) -> TransferReason:
        """Why it is made."""
        if self.comes_first:
            return TransferReason.RESCUES_MARGIN
        return TransferReason.TOPS_UP_MARGIN if self.units > 0 else TransferReason.FUNDS_BUYS


def lines(
    found: tuple[Sized, ...], snapshot: Snapshot, *, limits: RiskLimits, moved: Moved
) -> Lines:
    """Return the lines by stage first, then largest value first, then symbol."""
    parts = [p for s in found for p in _split(s, snapshot, order_cap=limits.max_order_notional)]
    ranks = sorted({*(_rank(s) for s, _ in parts), *((moved.rank,) if moved.units else ())})
    unnumbered = [_leg(s, lots, snapshot, stage=1 + ranks.index(_rank(s))) for s, lots in parts]
    ordered = sorted(
        unnumbered, key=lambda leg: (leg.stage, leg.notional.copy_negate(), leg.symbol, leg.role)
    )
    if not moved.units:
        return Lines(legs=_numbered(ordered, before=0), transfers=())
    stage = 1 + ranks.index(moved.rank)
    first = [leg for leg in ordered if leg.stage < stage]
    line = 1 + len(first)
    transfer = TransferLeg(
        line=line,
        stage=stage,
        asset=snapshot.quote,
        units=moved.units,
        reason=moved.reason,
    )
    rest = _numbered(ordered[len(first) :], before=line)
    return Lines(legs=_numbered(first, before=0) + rest, transfers=(transfer,))


def _numbered(ordered: Sequence[Leg], *, before: int) -> tuple[Leg, ...]:
    """Return legs with the lines that follow *before*."""
    return tuple(replace(leg, line=line) for line, leg in enumerate(ordered, start=before + 1))


def _rank(found: Sized) -> int:
    """Return which group of stages a move belongs to, or its own place."""
    if found.step:
        return found.step
    if found.move.role is Role.CLOSE or (found.move.role is Role.SPOT and found.lots < 0):
        return _FREEING
    return _LOWERING if found.lots < 0 else _RAISING


def _split(found: Sized, snapshot: Snapshot, *, order_cap: Decimal) -> list[tuple[Sized, Lots]]:
    """Cut a reduction into orders within the venue's maximum and our order cap.

    What is left for the last one is no less than the venue takes: it has it from the one before.
    """
    instrument = found.move.instrument
    if found.move.role is not Role.CLOSE:
        return [(found, found.lots)]
    mark = snapshot.contracts[instrument.symbol].mark
    with exact_arithmetic():
        lot_value = instrument.lot_size * mark
    most = max(1, min(instrument.lots_max, floor_times(lot_value, order_cap)))
    whole, rest = divmod(abs(found.lots), most)
    sign = 1 if found.lots > 0 else -1
    pieces = [most] * whole + ([rest] if rest else [])
    price = min(mark, instrument.limit_price(found.limit))
    lacks = min(least_reduction(instrument, price=price), most) - rest
    if whole and rest and lacks > 0:
        pieces[-2:] = [most - lacks, rest + lacks]
    return [(found, Lots(sign * piece)) for piece in pieces]


def _leg(found: Sized, lots: Lots, snapshot: Snapshot, *, stage: int) -> Leg:
    """Return one leg with its mark and expected cost, not yet numbered."""
    instrument, book = found.move.instrument, book_of(found.move, snapshot)
    contract = snapshot.contracts.get(instrument.symbol)
    return Leg(
        line=1,
        stage=stage,
        instrument=instrument,
        lots=lots,
        limit=found.limit,
        mark=book.mid if contract is None else contract.mark,
        reduce_only=_reduces(found),
        role=found.move.role,
        reason=found.reason,
        expected_cost=expected_cost(
            instrument, book, quantity=instrument.units(lots).copy_abs(), buys=lots > 0
        ),
        protects=found.move.protects,
    )


def _reduces(found: Sized) -> bool:
    """Whether a line only takes off: every close, and of a hedge that moves what is bought back."""
    is_back = found.move.role is Role.ROLL and found.lots > 0
    return is_back or found.move.role is Role.CLOSE
