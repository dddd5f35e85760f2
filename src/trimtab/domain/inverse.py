"""Inverse contracts: what contracts, coins and dollars of them come to. Pure.

The one place where they are converted. Contracts are signed, positive is long; prices are dollars
per coin; notionals are dollars, units and profit coins. One contract is worth a fixed number of
dollars, so that its coins fall as the price rises: N dollars that were entered at e have earned
N (1/e - 1/p) coins at p. Exact, but for the one :func:`ratio` in which each conversion ends.
Source: strategy definitions 0; docs/design/0061-coin-margined-contracts.md.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.margin import maintenance, spare_margin
from trimtab.domain.snapshot import (
    Bracket,
    CoinWallet,
    InverseContract,
    InversePosition,
    MarginPool,
)


def notional_of(contract: InverseContract, contracts: int) -> Decimal:
    """Return what *contracts* are worth, dollars, signed."""
    with exact_arithmetic():
        return contracts * contract.face


def units_of(contract: InverseContract, contracts: int, *, price: Decimal) -> Decimal:
    """Return what *contracts* come to at *price*, coins, signed."""
    return ratio(notional_of(contract, contracts), price)


def profit_of(
    contract: InverseContract, contracts: int, *, entry: Decimal, price: Decimal
) -> Decimal:
    """Return what *contracts* that were entered at *entry* have earned at *price*, coins, signed.

    N (1/e - 1/p), brought onto one fraction line so that it is rounded once.
    """
    with exact_arithmetic():
        return ratio(contracts * contract.face * (price - entry), entry * price)


def quote_per_dollar(contract: InverseContract, *, mid: Decimal) -> Decimal:
    """Return what one dollar is in the account's quote: the coin's price in either of them."""
    return ratio(mid, contract.index)


def marked_units(position: InversePosition) -> Decimal:
    """Return the coins of *position* at its mark, signed."""
    contract = position.contract
    return units_of(contract, position.contracts, price=contract.mark)


def coin_maintenance(contract: InverseContract, contracts: int) -> Decimal:
    """Return the maintenance margin of a position at its mark, coins, >= 0."""
    units = units_of(contract, contracts, price=contract.mark)
    with exact_arithmetic():
        return maintenance(abs(units), contract.brackets)


def wallet_maintenance(wallet: CoinWallet) -> Decimal:
    """Return the maintenance margin of all positions of a wallet at mark, coins, >= 0."""
    each = (coin_maintenance(held.contract, held.contracts) for held in wallet.positions)
    with exact_arithmetic():
        return sum(each, ZERO)


def liquidation_multiple(
    *, units: Decimal, cushion: Decimal, brackets: tuple[Bracket, ...]
) -> Decimal | None:
    """Return the multiple of the mark at which a position is liquidated, others still, or None.

    *units* are its coins at the mark, signed and not zero; *cushion* is the wallet's balance less
    the maintenance of its other positions, coins. In a bracket of rate r and deduction c balance
    and maintenance meet at (r |u| + u) / (cushion + u + c). A fall takes a position into higher
    brackets: one holds up to the multiple at which the coins are its floor. Infinite for a long
    that no price saves; None for a short that no price reaches.
    """
    size = abs(units)
    found: list[Decimal] = []
    for b in brackets:
        end = ratio(size, b.notional_floor) if b.notional_floor else Decimal("Infinity")
        with exact_arithmetic():
            over = b.maintenance_ratio * size + units
            under = cushion + units + b.maintenance_deduction
        if units > 0:
            found.append(min(ratio(over, under), end) if under > 0 else end)
        elif under < 0 and max(ONE, ratio(over, under)) <= end:
            found.append(ratio(over, under))
    return max(found) if units > 0 else min(found, default=None)


def multiple_of(wallet: CoinWallet, held: InversePosition) -> Decimal | None:
    """Return the multiple of its mark at which *held*, one of the *wallet*, is liquidated."""
    others = (coin_maintenance(p.contract, p.contracts) for p in wallet.positions if p is not held)
    with exact_arithmetic():
        cushion = wallet.pool.balance - sum(others, ZERO)
    brackets = held.contract.brackets
    return liquidation_multiple(units=marked_units(held), cushion=cushion, brackets=brackets)


def liquidation_distance(*, units: Decimal, multiple: Decimal | None) -> Decimal:
    """Return how far the mark may move against the position, as a fraction of it, signed.

    Negative when that has been passed; infinite when no price does it.
    """
    if multiple is None:
        return Decimal("Infinity")
    if not multiple.is_finite():
        return Decimal("-Infinity")
    with exact_arithmetic():
        return multiple - ONE if units < 0 else ONE - multiple


def moved_wallet(wallet: CoinWallet, factor: Decimal) -> CoinWallet:
    """Return *wallet* as it reads when the coin's prices are multiplied by *factor*, > 0.

    Profit, free and bound margin and the venue's maintenance figure follow the marks.
    """
    moved = tuple(_moved(held, factor) for held in wallet.positions)
    pairs = tuple(zip(wallet.positions, moved, strict=True))
    pool = wallet.pool
    with exact_arithmetic():
        profit = sum((marked_units(old) - marked_units(new) for old, new in pairs), ZERO)
        bound = sum((_bound(new) - _bound(old) for old, new in pairs), ZERO)
        needed = sum((_maintained(new) - _maintained(old) for old, new in pairs), ZERO)
        return CoinWallet(
            pool=MarginPool(
                wallet_balance=pool.wallet_balance,
                unrealised_pnl=pool.unrealised_pnl + profit,
                free_margin=max(ZERO, spare_margin(pool) + profit - bound),
                initial_margin=max(ZERO, pool.initial_margin + bound),
                maintenance_margin=max(ZERO, pool.maintenance_margin + needed),
            ),
            positions=moved,
            orders=wallet.orders,
        )


def _moved(held: InversePosition, factor: Decimal) -> InversePosition:
    """Return a position whose contract's prices have moved."""
    contract = held.contract
    with exact_arithmetic():
        mark, index = contract.mark * factor, contract.index * factor
    return replace(held, contract=replace(contract, mark=mark, index=index))


def _bound(held: InversePosition) -> Decimal:
    """Return the initial margin of a position at its mark, coins."""
    return ratio(abs(marked_units(held)), Decimal(held.leverage))


def _maintained(held: InversePosition) -> Decimal:
    """Return the maintenance margin of a position at its mark, coins."""
    return coin_maintenance(held.contract, held.contracts)
