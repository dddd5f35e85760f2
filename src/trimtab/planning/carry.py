"""Tell what contracts bring a hedge, and move one to what would bring more. Pure and exact.

Told is what a short in each contract earns in a year, what the best other one would bring within
h', trades paid, and when a perpetual has cost shorts for long. Only hedges are moved, both sides in
one plan as for a roll. Source: strategy definitions 4.8; docs/design/0038-dated-contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.contracts import GainAction
from trimtab.domain.exact import ONE, exact_arithmetic, shown
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.hedges import HedgeCause
from trimtab.domain.instruments import Symbol
from trimtab.domain.plan import LegReason
from trimtab.domain.readings import Reading
from trimtab.hedging.carry import Comparison, Offer, compared, days_paid
from trimtab.planning.contracts import Contracts
from trimtab.planning.rolling import NOT_ROLLING, Passage, Rolling, held_hedges, moved

RULE: Final = "hedge.carry"
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What contracts bring the hedges that are open."""

    readings: tuple[Reading, ...]
    """By contract with a hedge: what each offer brings a year, then the best move."""
    gains: tuple[Firing, ...]
    """Of every hedge that would bring more elsewhere."""
    warnings: tuple[Firing, ...]
    """Of every perpetual that has cost its hedges for long."""
    passages: tuple[Passage, ...]
    """The moves behind the gains, where the rule moves hedges."""

    @property
    def told(self) -> tuple[Firing, ...]:
        """All of it, for a plan that does something else."""
        return self.gains + self.warnings


NO_CARRY_SEEN: Final = Carry(readings=(), gains=(), warnings=(), passages=())
"""No hedge, or nobody compares."""


def carry_of(contracts: Contracts) -> Carry:
    """Return what contracts bring the hedges of an account, those on assets that are compared."""
    policy = contracts.policy.hedge
    held = dict.fromkeys(h.symbol for h in contracts.book.open if policy.compares(h.asset))
    able = [s for s in held if s in contracts.snapshot.books and held_hedges(s, contracts)]
    if not able:
        return NO_CARRY_SEEN
    parts = [_of(symbol, contracts) for symbol in able]
    return Carry(
        readings=tuple(r for part in parts for r in part.readings),
        gains=tuple(g for part in parts for g in part.gains),
        warnings=tuple(w for part in parts for w in part.warnings),
        passages=tuple(p for part in parts for p in part.passages),
    )


def swapped(carry: Carry, contracts: Contracts) -> Rolling:
    """Return the moves of *carry* as whole lots; nothing when it moves none."""
    return moved(carry.passages, contracts) if carry.passages else NOT_ROLLING


def _of(symbol: Symbol, contracts: Contracts) -> Carry:
    """Return what is told of the hedges in one contract."""
    rules, now = contracts.policy.hedge.carry, contracts.snapshot.venue_at
    near = contracts.snapshot.instruments[symbol]
    present = contracts.offer(near)
    others = [o for o in contracts.offers(near.base) if o.symbol != symbol]
    paying = tuple(_paying(present, contracts))
    readings = (*(_year(offer, contracts) for offer in (present, *others)), *paying)
    warnings = tuple(_warned(reading) for reading in paying if reading.holds)
    horizon = rules.horizon_days
    open_ones = [o for o in others if contracts.shut_by(o.symbol) is None]
    found = [compared(present, other=o, now=now, horizon_days=horizon) for o in open_ones]
    if not found:
        return Carry(readings=readings, gains=(), warnings=warnings, passages=())
    best = max(found, key=lambda each: each.gain_bps)
    limit = _least_gain(symbol, contracts)
    acts = best.gain_bps > limit and rules.on_gain is not GainAction.OFF
    moves = acts and rules.on_gain is GainAction.SWAP
    acts_now = moves and TriggerKind.CARRY not in contracts.occasion.cooling
    passage = Passage(
        hedges=held_hedges(symbol, contracts),
        near=near,
        far=contracts.snapshot.instruments[best.other.symbol],
        reason=LegReason.CARRY,
    )
    return Carry(
        readings=(*readings, _best(symbol, best, limit=limit, holds=acts)),
        gains=(_gained(symbol, best, limit=limit),) if acts else (),
        warnings=warnings,
        passages=(passage,) if acts_now else (),
    )


def _least_gain(symbol: Symbol, contracts: Contracts) -> Decimal:
    """Return what another contract must bring more, bps; a hedge that was moved before, more yet.

    So the hysteresis keeps it from going to and fro.
    """
    least = contracts.policy.hedge.carry.min_gain_bps
    held = {h.hedge_id for h in held_hedges(symbol, contracts)}
    rows = (h for h in contracts.book.hedges if h.hedge_id in held)
    if not any(h.closed_by is HedgeCause.CARRY for h in rows):
        return least
    with exact_arithmetic():
        return least * (ONE + contracts.policy.urgency.hysteresis(TriggerKind.CARRY))


def _year(offer: Offer, contracts: Contracts) -> Reading:
    """Return what one contract brings a short in a year."""
    now = contracts.snapshot.venue_at
    year, days = offer.year(now), offer.days(now)
    with exact_arithmetic():
        percent = shown(year * _PERCENT, 2)
    of = "its funding" if days is None else f"its premium, {shown(days, 1)} days to delivery"
    return Reading(
        rule=RULE,
        subject=offer.symbol,
        name="income_a_year",
        measured=year,
        limit=None,
        holds=False,
        text=f"fraction of the notional; brings a short {percent} % a year, by {of}",
    )


def _best(symbol: Symbol, best: Comparison, *, limit: Decimal, holds: bool) -> Reading:
    """Return what the best other contract would bring more than the present one."""
    return Reading(
        rule=RULE,
        subject=symbol,
        name="gain_bps",
        measured=best.gain_bps,
        limit=limit,
        holds=holds,
        text=f"bps within {shown(best.over, 1)} days, if its hedges moved to {best.other.symbol}",
    )


def _gained(symbol: Symbol, best: Comparison, *, limit: Decimal) -> Firing:
    """Return that hedges would bring more in another contract."""
    return Firing(
        kind=TriggerKind.CARRY,
        subject=symbol,
        measured=best.gain_bps,
        limit=limit,
        reason=f"{best.other.symbol} would bring its hedges more bps in {shown(best.over, 1)} days",
    )


def _paying(present: Offer, contracts: Contracts) -> Iterator[Reading]:
    """Yield for how long a perpetual has cost shorts at every settlement; nothing of others."""
    rules = contracts.policy.hedge.carry
    if not rules.negative_days or present.expires_at is not None:
        return
    base = contracts.snapshot.instruments[present.symbol].base
    days = days_paid(contracts.whole_past(base), now=contracts.snapshot.venue_at)
    yield Reading(
        rule=RULE,
        subject=present.symbol,
        name="days_paid",
        measured=days,
        limit=Decimal(rules.negative_days),
        holds=days >= rules.negative_days,
        text="days in which shorts have paid funding at every settlement",
    )


def _warned(paying: Reading) -> Firing:
    """Return that a perpetual has cost shorts for long."""
    return Firing(
        kind=TriggerKind.CARRY,
        subject=paying.subject,
        measured=paying.measured,
        limit=paying.limit,
        reason="shorts have paid funding at every settlement for so many days",
    )
