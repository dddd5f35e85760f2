"""Rules of what there is to spend: free quote, free coins, free margin. Pure and exact.

Money in flight is in neither wallet: within a stage every buy has paid and no sell has been
paid, and a transfer has left one wallet and not come to the other. Legs of earlier stages count
as planned, because execution sizes later legs to what the earlier ones really brought: a lesser
fill makes the later legs smaller, never the wallet negative. What the venue holds back for
resting orders is not free and is not counted twice. Where cash and margin are one wallet, buys of
coins and openings of contracts draw on the same units, and both rules count both.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    """Guard the free quote of the spot wallet, less the fee reserve.

    The reserve of a plan under way is the one that it was planned and is sized with: what its
    sells have brought since is there for its buys.
    """
    free, begun = state.free.get(state.quote, ZERO), case.context.begun
    reserve = case.limits.fee_reserve * (free if begun is None else begun.free_quote)
    slopes = _spent(state) | state.into_pool(state.quote)
    excess, guarded, where = _linear(reserve - free, slopes), frozenset(slopes), "spot wallet"
    if state.one_wallet:
        excess, where = _drawn(state.quote, reserve, state), "wallet"
        guarded |= _legs_on(_settled_in(state.quote, state), state)
    return (
        Rule(
            code="free_quote",
            what=f"free {state.quote} in the {where}",
            scenario=AS_READ,
            worst_of=(excess,),
            capped_by=(),
            settled=Settled.AS_PLANNED,
            limit=reserve,
            gauge=below(reserve),
            guarded=guarded,
            advice=f"buy less, sell more first, or bring quote into the {where}",
        ),
    )


def _spent(state: AccountState) -> dict[MoveIndex, Decimal]:
    """Return what each trade of coins takes from the free quote, negative for what it brings."""
    return {m.index: -m.cash for m in state.moves if m.cash and not m.reserved}


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


def free_margin(state: AccountState, _: Case) -> tuple[Rule, ...]:
    """Guard the free margin of every futures wallet that a leg uses.

    Openings are margined at the leverage of the policy, which execution sets on the venue
    before the first of them; it then holds for the position that is there already as well.
    """
    return tuple(_free_margin_of(pool, state) for pool in sorted(state.pools))


def _free_margin_of(pool: Asset, state: AccountState) -> Rule:
    shares = state.one_wallet and pool == state.quote
    paid = frozenset(_spent(state)) if shares else frozenset[MoveIndex]()
    return Rule(
        code="free_margin",
        what=f"free margin in the {pool} {'wallet' if shares else 'futures wallet'}",
        scenario=AS_READ,
        worst_of=(_drawn(pool, NOTHING_LEFT, state),),
        capped_by=(),
        settled=Settled.AS_PLANNED,
        limit=NOTHING_LEFT,
        gauge=below(NOTHING_LEFT),
        guarded=_legs_on(_settled_in(pool, state), state) | state.into_pool(pool).keys() | paid,
        advice=f"bring {pool} into the wallet, or open less"
        if shares
        else f"move {pool} into the futures wallet, or open less",
    )


def _drawn(pool: Asset, reserve: Decimal, state: AccountState) -> Excess:
    """Return what is drawn on the free margin of *pool* and on the *reserve*, less what is free.

    Where the quote is cash too, what coins cost is drawn as well, and free cash is free margin.
    """
    symbols = _settled_in(pool, state)
    terms = tuple(_initial_margin(s, state) for s in symbols)
    free = sum((bound_now(s, state) for s in symbols), ZERO)
    slopes = {j: -units for j, units in state.into_pool(pool).items()}
    if pool in state.pools:
        free += state.pools[pool].free_margin
    if state.one_wallet and pool == state.quote:
        free += state.free.get(pool, ZERO)
        slopes |= _spent(state)
    start = Affine(constant=reserve - free, slopes=slopes)
    return Excess(terms=(*terms, Term(branches=(start,))))


def _settled_in(pool: Asset, state: AccountState) -> tuple[Symbol, ...]:
    """Return the contracts that one futures wallet margins."""
    return tuple(s for s, i in state.instruments.items() if i.settle == pool)


def _legs_on(symbols: Iterable[Symbol], state: AccountState) -> frozenset[MoveIndex]:
    """Return the legs in some markets."""
    return frozenset(m.index for s in symbols for m in state.on_symbol(s) if m.is_leg)


def bound_now(symbol: Symbol, state: AccountState) -> Decimal:
    """Return the initial margin that the position binds now."""
    contract = state.contracts[symbol]
    return ratio(abs(state.positions[symbol]) * contract.mark, Decimal(contract.leverage))


def _initial_margin(symbol: Symbol, state: AccountState) -> Term:
    """Return the initial margin of a position, less what its moves bring or cost the pool."""
    contract = state.contracts[symbol]
    moves = [m for m in state.on_symbol(symbol) if not m.reserved]
    per_unit = ratio(contract.mark, leverage_then(symbol, state))
    position = Affine(constant=state.positions[symbol], slopes={m.index: m.units for m in moves})
    bound = Excess(terms=(magnitude(position.scaled(per_unit)),))
    brought = Affine(constant=ZERO, slopes={m.index: -m.margin(contract.mark) for m in moves})
    return bound.plus(brought).terms[0]


def leverage_then(symbol: Symbol, state: AccountState) -> Decimal:
    """Return the leverage at which a contract is margined once the plan is under way, >= 1."""
    opens = any(m.is_leg and not m.reduce_only for m in state.on_symbol(symbol) if not m.reserved)
    return Decimal(state.opening_leverage if opens else state.contracts[symbol].leverage)


def _linear(constant: Decimal, slopes: dict[MoveIndex, Decimal]) -> Excess:
    return Excess(terms=(Term(branches=(Affine(constant=constant, slopes=slopes),)),))
