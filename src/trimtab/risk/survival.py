"""The survival line: how far prices may move until a limit breaks, and until liquidation. Pure.

For the common move of everything but the quote, and for each asset's own move: now, at the worst
prefix of the plan, and at its end. The limits are the gate's own rules, asked at the moved prices,
with margin, notional and bracket taken there; fills happen at their limits before prices move.
Exact to one step of :data:`trimtab.risk.crossings.STEP`, and certified there: at the move that is
shown everything holds, one step further something breaks. Each futures wallet is one cross-margin
pool. Design: docs/design/0016-survival-line.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import RiskLimits
from trimtab.risk.case import Case
from trimtab.risk.coin_pools import CoinPool, coin_needs_of, coin_pools
from trimtab.risk.convex import Fills
from trimtab.risk.crossings import STEP, Excess, reach
from trimtab.risk.exposure_needs import Exposures, exposures_of
from trimtab.risk.numbers import UNUSABLE, on_numbers
from trimtab.risk.pool_rules import pools
from trimtab.risk.review import review_of
from trimtab.risk.state import AccountState
from trimtab.risk.wallet_needs import LIQUIDATION, MARGIN_LIMITS, Wallet, needs_of


class Place(StrEnum):
    """Where on the way of a plan the account stands when prices move."""

    NOW = "now"
    """Nothing of the plan is filled; orders that are out already are, as far as it hurts."""
    WORST_PREFIX = "worst_prefix"
    """Anything of the plan is filled, whatever hurts most. A transfer into margin was made: what
    it is for is not sent without it."""
    END = "end"
    """All of the plan is filled at its limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The end of what an account survives in one direction."""

    move: Decimal
    """Fraction of the price as read, signed: the last step at which all holds."""
    check: str
    """What breaks one step further: the code of a limit's check, or ``liquidation``."""
    is_past: bool
    """Whether it is broken without any move; ``move`` is 0 then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What one price, or all together, may do. None where no move within reach ends it."""

    place: Place
    asset: Asset | None
    """Whose price moves; None for all but the quote together."""
    limit_low: Edge | None
    limit_high: Edge | None
    liquidation_low: Edge | None
    liquidation_high: Edge | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """The survival line of one account and plan."""

    spans: tuple[Span, ...]
    """By place, all together first, then assets by name; empty when it could not be measured."""
    unmeasured: str
    """Why there are no spans; empty when there are."""


def survival(case: Case) -> Survival:
    """Return the survival line of *case*, or why it cannot be measured."""
    if any(finding.verdict is Verdict.REFUSE for finding in on_numbers(case)):
        return Survival(spans=(), unmeasured=UNUSABLE)
    found = review_of(case).found
    if isinstance(found, Exception):
        return Survival(spans=(), unmeasured=str(found))
    try:
        with exact_arithmetic():
            return Survival(spans=_spans(case, found.state), unmeasured="")
    except ArithmeticError:
        return Survival(spans=(), unmeasured="a number is out of range; read again")


def _spans(case: Case, state: AccountState) -> tuple[Span, ...]:
    """Return all spans; without legs every place is the present one."""
    legs = frozenset(m.index for m in state.moves if m.is_leg)
    inward = frozenset(t.index for t in state.transits if t.is_leg and t.units > 0)
    outward = frozenset(t.index for t in state.transits if t.is_leg) - inward
    out = frozenset(line.index for line in state.lines) - legs - inward - outward
    places = {Place.NOW: Fills(moving=out, settled=frozenset())}
    if legs:
        # Of a roll nothing is opened before as much was bought back: it is never there twice.
        back = frozenset(m.index for m in state.moves if m.is_rolled_back)
        places[Place.WORST_PREFIX] = Fills(
            moving=(out | legs | outward) - back, settled=inward | back
        )
        places[Place.END] = Fills(moving=out, settled=legs | inward | outward)
    spans: list[Span] = []
    for place, fills in places.items():
        wallets = tuple(Wallet(pool=pool, fills=fills, known={}) for pool in pools(state))
        stand = _Stand(
            limits=case.limits,
            wallets=wallets,
            coins=coin_pools(state),
            exposures=exposures_of(state, case, fills),
        )
        alone = state.risky if len(state.risky) > 1 else ()
        for asset in (None, *alone):
            moved = frozenset(state.risky if asset is None else (asset,))
            spans.append(_span(stand, moved, place=place, asset=asset))
    return tuple(spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stand:
    """An account at one place of a plan."""

    limits: RiskLimits
    wallets: tuple[Wallet, ...]
    coins: tuple[CoinPool, ...]
    """Wallets of coin-margined contracts, which are the same at every place."""
    exposures: Exposures


def _span(stand: _Stand, moved: frozenset[Asset], *, place: Place, asset: Asset | None) -> Span:
    limits: list[Limit] = list(stand.exposures.limits(moved).items())
    ruin: list[Limit] = []
    needs = [needs_of(wallet, moved, stand.limits) for wallet in stand.wallets]
    needs += [coin_needs_of(pool, moved, stand.limits) for pool in stand.coins]
    if needs:
        limits = [(code, (_largest(needs, code),)) for code in MARGIN_LIMITS] + limits
        ruin = [(LIQUIDATION, (_largest(needs, LIQUIDATION),))]
    return Span(
        place=place,
        asset=asset,
        limit_low=_edge(limits, sign=-1),
        limit_high=_edge(limits, sign=1),
        liquidation_low=_edge(ruin, sign=-1),
        liquidation_high=_edge(ruin, sign=1),
    )


Limit = tuple[str, tuple[Excess, ...]]
"""A check's code, and excesses of which one must hold."""


def _edge(limits: Iterable[Limit], *, sign: int) -> Edge | None:
    """Return where the first of *limits* breaks, None where none does within reach."""
    named = tuple(limits)
    past = [code for code, ways in named if min(way(0) for way in ways) > ZERO]
    if past:
        return Edge(move=ZERO, check=past[0], is_past=True)
    first: tuple[int, str] | None = None
    for code, ways in named:
        if first is not None and _holds_to(ways, first[0] + sign):
            continue
        end = reach(ways, sign=sign)
        if end is not None and (first is None or abs(end) < abs(first[0])):
            first = (end, code)
    return None if first is None else Edge(move=first[0] * STEP, check=first[1], is_past=False)


def _largest(needs: Iterable[Mapping[str, Excess]], code: str) -> Excess:
    """Return the excess of the wallet that is worst off."""
    ways = [each[code] for each in needs]
    return lambda step: max(way(step) for way in ways)


def _holds_to(ways: Iterable[Excess], step: int) -> bool:
    """Whether one way holds here and at *step*, and therefore all the way between."""
    return any(way(step) <= ZERO and way(0) <= ZERO for way in ways)
