"""Rules of the futures wallets: margin ratio, shock, liquidation distance. Pure and exact.

Each is ``factor x maintenance - balance`` of a cross-margin pool at moved marks: notional,
bracket and profit are all taken at the moved price. Coins add nothing to a pool. Where the quote's
cash lies in the same wallet it does, and what coins cost leaves it (0052-one-wallet).
Maintenance is the largest over brackets and over the sign of the position, profit is linear,
so each contract is one term; scenarios share the terms of what does not move in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, ratio
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.margin import liquidation_distance, liquidation_price, maintenance, reachable
from trimtab.domain.snapshot import Bracket
from trimtab.risk.case import Case
from trimtab.risk.convex import Affine, Excess, MoveIndex, Swapped, Term
from trimtab.risk.rule import Gauge, Rule, Settled, below, below_ratio
from trimtab.risk.scenarios import AS_READ, scenarios
from trimtab.risk.state import AccountState

RESCUE = "take futures off, or move quote into the futures wallet"
RESCUE_OF_ONE = "take futures off, buy less, or bring quote into the wallet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One futures wallet and the contracts that it margins."""

    asset: Asset
    symbols: tuple[Symbol, ...]
    state: AccountState

    @property
    def moves(self) -> frozenset[MoveIndex]:
        """Legs in contracts of this pool, and buys of coins that its money pays."""
        found = (m for s in self.symbols for m in self.state.on_symbol(s) if m.is_leg)
        paid = (m for m in self.state.moves if m.is_leg and m.cash < 0) if self.has_cash else ()
        return frozenset(m.index for m in (*found, *paid))

    @property
    def has_cash(self) -> bool:
        """Whether the quote that coins are bought with lies in this wallet."""
        return self.state.one_wallet and self.asset == self.state.quote

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.asset} wallet" if self.has_cash else f"{self.asset} futures wallet"

    @property
    def rescue(self) -> str:
        """What helps it, the end of a sentence."""
        return RESCUE_OF_ONE if self.has_cash else RESCUE

    @property
    def balance(self) -> Term:
        """Minus the balance as read, and what transfers bring.

        Cash in the same wallet counts as trades of coins leave it. Where the box of fills has buys
        that only sells could pay, what is left is bounded by what positions bind at least: buys
        are cut to what is free, so that they never take it (0052-one-wallet).
        """
        held = self.state.pools[self.asset].balance
        if self.has_cash:
            slopes = {m.index: -m.cash for m in self.state.moves if m.cash}
            now = -held - self.state.cash
            least = sum((self._never_more(s) for s in self.symbols), ZERO)
            cash = Affine(constant=now, slopes=slopes)
            return Term(branches=(cash,), ceiling=max(now, least))
        brought = {j: -units for j, units in self.state.into_pool(self.asset).items()}
        return Term(branches=(Affine(constant=-held, slopes=brought),))

    def _never_more(self, symbol: Symbol) -> Decimal:
        """Return minus the margin that a position binds at least, plus what its fills may earn.

        Over all fills, at the higher of the leverages that it may have.
        """
        contract, moves = self.state.contracts[symbol], self.state.on_symbol(symbol)
        low, high = self._bounds(symbol)
        least = ZERO if low <= ZERO <= high else min(abs(low), abs(high))
        leverage = max(contract.leverage, self.state.opening_leverage)
        earned = sum((max(ZERO, m.margin(contract.mark)) for m in moves), ZERO)
        return earned - ratio(least * contract.mark, Decimal(leverage))

    def _bounds(self, symbol: Symbol) -> tuple[Decimal, Decimal]:
        """Return the lowest and the highest position that any fills lead to, base units, signed."""
        held, moves = self.state.positions[symbol], self.state.on_symbol(symbol)
        low = held + sum((min(ZERO, m.units) for m in moves), ZERO)
        return low, held + sum((max(ZERO, m.units) for m in moves), ZERO)

    def steps(self, symbol: Symbol, *, mark: Decimal) -> tuple[Bracket, ...]:
        """Return the steps of a contract's table that any fills lead to at *mark*."""
        largest = max(map(abs, self._bounds(symbol)))
        return reachable(largest * mark, self.state.contracts[symbol].brackets)

    def term(self, symbol: Symbol, *, factor: Decimal, move: Decimal) -> Term:
        """Return factor x maintenance - profit since now of one contract at mark x *move*."""
        contract = self.state.contracts[symbol]
        moves = self.state.on_symbol(symbol)
        held = self.state.positions[symbol]
        mark = contract.mark * move
        profit = held * (mark - contract.mark)
        brought = {m.index: m.margin(mark) for m in moves}
        branches: list[Affine] = []
        for b in self.steps(symbol, mark=mark):
            for sign in (1, -1):
                per_unit = factor * sign * mark * b.maintenance_ratio
                start = per_unit * held - factor * b.maintenance_deduction - profit
                slopes = {m.index: per_unit * m.units - brought[m.index] for m in moves}
                branches.append(Affine(constant=start, slopes=slopes))
        return Term(branches=tuple(branches))

    def terms(self, *, factor: Decimal, move: Decimal) -> dict[Symbol, Term]:
        """Return the terms of all contracts, each moved alike."""
        return {s: self.term(s, factor=factor, move=move) for s in self.symbols}

    def excess(self, terms: Iterable[Term]) -> Excess:
        """Return *terms* less the balance."""
        return Excess(terms=(*terms, self.balance))


def pools(state: AccountState) -> tuple[Pool, ...]:
    """Return the pools that margin a position or a move, or that a transfer concerns, by asset."""
    return tuple(
        Pool(
            asset=asset,
            symbols=tuple(s for s, i in state.instruments.items() if i.settle == asset),
            state=state,
        )
        for asset in sorted(state.pools)
    )


def min_margin_ratio(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard margin balance over maintenance margin, at prices as read."""
    limit = case.limits.min_margin_ratio
    return tuple(
        Rule(
            code="min_margin_ratio",
            what=f"margin ratio of the {pool.name}",
            scenario=AS_READ,
            worst_of=(pool.excess(pool.terms(factor=limit, move=ONE).values()),),
            capped_by=(),
            settled=Settled.ANY_FILL,
            limit=limit,
            gauge=below_ratio(limit, _maintenance(pool)),
            guarded=pool.moves,
            advice=pool.rescue,
        )
        for pool in pools(state)
    )


def _maintenance(pool: Pool) -> Excess:
    """Return the maintenance of a pool at prices as read, without its balance."""
    terms: list[Term] = []
    for symbol in pool.symbols:
        contract, moves = pool.state.contracts[symbol], pool.state.on_symbol(symbol)
        branches = [
            Affine(
                constant=rate * pool.state.positions[symbol] - b.maintenance_deduction,
                slopes={m.index: rate * m.units for m in moves},
            )
            for b in pool.steps(symbol, mark=contract.mark)
            for rate in (b.maintenance_ratio * contract.mark, -b.maintenance_ratio * contract.mark)
        ]
        terms.append(Term(branches=tuple(branches)))
    return Excess(terms=tuple(terms))


def shock(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard balance after every shock >= kappa x maintenance at shocked notional and bracket."""
    return tuple(rule for pool in pools(state) for rule in _shock_of(pool, case))


def _shock_of(pool: Pool, case: Case) -> tuple[Rule, ...]:
    kappa, size = case.limits.shock_kappa, case.limits.shock
    still = pool.terms(factor=kappa, move=ONE)
    unmoved, legs = pool.excess(still.values()), pool.moves
    sides = [pool.terms(factor=kappa, move=ONE + s) for s in (size, -size)]
    on: dict[Asset, list[Symbol]] = {}
    for symbol in pool.symbols:
        on.setdefault(pool.state.instruments[symbol].base, []).append(symbol)
    return tuple(
        Rule(
            code="shock",
            what=f"what the {pool.name} has left over {kappa} x maintenance",
            scenario=scenario.name,
            worst_of=tuple(
                Swapped(
                    base=unmoved,
                    swaps={still[s]: side[s] for base in scenario.moved for s in on[base]},
                )
                for side in (sides if scenario.moved else sides[:1])
            ),
            capped_by=(),
            settled=Settled.ANY_FILL,
            limit=ZERO,
            gauge=below(ZERO),
            guarded=legs,
            advice=pool.rescue,
        )
        for scenario in scenarios(tuple(sorted(on)))
    )


def min_liquidation_distance(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard how far each contract's own mark may move before liquidation, the others still.

    At distance d or more exactly when, at the mark moved by d, the balance still covers the
    maintenance; that is the excess, and the formula only shows the distance.
    """
    limit = case.limits.min_liquidation_distance
    rules: list[Rule] = []
    for pool in pools(state):
        still = pool.terms(factor=ONE, move=ONE)
        unmoved, legs = pool.excess(still.values()), pool.moves
        for symbol in pool.symbols:
            moved = (pool.term(symbol, factor=ONE, move=ONE + side) for side in (limit, -limit))
            rules.append(
                Rule(
                    code="min_liquidation_distance",
                    what=f"liquidation distance of {symbol}",
                    scenario=AS_READ,
                    worst_of=tuple(Swapped(base=unmoved, swaps={still[symbol]: t}) for t in moved),
                    capped_by=(),
                    settled=Settled.ANY_FILL,
                    limit=limit,
                    gauge=_distance_gauge(pool, symbol),
                    guarded=legs,
                    advice=pool.rescue,
                )
            )
    return tuple(rules)


def _distance_gauge(pool: Pool, symbol: Symbol) -> Gauge:
    return lambda _, filled: distance_at(pool, symbol, filled)


def distance_at(pool: Pool, symbol: Symbol, filled: frozenset[MoveIndex]) -> Decimal:
    """Return the liquidation distance of one position when the *filled* moves are filled."""
    units, cushion = ZERO, -pool.balance.at(filled)
    for other in pool.symbols:
        contract = pool.state.contracts[other]
        done = [m for m in pool.state.on_symbol(other) if m.index in filled]
        held = pool.state.positions[other] + sum((m.units for m in done), ZERO)
        cushion += sum((m.margin(contract.mark) for m in done), ZERO)
        if other == symbol:
            units = held
        else:
            cushion -= maintenance(abs(held) * contract.mark, contract.brackets)
    if not units:
        return Decimal("Infinity")
    contract = pool.state.contracts[symbol]
    price = liquidation_price(
        units=units, mark=contract.mark, cushion=cushion, brackets=contract.brackets
    )
    return liquidation_distance(units=units, mark=contract.mark, price=price)
