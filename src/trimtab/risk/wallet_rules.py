"""Rules of what there is to spend: free quote, free coins, free margin. Pure and exact.

Money in flight is in neither wallet: within a stage every buy has paid and no sell has been
paid, and a transfer has left one wallet and not come to the other. Legs of earlier stages count
as planned, because execution sizes later legs to what the earlier ones really brought: a lesser
fill makes the later legs smaller, never the wallet negative. What the venue holds back for
resting orders is not free and is not counted twice.
"""

from __future__ import annotations

from decimal import Decimal

from trimtab.domain.exact import ZERO, ratio
from trimtab.domain.instruments import Asset, Symbol
from trimtab.risk.case import Case
from trimtab.risk.convex import Affine, Excess, MoveIndex, Term, magnitude
from trimtab.risk.rule import Rule, Settled, below
from trimtab.risk.scenarios import AS_READ
from trimtab.risk.state import AccountState

NOTHING_LEFT = ZERO


def free_quote(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard the free quote of the spot wallet, less the fee reserve."""
    free = state.free.get(state.quote, ZERO)
    reserve = case.limits.fee_reserve * free
    slopes = {m.index: -m.cash for m in state.moves if m.cash and not m.reserved}
    slopes |= state.into_pool(state.quote)
    return (
        Rule(
            code="free_quote",
            what=f"free {state.quote} in the spot wallet",
            scenario=AS_READ,
            worst_of=(_linear(reserve - free, slopes),),
            capped_by=(),
            settled=Settled.AS_PLANNED,
            limit=reserve,
            gauge=below(reserve),
            guarded=frozenset(slopes),
            advice="buy less, sell more first, or bring quote into the spot wallet",
        ),
    )


def free_units(state: AccountState, _: Case) -> tuple[Rule, ...]:
    """Guard the free units of every coin that a leg sells."""
    moved = [m for m in state.moves if m.gained and not m.reserved]
    return tuple(
        _free_units_of(
            asset, state, {m.index: -m.gained for m in moved if m.instrument.base == asset}
        )
        for asset in sorted({m.instrument.base for m in moved if m.units < 0})
    )


def _free_units_of(asset: Asset, state: AccountState, slopes: dict[MoveIndex, Decimal]) -> Rule:
    return Rule(
        code="free_units",
        what=f"free {asset} in the spot wallet",
        scenario=AS_READ,
        worst_of=(_linear(-state.free.get(asset, ZERO), slopes),),
        capped_by=(),
        settled=Settled.AS_PLANNED,
        limit=NOTHING_LEFT,
        gauge=below(NOTHING_LEFT),
        guarded=frozenset(slopes),
        advice=f"sell less {asset}, or free what is locked",
    )


def free_margin(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard the free margin of every futures wallet that a leg uses.

    Openings are margined at the leverage of the policy, which execution sets on the venue
    before the first of them; it then holds for the position that is there already as well.
    """
    return tuple(_free_margin_of(pool, state, case) for pool in sorted(state.pools))


def _free_margin_of(pool: Asset, state: AccountState, case: Case) -> Rule:
    symbols = [s for s, i in state.instruments.items() if i.settle == pool]
    bound = sum((_bound_now(s, state) for s in symbols), ZERO)
    left = {j: -units for j, units in state.into_pool(pool).items()}
    start = Affine(constant=-bound - state.pools[pool].free_margin, slopes=left)
    terms = tuple(_initial_margin(s, state, case) for s in symbols)
    return Rule(
        code="free_margin",
        what=f"free margin in the {pool} futures wallet",
        scenario=AS_READ,
        worst_of=(Excess(terms=(*terms, Term(branches=(start,)))),),
        capped_by=(),
        settled=Settled.AS_PLANNED,
        limit=NOTHING_LEFT,
        gauge=below(NOTHING_LEFT),
        guarded=frozenset(m.index for s in symbols for m in state.on_symbol(s) if m.is_leg)
        | left.keys(),
        advice=f"move {pool} into the futures wallet, or open less",
    )


def _bound_now(symbol: Symbol, state: AccountState) -> Decimal:
    """Return the initial margin that the position binds now."""
    contract = state.contracts[symbol]
    return ratio(abs(state.positions[symbol]) * contract.mark, Decimal(contract.leverage))


def _initial_margin(symbol: Symbol, state: AccountState, case: Case) -> Term:
    """Return the initial margin of a position, less what its moves bring or cost the pool."""
    contract = state.contracts[symbol]
    moves = [m for m in state.on_symbol(symbol) if not m.reserved]
    opens = any(m.is_leg and not m.reduce_only for m in moves)
    leverage = case.policy.hedge.leverage if opens else contract.leverage
    per_unit = ratio(contract.mark, Decimal(leverage))
    position = Affine(constant=state.positions[symbol], slopes={m.index: m.units for m in moves})
    bound = Excess(terms=(magnitude(position.scaled(per_unit)),))
    brought = Affine(constant=ZERO, slopes={m.index: -m.margin(contract.mark) for m in moves})
    return bound.plus(brought).terms[0]


def _linear(constant: Decimal, slopes: dict[MoveIndex, Decimal]) -> Excess:
    return Excess(terms=(Term(branches=(Affine(constant=constant, slopes=slopes),)),))
