"""Margin rescue: what a futures wallet in danger needs when a person asks for it, as closings.

Pure and exact. Unlike what :mod:`trimtab.planning.urgent` does by itself, it also takes off shorts
that protect holdings, because a liquidation would take them off too, and dearer. Money moved in
comes first and is no matter of this module, which cuts what is missing beyond it. In danger is a
wallet below its margin ratio or a liquidation distance, each drawn in as ``triggers`` says, or one
that the shock would empty; a rescue ends ``triggers.hysteresis`` beyond that.

Source: strategy definitions 2.4, 4.9 and 5; docs/design/0040-margin-rescue.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.hedges import HedgeCause, HedgeId
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import LegReason, Untraded, UntradedReason
from trimtab.domain.policy import Policy, RiskLimits
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import UrgencyPolicy
from trimtab.planning.allocation import Certificate
from trimtab.planning.closings import Closer
from trimtab.planning.contracts import Contracts
from trimtab.planning.cuts import Cutting, Pressure, lacking_of
from trimtab.planning.sizes import Sizes
from trimtab.triggers.strain import Futures, futures_of

FARTHEST: Final = Decimal("0.99")
"""Largest liquidation distance that is aimed at: beyond it no positive price would be left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """What a rescue comes to."""

    firings: tuple[Firing, ...]
    """The danger; one that is measured and not there where no wallet is in any."""
    sizes: Sizes
    """Closings alone, and what they do not bring."""
    causes: Mapping[HedgeId, HedgeCause]
    """Hedges that are bought back, all or in part."""


def threatened(limits: RiskLimits, rules: UrgencyPolicy) -> RiskLimits:
    """Return *limits* with those of futures wallets drawn in: beyond them is danger."""
    return _drawn_in(limits, rules, beyond=ONE)


def released(limits: RiskLimits, rules: UrgencyPolicy) -> RiskLimits:
    """Return *limits* with those of futures wallets as a rescue aims at them."""
    with exact_arithmetic():
        return _drawn_in(limits, rules, beyond=ONE + rules.hysteresis(TriggerKind.MARGIN))


def _drawn_in(limits: RiskLimits, rules: UrgencyPolicy, *, beyond: Decimal) -> RiskLimits:
    with exact_arithmetic():
        distance = limits.min_liquidation_distance * (ONE + rules.liquidation_early) * beyond
        return replace(
            limits,
            min_margin_ratio=limits.min_margin_ratio * (ONE + rules.margin_early) * beyond,
            min_liquidation_distance=min(distance, max(FARTHEST, limits.min_liquidation_distance)),
        )


def rescue(contracts: Contracts, *, moved: Decimal) -> Rescue:
    """Return what is cut of an account beside *moved*, which comes in as margin, quote units.

    Raises:
        MissingMark: a market that is to be closed has no order book in the snapshot.

    """
    snapshot, exposed, policy = contracts.snapshot, contracts.exposed, contracts.policy
    held = futures_of(snapshot)
    firing, is_danger = _danger(held, snapshot, policy)
    with exact_arithmetic():
        helped = replace(held, balance=held.balance + moved)
    cutting = Cutting(snapshot, policy.limits, held=helped, rooms=_rooms(held, snapshot))
    aims = _pressures(held, snapshot, released(policy.limits, policy.urgency))
    lacking = [cutting.ease_margin(aim) for aim in aims] if is_danger else []
    closer = Closer(
        snapshot=snapshot, exposed=exposed, max_slippage_bps=policy.limits.max_slippage_bps
    )
    return Rescue(
        firings=(firing,),
        sizes=Sizes(
            sized=tuple(
                closer.sized(s, n, LegReason.MARGIN_RESCUE) for s, n in cutting.lots.items()
            ),
            untraded=_beyond(snapshot.quote, max(lacking, default=ZERO)),
            certificate=Certificate.EXACT,
        ),
        causes={
            hedge.hedge_id: HedgeCause.MARGIN_RESCUE
            for symbol in cutting.lots
            for hedge in contracts.book.open_on(symbol)
        },
    )


def _danger(held: Futures, snapshot: Snapshot, policy: Policy) -> tuple[Firing, bool]:
    """Return the margin ratio as what fires, and whether anything is beyond its threshold."""
    limits = threatened(policy.limits, policy.urgency)
    found = any(lacking_of(aim, held, {}) > 0 for aim in _pressures(held, snapshot, limits))
    measured = held.ratio()
    what = "margin ratio of the futures wallet, which is in danger"
    if not found:
        what = "margin ratio of the futures wallet, which is in no danger"
    firing = Firing(
        kind=TriggerKind.MARGIN_RESCUE,
        subject=snapshot.quote,
        measured=measured if measured.is_finite() else None,
        limit=limits.min_margin_ratio,
        reason=what,
    )
    return firing, found


def _pressures(held: Futures, snapshot: Snapshot, limits: RiskLimits) -> Iterator[Pressure]:
    """Yield all that a wallet has to bear: shocks first, as they tell which positions hurt."""
    bases = _bases(held, snapshot)
    for moving in (*([each] for each in bases.values()), list(bases.values())):
        symbols = [symbol for each in moving for symbol in each]
        for move in (ONE + limits.shock, ONE - limits.shock):
            yield Pressure(factor=limits.shock_kappa, moved=dict.fromkeys(symbols, move))
    for symbol, units in held.units.items():
        side = -1 if units > 0 else 1
        with exact_arithmetic():
            move = ONE + side * limits.min_liquidation_distance
        yield Pressure(factor=ONE, moved={symbol: move})
    yield Pressure(factor=limits.min_margin_ratio, moved={})
    yield Pressure(factor=limits.shock_kappa, moved={})


def _bases(held: Futures, snapshot: Snapshot) -> Mapping[Asset, list[Symbol]]:
    """Return the contracts by their underlying."""
    found: dict[Asset, list[Symbol]] = {}
    for symbol in held.units:
        found.setdefault(snapshot.instruments[symbol].base, []).append(symbol)
    return found


def _rooms(held: Futures, snapshot: Snapshot) -> Mapping[Symbol, Decimal]:
    """Return by contract the units by which its asset's futures may be cut, >= 0.

    Only on the side on which the wallet stands with all of them, and with that asset: what is cut
    there leaves no move of prices that hurts more. Whatever stands against it stays.
    """
    rooms: dict[Symbol, Decimal] = {}
    with exact_arithmetic():
        side = sum((u * held.contracts[s].mark for s, u in held.units.items()), ZERO)
        for symbols in _bases(held, snapshot).values():
            together = sum((held.units[s] for s in symbols), ZERO)
            for symbol in symbols:
                units, mark = held.units[symbol], held.contracts[symbol].mark
                helps = units * together > 0 and units * side > 0
                rooms[symbol] = min(abs(together), ratio(abs(side), mark)) if helps else ZERO
    return rooms


def _beyond(quote: Asset, lacking: Decimal) -> tuple[Untraded, ...]:
    """Report what no cut brings, nothing where nothing is lacking."""
    reason = UntradedReason.MARGIN_LACKING
    return (Untraded(asset=quote, reason=reason, value=lacking),) if lacking > 0 else ()
