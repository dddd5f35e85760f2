"""By how much an account exceeds its caps on exposure, as a function of a price move. Pure, exact.

A cap's excess is a sum over assets: each asset's exposure less the limit times what the asset adds
to the divisor. So an account falls into parts, one for each asset and one for the quote, the gate's
own rule is asked of each part, and only the parts that move are asked again. Moves are counted in
steps of :data:`trimtab.risk.crossings.STEP`. Callers bring ``exact_arithmetic()``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.domain.exact import ONE, ZERO
from trimtab.domain.instruments import Asset
from trimtab.domain.snapshot import Balance
from trimtab.risk import exposure_rules
from trimtab.risk.case import Case
from trimtab.risk.convex import Fills
from trimtab.risk.crossings import STEP, Excess
from trimtab.risk.moved import moved_state
from trimtab.risk.rule import Rule
from trimtab.risk.state import AccountState

CAPS: Final = (
    exposure_rules.max_leverage,
    exposure_rules.max_net,
    exposure_rules.max_gross,
    exposure_rules.max_synthetic_long,
)
"""The rules that cap exposure at prices as they are."""

Bounds = tuple[Decimal, ...]
"""The excess over any fills, and the same with what cash can buy; each bounds it from above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposures:
    """An account in parts, at certain fills, and the bounds at prices as read found so far."""

    case: Case
    fills: Fills
    parts: Mapping[Asset, AccountState]
    """By asset, the quote's part among them; their moves, holdings and contracts are disjoint."""
    known: dict[tuple[str, Asset], Bounds]

    def limits(self, moved: frozenset[Asset]) -> Mapping[str, tuple[Excess, ...]]:
        """Return by code excesses, of which one must hold, while *moved* move."""
        return {rules.__name__: self._ways(rules, moved) for rules in CAPS}

    def _ways(self, rules: _Rules, moved: frozenset[Asset]) -> tuple[Excess, ...]:
        still = [self._known(rules, asset) for asset in self.parts if asset not in moved]
        rest = [_total(still)] if still else []
        seen: dict[int, Bounds] = {}

        def at(step: int) -> Bounds:
            if step not in seen:
                moving = (self._bounds(rules, a, step) for a in self.parts if a in moved)
                seen[step] = _total([*rest, *moving])
            return seen[step]

        return tuple(partial(_nth, at, place=place) for place in range(len(at(0))))

    def _known(self, rules: _Rules, asset: Asset) -> Bounds:
        key = (rules.__name__, asset)
        if key not in self.known:
            self.known[key] = self._bounds(rules, asset, 0)
        return self.known[key]

    def _bounds(self, rules: _Rules, asset: Asset, step: int) -> Bounds:
        """Return the bounds of one part whose prices have moved."""
        held = {a: b for a, b in self.case.snapshot.balances.items() if a == asset}
        part = moved_state(self.parts[asset], held, {asset: ONE + step * STEP})
        [rule] = rules(part, self.case)
        worst = max(excess.peak(self.fills, {}) for excess in rule.worst_of)
        return worst, *(excess.peak(self.fills, {}) for excess in rule.capped_by)


_Rules = Callable[[AccountState, Case], tuple[Rule, ...]]


def exposures_of(state: AccountState, case: Case, fills: Fills) -> Exposures:
    """Return *state* in parts."""
    parts = {asset: _part(asset, state, case) for asset in (state.quote, *state.risky)}
    return Exposures(case=case, fills=fills, parts=parts, known={})


def _part(asset: Asset, state: AccountState, case: Case) -> AccountState:
    """Return what of *state* belongs to *asset*; the quote's part has the cash and no move."""
    is_quote = asset == state.quote
    symbols = state.symbols_by_base.get(asset, ())
    held = case.snapshot.balances.get(asset, Balance(free=ZERO, locked=ZERO)).held
    units, mid = state.holdings.get(asset, ZERO), state.mids[asset]
    moves = state.on_asset(asset)
    return replace(
        state,
        mids={state.quote: ONE, asset: mid},
        cash=state.cash if is_quote else ZERO,
        releasable=state.releasable if is_quote else ZERO,
        holdings={state.quote: ZERO, asset: units},
        outside=held * mid,
        nav=units * mid,
        positions={s: state.positions[s] for s in symbols},
        instruments={s: state.instruments[s] for s in symbols},
        contracts={s: state.contracts[s] for s in symbols},
        pools={},
        moves=moves,
        transits=state.transits if is_quote else (),
        moves_by_asset={asset: moves},
        moves_by_symbol={m.instrument.symbol: state.on_symbol(m.instrument.symbol) for m in moves},
        symbols_by_base={asset: symbols},
        coins={coin: held for coin, held in state.coins.items() if coin == asset},
    )


def _total(parts: list[Bounds]) -> Bounds:
    """Return the sum of each bound; one of each kind, since only all parts together have cash."""
    return tuple(sum(bounds, ZERO) for bounds in zip(*parts, strict=True))


def _nth(at: Callable[[int], Bounds], step: int, *, place: int) -> Decimal:
    """Return one of the bounds at *step*."""
    return at(step)[place]
