"""Coin-margined wallets in one line, and the same wallet on the local exchange."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.builders import NOW, account
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.snapshot import (
    Bracket,
    CoinWallet,
    InverseContract,
    InversePosition,
    MarginPool,
    Snapshot,
)
from trimtab.testnet.coin_contracts import CoinStake, contract, table
from trimtab.testnet.exact import exactly
from trimtab.testnet.scenario import CoinPosition, Scenario
from trimtab.testnet.state import State

MARK = Decimal(60_000)
FACE = Decimal(100)


def brackets() -> tuple[Bracket, ...]:
    """The exchange's table as the venue adapter reads it."""
    return tuple(
        Bracket(
            notional_floor=step.floor,
            notional_cap=step.cap,
            leverage_max=step.leverage,
            maintenance_ratio=step.rate,
            maintenance_deduction=step.cum,
        )
        for step in table()
    )


def inverse(**overrides: Any) -> InverseContract:
    """The perpetual of 100 dollars on Bitcoin, with some facts replaced."""
    fields: dict[str, Any] = {
        "symbol": Symbol("BTC/USD:BTC"),
        "coin": Asset("BTC"),
        "face": FACE,
        "mark": MARK,
        "index": MARK,
        "brackets": brackets(),
        "read_at": NOW,
    }
    return InverseContract(**fields | overrides)


def position(
    contracts: int, *, entry: Decimal = MARK, of: InverseContract | None = None
) -> InversePosition:
    """A position in a contract, the perpetual unless told."""
    return InversePosition(
        contract=of or inverse(), contracts=contracts, entry_price=entry, leverage=20
    )


@exactly
def wallet(
    balance: Decimal, *positions: InversePosition, orders: tuple[str, ...] = ()
) -> CoinWallet:
    """A wallet of *balance* coins without profit, its figures by the exchange's arithmetic."""
    stakes = [stake_of(held) for held in positions]
    profit = sum((s.profit for s in stakes), ZERO)
    bound = sum((s.initial for s in stakes), ZERO)
    pool = MarginPool(
        wallet_balance=balance,
        unrealised_pnl=profit,
        free_margin=max(ZERO, balance + profit - bound),
        initial_margin=bound,
        maintenance_margin=sum((s.maintained for s in stakes), ZERO),
    )
    return CoinWallet(pool=pool, positions=tuple(positions), orders=tuple(map(Symbol, orders)))


def stake_of(held: InversePosition, *, move: Decimal = ZERO) -> CoinStake:
    """The same position on the exchange, its mark moved by a fraction."""
    return CoinStake(
        contract=_LISTED,
        position=CoinPosition(
            symbol=_LISTED.symbol, contracts=held.contracts, entry=held.entry_price
        ),
        mark=held.contract.mark * (1 + move),
    )


_LISTED = contract(State(Scenario(), lambda: 1_800_000_000_000, offset_ms=0), "BTCUSD_PERP")
"""A contract of 100 dollars; its mark is never asked for."""


def holding(text: str, held: CoinWallet) -> Snapshot:
    """An account as the builders make it, with a wallet of coin-margined contracts on Bitcoin."""
    return replace(account(text), coin_wallets={Asset("BTC"): held})
