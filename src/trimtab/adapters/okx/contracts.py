"""Perpetuals that settle in USDT, as OKX v5 writes them: markets, positions, tables. Pure.

Each function reads one answer whole. The venue counts contracts, of a part of a coin each. Sources:
OKX API v5 "Get instruments", "Get positions", "Get leverage", "Get position tiers", "Get mark
price", "Get index tickers", "Get funding rate", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.contract_values import ContractSettings, OpenPosition
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_account import PositionRow, Settings
from trimtab.adapters.okx.answers import number_of, row_in, row_of, rows_in
from trimtab.adapters.wire.exact import Unreadable, Unserved, decimal_of, integer_of, text_of
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, floor_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import Bracket, MarginMode, PositionMode

SETTLED_IN: Final = "USDT"
"""What all contracts that are traded here settle in."""
_LIVE: Final = "live"
_MODES: Final[Mapping[str, PositionMode]] = {
    "net_mode": PositionMode.ONE_WAY,
    "long_short_mode": PositionMode.HEDGE,
}
_SIDES: Final[Mapping[str, PositionMode]] = {
    "net": PositionMode.ONE_WAY,
    "long": PositionMode.HEDGE,
    "short": PositionMode.HEDGE,
}
_HALF: Final = Decimal("0.5")


def linear_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the perpetuals of the list that settle in USDT, by symbol.

    Raises:
        Unreadable: a row has no name, or does not say what it is.

    """
    return {
        Symbol(f"{_base(row)}/{SETTLED_IN}:{SETTLED_IN}"): row
        for row in rows_in(answer)
        if text_of(row, "instId")
        and text_of(row, "ctType") == "linear"
        and text_of(row, "settleCcy") == SETTLED_IN
    }


def _base(row: Row) -> Asset:
    """Return the coin that contracts of a market count."""
    return Asset(text_of(row, "ctValCcy"))


def linear_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a perpetual.

    Raises:
        Unreadable: a field is missing or wrong, or its contracts count something else.

    """
    base, quote = _base(row), Asset(SETTLED_IN)
    if text_of(row, "uly") != f"{base}-{quote}":
        raise Unreadable("contracts do not count the coin that they are about")
    with exact_arithmetic():
        contract_size = decimal_of(row, "ctVal") * decimal_of(row, "ctMult")
        lot_size = decimal_of(row, "lotSz") * contract_size
        least = decimal_of(row, "minSz") * contract_size
        most = decimal_of(row, "maxLmtSz") * contract_size
    if min(lot_size, contract_size) <= 0:
        raise Unreadable("lotSz or ctVal is not positive")
    return Instrument(
        symbol=Symbol(f"{base}/{quote}:{quote}"),
        kind=MarketKind.SWAP,
        base=base,
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=decimal_of(row, "tickSz"),
        lots_min=max(1, ceil_times(lot_size, least)),
        lots_max=floor_times(lot_size, most),
        notional_min=ZERO,
        notional_min_reduce_only=ZERO,
        contract_size=contract_size,
        taker_fee=taker_fee,
        tradable=text_of(row, "state") == _LIVE,
        expires_at=None,
    )


def position_mode_of(answer: object) -> PositionMode:
    """Read from the configuration of the account whether long and short stand side by side.

    Raises:
        Unreadable: it does not say.

    """
    mode = _MODES.get(text_of(row_in(answer), "posMode"))
    if mode is None:
        raise Unreadable("posMode is neither of one way nor of two")
    return mode


def positions_of(answer: object) -> tuple[PositionRow, ...]:
    """Read all positions; flat ones are left out.

    Raises:
        Unreadable: a field is missing or wrong.
        Unserved: one is of another kind, or has its margin by itself.

    """
    return tuple(p for row in rows_in(answer) if (p := _position_row(row)) is not None)


def _position_row(row: Row) -> PositionRow | None:
    """Read one position, None for a flat one."""
    name, count = text_of(row, "instId"), decimal_of(row, "pos")
    if not count:
        return None
    if (text_of(row, "instType"), text_of(row, "ccy")) != ("SWAP", SETTLED_IN):
        raise Unserved(
            f"{name} is no perpetual that settles in {SETTLED_IN}", mend="close the position"
        )
    if text_of(row, "mgnMode") != "cross":
        raise Unserved(f"{name} has its margin by itself", mend="close the isolated position")
    side = text_of(row, "posSide")
    if side not in _SIDES or (side != "net" and count < 0):
        raise Unreadable("a position is neither long nor short")
    price = number_of(row, "liqPx")
    return PositionRow(
        position=OpenPosition(
            market_id=name,
            count=count.copy_negate() if side == "short" else count,
            entry_price=decimal_of(row, "avgPx"),
            liquidation_price=price if price > 0 else None,
        ),
        margin_mode=MarginMode.CROSS,
        mode=_SIDES[side],
        maintenance=decimal_of(row, "mmr"),
        profit=decimal_of(row, "upl"),
    )


def leverage_of(answer: object, *, market_id: str) -> int:
    """Read the leverage of cross margin in a market; of two sides, the higher.

    One between two whole numbers lets as much happen as the higher.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another market.

    """
    rows = rows_in(answer)
    told = {(text_of(row, "instId"), text_of(row, "mgnMode")) for row in rows}
    if told != {(market_id, "cross")}:
        raise Unreadable("leverage of another market, or of none")
    leverage = max(ceil_times(ONE, decimal_of(row, "lever")) for row in rows)
    if leverage < 1:
        raise Unreadable("lever is below 1")
    return leverage


def settings_of(leverage: int, mode: PositionMode) -> Settings:
    """Return what is set for a contract: the margin mode is named by each order."""
    contract = ContractSettings(leverage=leverage, margin_mode=MarginMode.CROSS)
    return Settings(contract=contract, mode=mode)


def is_leverage_set(answer: object, *, market_id: str, leverage: int) -> bool | None:
    """Acknowledge that leverage is set as it was asked for; None where it is not.

    Raises:
        Unreadable: the answer does not say.

    """
    return leverage_of(answer, market_id=market_id) == leverage or None


def price_in(answer: object, name: str, *, market_id: str) -> Decimal:
    """Read a price, or a rate, of a market.

    Raises:
        Unreadable: it is missing or wrong, or of another market.

    """
    return decimal_of(row_of(answer, market_id), name)


def tiers_of(answer: object, *, family: str) -> tuple[Row, ...]:
    """Return the steps of a maintenance table, by rising size, every one readable.

    Raises:
        Unreadable: a field is missing or wrong, it is of other contracts, or steps do not join.

    """
    rows = sorted(rows_in(answer), key=lambda row: integer_of(row, "tier"))
    last = ZERO
    for row in rows:
        first, most = decimal_of(row, "minSz"), decimal_of(row, "maxSz")
        if text_of(row, "instFamily") != family or not last <= first < most:
            raise Unreadable("steps of other contracts, or steps that do not join")
        if not 0 < decimal_of(row, "mmr") < decimal_of(row, "imr") <= 1:
            raise Unreadable("the rates of a step are none")
        if decimal_of(row, "maxLever") < 1:
            raise Unreadable("maxLever is below 1")
        last = most
    return tuple(rows)


def brackets_of(
    tiers: tuple[Row, ...], *, contract_size: Decimal, mark: Decimal, fee: Decimal
) -> tuple[Bracket, ...]:
    """Return a maintenance table by value, with the *fee* to close in every step.

    Steps count contracts, and what they are worth moves. They are taken at half the *mark*, so
    that a long whose price falls is not in a lower step here than at the venue; a position that
    is near the end of a step is then counted in the next. A step's rate holds for all of it.
    """
    steps: list[Bracket] = []
    floor = ZERO
    for row in tiers:
        with exact_arithmetic():
            cap = decimal_of(row, "maxSz") * contract_size * mark * _HALF
            rate = decimal_of(row, "mmr") + fee
        steps.append(
            Bracket(
                notional_floor=floor,
                notional_cap=cap,
                leverage_max=floor_times(ONE, decimal_of(row, "maxLever")),
                maintenance_ratio=rate,
                maintenance_deduction=ZERO,
            )
        )
        floor = cap
    return tuple(steps)


def closing_fees(
    rows: tuple[PositionRow, ...],
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
) -> Decimal:
    """Return what closing all positions at *marks* costs: the venue's own figure is without.

    *instruments* and *marks* are by the venue's name of a market. Settlement units, >= 0.
    """
    total = ZERO
    for row in rows:
        name = row.position.market_id
        at = instruments[name]
        with exact_arithmetic():
            total += abs(row.position.count) * at.contract_size * marks[name] * at.taker_fee
    return total


def marks_of(answer: object) -> Mapping[str, Decimal]:
    """Read the marks of open positions, by the venue's name of a market.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    rows = rows_in(answer)
    return {text_of(r, "instId"): decimal_of(r, "markPx") for r in rows if decimal_of(r, "pos")}
