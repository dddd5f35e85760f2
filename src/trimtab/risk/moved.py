"""An account after prices have moved and before anything is done about it. Pure and exact.

Every market of an asset moves by the asset's factor: coin, perpetual and dated contract alike.
Fills keep the limits at which they were counted, and only then do prices move. Callers bring
``exact_arithmetic()``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, ratio
from trimtab.domain.instruments import Asset
from trimtab.domain.inverse import moved_wallet
from trimtab.domain.margin import maintenance, spare_margin
from trimtab.domain.shared_wallet import shared_wallet_of, with_shared_wallet
from trimtab.domain.snapshot import Balance, Book, ContractState, MarginPool, Snapshot
from trimtab.risk.state import AccountState, grouped

Factors = Mapping[Asset, Decimal]
"""New price over old by asset, >= 0; an asset that is left out stays where it is."""


def moved_state(
    state: AccountState, balances: Mapping[Asset, Balance], factors: Factors
) -> AccountState:
    """Return *state*, which has spot wallets *balances* and no other, at moved prices."""
    assert not state.pools, "Invariant: futures wallets are judged whole, by their own rules."
    gains = {a: state.mids[a] * (f - ONE) for a, f in factors.items() if a in state.mids}
    contracts = {
        s: _moved_contract(c, factors.get(state.instruments[s].base, ONE))
        for s, c in state.contracts.items()
    }
    profit = sum(
        (
            units * (contracts[s].mark - state.contracts[s].mark)
            for s, units in state.positions.items()
        ),
        ZERO,
    )
    coins = {
        coin: replace(held, earned=held.earned + held.units * gains.get(coin, ZERO))
        for coin, held in state.coins.items()
    }
    profit_in_coins = sum((coins[c].earned - state.coins[c].earned for c in coins), ZERO)
    moves = tuple(
        replace(m, mark=m.mark * factors.get(m.instrument.base, ONE)) for m in state.moves
    )
    quote = state.quote
    return replace(
        state,
        mids={a: mid * factors.get(a, ONE) for a, mid in state.mids.items()},
        holdings={**state.holdings, quote: state.holdings[quote] + profit},
        outside=state.outside + _worth({a: b.held for a, b in balances.items()}, gains=gains),
        nav=state.nav + _worth(state.holdings, gains=gains) + profit + profit_in_coins,
        contracts=contracts,
        moves=moves,
        moves_by_asset=grouped((m.instrument.base, m) for m in moves),
        moves_by_symbol=grouped((m.instrument.symbol, m) for m in moves),
        coins=coins,
    )


def _moved_contract(contract: ContractState, factor: Decimal) -> ContractState:
    """Return a contract at its moved prices."""
    return replace(contract, mark=contract.mark * factor, index=contract.index * factor)


def _worth(units: Mapping[Asset, Decimal], *, gains: Mapping[Asset, Decimal]) -> Decimal:
    """Return what *units* gain, at *gains* per unit."""
    return sum((count * gains[a] for a, count in units.items() if a in gains), ZERO)


def moved_snapshot(snapshot: Snapshot, factors: Factors) -> Snapshot:
    """Return *snapshot* as it would be read at moved prices, nothing else having changed.

    Books keep their shape. Profit, free and bound margin and the venue's maintenance figure
    follow the marks. Factors must be > 0.
    """
    named = {s: factors.get(i.base, ONE) for s, i in snapshot.instruments.items()}
    contracts = {s: _moved_contract(c, named.get(s, ONE)) for s, c in snapshot.contracts.items()}
    moved = replace(
        snapshot,
        books={s: _moved_book(b, named.get(s, ONE)) for s, b in snapshot.books.items()},
        contracts=contracts,
    )
    pools = {a: _reread_pool(p, a, before=snapshot, after=moved) for a, p in snapshot.pools.items()}
    wallets = {
        coin: moved_wallet(wallet, factors.get(coin, ONE))
        for coin, wallet in snapshot.coin_wallets.items()
    }
    reread = replace(moved, pools=pools, coin_wallets=wallets)
    for asset in pools:
        whole = shared_wallet_of(reread, asset)
        reread = reread if whole is None else with_shared_wallet(reread, asset, whole)
    return reread


def _moved_book(book: Book, factor: Decimal) -> Book:
    """Return a book with every level's price multiplied."""
    bids, asks = (
        tuple(replace(level, price=level.price * factor) for level in side)
        for side in (book.bids, book.asks)
    )
    return replace(book, bids=bids, asks=asks)


def _reread_pool(
    pool: MarginPool, asset: Asset, *, before: Snapshot, after: Snapshot
) -> MarginPool:
    """Return a futures wallet as it reads when marks go from *before* to *after*."""
    profit = bound = needed = ZERO
    for symbol, position in before.positions.items():
        instrument = before.instruments[symbol]
        if instrument.settle != asset:
            continue
        old, new = before.contracts[symbol], after.contracts[symbol]
        units = instrument.units(position.lots)
        profit += units * (new.mark - old.mark)
        bound += ratio(abs(units) * (new.mark - old.mark), Decimal(old.leverage))
        needed += maintenance(abs(units) * new.mark, new.brackets)
        needed -= maintenance(abs(units) * old.mark, old.brackets)
    return replace(
        pool,
        unrealised_pnl=pool.unrealised_pnl + profit,
        free_margin=max(ZERO, spare_margin(pool) + profit - bound),
        initial_margin=max(ZERO, pool.initial_margin + bound),
        maintenance_margin=max(ZERO, pool.maintenance_margin + needed),
    )
