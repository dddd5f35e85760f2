"""Margin: what positions and open orders tie up, what must be maintained, what is free.

Pure over the state. Amounts are quote. A stake is one position with its orders; a pool
is the cross account, or one isolated position by itself.
Source: Binance USD-M "Margin" and "Liquidation" pages: balance = wallet + unrealised
profit; liquidation when balance < maintenance at mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.testnet.brackets import maintenance
from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import ZERO, reserved
from trimtab.testnet.orders import Order
from trimtab.testnet.positions import Position
from trimtab.testnet.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """One position at its mark, with what its open orders would add."""

    listing: Listing
    """The contract."""
    side: str
    """``BOTH``, ``LONG`` or ``SHORT``."""
    position: Position
    """What is open, maybe flat."""
    mark: Decimal
    """The mark, quote per base unit."""
    leverage: int
    """As set for the contract."""
    isolated: bool
    """Whether it has a wallet of its own."""
    bids: Decimal
    """Notional of open buys that may grow it."""
    asks: Decimal
    """Notional of open sells that may grow it."""

    @property
    def notional(self) -> Decimal:
        """Signed notional at mark."""
        return self.position.quantity * self.mark

    @property
    def profit(self) -> Decimal:
        """Unrealised profit at mark."""
        return self.position.profit(self.mark)

    @property
    def initial(self) -> Decimal:
        """Initial margin of the position, rounded up where the leverage does not divide it."""
        return reserved(abs(self.notional) / self.leverage)

    @property
    def order_initial(self) -> Decimal:
        """Initial margin of what the open orders would add at worst, rounded up likewise."""
        worst = max(abs(self.notional + self.bids), abs(self.notional - self.asks))
        return reserved(max(ZERO, worst - abs(self.notional)) / self.leverage)

    @property
    def maintained(self) -> Decimal:
        """Maintenance margin of the position."""
        return maintenance(self.listing.brackets, abs(self.notional))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The cross account in sums."""

    wallet: Decimal
    """Wallet without what isolated positions hold."""
    profit: Decimal
    """Unrealised profit of cross positions."""
    initial: Decimal
    """Initial margin of cross positions."""
    order_initial: Decimal
    """Initial margin of all open orders."""
    maintained: Decimal
    """Maintenance margin of cross positions."""

    @property
    def balance(self) -> Decimal:
        """Margin balance: wallet and unrealised profit."""
        return self.wallet + self.profit

    @property
    def slack(self) -> Decimal:
        """What new positions may use; negative when too much is used already."""
        return self.balance - self.initial - self.order_initial

    @property
    def available(self) -> Decimal:
        """``availableBalance``, never negative."""
        return max(ZERO, self.slack)

    @property
    def withdrawable(self) -> Decimal:
        """What may leave the wallet: available, without unrealised profit."""
        return max(ZERO, min(self.available, self.wallet - self.initial - self.order_initial))


def stake_of(
    state: State, symbol: str, *, side: str, position: Position, orders: Sequence[Order]
) -> Stake:
    """Value *position* of *symbol* with its open *orders*."""
    growing = [o for o in orders if o.position_side == side and not o.reduce_only]
    listing = state.listing(Market.USDM, symbol)
    return Stake(
        listing=listing,
        side=side,
        position=position,
        mark=state.mark(symbol),
        leverage=state.usdm.leverage(symbol),
        isolated=state.usdm.is_isolated(symbol),
        bids=_notional(growing, "BUY"),
        asks=_notional(growing, "SELL"),
    )


def _notional(orders: Sequence[Order], side: str) -> Decimal:
    """Return the open notional of the orders on *side*."""
    return sum((o.remaining * o.limit_price for o in orders if o.side == side), ZERO)


def stakes(state: State, *, symbol: str = "") -> list[Stake]:
    """Return every stake that is not empty, positions first; only of *symbol* if given."""
    open_orders = state.stores[Market.USDM].open_orders(symbol)
    places = {(s, side): p for s, side, p in state.usdm.open_positions() if symbol in {"", s}}
    for order in open_orders:
        key = (order.symbol, order.position_side)
        places.setdefault(key, state.usdm.position(key[0], side=key[1]))
    return [
        stake_of(
            state,
            name,
            side=side,
            position=position,
            orders=[o for o in open_orders if o.symbol == name],
        )
        for (name, side), position in places.items()
    ]


def pool_of(wallet: Decimal, held: Sequence[Stake]) -> Pool:
    """Sum the cross account of *wallet* and the stakes *held*."""
    cross = [s for s in held if not s.isolated]
    return Pool(
        wallet=wallet - sum((s.position.isolated for s in held), ZERO),
        profit=sum((s.profit for s in cross), ZERO),
        initial=sum((s.initial for s in cross), ZERO),
        order_initial=sum((s.order_initial for s in held), ZERO),
        maintained=sum((s.maintained for s in cross), ZERO),
    )


def pool(state: State) -> Pool:
    """Return the cross account as it stands."""
    return pool_of(state.usdm.wallet, stakes(state))


def liquidation_price(stake: Stake, cross: Pool) -> Decimal:
    """Return the mark at which *stake* alone would liquidate its pool; 0 when none would.

    It solves balance = maintenance with every other position at its present mark, in the
    bracket that the notional has at that mark.
    """
    quantity = stake.position.quantity
    if not quantity:
        return ZERO
    if stake.isolated:
        backing = stake.position.isolated
    else:
        others = cross.maintained - stake.maintained
        backing = cross.wallet + cross.profit - stake.profit - others
    for step in stake.listing.brackets:
        slope = abs(quantity) * step.rate - quantity
        level = (backing + step.cum - stake.position.cost) / slope
        if step.floor < abs(quantity) * level <= step.cap:
            return level
    return ZERO
