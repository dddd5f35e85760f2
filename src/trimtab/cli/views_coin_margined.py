"""Coin-margined contracts for a person. Nothing prints here."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.coin_margin_document import COIN_PLACES
from trimtab.cli.rows import Rows
from trimtab.cli.tables import money
from trimtab.domain.exact import plain, shown, trimmed
from trimtab.workflow.coin_margined import CoinMargin, CoinPosition


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
