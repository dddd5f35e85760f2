"""Coin-margined contracts for a person and for a program. Nothing prints here."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.documents import value, weight
from trimtab.cli.rows import Rows
from trimtab.cli.tables import money
from trimtab.domain.exact import plain, shown, trimmed
from trimtab.workflow.coin_margined import CoinMargin, CoinPosition

COIN_PLACES = 8
"""Decimals of an amount of coins, for reading."""


def coin_positions_view(margins: tuple[CoinMargin, ...]) -> RenderableType:
    """Return open coin-margined positions; profit is coins, everything else dollars."""
    columns = ("coin-margined", "side", ">contracts", ">entry", ">mark", ">notional USD")
    rows: list[list[str | Text]] = [
        [
            position.held.contract.symbol,
            Text(*(("long", "green") if position.held.contracts > 0 else ("short", "red"))),
            str(abs(position.held.contracts)),
            plain(position.held.entry_price),
            plain(position.held.contract.mark),
            money(position.notional),
            f"{trimmed(position.profit, COIN_PLACES)} {margin.asset}",
            _liquidation(position),
        ]
        for margin in margins
        for position in margin.positions
    ]
    return Rows((*columns, ">profit", ">liquidation"), rows)


def _liquidation(position: CoinPosition) -> str:
    """Return the price at which a position is liquidated."""
    at = position.liquidation_price
    return "none" if at is None else shown(at, 2)


def coin_margin_document(margin: CoinMargin) -> dict[str, Any]:
    """Return one wallet of coin-margined contracts; amounts are coins."""
    return {
        "asset": margin.asset,
        "balance": plain(margin.balance),
        "free_margin": plain(margin.free),
        "maintenance_margin": trimmed(margin.maintenance, COIN_PLACES),
        "margin_ratio": weight(margin.ratio) if margin.ratio.is_finite() else None,
        "positions": [_position_document(position) for position in margin.positions],
        "open_orders": list(margin.orders),
    }


def _position_document(position: CoinPosition) -> dict[str, Any]:
    """Return one position; contracts, quantity and profit are signed."""
    held, liquidation = position.held, position.liquidation_price
    return {
        "symbol": held.contract.symbol,
        "side": "long" if held.contracts > 0 else "short",
        "contracts": held.contracts,
        "contract_size": plain(held.contract.face),
        "quantity": trimmed(position.units, COIN_PLACES),
        "notional_usd": value(position.notional),
        "entry_price": plain(held.entry_price),
        "mark": plain(held.contract.mark),
        "unrealised_pnl": trimmed(position.profit, COIN_PLACES),
        "leverage_set": held.leverage,
        "liquidation_price": None if liquidation is None else shown(liquidation, COIN_PLACES),
    }
