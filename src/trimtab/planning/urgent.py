"""What must be taken off before anything else is traded, as moves of whole lots.

Pure and exact. The most urgent kind of condition decides alone: margin, leverage and drawdown
together, else expiries. What it frees is not used again in the same plan. Source: strategy
definitions 2.3 and 2.4; docs/design/0025-urgent-reductions.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import Exposure
from trimtab.domain.firings import Firing, TriggerKind, by_urgency
from trimtab.domain.hedges import HedgeCause, HedgeId
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason, Role, Untraded, UntradedReason
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.allocation import Certificate
from trimtab.planning.closings import Closer
from trimtab.planning.contracts import Contracts
from trimtab.planning.cuts import Cutting, Pressure, lowering_rooms
from trimtab.planning.neutral_dated import passages_of
from trimtab.planning.rolling import rolled
from trimtab.planning.routes import Move
from trimtab.planning.sizes import Sizes
from trimtab.planning.sleeves import sleeve_symbols
from trimtab.triggers.strain import Strain, futures_of, strains

_TOGETHER: Final = (
    (TriggerKind.MARGIN, TriggerKind.LEVERAGE, TriggerKind.DRAWDOWN),
    (TriggerKind.EXPIRY,),
)
"""Kinds whose actions agree, most urgent first: a plan has those of one row only."""
_OF_NOTIONAL: Final = frozenset({TriggerKind.LEVERAGE, TriggerKind.DRAWDOWN})
"""Kinds that end at a leverage ratio."""
_REASONS: Final[Mapping[TriggerKind, LegReason]] = MappingProxyType(
    {
        TriggerKind.MARGIN: LegReason.MARGIN,
        TriggerKind.LEVERAGE: LegReason.LEVERAGE,
        TriggerKind.DRAWDOWN: LegReason.DRAWDOWN,
        TriggerKind.EXPIRY: LegReason.EXPIRY,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """What is urgent about an account."""

    firings: tuple[Firing, ...]
    """What the sizes are for; empty when nothing urgent is to be traded."""
    alerts: tuple[Firing, ...]
    """What holds and changes nothing in this plan, most urgent first."""
    sizes: Sizes
    """Closings alone, by contract, and what cannot be taken off; or what is rolled."""
    causes: Mapping[HedgeId, HedgeCause]
    """Hedges that are rolled."""
    shuts_longs: bool
    """Whether no long is opened either: it would be what was taken off, or is to be."""

    @property
    def told(self) -> tuple[Firing, ...]:
        """All of it, for a plan that is about something else."""
        return by_urgency((*self.firings, *self.alerts))


def urgent_in(contracts: Contracts) -> Urgent:
    """Return what has to be taken off, or moved, first, and what is only to be told.

    Raises:
        MissingMark: a market that is to be traded has no order book in the snapshot.

    """
    snapshot, exposed, policy = contracts.snapshot, contracts.exposed, contracts.policy
    occasion = contracts.occasion
    losses, rules = occasion.losses, policy.urgency
    found = strains(snapshot, exposed, losses, limits=policy.limits, rules=rules)
    able = [s for s in found if s.acts and s.firing.kind not in occasion.cooling]
    rows = ([s for s in able if s.firing.kind in kinds] for kinds in _TOGETHER)
    chosen = next((row for row in rows if row), [])
    if chosen and chosen[0].rolls:
        return _rolled(chosen, contracts, found=found)
    held = futures_of(snapshot)
    rooms = lowering_rooms(snapshot, exposed, held)
    cutting = Cutting(snapshot, policy.limits, held=held, rooms=rooms)
    lacking = [_eased(s, cutting, exposed) for s in chosen]
    acting = chosen if cutting.lots else []
    closer = Closer(
        snapshot=snapshot, exposed=exposed, max_slippage_bps=policy.limits.max_slippage_bps
    )
    reasons = [_REASONS[firing.kind] for firing in by_urgency(s.firing for s in acting)]
    return Urgent(
        firings=by_urgency(s.firing for s in acting),
        alerts=by_urgency(s.firing for s in found if s not in acting),
        sizes=Sizes(
            sized=tuple(closer.sized(s, n, reasons[0]) for s, n in cutting.lots.items()),
            untraded=_out_of_reach(chosen, lacking, snapshot),
            certificate=Certificate.EXACT,
        ),
        causes={},
        shuts_longs=_shut(found),
    )


def _shut(found: Iterable[Strain]) -> bool:
    """Say whether no long is opened while these hold."""
    return any(s.acts and s.firing.kind is TriggerKind.DRAWDOWN for s in found)


def _rolled(chosen: Sequence[Strain], contracts: Contracts, *, found: Sequence[Strain]) -> Urgent:
    """Return how hedges leave contracts that are about to be delivered; the rest is told.

    Shorts of the neutral sleeve leave likewise.
    """
    expiring = [s.symbol for s in chosen if s.symbol is not None]
    dated = contracts.policy.neutral_dated
    theirs = sleeve_symbols(contracts.snapshot, (), dated=dated)
    rolling = rolled(
        [s for s in expiring if s not in theirs],
        contracts,
        reason=LegReason.ROLL,
        beside=tuple(passages_of([s for s in expiring if s in theirs], contracts)),
    )
    acting = {sized.move.instrument.symbol for sized in rolling.sizes.sized}
    return Urgent(
        firings=by_urgency(s.firing for s in chosen if s.symbol in acting),
        alerts=by_urgency(s.firing for s in found if s.symbol not in acting),
        sizes=rolling.sizes,
        causes=rolling.causes,
        shuts_longs=_shut(found),
    )


def without_longs(sizes: Sizes) -> Sizes:
    """Return *sizes* without openings of longs, which wait until the loss has come back."""
    longs = tuple(s for s in sizes.sized if s.move.role is Role.HEDGE and s.lots > 0)
    waiting = deferred(s.move for s in longs)
    kept = tuple(s for s in sizes.sized if s not in longs)
    return replace(sizes, sized=kept, untraded=(*sizes.untraded, *waiting))


def deferred(moves: Iterable[Move]) -> tuple[Untraded, ...]:
    """Report what waits until the urgent part has filled, by asset."""
    values: dict[Asset, Decimal] = {}
    with exact_arithmetic():
        for move in moves:
            values[move.asset] = values.get(move.asset, ZERO) + abs(move.value)
    reason = UntradedReason.REDUCTION_FIRST
    return tuple(Untraded(asset=a, reason=reason, value=v) for a, v in values.items())


def _eased(strain: Strain, cutting: Cutting, exposed: Exposure) -> Decimal:
    """Cut for one condition; return what is beyond reach, quote units, >= 0."""
    if strain.firing.kind in _OF_NOTIONAL:
        outside = exposed.value_outside(exposed.unpriced)
        beside = exposed.inverse_notional
        return cutting.ease_leverage(strain.release, outside=outside, beside=beside)
    if strain.symbol is None:
        return cutting.ease_margin(Pressure(factor=strain.release, moved={}))
    if strain.firing.kind is TriggerKind.EXPIRY:
        cutting.take_whole(strain.symbol)
        return ZERO
    return cutting.ease_margin(cutting.move_against(strain.symbol, by=strain.release))


def _out_of_reach(
    chosen: Iterable[Strain], lacking: Iterable[Decimal], snapshot: Snapshot
) -> tuple[Untraded, ...]:
    """Report what would have to go as well, if it did not protect a holding."""
    found: list[Untraded] = []
    for strain, value in zip(chosen, lacking, strict=True):
        if value > 0:
            asset = (
                snapshot.quote
                if strain.symbol is None
                else snapshot.instruments[strain.symbol].base
            )
            reason = UntradedReason.WOULD_RAISE_EXPOSURE
            found.append(Untraded(asset=asset, reason=reason, value=value))
    return tuple(found)
