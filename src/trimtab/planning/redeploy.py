"""Redeploy: what hedges brought goes into underweight coins, where the buy-dip rule holds.

Pure and exact. Only a positive pot, at most the quote's overweight, each buy at most to the
asset's target; otherwise it waits in the quote, and the plan says so. Coins are bought, whatever
the asset's route is. Source: strategy definitions 4.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.errors import HistoryError
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.history import History, read_history
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason, Role, Untraded, UntradedReason
from trimtab.domain.readings import Reading
from trimtab.domain.redeploy import DipRule, RedeployPolicy
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.drift import Measurement
from trimtab.planning.routes import Move, market_of
from trimtab.planning.units import Measure
from trimtab.triggers.dip import RULE, Dip, dip


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeployed:
    """What becomes of a pot."""

    firings: tuple[Firing, ...]
    """That it is spent; empty when all of it waits."""
    moves: tuple[Move, ...]
    """Buys, in the order in which the pot is spent."""
    waits: tuple[Untraded, ...]
    """Coins that are underweight, and are not bought yet."""
    readings: tuple[Reading, ...]
    """What the rule rests on."""


NOTHING = Redeployed(firings=(), moves=(), waits=(), readings=())


def redeployed(
    pot: Decimal,
    found: Measurement,
    snapshot: Snapshot,
    *,
    policy: RedeployPolicy,
    history: History | None,
) -> Redeployed:
    """Return what a pot buys, and what it waits with.

    Raises:
        HistoryError: nothing of the past was read.
        MissingInstrument: a coin has no spot market.

    """
    left = min(pot, _over(found))
    wanted = _candidates(found, policy.candidates)
    if left <= 0 or not wanted:
        return NOTHING
    told = read_history(history, for_what=RULE)
    dips = {m.asset: _dip(m.asset, told, policy.dip) for m in wanted}
    moves = list[Move]()
    for m in wanted:
        value = min(left, m.correction)
        if value > 0 and dips[m.asset].holds:
            moves.append(_buy(m.asset, value, snapshot))
            with exact_arithmetic():
                left -= value
    return Redeployed(
        firings=_firings(moves, pot),
        moves=tuple(moves),
        waits=tuple(_waiting(m) for m in wanted if not dips[m.asset].holds),
        readings=tuple(reading for each in dips.values() for reading in each.readings),
    )


def _dip(asset: Asset, history: History, rule: DipRule) -> Dip:
    """Return what the rule says; a coin whose past does not tell waits, and says why."""
    try:
        return dip(asset, history, rule)
    except HistoryError as fault:
        unknown = Reading(
            rule=RULE,
            subject=asset,
            name="closes",
            measured=None,
            limit=None,
            holds=False,
            text=str(fault),
        )
        return Dip(asset=asset, holds=False, readings=(unknown,))


def _over(found: Measurement) -> Decimal:
    """Return by how much the quote is above its target, quote units, signed."""
    [quote] = [m for m in found.measures if m.asset == found.quote]
    return -quote.correction


def _candidates(found: Measurement, named: Sequence[Asset]) -> list[Measure]:
    """Return what is underweight and may be bought: as named, else the most underweight first."""
    under = [m for m in found.measures if m.asset != found.quote and m.correction > 0]
    if named:
        under = [m for m in under if m.asset in named]
        return sorted(under, key=lambda m: named.index(m.asset))
    return sorted(under, key=lambda m: m.correction, reverse=True)


def _buy(asset: Asset, value: Decimal, snapshot: Snapshot) -> Move:
    """Return a buy of coins."""
    return Move(
        asset=asset,
        instrument=market_of(asset, snapshot, contract=False),
        value=value,
        slack=ZERO,
        role=Role.SPOT,
        reason=LegReason.REDEPLOY,
    )


def _firings(moves: Sequence[Move], pot: Decimal) -> tuple[Firing, ...]:
    """Return that the pot is spent, if it is."""
    if not moves:
        return ()
    with exact_arithmetic():
        spent = sum((move.value for move in moves), ZERO)
    return (
        Firing(
            kind=TriggerKind.REDEPLOY,
            subject="pot",
            measured=pot,
            limit=spent,
            reason="what hedges brought buys what is underweight in a dip",
        ),
    )


def _waiting(m: Measure) -> Untraded:
    """Return that a coin is not bought yet."""
    return Untraded(asset=m.asset, reason=UntradedReason.WAITS_FOR_DIP, value=m.correction)
