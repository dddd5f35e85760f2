"""Coin-margined contracts of the local exchange: listings, margin and profit in coins.

Pure over the state. A contract is worth a fixed number of dollars, 100 on Bitcoin and 10 on others.
A position is kept as the coins that it was worth when it was entered and is worth those less what
it is worth now: profit is that difference. Nothing is traded there; a scenario opens positions.
Source: Binance COIN-M "Contract Specifications", "Margin" and "Profit and Loss".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trimtab.testnet.brackets import Bracket, maintenance
from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import ONE, ZERO, round_to
from trimtab.testnet.rejections import invalid_symbol
from trimtab.testnet.scenario import CoinAccount, CoinPosition
from trimtab.testnet.state import State

_BITCOIN_FACE = Decimal(100)
_FACE = Decimal(10)
_LEVERAGE = 20
_MARK_GRID = Decimal("0.00000001")
_STEPS = (
    *((5, 125, "0.004"), (10, 100, "0.005"), (20, 50, "0.01"), (50, 20, "0.025")),
    *((100, 10, "0.05"), (200, 5, "0.1"), (400, 4, "0.125"), (1_000, 2, "0.25")),
    *((1_000_000, 1, "0.5"),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinContract:
    """One coin-margined contract."""

    symbol: str
    """Such as ``BTCUSD_PERP`` or ``BTCUSD_261225``."""
    coin: str
    face: Decimal
    """Dollars in one contract."""
    like: Listing
    """The contract in the quote that has its basis and delivery."""

    def mark(self, state: State) -> Decimal:
        """Return its mark in dollars per coin: the other's, in dollars."""
        return (state.mark(self.like.symbol) / dollar(state)).quantize(_MARK_GRID)

    def index(self, state: State) -> Decimal:
        """Return its index in dollars per coin."""
        return (state.prices.index(self.like) / dollar(state)).quantize(_MARK_GRID)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinStake:
    """One position at its mark. Coins."""

    contract: CoinContract
    position: CoinPosition
    mark: Decimal
    """Dollars per coin."""

    @property
    def worth(self) -> Decimal:
        """What it is worth now, signed."""
        return self.position.contracts * self.contract.face / self.mark

    @property
    def profit(self) -> Decimal:
        """What it was worth when it was entered, less what it is worth now."""
        return self.position.contracts * self.contract.face / self.position.entry - self.worth

    @property
    def initial(self) -> Decimal:
        """Initial margin."""
        return abs(self.worth) / _LEVERAGE

    @property
    def maintained(self) -> Decimal:
        """Maintenance margin, in the bracket of what it is worth now."""
        return maintenance(table(), abs(self.worth))

    @property
    def leverage(self) -> int:
        """What is set for every contract."""
        return _LEVERAGE


def dollar(state: State) -> Decimal:
    """Return what a dollar is in the quote, as the markets of USDC say."""
    return state.prices.mids.get("USDC", ONE)


def table() -> tuple[Bracket, ...]:
    """Return the maintenance table of every contract; edges are coins."""
    steps: list[Bracket] = []
    floor = rate_before = cum = ZERO
    for number, (cap, leverage, ratio) in enumerate(_STEPS, start=1):
        rate = Decimal(ratio)
        cum += floor * (rate - rate_before)
        steps.append(
            Bracket(
                number=number, floor=floor, cap=Decimal(cap), leverage=leverage, rate=rate, cum=cum
            )
        )
        floor, rate_before = Decimal(cap), rate
    return tuple(steps)


def contracts(state: State) -> dict[str, CoinContract]:
    """Return what is listed by name: one beside every contract in the quote."""
    found = {}
    for like in state.listings[Market.USDM].values():
        _, _, expiry = like.symbol.partition("_")
        symbol = f"{like.base}USD_{expiry or 'PERP'}"
        face = _BITCOIN_FACE if like.base == "BTC" else _FACE
        found[symbol] = CoinContract(symbol=symbol, coin=like.base, face=face, like=like)
    return found


def contract(state: State, symbol: str) -> CoinContract:
    """Return what is listed as *symbol*.

    Raises:
        Rejection: -1121.

    """
    found = contracts(state).get(symbol)
    if found is None:
        raise invalid_symbol()
    return found


def stakes_of(state: State, held: CoinAccount) -> list[CoinStake]:
    """Return the positions of one wallet at their marks."""
    listed = [(contract(state, position.symbol), position) for position in held.positions]
    return [CoinStake(contract=c, position=p, mark=c.mark(state)) for c, p in listed]


def liquidation_mark(wallet: Decimal, stake: CoinStake) -> Decimal:
    """Return the mark at which a wallet with *stake* alone is liquidated; 0 when none does it.

    Found by halving between marks at which it is and is not, in its own arithmetic of coins.
    """

    def is_gone(mark: Decimal) -> bool:
        """Say whether the wallet no longer covers the maintenance at *mark*."""
        then = CoinStake(contract=stake.contract, position=stake.position, mark=mark)
        return wallet + then.profit < then.maintained

    far = stake.mark * 1000 if stake.position.contracts < 0 else stake.mark / 1000
    if is_gone(stake.mark) or not is_gone(far):
        return stake.mark if is_gone(stake.mark) else ZERO
    near = stake.mark
    for _ in range(100):
        middle = (near + far) / 2
        near, far = (near, middle) if is_gone(middle) else (middle, far)
    return round_to(far, _MARK_GRID)
