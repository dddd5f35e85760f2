"""What a person asks of hedges, as moves: open, resize, close.

Pure and exact. Units are base units, values quote units, positive buys back. Source: strategy
definitions 4.1 and 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.errors import MissingInstrument, PlanningError
from trimtab.domain.exact import ZERO, exact_arithmetic, floor_times, plain
from trimtab.domain.exposure import contract_symbols, exposure
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.hedges import (
    CloseWish,
    Hedge,
    HedgeBook,
    HedgeCause,
    HedgeId,
    HedgeOrigin,
    HedgeWish,
    units_of,
)
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.plan import LegReason, Role
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.closing import Closing
from trimtab.hedging.declare import new_id
from trimtab.planning.contracts import Contracts
from trimtab.planning.routes import Move, market_of
from trimtab.targets.by_hand import Aim, aims_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What a wish comes to."""

    aims: tuple[Aim, ...]
    """Every hedge by hand as it is to be, in the order of the book, a new one last."""
    opening: Aim | None
    """The one that is to be opened or resized; None when hedges are to be closed."""
    closings: tuple[Closing, ...]
    """Hedges that are to be closed."""
    sells: bool
    """Whether the coins that those cover are sold beside it."""


def wished(wish: HedgeWish | CloseWish, contracts: Contracts) -> ByHand:
    """Return what *wish* makes of the hedges by hand.

    Raises:
        PlanningError: it cannot be planned; says what to do instead.

    """
    book, exposed = contracts.book, contracts.exposed
    if isinstance(wish, CloseWish):
        closings = tuple(_closing(h) for h in _named(wish, book))
        gone = {c.hedge.hedge_id for c in closings}
        kept = tuple(a for a in aims_of(book, exposed) if a.hedge_id not in gone)
        if wish.sells:
            _require_sellable(closings)
        return ByHand(aims=kept, opening=None, closings=closings, sells=wish.sells)
    aim = _aim(wish, contracts)
    others = tuple(a for a in aims_of(book, exposed) if a.hedge_id != aim.hedge_id)
    aims = (*others, aim) if aim.units else others
    return ByHand(aims=aims, opening=aim, closings=(), sells=False)


def _require_sellable(closings: Sequence[Closing]) -> None:
    """Refuse to sell what is no pair with a hedge, and what the next plan would buy back."""
    for hedge in (c.hedge for c in closings):
        if hedge.is_cross:
            raise PlanningError(
                f"{hedge.hedge_id}: covers {hedge.asset} by a contract of another coin, no "
                f"pair; lower the target of {hedge.asset}, or close it without selling",
                next_step=f"trimtab close-hedges {hedge.hedge_id}",
            )
        if hedge.origin is HedgeOrigin.BY_HAND:
            raise PlanningError(
                f"{hedge.hedge_id}: was opened by hand, and the target still wants its coins; "
                f"lower that of {hedge.asset}, or close it without selling",
                next_step=f"trimtab close-hedges {hedge.hedge_id}",
            )


def _aim(wish: HedgeWish, contracts: Contracts) -> Aim:
    """Return what one asset is to be short by hand, in whole lots, rounded down."""
    asset, held = wish.asset, contracts.exposed.holding(wish.asset)
    book, snapshot = contracts.book, contracts.snapshot
    if held <= 0:
        raise PlanningError(
            f"{asset}: nothing is held, so there is nothing to hedge", next_step="trimtab status"
        )
    mine = book.by_hand(asset)
    instrument = _contract(asset, mine, contracts)
    position = snapshot.positions.get(instrument.symbol)
    if position is not None and position.lots > 0:
        raise PlanningError(
            f"{instrument.symbol}: is long, a short would only reduce it; lower the target of "
            f"{asset} instead",
            next_step="trimtab status",
        )
    with exact_arithmetic():
        wanted = wish.units if wish.share is None else wish.share * held
    lots = floor_times(instrument.lot_size, wanted)
    if wanted and not lots:
        raise PlanningError(
            f"{plain(wanted)} {asset} is less than one lot of {instrument.symbol} "
            f"({plain(instrument.lot_size)}); ask for more",
            next_step="trimtab hedge --help",
        )
    hedge_id = mine[0].hedge_id if mine else new_id(asset, book, snapshot)
    units = instrument.units(lots)
    return Aim(hedge_id=hedge_id, asset=asset, symbol=instrument.symbol, units=units)


def _contract(asset: Asset, mine: Sequence[Hedge], contracts: Contracts) -> Instrument:
    """Return the contract of the hedge that is there, else the one that hedges of *asset* take.

    One that is half way to another contract grows and shrinks where it goes to.
    """
    if mine:
        return contracts.snapshot.instruments[mine[-1].symbol]
    if not contract_symbols(contracts.snapshot, asset):
        raise MissingInstrument(
            f"{asset}: no contract in {contracts.snapshot.quote} was read; "
            "is swap among venue.markets?",
            next_step="trimtab config show",
        )
    return contracts.short(asset)


def _named(wish: CloseWish, book: HedgeBook) -> tuple[Hedge, ...]:
    """Return the open hedges that a wish names, by first fill."""
    if not wish.hedge_ids:
        return book.open
    chosen = {_the_one(name, book).hedge_id for name in wish.hedge_ids}
    return tuple(h for h in book.open if h.hedge_id in chosen)


def _the_one(name: str, book: HedgeBook) -> Hedge:
    """Return the one open hedge whose id begins with *name*."""
    found = [h for h in book.open if h.hedge_id.startswith(name.lower())]
    if len({h.hedge_id for h in found}) != 1:
        many = "several open hedges begin so" if found else "no open hedge has this id"
        raise PlanningError(f"{name}: {many}", next_step="trimtab status")
    return found[0]


def _closing(hedge: Hedge) -> Closing:
    """Return a close that a person asked for."""
    firing = _firing(hedge.hedge_id, hedge.units, wanted=ZERO, asset=hedge.asset)
    return Closing(hedge=hedge, cause=HedgeCause.BY_HAND, firing=firing)


def _firing(hedge_id: HedgeId, units: Decimal, *, wanted: Decimal, asset: Asset) -> Firing:
    """Return that a person asked for exactly this."""
    return Firing(
        kind=TriggerKind.BY_HAND,
        subject=hedge_id,
        measured=units,
        limit=wanted,
        reason=f"units of {asset} that this hedge is short, and as asked for",
    )


def moves_of(given: ByHand, book: HedgeBook, snapshot: Snapshot) -> tuple[Move, ...]:
    """Return what brings the hedges to what a person wants; nothing when they are there.

    Raises:
        PlanningError: the position behind them is smaller than what is to be bought back.

    """
    if given.opening is None:
        back = closing_moves(given.closings, snapshot, LegReason.BY_HAND)
        return (*back, *_sales(back, snapshot)) if given.sells else back
    aim, now = given.opening, units_of(book.by_hand(given.opening.asset))
    with exact_arithmetic():
        missing = aim.units - now
    if missing > 0:
        return (_move(aim.symbol, -missing, snapshot, LegReason.BY_HAND),)
    return tuple(_shrinking(aim, -missing, book, snapshot))


def _shrinking(aim: Aim, units: Decimal, book: HedgeBook, snapshot: Snapshot) -> Iterator[Move]:
    """Yield what takes *units* off a hedge, where it goes to first: half way it is in two."""
    for hedge in reversed(book.by_hand(aim.asset)):
        taken = min(units, hedge.units)
        if taken:
            yield _bought_back(hedge.symbol, taken, snapshot, LegReason.BY_HAND)
        with exact_arithmetic():
            units -= taken


def firings_of(given: ByHand, book: HedgeBook) -> tuple[Firing, ...]:
    """Return that a person asked for it, hedge by hedge."""
    if given.opening is None:
        return tuple(c.firing for c in given.closings)
    aim = given.opening
    now = units_of(book.by_hand(aim.asset))
    return (_firing(aim.hedge_id, now, wanted=aim.units, asset=aim.asset),)


def closing_moves(
    closings: Sequence[Closing], snapshot: Snapshot, reason: LegReason
) -> tuple[Move, ...]:
    """Return one move for each contract in which hedges are to be bought back.

    Raises:
        PlanningError: the position behind them is smaller than what is to be bought back.

    """
    return tuple(_closing_moves(closings, snapshot, reason))


def _closing_moves(
    closings: Sequence[Closing], snapshot: Snapshot, reason: LegReason
) -> Iterator[Move]:
    """Yield them by contract, in the order of *closings*."""
    for symbol in dict.fromkeys(c.hedge.symbol for c in closings):
        units = units_of(tuple(c.hedge for c in closings if c.hedge.symbol == symbol))
        yield _bought_back(symbol, units, snapshot, reason)


def _bought_back(symbol: Symbol, units: Decimal, snapshot: Snapshot, reason: LegReason) -> Move:
    """Return the close of *units*, base units, > 0, of a position that must be as short."""
    position = snapshot.positions.get(symbol)
    held = ZERO if position is None else -snapshot.instruments[symbol].units(position.lots)
    if held < units:
        raise PlanningError(
            f"{symbol}: {plain(units)} is to be bought back, only {plain(max(ZERO, held))} is "
            "short; somebody else traded it, or a stop fired",
            next_step="trimtab reconcile --adopt",
        )
    return _move(symbol, units, snapshot, reason)


def _sales(back: Sequence[Move], snapshot: Snapshot) -> Iterator[Move]:
    """Yield the sale of the coins that hedges bought back have covered, asset by asset."""
    for asset in dict.fromkeys(move.asset for move in back):
        with exact_arithmetic():
            value = sum((move.value for move in back if move.asset == asset), ZERO)
        yield Move(
            asset=asset,
            instrument=market_of(asset, snapshot, contract=False),
            value=-value,
            slack=ZERO,
            role=Role.SPOT,
            reason=LegReason.BY_HAND,
        )


def _move(symbol: Symbol, units: Decimal, snapshot: Snapshot, reason: LegReason) -> Move:
    """Return a move of signed base units in one contract, positive buys back."""
    instrument = snapshot.instruments[symbol]
    mid = exposure(snapshot).mid(instrument.base)
    with exact_arithmetic():
        value = units * mid
    return Move(
        asset=instrument.base,
        instrument=instrument,
        value=value,
        slack=ZERO,
        role=Role.CLOSE if units > 0 else Role.HEDGE,
        reason=reason,
    )
