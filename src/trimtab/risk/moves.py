"""What can still fill or move, from one state on: orders, planned or out, and transfers.

Pure and exact. A move fills by any share in [0, 1]; orders that are out already may fill at
any time and count at full size. Money is counted as strategy §5 wants it: buys at limit x
(1 + fee), sells at limit x (1 - fee), never at mid. Binance takes the fee of a spot buy from
the bought coin, so what a later leg may sell is less the fee too, while exposure counts the
whole quantity. Both err to the safe side by one fee.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.plan import Leg, LegReason, Role
from trimtab.domain.snapshot import OpenOrder
from trimtab.domain.stops import names_of
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.convex import MoveIndex

RESTING_STAGE = 0
"""Stage of what may fill before the first leg and beside all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something that may fill, by any share of its size."""

    index: MoveIndex
    name: str
    """``leg 3`` or ``order <client id>``."""
    stage: int
    """The leg's stage; RESTING_STAGE for orders that are out already."""
    instrument: Instrument
    units: Decimal
    """Base units at fill 1, signed."""
    limit_price: Decimal
    """Quote per base unit, > 0."""
    mark: Decimal
    """The contract's mark, or the coin's mid, quote per base unit, > 0."""
    reserved: bool
    """Whether the venue holds its money back already, so that free balances are without it."""
    reduce_only: bool
    is_roll: bool = False
    """Whether it is one side of a hedge that moves to another contract."""
    is_neutral: bool = False
    """Whether it is the short that stands against coins of the same plan."""
    is_stop: bool = False
    """Whether it waits for a price that is not reached: what it does is none of the plan's way."""

    @property
    def is_rolled_back(self) -> bool:
        """Whether it is the side of a roll that is bought back; the other never passes it."""
        return self.is_roll and self.reduce_only

    @property
    def is_leg(self) -> bool:
        """Whether the plan asks for it, as opposed to an order that is out already."""
        return self.stage != RESTING_STAGE

    @property
    def fee(self) -> Decimal:
        """What a taker pays at the limit, quote units, >= 0."""
        return abs(self.units) * self.limit_price * self.instrument.taker_fee

    @property
    def cash(self) -> Decimal:
        """Change of the quote's spot wallet at fill 1, quote units; zero for contracts."""
        return ZERO if self.instrument.is_contract else -self.units * self.limit_price - self.fee

    @property
    def gained(self) -> Decimal:
        """Change of owned coins at fill 1, base units, a buy less its fee; zero for contracts."""
        if self.instrument.is_contract:
            return ZERO
        return self.units * (ONE - self.instrument.taker_fee) if self.units > 0 else self.units

    def margin(self, mark: Decimal) -> Decimal:
        """Change of the pool's balance at fill 1 and that *mark*; zero for spot."""
        if not self.instrument.is_contract:
            return ZERO
        return self.units * (mark - self.limit_price) - self.fee

    @property
    def nav(self) -> Decimal:
        """Change of net asset value at fill 1, quote units: minus what the fill costs."""
        return self.margin(self.mark) + self.cash + self.gained * self.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Transit:
    """A transfer: whole or not at all, and nothing of a later stage goes without the plan's.

    While it is under way its money is in neither wallet.
    """

    index: MoveIndex
    """Counted on behind the last move."""
    name: str
    """``leg 3``."""
    stage: int
    """The transfer's stage; RESTING_STAGE for one whose outcome is not known."""
    asset: Asset
    units: Decimal
    """Into the futures wallet at fill 1, signed."""

    @property
    def is_leg(self) -> bool:
        """Whether the plan asks for it, as opposed to one whose outcome is not known."""
        return self.stage != RESTING_STAGE


def transits_of(case: Case, *, after: int) -> tuple[Transit, ...]:
    """Return the transfers of the plan by line, then unknown ones, behind *after* moves.

    One whose outcome is not known counts at full size, though it may be in the wallets already.

    Raises:
        Unmeasured: one moves something that is not the quote.

    """
    legs = ((f"leg {t.line}", t.stage, t.asset, t.units) for t in case.plan.transfers)
    intents = (record.intent for record in case.context.unresolved_transfers)
    unknown = ((f"transfer {i.transfer_id}", RESTING_STAGE, i.asset, i.units) for i in intents)
    found = enumerate((*legs, *unknown), start=after)
    transits = tuple(
        Transit(index=index, name=name, stage=stage, asset=asset, units=units)
        for index, (name, stage, asset, units) in found
    )
    for transit in transits:
        if transit.asset != case.snapshot.quote:
            raise Unmeasured(f"{transit.asset} is no margin here; drop {transit.name}")
        pool = case.snapshot.pools.get(transit.asset)
        if pool is not None and pool.shares_cash:
            raise Unmeasured(f"cash and margin are one wallet here; drop {transit.name}")
    return transits


def moves_of(case: Case, mids: Mapping[Asset, Decimal]) -> tuple[Move, ...]:
    """Return the moves of *case*: legs by line, then open orders, unknown ones, and stops.

    Raises:
        Unmeasured: one of them has no price.

    """
    legs = (_leg_move(case, leg, mids) for leg in case.plan.legs)
    resting = (_resting_move(case, order, mids) for order in _others(case))
    out = (*resting, *_unknown_moves(case, mids), *_stop_moves(case, mids))
    out_already = (move for move in out if move.units)
    return tuple(replace(move, index=i) for i, move in enumerate((*legs, *out_already)))


def _others(case: Case) -> Iterator[OpenOrder]:
    """Return open orders but stops of ours, which are counted by what the ledger has of them.

    One that the plan withdraws may be gone since the account was read, from the ledger too.
    """
    stops = names_of(case.context.stops) | {
        each.withdraws for each in case.plan.stops if each.withdraws
    }
    return (o for o in case.snapshot.open_orders if o.client_order_id not in stops)


def _leg_move(case: Case, leg: Leg, mids: Mapping[Asset, Decimal]) -> Move:
    return Move(
        index=0,
        name=f"leg {leg.line}",
        stage=leg.stage,
        instrument=leg.instrument,
        units=leg.instrument.units(leg.lots),
        limit_price=leg.limit_price,
        mark=_mark(case, leg.instrument, mids),
        reserved=False,
        reduce_only=leg.reduce_only,
        is_roll=leg.role is Role.ROLL,
        is_neutral=leg.reason is LegReason.NEUTRAL,
    )


def _resting_move(case: Case, order: OpenOrder, mids: Mapping[Asset, Decimal]) -> Move:
    """Return an open order; a reduce-only one reaches no further than the position's rest."""
    instrument = case.instrument(order.symbol)
    units = instrument.units(order.lots)
    if order.reduce_only:
        room = _reducible(case, order)
        units = max(-room, min(room, units))
    return Move(
        index=0,
        name=f"order {order.client_order_id}",
        stage=RESTING_STAGE,
        instrument=instrument,
        units=units,
        limit_price=order.limit_price,
        mark=_mark(case, instrument, mids),
        reserved=True,
        reduce_only=order.reduce_only,
    )


def _reducible(case: Case, order: OpenOrder) -> Decimal:
    """Return how many units *order* can still take off beside the plan's own reductions."""
    position = case.snapshot.positions.get(order.symbol)
    if position is None or (position.lots > 0) == (order.lots > 0):
        return ZERO
    legs = (leg for leg in case.plan.legs if leg.symbol == order.symbol and leg.reduce_only)
    rest = abs(position.lots) - sum(abs(leg.lots) for leg in legs)
    return case.instrument(order.symbol).units(max(0, rest))


def _unknown_moves(case: Case, mids: Mapping[Asset, Decimal]) -> Iterator[Move]:
    """Yield what of our unresolved orders the venue did not show as open, at full rest."""
    shown = {order.client_order_id for order in case.snapshot.open_orders}
    for record in case.context.unresolved:
        intent = record.intent
        if intent.client_order_id in shown:
            continue
        yield Move(
            index=0,
            name=f"order {intent.client_order_id}",
            stage=RESTING_STAGE,
            instrument=intent.instrument,
            units=intent.instrument.units(intent.lots - record.executed_lots),
            limit_price=intent.limit_price,
            mark=_mark(case, intent.instrument, mids),
            reserved=False,
            reduce_only=intent.reduce_only,
        )


def _stop_moves(case: Case, mids: Mapping[Asset, Decimal]) -> Iterator[Move]:
    """Yield the stops that rest or are to, each as large as the larger of now and afterwards.

    They reach no further than what is left of the position beside the plan's own reductions. Of a
    hedge that the plan opens none is counted: once it has fired the account is as it would be had
    the hedge not filled, which is a prefix of the plan.
    """
    rests = (record.intent for record in case.context.stops)
    sizes: dict[tuple[HedgeId, Symbol], tuple[Instrument, int, Decimal]] = {
        i.place: (i.instrument, i.lots, i.trigger_price) for i in rests
    }
    for line in case.plan.stops:
        known = sizes.get(line.place, (line.instrument, 0, line.trigger_price))
        sizes[line.place] = (known[0], max(known[1], line.lots), line.trigger_price or known[2])
    taken: dict[Symbol, int] = {}
    for (name, _), (instrument, lots, trigger) in sizes.items():
        symbol = instrument.symbol
        room = _short_left(case, symbol) - taken.get(symbol, 0)
        reached = min(lots, room)
        if reached <= 0:
            continue
        taken[symbol] = taken.get(symbol, 0) + reached
        yield Move(
            index=0,
            name=f"stop of {name}",
            stage=RESTING_STAGE,
            instrument=instrument,
            units=instrument.units(reached),
            limit_price=trigger,
            mark=_mark(case, instrument, mids),
            reserved=True,
            reduce_only=True,
            is_stop=True,
        )


def _short_left(case: Case, symbol: Symbol) -> int:
    """Return the lots that a contract is short beside the plan's own reductions, >= 0."""
    position = case.snapshot.positions.get(symbol)
    if position is None:
        return 0
    legs = (leg for leg in case.plan.legs if leg.symbol == symbol and leg.reduce_only)
    return max(0, -position.lots - sum(abs(leg.lots) for leg in legs))


def _mark(case: Case, instrument: Instrument, mids: Mapping[Asset, Decimal]) -> Decimal:
    """Return what a fill of *instrument* is valued at."""
    if instrument.quote != case.snapshot.quote:
        raise Unmeasured(
            f"{instrument.symbol} is not quoted in {case.snapshot.quote}; drop the leg"
        )
    if instrument.is_contract:
        return case.contract(instrument.symbol).mark
    if instrument.base not in mids:
        raise Unmeasured(f"no book of {instrument.symbol} was read; read the market again")
    return mids[instrument.base]
