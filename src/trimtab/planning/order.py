"""Order: a sequence of a plan's lines in which every prefix is safe, where the usual one is not.

Pure and exact. What is safe is not known here: the caller brings the judge. Sizes are never
changed: a sequence is looked for among the lines as they are, and then among slices of the legs of
each asset that oppose each other, one of them a contract, so that a coin and its hedge go in pairs.
Lines one by one are at least as safe as side by side; so the lines are put into a sequence first,
and neighbours of one usual stage go together again where that is safe. Source: strategy
definitions 3.7; design: docs/design/0033-order-of-legs.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final, Protocol

from trimtab.domain.exact import ZERO, exact_arithmetic, floor_times, ratio
from trimtab.domain.instruments import Asset, Lots
from trimtab.domain.plan import Leg, LineOrder, Plan

Lines = frozenset[int]
"""Lines of a plan."""


class Step(Protocol):
    """Judges one step on the way through a plan."""

    def __call__(self, *, gone: Lines, here: Lines) -> bool:
        """Return whether lines may be in flight together after others have ended as planned."""
        ...


Judge = Callable[[Plan], Step | None]
"""Judges the steps of a plan; None where its end breaks a limit, whatever the order."""

TRIES_MAX: Final = 5_000
"""Steps that are judged in one search. Up to nine lines of their own have fewer in all orders."""
SLICES_MAX: Final = 50
"""Slices of one leg; what needs more is refused by the gate's count of orders in any case."""
_FINER: Final = (1, 2)
"""How many times the least count of slices is tried, in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a search came to."""

    plan: Plan | None
    """The same amounts in a safe sequence; None when none was found."""
    tried_all: bool
    """Whether every sequence was looked at."""
    slices: int
    """Slices of each leg of a pair in ``plan``; 1 where none was cut."""


def safe_order(plan: Plan, judge: Judge, *, slice_max: Decimal) -> Order | None:
    """Return a sequence of *plan*'s lines that *judge* passes; None where no order can help.

    *slice_max* is the largest notional of a slice, quote units, > 0.
    """
    tried_all, searched = True, False
    for slices, sliced in _cut(plan, slice_max):
        step = judge(sliced)
        if step is None:
            continue
        search = _Search(_chains(sliced), step)
        searched = True
        if search.found():
            order = LineOrder.SLICED if slices > 1 else LineOrder.SEARCHED
            laid_out = _laid_out(replace(sliced, order=order), search.path, step)
            return Order(plan=laid_out, tried_all=True, slices=slices)
        tried_all = tried_all and search.tries < TRIES_MAX
    return Order(plan=None, tried_all=tried_all, slices=1) if searched else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """Lines that go in their own sequence: slices of one leg are all alike."""

    lines: tuple[int, ...]
    usual: int
    """The stage that they have in the usual order."""


class _Search:
    """A depth-first walk over how many lines of each chain have gone, each place seen once."""

    def __init__(self, chains: Sequence[_Chain], may_go: Step) -> None:
        self._chains, self._may_go = chains, may_go
        self._seen = set[tuple[int, ...]]()
        self.tries = 0
        self.path = list[int]()
        """Lines in the order found."""

    def found(self) -> bool:
        """Walk on from the lines that have gone; the usual order and even progress come first."""
        start = tuple(0 for _ in self._chains)
        self._seen.add(start)
        trail = [(start, self._ways(start))]  # No recursion: a plan in slices has many lines.
        while trail:
            counts, ways = trail[-1]
            if all(n == len(c.lines) for n, c in zip(counts, self._chains, strict=True)):
                return True
            place = next((k for k in ways if self._goes(k, counts)), None)
            if place is None:
                trail.pop()
                del self.path[-1:]
                continue
            self.path.append(self._chains[place].lines[counts[place]])
            after = _one_more(counts, place)
            self._seen.add(after)
            trail.append((after, self._ways(after)))
        return False

    def _ways(self, counts: Sequence[int]) -> Iterator[int]:
        """Return the chains that have lines left, the best first."""
        left = [k for k, chain in enumerate(self._chains) if counts[k] < len(chain.lines)]
        return iter(sorted(left, key=lambda k: self._preference(k, counts)))

    def _goes(self, place: int, counts: tuple[int, ...]) -> bool:
        """Say whether the next line of a chain may go, to where the walk has not been."""
        if _one_more(counts, place) in self._seen or self.tries >= TRIES_MAX:
            return False
        self.tries += 1
        line = self._chains[place].lines[counts[place]]
        return self._may_go(gone=frozenset(self.path), here=frozenset({line}))

    def _preference(self, place: int, counts: Sequence[int]) -> tuple[int, Decimal, int]:
        """Rank a chain: its usual stage, how much of it has gone, its first line."""
        chain = self._chains[place]
        share = ratio(Decimal(counts[place]), Decimal(len(chain.lines)))
        return chain.usual, share, chain.lines[0]


def _one_more(counts: tuple[int, ...], place: int) -> tuple[int, ...]:
    """Return how many lines of each chain have gone when one of a chain follows."""
    return (*counts[:place], counts[place] + 1, *counts[place + 1 :])


def _chains(plan: Plan) -> tuple[_Chain, ...]:
    """Return a chain for each transfer, and one for all legs of one market, side and stage."""
    alike: dict[object, list[int]] = {}
    stages: dict[int, int] = {}
    for leg in plan.legs:
        alike.setdefault((leg.symbol, leg.side, leg.stage), []).append(leg.line)
        stages[leg.line] = leg.stage
    for transfer in plan.transfers:
        alike[transfer.line] = [transfer.line]
        stages[transfer.line] = transfer.stage
    return tuple(_Chain(lines=tuple(ls), usual=stages[ls[0]]) for ls in alike.values())


def _laid_out(plan: Plan, path: Sequence[int], step: Step) -> Plan:
    """Return *plan* with its lines in the stages that a path comes to; one slice of a leg each."""
    usual = {leg.line: leg.stage for leg in plan.legs}
    sides = {leg.line: (leg.symbol, leg.side) for leg in plan.legs}
    alone = {transfer.line for transfer in plan.transfers}
    stages: list[list[int]] = []
    gone = frozenset[int]()
    for line in path:
        together = frozenset({*stages[-1], line}) if stages else frozenset[int]()
        joins = stages and not together & alone and len({usual[n] for n in together}) == 1
        if joins and plan.order is LineOrder.SLICED:
            joins = len({sides[n] for n in together}) == len(together)
        if joins and step(gone=gone, here=together):
            stages[-1].append(line)
            continue
        gone = gone.union(stages[-1] if stages else ())
        stages.append([line])
    places = {line: s for s, lines in enumerate(stages, start=1) for line in lines}
    ordered = sorted(places, key=lambda line: (places[line], line))
    numbers = {line: n for n, line in enumerate(ordered, start=1)}
    return _renumbered(plan, stages=places, numbers=numbers)


def _renumbered(plan: Plan, *, stages: dict[int, int], numbers: dict[int, int]) -> Plan:
    """Return *plan* with other stages and line numbers; what is declared follows its lines."""
    legs = (replace(g, stage=stages[g.line], line=numbers[g.line]) for g in plan.legs)
    transfers = (replace(t, stage=stages[t.line], line=numbers[t.line]) for t in plan.transfers)
    hedging = (replace(h, line=numbers[h.line]) for h in plan.hedging)
    return replace(
        plan,
        legs=tuple(sorted(legs, key=lambda leg: leg.line)),
        transfers=tuple(sorted(transfers, key=lambda each: each.line)),
        hedging=tuple(sorted(hedging, key=lambda each: each.line)),  # Stable: see HedgeLine.line.
    )


def _cut(plan: Plan, slice_max: Decimal) -> Iterator[tuple[int, Plan]]:
    """Yield *plan* itself, and then with its pairs in slices, finer and finer."""
    yield 1, plan
    pairs = _pairs(plan)
    if not pairs:
        return
    least = max(_least_slices(leg, slice_max) for leg in plan.legs if leg.instrument.base in pairs)
    for count in (least * finer for finer in _FINER):
        if count <= SLICES_MAX:
            yield count, _sliced(plan, pairs, count)


def _pairs(plan: Plan) -> frozenset[Asset]:
    """Return the assets whose legs oppose each other, at least one being a contract."""
    found = set[Asset]()
    for asset in {leg.instrument.base for leg in plan.legs}:
        mine = [leg for leg in plan.legs if leg.instrument.base == asset]
        has_contract = any(leg.instrument.is_contract for leg in mine)
        if has_contract and len({leg.side for leg in mine}) > 1:
            found.add(asset)
    return frozenset(found)


def _least_slices(leg: Leg, slice_max: Decimal) -> int:
    """Return into how many slices a leg must be cut; more than may be where a lot is too much."""
    with exact_arithmetic():
        most = floor_times(leg.instrument.lot_size * leg.mark, slice_max)
    return -(-abs(leg.lots) // most) if most else SLICES_MAX + 1


def _sliced(plan: Plan, pairs: frozenset[Asset], count: int) -> Plan:
    """Return *plan* with the legs of some assets in at most *count* slices each."""
    legs, origin = list[Leg](), list[int]()
    for leg in plan.legs:
        pieces = _slices(leg, count) if leg.instrument.base in pairs else (leg,)
        legs += pieces
        origin += [leg.line] * len(pieces)
    lines = {t.line: n for n, t in enumerate(plan.transfers, start=1 + len(legs))}
    numbered = tuple(replace(leg, line=n) for n, leg in enumerate(legs, start=1))
    came = list(zip(numbered, origin, strict=True))
    return replace(
        plan,
        legs=numbered,
        transfers=tuple(replace(t, line=lines[t.line]) for t in plan.transfers),
        hedging=tuple(
            replace(h, line=leg.line) for leg, was in came for h in plan.hedging if h.line == was
        ),
    )


def _slices(leg: Leg, count: int) -> tuple[Leg, ...]:
    """Return a leg in *count* slices of nearly the same lots; lots and cost add up exactly."""
    whole, sign = abs(leg.lots), 1 if leg.lots > 0 else -1
    ends = [whole * k // count for k in range(count + 1)]
    sizes = [b - a for a, b in pairwise(ends) if b > a]
    pieces, left = list[Leg](), leg.expected_cost
    with exact_arithmetic():
        for place, lots in enumerate(sizes, start=1):
            share = ratio(leg.expected_cost * lots, Decimal(whole)) if place < len(sizes) else left
            share = max(ZERO, min(left, share))
            left -= share
            pieces.append(replace(leg, lots=Lots(sign * lots), expected_cost=share))
    return tuple(pieces)
