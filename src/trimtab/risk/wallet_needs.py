"""What a futures wallet needs beyond its balance, as a function of a price move. Pure and exact.

The same terms as the rules of :mod:`trimtab.risk.pool_rules`, asked at marks that have moved, in
steps of :data:`trimtab.risk.crossings.STEP`, at the worst fills. What does not move is added up
once, so that the question costs what moves. Callers bring ``exact_arithmetic()``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ONE, ZERO
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.policy import RiskLimits
from trimtab.risk.convex import Fills
from trimtab.risk.crossings import STEP, Excess
from trimtab.risk.pool_rules import Pool

LIQUIDATION: Final = "liquidation"
"""The wallet's balance no longer covers its maintenance."""
MARGIN_LIMITS: Final = ("min_margin_ratio", "shock", "min_liquidation_distance")
"""The limits that a futures wallet has, by the codes of their checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What some contracts need: a factor of their maintenance less their profit, quote units."""

    still: Decimal
    """At their marks."""
    up: Decimal
    """More than that when all marks rise by the size."""
    down: Decimal
    """More than that when all marks fall by it."""
    alone: Decimal
    """More than that when the worst group of them moves by it, the others staying."""

    def with_those_of(self, others: Needs) -> Needs:
        """Return the needs of both, who share no contract."""
        return Needs(
            still=self.still + others.still,
            up=self.up + others.up,
            down=self.down + others.down,
            alone=max(self.alone, others.alone),
        )


NOTHING: Final = Needs(still=ZERO, up=ZERO, down=ZERO, alone=ZERO)
"""No contract needs anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A factor of maintenance, and the size of a further move."""

    factor: Decimal
    """Multiple of maintenance, >= 0."""
    size: Decimal
    """Fraction of the moved mark, in [0, 1]."""
    by_underlying: bool
    """Whether contracts on one underlying move together, or each by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """One futures wallet at certain fills, and the needs at marks as read found so far."""

    pool: Pool
    fills: Fills
    known: dict[tuple[str, Asset], Needs]

    def needs(self, ask: Ask, base: Asset, *, multiple: Decimal) -> Needs:
        """Return what the contracts on *base* need when their marks are multiplied."""
        each = [
            self._of(s, ask, multiple=multiple)
            for s in self.pool.symbols
            if self.pool.state.instruments[s].base == base
        ]
        up, down = (sum((pair[side] for pair in each), ZERO) for side in (1, 2))
        together = max(up, down)
        apart = max(max(pair[1:]) for pair in each)
        return Needs(
            still=sum((pair[0] for pair in each), ZERO),
            up=up,
            down=down,
            alone=max(ZERO, together if ask.by_underlying else apart),
        )

    def _of(
        self, symbol: Symbol, ask: Ask, *, multiple: Decimal
    ) -> tuple[Decimal, Decimal, Decimal]:
        """Return the need of one contract, and what it needs more after either side."""
        still, up, down = (
            self.pool.term(symbol, factor=ask.factor, move=multiple * further).peak(self.fills)
            for further in (ONE, ONE + ask.size, ONE - ask.size)
        )
        return still, up - still, down - still


def needs_of(wallet: Wallet, moved: frozenset[Asset], limits: RiskLimits) -> Mapping[str, Excess]:
    """Return by code what *wallet* needs beyond its balance while the assets *moved* move."""
    asks = {
        LIQUIDATION: Ask(factor=ONE, size=ZERO, by_underlying=False),
        "min_margin_ratio": Ask(factor=limits.min_margin_ratio, size=ZERO, by_underlying=False),
        "min_liquidation_distance": Ask(
            factor=ONE, size=limits.min_liquidation_distance, by_underlying=False
        ),
        "shock": Ask(factor=limits.shock_kappa, size=limits.shock, by_underlying=True),
    }
    return {code: _excess(wallet, code, ask, moved) for code, ask in asks.items()}


def _excess(wallet: Wallet, code: str, ask: Ask, moved: frozenset[Asset]) -> Excess:
    """Return the worst need under *ask*: of none, of each group, for the shock also of all."""
    bases = sorted({i.base for i in wallet.pool.state.instruments.values()})
    rest = _all(_known(wallet, code, ask, base) for base in bases if base not in moved)
    balance = wallet.pool.balance.peak(wallet.fills)

    def excess(step: int) -> Decimal:
        multiple = ONE + step * STEP
        moving = (wallet.needs(ask, base, multiple=multiple) for base in bases if base in moved)
        found = _all((rest, *moving))
        together = (found.up, found.down) if ask.by_underlying else ()
        return found.still + max(found.alone, *together, ZERO) + balance

    return excess


def _known(wallet: Wallet, code: str, ask: Ask, base: Asset) -> Needs:
    """Return what the contracts on *base* need at their marks as read, computed once."""
    key = (code, base)
    if key not in wallet.known:
        wallet.known[key] = wallet.needs(ask, base, multiple=ONE)
    return wallet.known[key]


def _all(parts: Iterable[Needs]) -> Needs:
    """Return the needs of all *parts* together."""
    found = NOTHING
    for part in parts:
        found = found.with_those_of(part)
    return found
