"""Coin-margined contracts as JSON: what ``status`` tells a program of each of their wallets."""

from __future__ import annotations

from typing import Any, Final

from trimtab.cli.documents import value, weight
from trimtab.domain.exact import plain, shown, trimmed
from trimtab.workflow.coin_margined import CoinMargin, CoinPosition

COIN_PLACES: Final = 8
"""Decimals of an amount of coins."""


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
