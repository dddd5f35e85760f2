"""The state x that the prefix rules read. Pure and exact; signs and prices as in moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import exposure
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.inverse import marked_units, notional_of, quote_per_dollar
from trimtab.domain.snapshot import CoinWallet, ContractState, MarginPool, Snapshot
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.convex import MoveIndex
from trimtab.risk.moves import RESTING_STAGE, Move, Transit, moves_of, transits_of

KeyT = TypeVar("KeyT")
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinMargined:
    """The coin-margined contracts on one coin."""

    wallet: CoinWallet
    """As read, with a position."""
    units: Decimal
    """Coins of all positions at the marks as read, signed. With what they earn since, which is
    coins too, they come to as many at every price."""
    notionals: tuple[Decimal, ...]
    """Of each position, quote units, signed; the same at every price of the coin."""
    earned: Decimal
    """Profit since it was read, quote units at the price that the state is at, signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account as the rules read it, and the moves that are possible from it.

    Quantities are base units, values the account's quote. A holding without a price (an
    untargeted coin that has no market) counts for nothing: that errs to the safe side.
    """

    quote: Asset
    mids: Mapping[Asset, Decimal]
    """Quote per unit, > 0; 1 for the quote."""
    free: Mapping[Asset, Decimal]
    """Units that can be sold or spent now, >= 0."""
    cash: Decimal
    """The quote in the spot wallet, free and locked, >= 0."""
    holdings: Mapping[Asset, Decimal]
    """Units in every wallet, futures wallets included, by asset."""
    outside: Decimal
    """Value outside futures wallets: S of the leverage ratio."""
    nav: Decimal
    """Value of all holdings."""
    positions: Mapping[Symbol, Decimal]
    """Signed base units, also of flat contracts that a move touches."""
    instruments: Mapping[Symbol, Instrument]
    """Of every contract in ``positions``."""
    contracts: Mapping[Symbol, ContractState]
    """Of every contract in ``positions``."""
    pools: Mapping[Asset, MarginPool]
    """Of every settlement asset in ``positions`` and every asset in ``transits``."""
    one_wallet: bool
    """Whether the quote's spot wallet and its futures wallet are the same."""
    releasable: Decimal
    """Quote beside ``cash`` that closing contracts may free for coins, >= 0: only in one wallet."""
    opening_leverage: int
    """Leverage that openings are margined at, and their position with them, >= 1."""
    moves: tuple[Move, ...]
    """Legs in the order of the plan, then open and unknown orders; ``index`` is the place."""
    transits: tuple[Transit, ...]
    """Transfers in the order of the plan; ``index`` goes on behind the moves."""
    moves_by_asset: Mapping[Asset, tuple[Move, ...]]
    moves_by_symbol: Mapping[Symbol, tuple[Move, ...]]
    symbols_by_base: Mapping[Asset, tuple[Symbol, ...]]
    """Contracts in ``positions`` by their underlying."""
    coins: Mapping[Asset, CoinMargined]
    """Coin-margined contracts by coin: nothing is traded there, so that no move is in one."""

    def futures(self, asset: Asset) -> Decimal:
        """Signed base units of all contracts on *asset*."""
        inverse = self.coins[asset].units if asset in self.coins else ZERO
        return sum((self.positions[s] for s in self.symbols_by_base.get(asset, ())), inverse)

    def net(self, asset: Asset) -> Decimal:
        """Net exposure to *asset* in base units, signed."""
        return self.holdings.get(asset, ZERO) + self.futures(asset)

    @property
    def risky(self) -> tuple[Asset, ...]:
        """Every priced asset but the quote that is held, exposed to or moved, by name.

        Another stable counts as risky: it may lose its peg, and counting it errs to the safe
        side.
        """
        held = {a for a, units in self.holdings.items() if units and a in self.mids}
        named = held | self.moves_by_asset.keys() | self.symbols_by_base.keys()
        named |= self.coins.keys()
        return tuple(sorted(named - {self.quote}))

    @property
    def stages(self) -> tuple[int, ...]:
        """The stages of the legs and transfers, rising."""
        return tuple(sorted({line.stage for line in self.lines} - {RESTING_STAGE}))

    @property
    def lines(self) -> tuple[Move | Transit, ...]:
        """Moves and transfers; ``index`` is the place."""
        return (*self.moves, *self.transits)

    def into_pool(self, asset: Asset) -> dict[MoveIndex, Decimal]:
        """Return what each transfer brings into one futures wallet, signed units."""
        return {t.index: t.units for t in self.transits if t.asset == asset}

    def on_asset(self, asset: Asset) -> tuple[Move, ...]:
        """Return the moves in any market of *asset*."""
        return self.moves_by_asset.get(asset, ())

    def on_symbol(self, symbol: Symbol) -> tuple[Move, ...]:
        """Return the moves in one market."""
        return self.moves_by_symbol.get(symbol, ())


def account_state(case: Case) -> AccountState:
    """Return the state that *case* starts from.

    Raises:
        Unmeasured: something that the rules need was not read.

    """
    snapshot = case.snapshot
    with exact_arithmetic():
        touched = _contracts_touched(case)
        for symbol, instrument in touched.items():
            _require_contract(case, symbol, instrument)
        _require_no_orders(case)
        seen = exposure(snapshot)
        moves = moves_of(case, seen.mids)
        transits = transits_of(case, after=len(moves))
        margined = {*(i.settle for i in touched.values()), *(t.asset for t in transits)}
        _require_pools(case, margined)
        holdings = {a: seen.holding(a) for a in seen.assets}
        return AccountState(
            quote=snapshot.quote,
            mids=seen.mids,
            free={a: b.free for a, b in snapshot.balances.items()},
            cash=seen.outside.get(snapshot.quote, ZERO),
            holdings=holdings,
            outside=_worth(seen.outside, mids=seen.mids),
            nav=_worth(holdings, mids=seen.mids),
            positions={s: _position_units(case, s) for s in touched},
            instruments=touched,
            contracts={s: snapshot.contracts[s] for s in touched},
            pools={asset: snapshot.pools[asset] for asset in sorted(margined)},
            one_wallet=_is_one_wallet(case),
            releasable=_releasable(case, moves),
            opening_leverage=case.policy.hedge.leverage,
            moves=moves,
            transits=transits,
            moves_by_asset=grouped((m.instrument.base, m) for m in moves),
            moves_by_symbol=grouped((m.instrument.symbol, m) for m in moves),
            symbols_by_base=grouped((i.base, s) for s, i in touched.items()),
            coins=_coin_margined(snapshot, seen.mids),
        )


def grouped(pairs: Iterable[tuple[KeyT, ItemT]]) -> dict[KeyT, tuple[ItemT, ...]]:
    """Return the second parts by the first, in the order in which they came."""
    groups: dict[KeyT, tuple[ItemT, ...]] = {}
    for key, item in pairs:
        groups[key] = (*groups.get(key, ()), item)
    return groups


def _contracts_touched(case: Case) -> dict[Symbol, Instrument]:
    """Return the contracts with a position, a leg, or an order that may fill, by symbol."""
    named = {s: case.instrument(s) for s in case.snapshot.positions}
    named |= {o.symbol: case.instrument(o.symbol) for o in case.snapshot.open_orders}
    named |= {r.intent.instrument.symbol: r.intent.instrument for r in case.context.unresolved}
    named |= {leg.symbol: leg.instrument for leg in case.plan.legs}
    return {s: i for s, i in sorted(named.items()) if i.is_contract}


def _require_contract(case: Case, symbol: Symbol, instrument: Instrument) -> None:
    """Refuse to go on without what margin is computed from."""
    case.contract(symbol)
    if instrument.settle != case.snapshot.quote:
        raise Unmeasured(f"{symbol} settles in {instrument.settle}, not in the quote; close it")


def _require_no_orders(case: Case) -> None:
    """Refuse to go on where coin-margined contracts may change by an order at any time."""
    for _, wallet in sorted(case.snapshot.coin_wallets.items()):
        if wallet.orders:
            raise Unmeasured(
                f"an order rests in {wallet.orders[0]}, and orders in coin-margined contracts are"
                " not counted; cancel it, or set venue.coin_margined = false"
            )


def _coin_margined(
    snapshot: Snapshot, mids: Mapping[Asset, Decimal]
) -> Mapping[Asset, CoinMargined]:
    """Return what is coin-margined, of every coin with a position."""
    return {
        coin: CoinMargined(
            wallet=wallet,
            units=sum(map(marked_units, wallet.positions), ZERO),
            notionals=tuple(
                notional_of(p.contract, p.contracts) * quote_per_dollar(p.contract, mid=mids[coin])
                for p in wallet.positions
            ),
            earned=ZERO,
        )
        for coin, wallet in sorted(snapshot.coin_wallets.items())
        if wallet.positions
    }


def _require_pools(case: Case, margined: Iterable[Asset]) -> None:
    """Refuse to go on without the wallets that hold margin."""
    for asset in sorted(margined):
        if asset not in case.snapshot.pools:
            raise Unmeasured(f"no {asset} futures wallet was read; open it and plan again")


def _is_one_wallet(case: Case) -> bool:
    """Say whether quote is cash and margin at once."""
    pool = case.snapshot.pools.get(case.snapshot.quote)
    return pool is not None and pool.shares_cash


def _releasable(case: Case, moves: Iterable[Move]) -> Decimal:
    """Return all that margin of the same wallet is now, and what fills of contracts may earn."""
    if not _is_one_wallet(case):
        return ZERO
    earned = sum((max(ZERO, m.margin(m.mark)) for m in moves), ZERO)
    return max(ZERO, case.snapshot.pools[case.snapshot.quote].balance) + earned


def _position_units(case: Case, symbol: Symbol) -> Decimal:
    """Return the signed base units of the position in *symbol*, zero when flat."""
    position = case.snapshot.positions.get(symbol)
    return ZERO if position is None else case.instrument(symbol).units(position.lots)


def _worth(units: Mapping[Asset, Decimal], *, mids: Mapping[Asset, Decimal]) -> Decimal:
    """Return the value of *units*; what has no price counts for nothing."""
    return sum((count * mids[a] for a, count in units.items() if a in mids), ZERO)
