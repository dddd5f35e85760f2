"""What must be taken off before anything else is traded, as moves of whole lots.

Pure and exact. The most urgent kind of condition decides alone: margin and leverage together,
else expiries. What it frees is not used again in the same plan. Source: strategy definitions 2.3
and 2.4; docs/design/0025-urgent-reductions.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import Exposure
from trimtab.domain.firings import Firing, TriggerKind, by_urgency
from trimtab.domain.hedges import HedgeCause, HedgeId
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import LegReason, Untraded, UntradedReason
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.allocation import Certificate
from trimtab.planning.closings import Closer
from trimtab.planning.contracts import Contracts
from trimtab.planning.cuts import Cutting, Pressure, lowering_rooms
from trimtab.planning.rolling import rolled
from trimtab.planning.routes import Move
from trimtab.planning.sizes import Sizes
from trimtab.triggers.strain import Strain, futures_of, strains

_TOGETHER: Final = ((TriggerKind.MARGIN, TriggerKind.LEVERAGE), (TriggerKind.EXPIRY,))
"""Kinds whose actions agree, most urgent first: a plan has those of one row only."""
_REASONS: Final[Mapping[TriggerKind, LegReason]] = MappingProxyType(
    {
        TriggerKind.MARGIN: LegReason.MARGIN,
        TriggerKind.LEVERAGE: LegReason.LEVERAGE,
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
    found = strains(snapshot, exposed, limits=policy.limits, rules=policy.urgency)
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
    )


def _rolled(chosen: Sequence[Strain], contracts: Contracts, *, found: Sequence[Strain]) -> Urgent:
    """Return how hedges leave contracts that are about to be delivered; the rest is told."""
    expiring = [s.symbol for s in chosen if s.symbol is not None]
    rolling = rolled(expiring, contracts, reason=LegReason.ROLL)
    acting = {sized.move.instrument.symbol for sized in rolling.sizes.sized}
    return Urgent(
        firings=by_urgency(s.firing for s in chosen if s.symbol in acting),
        alerts=by_urgency(s.firing for s in found if s.symbol not in acting),
        sizes=rolling.sizes,
        causes=rolling.causes,
    )


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
    if strain.firing.kind is TriggerKind.LEVERAGE:
        outside = exposed.value_outside(exposed.unpriced)
        return cutting.ease_leverage(strain.release, outside=outside)
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
