"""Declares which line of a plan changes which hedge. Pure, exact.

The plan carries the declarations, so its digest, the approval and the ledger's chain cover them.
Futures that are bought to raise exposure, and reductions of those, are no hedges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.cross import Protection
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic
from trimtab.domain.hedges import (
    POT_ID,
    DriftBack,
    Hedge,
    HedgeBook,
    HedgeCause,
    HedgeId,
    HedgeLine,
    HedgeOrigin,
    units_of,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import Leg, Role
from trimtab.domain.snapshot import Snapshot

ID_DIGITS: Final = 6
"""Hex digits of a new id behind the asset's name; more when it is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a plan's lines are declared by."""

    book: HedgeBook
    snapshot: Snapshot
    causes: Mapping[HedgeId, HedgeCause]
    """Hedges that the plan was made to buy back, all or in part, and why."""
    by_hand: Mapping[Symbol, HedgeId]
    """Hedges that the plan was made to open or grow by hand, by contract."""
    drift_back: Mapping[Asset, DriftBack]
    """What a hedge of a correction that is opened now closes at."""
    spends_pot: bool
    """Whether the plan was made to spend the pot: its buys of coins come out of it."""


def declared(legs: Sequence[Leg], terms: Terms) -> tuple[HedgeLine, ...]:
    """Return what each line does to hedges, by line."""
    return tuple(line for leg in legs for line in _of(leg, terms))


def _of(leg: Leg, terms: Terms) -> Iterator[HedgeLine]:
    """Yield what one line does."""
    if leg.role is Role.HEDGE and leg.lots < 0:
        yield _opening(leg, terms)
    elif leg.role is Role.ROLL:
        yield from _rolling(leg, terms)
    elif terms.spends_pot and leg.role is Role.SPOT:
        yield _spending(leg)
    elif leg.role is Role.CLOSE and leg.lots > 0:
        for hedge in _bought_back(leg, terms):
            yield _line(leg, hedge, terms, cause=terms.causes.get(hedge.hedge_id))


def _rolling(leg: Leg, terms: Terms) -> Iterator[HedgeLine]:
    """Yield what one side of hedges that move does to each: bought back here, opened there."""
    moving = [h for h in terms.book.open if h.hedge_id in terms.causes]
    if leg.lots > 0:
        hedges = [h for h in moving if h.symbol == leg.symbol]
    else:
        hedges = [h for h in moving if h.asset == leg.instrument.base and h.symbol != leg.symbol]
    for hedge in hedges:
        line = _line(leg, hedge, terms, cause=terms.causes[hedge.hedge_id])
        there = beside(leg.symbol, terms.book, terms.snapshot)
        yield replace(line, symbol=leg.symbol, beside=there)


def _bought_back(leg: Leg, terms: Terms) -> tuple[Hedge, ...]:
    """Return the hedges that a buy comes off; a correction never touches those by hand."""
    held = terms.book.open_on(leg.symbol)
    named = tuple(h for h in held if h.hedge_id in terms.causes)
    asset = _stands_for(leg).asset
    return named or tuple(h for h in held if h.origin is HedgeOrigin.DRIFT and h.asset == asset)


def _stands_for(leg: Leg) -> Protection:
    """Return what a line is for: its own asset, or another at its beta."""
    return leg.protects or Protection(asset=leg.instrument.base, beta=ONE)


def _opening(leg: Leg, terms: Terms) -> HedgeLine:
    """Return the hedge that a sell opens or grows."""
    symbol, protection = leg.symbol, _stands_for(leg)
    asset = protection.asset
    by_hand = terms.by_hand.get(symbol)
    origin = HedgeOrigin.DRIFT if by_hand is None else HedgeOrigin.BY_HAND
    drift = [
        h.hedge_id
        for h in terms.book.open_on(symbol)
        if h.origin is HedgeOrigin.DRIFT and (h.asset, h.beta) == (asset, protection.beta)
    ]
    return HedgeLine(
        line=leg.line,
        hedge_id=by_hand or (drift[0] if drift else new_id(asset, terms.book, terms.snapshot)),
        asset=asset,
        symbol=symbol,
        origin=origin,
        cause=HedgeCause(origin.value),
        drift_back=terms.drift_back[asset] if by_hand is None else DriftBack.NEVER,
        beside=beside(symbol, terms.book, terms.snapshot),
        beta=protection.beta,
    )


def _spending(leg: Leg) -> HedgeLine:
    """Return that a buy of coins is paid by the pot."""
    return HedgeLine(
        line=leg.line,
        hedge_id=POT_ID,
        asset=leg.instrument.base,
        symbol=leg.symbol,
        origin=HedgeOrigin.DRIFT,
        cause=HedgeCause.REDEPLOY,
        drift_back=DriftBack.NEVER,
        beside=ZERO,
    )


def _line(leg: Leg, hedge: Hedge, terms: Terms, *, cause: HedgeCause | None) -> HedgeLine:
    """Return what a buy does to one hedge."""
    return HedgeLine(
        line=leg.line,
        hedge_id=hedge.hedge_id,
        asset=hedge.asset,
        symbol=hedge.symbol,
        origin=hedge.origin,
        cause=cause or HedgeCause.DRIFT,
        drift_back=hedge.drift_back,
        beside=beside(hedge.symbol, terms.book, terms.snapshot),
        beta=hedge.beta,
    )


def beside(symbol: Symbol, book: HedgeBook, snapshot: Snapshot) -> Decimal:
    """Return the base units that a contract is short and that no hedge explains, >= 0."""
    position = snapshot.positions.get(symbol)
    with exact_arithmetic():
        held = ZERO if position is None else -snapshot.instruments[symbol].units(position.lots)
        return max(ZERO, held - units_of(book.open_on(symbol)))


def new_id(asset: Asset, book: HedgeBook, snapshot: Snapshot) -> HedgeId:
    """Return an id that no hedge has; the same snapshot gives the same one."""
    seed = hashlib.sha256(f"{snapshot.snapshot_id}:{asset}".encode()).hexdigest()
    taken = {h.hedge_id for h in book.hedges}
    digits = next(
        n for n in range(ID_DIGITS, len(seed)) if f"{asset.lower()}-{seed[:n]}" not in taken
    )
    return HedgeId(f"{asset.lower()}-{seed[:digits]}")
