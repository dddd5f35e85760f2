"""Which stops have to rest on the venue, and what a plan does so that they do. Pure, exact.

A hedge that the policy gives a stop has one of exactly its size, in whole lots, at the average
entry with rolls times (1 + stop), rounded up to a tick: never nearer than the rule. Where a plan
changes a hedge, its stop is withdrawn before the first order and put to what was filled after the
last. One that is missing, of another size, or of no hedge is mended by lines of its own.
Source: strategy definitions 4.3; docs/design/0053-resting-stops.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.hedges import (
    MOVES,
    DriftBack,
    Hedge,
    HedgeBook,
    HedgeCause,
    HedgeId,
    HedgeLine,
    HedgeOrigin,
    units_of,
)
from trimtab.domain.instruments import Instrument, Lots, Symbol, Ticks
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.stops import FIRST_STOP_LINE, StopAct, StopId, StopLine, StopRecord

Place = tuple[HedgeId, Symbol]
"""One hedge in one contract."""
NO_STOP = StopId("")
"""Where none rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What stops are held against."""

    book: HedgeBook
    resting: tuple[StopRecord, ...]
    """Stops of ours that may still fill, oldest first."""
    snapshot: Snapshot
    policy: HedgePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The stop that a hedge should have."""

    lots: Lots
    """Of the hedge, whole ones, >= 0."""
    trigger: Ticks
    """> 0; 0 without lots."""


NOTHING_WANTED = Wanted(lots=Lots(0), trigger=Ticks(0))
"""A hedge that is no more, or has no stop by the policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What a plan makes of one hedge in one contract."""

    line: HedgeLine
    units: Decimal
    """Short, base units, >= 0."""
    worth: Decimal
    """What they were sold for, with what they gained elsewhere, quote units, signed."""
    changes: bool
    """Whether a leg of the plan changes it."""


def wanted(hedge: Hedge, instrument: Instrument, policy: HedgePolicy) -> Wanted:
    """Return the stop that *hedge* should have as it is."""
    with exact_arithmetic():
        worth = hedge.proceeds + hedge.carried
        return _wanted(hedge.units, worth=worth, instrument=instrument, policy=policy)


def _wanted(
    units: Decimal, *, worth: Decimal, instrument: Instrument, policy: HedgePolicy
) -> Wanted:
    """Return the stop of *units* that were sold for *worth*."""
    lots = Lots(int(units // instrument.lot_size))
    if not policy.rests_stop or not policy.stop or lots <= 0 or worth <= 0:
        return NOTHING_WANTED
    price = ratio(worth, units) * (ONE + policy.stop)
    ticks = (price / instrument.tick_size).to_integral_value(rounding=ROUND_CEILING)
    return Wanted(lots=lots, trigger=Ticks(int(ticks)))


def stop_lines(
    legs: Sequence[Leg], hedging: Sequence[HedgeLine], account: Account
) -> tuple[StopLine, ...]:
    """Return what a plan with *legs*, declared by *hedging*, does about stops, by line."""
    if not account.resting and not account.policy.rests_stop:
        return ()
    with exact_arithmetic():
        held = _after(legs, hedging, account)
        resting = {(r.intent.hedge_id, r.intent.instrument.symbol): r for r in account.resting}
        orphans = [place for place in resting if place not in held]
        found = [_line(h, resting.get(place), account) for place, h in held.items()]
        found += [_withdrawn(_of_nobody(resting[p], account), resting[p]) for p in orphans]
    lines = [line for line in found if line is not None]
    return tuple(
        replace(line, hedge=replace(line.hedge, line=number))
        for number, line in enumerate(lines, start=FIRST_STOP_LINE)
    )


def stop_firings(lines: Iterable[StopLine]) -> tuple[Firing, ...]:
    """Return why a plan that only mends stops acts."""
    words = {
        StopAct.PUT: "has no stop on the venue",
        StopAct.CHANGE: "has another stop on the venue than it should",
        StopAct.WITHDRAW: "is no more, or has no stop by the rules, and one rests",
    }
    return tuple(
        Firing(
            kind=TriggerKind.STOP,
            subject=line.hedge.hedge_id,
            measured=None,
            limit=None,
            reason=words[line.act],
        )
        for line in lines
    )


def _line(held: _Held, rests: StopRecord | None, account: Account) -> StopLine | None:
    """Return what is done about the stop of one hedge; None where it is as it should be."""
    instrument = account.snapshot.instruments.get(held.line.symbol)
    if instrument is None:  # A person looks first: there is no position behind the hedge.
        return None
    policy = account.policy
    should = _wanted(held.units, worth=held.worth, instrument=instrument, policy=policy)
    if not held.changes and rests is not None and _is(rests, should):
        return None
    if rests is not None and not should.lots:
        return _withdrawn(held.line, rests)
    if not should.lots or not (held.changes or _can_rest(should, instrument, account)):
        return None
    return StopLine(
        hedge=held.line,
        instrument=instrument,
        act=StopAct.PUT if rests is None else StopAct.CHANGE,
        lots=should.lots,
        trigger=should.trigger,
        withdraws=NO_STOP if rests is None else rests.intent.stop_id,
    )


def _withdrawn(hedge: HedgeLine, rests: StopRecord) -> StopLine:
    """Return that a stop is withdrawn and none follows it."""
    return StopLine(
        hedge=hedge,
        instrument=rests.intent.instrument,
        act=StopAct.WITHDRAW,
        lots=Lots(0),
        trigger=Ticks(0),
        withdraws=rests.intent.stop_id,
    )


def _is(rests: StopRecord, should: Wanted) -> bool:
    """Whether what rests is what should."""
    return (rests.intent.lots, rests.intent.trigger) == (should.lots, should.trigger)


def _can_rest(should: Wanted, instrument: Instrument, account: Account) -> bool:
    """Whether a stop would not fire at once, on a position that is as short as its hedges.

    Where the mark is past it the hedge is due, and closes by an order; where somebody else took a
    part of the position, a person looks first.
    """
    snapshot, symbol = account.snapshot, instrument.symbol
    position, contract = snapshot.positions.get(symbol), snapshot.contracts.get(symbol)
    if position is None or contract is None:
        return False
    short = -instrument.units(position.lots)
    return short >= units_of(account.book.open_on(symbol)) and (
        instrument.limit_price(should.trigger) > contract.mark
    )


def _after(
    legs: Sequence[Leg], hedging: Sequence[HedgeLine], account: Account
) -> Mapping[Place, _Held]:
    """Return each hedge as it is when every leg has filled at its mark, by first fill."""
    fold = _Fold(
        held={(h.hedge_id, h.symbol): _held(h) for h in account.book.open},
        moving={},
    )
    for leg in legs:
        lines = [line for line in hedging if line.line == leg.line]
        if not lines or not leg.instrument.is_contract:
            continue
        (fold.buy if leg.lots > 0 else fold.sell)(leg, lines)
    return fold.held


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fold:
    """Hedges while legs are added up."""

    held: dict[Place, _Held]
    moving: dict[HedgeId, tuple[Decimal, Decimal]]
    """Units that were bought back to be opened elsewhere, and what they had gained."""

    def buy(self, leg: Leg, lines: Sequence[HedgeLine]) -> None:
        """Take a leg off the hedges that it is declared for, in that order."""
        left = leg.quantity
        for line in lines:
            place = (line.hedge_id, line.symbol)
            known = self.held.get(place)
            if known is None:
                continue
            taken = min(left, known.units)
            left -= taken
            sold = ratio(known.worth * taken, known.units) if known.units else ZERO
            if line.cause in MOVES:
                units, gained = self.moving.get(line.hedge_id, (ZERO, ZERO))
                self.moving[line.hedge_id] = (units + taken, gained + sold - taken * leg.mark)
            self.held[place] = replace(
                known, units=known.units - taken, worth=known.worth - sold, changes=True
            )

    def sell(self, leg: Leg, lines: Sequence[HedgeLine]) -> None:
        """Add a leg to the hedges that it is declared for; those that move bring their gain."""
        left = leg.quantity
        for line in lines:
            place = (line.hedge_id, line.symbol)
            waits, _ = self.moving.get(line.hedge_id, (ZERO, ZERO))
            units = left if line is lines[-1] else min(left, waits)
            left -= units
            known = self.held.get(place) or _Held(
                line=_of_stop(line), units=ZERO, worth=ZERO, changes=True
            )
            self.held[place] = replace(
                known,
                units=known.units + units,
                worth=known.worth + units * leg.mark + self._brought(line, units),
                changes=True,
            )

    def _brought(self, line: HedgeLine, units: Decimal) -> Decimal:
        """Take what comes along with *units* that are opened for *line*: each gain goes once."""
        if line.cause not in MOVES:
            return ZERO
        waits, gained = self.moving.pop(line.hedge_id, (ZERO, ZERO))
        if units >= waits:
            return gained
        part = ratio(gained * units, waits)
        self.moving[line.hedge_id] = (waits - units, gained - part)
        return part


def _held(hedge: Hedge) -> _Held:
    """Return an open hedge as it is."""
    return _Held(
        line=_line_of(hedge),
        units=hedge.units,
        worth=hedge.proceeds + hedge.carried,
        changes=False,
    )


def _line_of(hedge: Hedge) -> HedgeLine:
    """Return what the stop of a hedge is declared as."""
    return HedgeLine(
        line=FIRST_STOP_LINE,
        hedge_id=hedge.hedge_id,
        asset=hedge.asset,
        symbol=hedge.symbol,
        origin=hedge.origin,
        cause=HedgeCause.STOP,
        drift_back=hedge.drift_back,
        beside=ZERO,
        beta=hedge.beta,
    )


def _of_stop(line: HedgeLine) -> HedgeLine:
    """Return what the stop of a hedge is declared as that *line* opens."""
    return replace(line, line=FIRST_STOP_LINE, cause=HedgeCause.STOP, beside=ZERO)


def _of_nobody(rests: StopRecord, account: Account) -> HedgeLine:
    """Return what a stop is declared as whose hedge is closed."""
    intent = rests.intent
    for hedge in _known(account.book, intent.hedge_id):
        return replace(_line_of(hedge), symbol=intent.instrument.symbol)
    return HedgeLine(
        line=FIRST_STOP_LINE,
        hedge_id=intent.hedge_id,
        asset=intent.instrument.base,
        symbol=intent.instrument.symbol,
        origin=HedgeOrigin.BY_HAND,
        cause=HedgeCause.STOP,
        drift_back=DriftBack.NEVER,
        beside=ZERO,
    )


def _known(book: HedgeBook, hedge_id: HedgeId) -> Iterator[Hedge]:
    """Yield a hedge, open or closed, in each contract that it was in."""
    return (hedge for hedge in book.hedges if hedge.hedge_id == hedge_id)
