"""Perpetuals that settle in USDT, as Bybit v5 writes them: markets, positions, tables. Pure.

Each function reads one answer whole. Sizes are base units: one contract is one of them. Contracts
with a delivery are not listed here. Sources: Bybit API v5 "Get Instruments Info", "Get Position
Info", "Get Tickers", "Get Risk Limit", "Get Account Info", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.bybit.answers import page_of, result_of, rows_in
from trimtab.adapters.bybit.orders import SETTLED_IN
from trimtab.adapters.frame.contract_values import ContractPrices, ContractSettings, OpenPosition
from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.frame.raw_account import PositionRow, Settings
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    integer_of,
    text_of,
)
from trimtab.adapters.wire.exact import mapping_of as inside
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, floor_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import Bracket, MarginMode, PositionMode

_PERPETUAL: Final = "LinearPerpetual"
_SIDES: Final[Mapping[str, int]] = {"Buy": 1, "Sell": -1}
_TOLERANCE: Final = Decimal("0.05")
"""How far a step's initial rate may be from one over its leverage, as a fraction of it."""


def linear_markets(rows: tuple[Row, ...]) -> Mapping[Symbol, Row]:
    """Return the perpetuals of the list that settle in USDT, by symbol.

    Raises:
        Unreadable: a row has no name, or does not say what it is.

    """
    return {
        Symbol(f"{text_of(row, 'baseCoin')}/{text_of(row, 'quoteCoin')}:{SETTLED_IN}"): row
        for row in rows
        if text_of(row, "symbol")
        and text_of(row, "contractType") == _PERPETUAL
        and text_of(row, "settleCoin") == SETTLED_IN
    }


def linear_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a perpetual.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    sizes, prices = inside(field(row, "lotSizeFilter")), inside(field(row, "priceFilter"))
    base, quote = Asset(text_of(row, "baseCoin")), Asset(text_of(row, "quoteCoin"))
    lot_size, least_value = decimal_of(sizes, "qtyStep"), decimal_of(sizes, "minNotionalValue")
    if lot_size <= 0:
        raise Unreadable("qtyStep is not positive")
    return Instrument(
        symbol=Symbol(f"{base}/{quote}:{SETTLED_IN}"),
        kind=MarketKind.SWAP,
        base=base,
        quote=quote,
        settle=Asset(SETTLED_IN),
        lot_size=lot_size,
        tick_size=decimal_of(prices, "tickSize"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(sizes, "minOrderQty"))),
        lots_max=floor_times(lot_size, decimal_of(sizes, "maxOrderQty")),
        notional_min=least_value,
        # It is not said that what only reduces may be smaller.
        notional_min_reduce_only=least_value,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=text_of(row, "status") == "Trading",
        expires_at=None,
    )


def require_plain_margin(answer: object) -> bool:
    """Read that one wallet backs all positions by itself, and return that it does.

    Raises:
        Unreadable: it does not say in which mode the account is.
        Unserved: it is in another mode.

    """
    row = result_of(answer)
    mode, hedging = text_of(row, "marginMode"), text_of(row, "spotHedgingStatus")
    if mode != "REGULAR_MARGIN":
        raise Unserved(f"it is in mode {mode}", mend="set cross margin at the venue")
    if hedging != "OFF":
        raise Unserved(
            "spot hedging is on, and counts coins with contracts",
            mend="switch spot hedging off at the venue",
        )
    return True


def positions_page(answer: object) -> Page:
    """Read a page of positions, every row of it.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    page = page_of(answer)
    for row in page[0]:
        position_row(row)
    return page


def position_row(row: Row) -> PositionRow | None:
    """Read one position, None for a flat one; cross margin, as the account's mode says.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    name, size, mode = text_of(row, "symbol"), decimal_of(row, "size"), _mode(row)
    if not size:
        return None
    side = text_of(row, "side")
    if side not in _SIDES or size < 0:
        raise Unreadable("a position is neither long nor short")
    liquidation = field(row, "liqPrice")
    price = ZERO if liquidation == "" else decimal_of(row, "liqPrice")
    return PositionRow(
        position=OpenPosition(
            market_id=name,
            count=size if _SIDES[side] > 0 else size.copy_negate(),
            entry_price=decimal_of(row, "avgPrice"),
            liquidation_price=price if price > 0 else None,
        ),
        margin_mode=MarginMode.CROSS,
        mode=mode,
        maintenance=decimal_of(row, "positionMM"),
        profit=decimal_of(row, "unrealisedPnl"),
    )


def counts_of(answer: object) -> tuple[tuple[str, Decimal], ...]:
    """Read by name how much is held in contracts of any kind, signed; flat ones are left out.

    The first page is enough to know that there are some.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    found = []
    for row in page_of(answer)[0]:
        name, size = text_of(row, "symbol"), decimal_of(row, "size")
        if size:
            found.append((name, size.copy_negate() if text_of(row, "side") == "Sell" else size))
    return tuple(found)


def _mode(row: Row) -> PositionMode:
    """Read whether long and short stand side by side: the place of a position tells."""
    place = integer_of(row, "positionIdx")
    if place not in {0, 1, 2}:
        raise Unreadable("positionIdx is none of 0, 1 and 2")
    return PositionMode.HEDGE if place else PositionMode.ONE_WAY


def settings_of(answer: object, *, market_id: str) -> Settings:
    """Read what is set for one contract, whether it has a position or not.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    rows = rows_in(answer)
    if not rows or any(text_of(row, "symbol") != market_id for row in rows):
        raise Unreadable("settings of another contract, or of none")
    modes = {_mode(row) for row in rows}
    leverage = max(_whole(row, "leverage") for row in rows)
    return Settings(
        contract=ContractSettings(leverage=leverage, margin_mode=MarginMode.CROSS),
        mode=PositionMode.HEDGE if PositionMode.HEDGE in modes else PositionMode.ONE_WAY,
    )


def _whole(row: Row, name: str) -> int:
    """Read a leverage; one between two whole numbers lets as much happen as the higher."""
    leverage = ceil_times(ONE, decimal_of(row, name))
    if leverage < 1:
        raise Unreadable(f"{name} is below 1")
    return leverage


def prices_of(answer: object, *, market_id: str) -> ContractPrices | None:
    """Read mark, index and funding of one contract; None for one without a price.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    (row,) = rows_in(answer) or (None,)
    if row is None or text_of(row, "symbol") != market_id:
        raise Unreadable("prices of another contract, or of none")
    mark, index = decimal_of(row, "markPrice"), decimal_of(row, "indexPrice")
    if mark <= 0 or index <= 0:
        return None
    return ContractPrices(mark=mark, index=index, funding_rate=decimal_of(row, "fundingRate"))


def brackets_of(answer: object, *, market_id: str, fee: Decimal) -> tuple[Bracket, ...]:
    """Read the maintenance table of one contract, with the *fee* to close in every step.

    It is not said whether the venue's own figure has that fee in it; the table always has. A rate
    may be written as a fraction or in per cent: its step's leverage tells which.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    rows, cursor = page_of(answer)
    if cursor or any(text_of(row, "symbol") != market_id for row in rows):
        raise Unreadable("a maintenance table of another contract, or in parts")
    steps: list[Bracket] = []
    floor = ZERO
    for row in sorted(rows, key=lambda each: decimal_of(each, "riskLimitValue")):
        cap = decimal_of(row, "riskLimitValue")
        if cap <= floor:
            raise Unreadable("two steps of a table have one limit")
        with exact_arithmetic():
            rate = _unit(row) * decimal_of(row, "maintenanceMargin") + fee
        steps.append(
            Bracket(
                notional_floor=floor,
                notional_cap=cap,
                leverage_max=max(1, floor_times(ONE, decimal_of(row, "maxLeverage"))),
                maintenance_ratio=rate,
                maintenance_deduction=_deduction(row, is_first=not floor),
            )
        )
        floor = cap
    return tuple(steps)


def _unit(row: Row) -> Decimal:
    """Return what a rate of a step is to be multiplied with to be a fraction.

    Raises:
        Unreadable: initial rate and leverage do not belong together.

    """
    with exact_arithmetic():
        product = decimal_of(row, "initialMargin") * decimal_of(row, "maxLeverage")
        for unit in (ONE, Decimal("0.01")):
            if abs(unit * product - ONE) <= _TOLERANCE:
                return unit
    raise Unreadable("a step's initial margin is not one over its leverage")


def _deduction(row: Row, *, is_first: bool) -> Decimal:
    """Read what is taken off; the first step writes nothing. Less taken off errs to be safe."""
    if is_first and field(row, "mmDeduction") == "":
        return ZERO
    return max(ZERO, decimal_of(row, "mmDeduction"))


def with_fee(
    row: PositionRow, *, mark: Decimal, steps: tuple[Bracket, ...], fee: Decimal
) -> Decimal:
    """Return what a position has to maintain by the venue's figure, the *fee* to close in it.

    Where the figure is plainly without, it is added: the table has it too, and the two are held
    against each other.
    """
    with exact_arithmetic():
        value = abs(row.position.count) * mark
        reached = (s for s in steps if s.notional_floor <= value)
        ours = max(s.maintenance_ratio * value - s.maintenance_deduction for s in reached)
        is_without = abs(row.maintenance + fee * value - ours) < abs(row.maintenance - ours)
        return row.maintenance + (fee * value if is_without else ZERO)
