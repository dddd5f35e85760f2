"""Balances, margin, positions and settings of contracts as Binance writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable,
never shorter. Quantities come out as base units or lots, values as quote units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.contract_values import ContractPrices, ContractSettings, OpenPosition
from trimtab.adapters.wire.exact import (
    SeveralMargins,
    Unreadable,
    decimal_of,
    fee_of,
    field,
    integer_of,
    mapping_of,
    number,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Asset
from trimtab.domain.snapshot import (
    Balance,
    Bracket,
    MarginMode,
    MarginPool,
    PositionMode,
)

_MARGIN_MODES: Final[Mapping[str, MarginMode]] = {
    "CROSSED": MarginMode.CROSS,
    "ISOLATED": MarginMode.ISOLATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotAccount:
    """The spot wallet and what a taker pays there."""

    balances: Mapping[Asset, Balance]
    taker_fee: Decimal
    """Fraction of value."""


def spot_account(answer: object) -> SpotAccount:
    """Read the spot account; assets of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    row = mapping_of(answer)
    rates = mapping_of(field(row, "commissionRates"))
    balances = {}
    for held in rows_of(field(row, "balances")):
        free, locked = decimal_of(held, "free"), decimal_of(held, "locked")
        if free < 0 or locked < 0:
            raise Unreadable("a balance is negative")
        if free or locked:
            balances[Asset(text_of(held, "asset"))] = Balance(free=free, locked=locked)
    return SpotAccount(balances=balances, taker_fee=fee_of(rates, "taker"))


def margin_pools(answer: object, quote: Asset) -> Mapping[Asset, MarginPool]:
    """Read the futures wallets: the quote's, and every other that holds or binds something.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    pools = {}
    for row in rows_of(field(mapping_of(answer), "assets")):
        asset = Asset(text_of(row, "asset"))
        pool = MarginPool(
            wallet_balance=decimal_of(row, "walletBalance"),
            unrealised_pnl=decimal_of(row, "unrealizedProfit"),
            free_margin=max(ZERO, decimal_of(row, "availableBalance")),
            initial_margin=decimal_of(row, "initialMargin"),
            maintenance_margin=decimal_of(row, "maintMargin"),
        )
        if asset == quote or pool.wallet_balance or pool.unrealised_pnl or pool.initial_margin:
            pools[asset] = pool
    return pools


def open_positions(answer: object) -> tuple[OpenPosition, ...]:
    """Read positions that are not flat.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    return tuple(
        OpenPosition(
            market_id=text_of(row, "symbol"),
            count=count,
            entry_price=decimal_of(row, "entryPrice"),
            liquidation_price=_positive_or_none(decimal_of(row, "liquidationPrice")),
        )
        for row in rows_of(answer)
        if (count := decimal_of(row, "positionAmt"))
    )


def _positive_or_none(price: Decimal) -> Decimal | None:
    """Return a price, or None for the 0 that stands for none."""
    return price if price > 0 else None


def position_mode(answer: object) -> PositionMode:
    """Read whether long and short stand side by side, in an account whose quote alone is margin.

    In multi-assets mode, which trading by credits needs too, every coin of the futures wallet backs
    every position at a discount, and the venue sells it.

    Raises:
        Unreadable: it does not say.
        Unserved: several coins back contracts together.

    """
    row = mapping_of(answer)
    dual, together = (field(row, name) for name in ("dualSidePosition", "multiAssetsMargin"))
    if not isinstance(dual, bool) or not isinstance(together, bool):
        raise Unreadable("dualSidePosition or multiAssetsMargin is not a truth value")
    if together:
        raise SeveralMargins
    return PositionMode.HEDGE if dual else PositionMode.ONE_WAY


def contract_prices(answer: object) -> Mapping[str, ContractPrices]:
    """Read marks, by the venue's name of the market; rows without a price are left out.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    prices = {}
    for row in rows_of(answer):
        mark, index = decimal_of(row, "markPrice"), decimal_of(row, "indexPrice")
        if mark > 0 and index > 0:
            prices[text_of(row, "symbol")] = ContractPrices(
                mark=mark,
                index=index,
                funding_rate=number(row.get("lastFundingRate") or "0", "lastFundingRate"),
            )
    return prices


def brackets(answer: object) -> Mapping[str, tuple[Bracket, ...]]:
    """Read maintenance tables by the venue's name of the market.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    return {
        text_of(row, "symbol"): tuple(
            sorted(
                (_bracket(step) for step in rows_of(field(row, "brackets"))),
                key=lambda bracket: bracket.notional_floor,
            )
        )
        for row in rows_of(answer)
    }


def _bracket(step: Mapping[str, Any]) -> Bracket:
    """Read one step of a maintenance table."""
    return Bracket(
        notional_floor=decimal_of(step, "notionalFloor"),
        notional_cap=decimal_of(step, "notionalCap"),
        leverage_max=integer_of(step, "initialLeverage"),
        maintenance_ratio=decimal_of(step, "maintMarginRatio"),
        maintenance_deduction=decimal_of(step, "cum"),
    )


def contract_settings(answer: object) -> Mapping[str, ContractSettings]:
    """Read leverage and margin modes by the venue's name of the market.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    settings = {}
    for row in rows_of(answer):
        mode = text_of(row, "marginType")
        if mode not in _MARGIN_MODES:
            raise Unreadable(f"marginType {mode} is not known")
        settings[text_of(row, "symbol")] = ContractSettings(
            leverage=integer_of(row, "leverage"), margin_mode=_MARGIN_MODES[mode]
        )
    return settings


def taker_fee(answer: object) -> Decimal:
    """Read what a taker pays for one contract, fraction of value.

    Raises:
        Unreadable: it does not say.

    """
    return fee_of(mapping_of(answer), "takerCommissionRate")
