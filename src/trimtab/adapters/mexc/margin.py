"""Margin, positions and settings of contracts as MEXC writes them. Pure.

Each function reads one answer whole. A wallet with a bonus, with a debt, or in which several coins
back contracts together is not read. Sources: MEXC "Futures" API "Get All Account Assets", "Get Open
Positions", "Get User Position Mode", "Get Position Leverage Multipliers", 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.contract_values import OpenPosition
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_account import PositionRow
from trimtab.adapters.mexc.contracts import SETTLED_IN, told_of
from trimtab.adapters.wire.exact import (
    SeveralMargins,
    Unreadable,
    Unserved,
    decimal_of,
    field,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.snapshot import Bracket, MarginMode, MarginPool, PositionMode

_MODES: Final[Mapping[int, PositionMode]] = {1: PositionMode.HEDGE, 2: PositionMode.ONE_WAY}
_MARGIN_MODES: Final[Mapping[int, MarginMode]] = {1: MarginMode.ISOLATED, 2: MarginMode.CROSS}
_SIGNS: Final[Mapping[int, int]] = {1: 1, 2: -1}
_HOLDING: Final = 1


def pools_of(answer: object, positions: Iterable[PositionRow]) -> Mapping[Asset, MarginPool]:
    """Read the futures wallets; *positions* tell what the one in USDT has to maintain.

    Raises:
        Unreadable: a field is missing or wrong, or a wallet is told twice.
        Unserved: a bonus or a debt is in it, or several coins back contracts together.

    """
    held, pools = tuple(positions), dict[Asset, MarginPool]()
    for row in rows_of(told_of(answer)):
        asset = Asset(text_of(row, "currency"))
        if asset in pools:
            raise Unreadable(f"the wallet of {asset} is told twice")
        _require_plain(row, asset)
        pools[asset] = _pool(row, held if asset == SETTLED_IN else ())
    if SETTLED_IN not in pools:
        raise Unreadable(f"no wallet of {SETTLED_IN}")
    return {a: p for a, p in pools.items() if a == SETTLED_IN or p.wallet_balance}


def _require_plain(row: Row, asset: Asset) -> None:
    """Refuse a wallet that holds what is not its owner's, or that backs others.

    Raises:
        Unserved: it does.

    """
    if decimal_of(row, "bonus"):
        raise Unserved(
            f"the futures wallet has a bonus of {asset}, which cannot be withdrawn",
            mend="use the bonus up, or have it taken back",
        )
    if decimal_of(row, "debtAmount"):
        raise Unserved(f"{asset} is owed in the futures wallet", mend=f"repay the debt of {asset}")
    if decimal_of(row, "contributeMarginAmount"):
        raise SeveralMargins


def _pool(row: Row, held: tuple[PositionRow, ...]) -> MarginPool:
    """Read one futures wallet.

    It is not said whether profit that is not realised counts as available, and such profit cannot
    leave: what may be used is no more than the wallet holds beyond what is bound.
    """
    profit = decimal_of(row, "unrealized")
    with exact_arithmetic():
        wallet = decimal_of(row, "equity") - profit
        bound = decimal_of(row, "positionMargin") + decimal_of(row, "frozenBalance")
        unbound = wallet - bound
        maintained = sum((each.maintenance for each in held), start=ZERO)
    if bound < 0:
        raise Unreadable("less than nothing is bound")
    return MarginPool(
        wallet_balance=wallet,
        unrealised_pnl=profit,
        free_margin=max(ZERO, min(unbound, decimal_of(row, "availableBalance"))),
        initial_margin=bound,
        maintenance_margin=maintained,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """A position before the prices and the table of its contract are known."""

    position: OpenPosition
    margin_mode: MarginMode
    position_id: int
    """The venue's number of it."""


def positions_of(answer: object) -> tuple[HeldPosition, ...]:
    """Read positions that are not flat.

    Raises:
        Unreadable: a field is missing or wrong, or the venue has taken one over.
        Unserved: one is in a contract of another kind.

    """
    return tuple(_position(row) for row in rows_of(told_of(answer)) if decimal_of(row, "holdVol"))


def _position(row: Row) -> HeldPosition:
    """Read one position. A liquidation price is told of isolated margin alone."""
    name, count = text_of(row, "symbol"), decimal_of(row, "holdVol")
    if not name.endswith(f"_{SETTLED_IN}"):
        raise Unserved(
            f"{name} is no perpetual that settles in {SETTLED_IN}", mend="close the position"
        )
    sign, mode = _SIGNS.get(integer_of(row, "positionType")), integer_of(row, "openType")
    if sign is None or mode not in _MARGIN_MODES or count < 0:
        raise Unreadable("a position is neither long nor short, or has no margin mode")
    if integer_of(row, "state") != _HOLDING:
        raise Unreadable("a position is not held by the account alone")
    whole = "holdAvgPriceFullyScale"
    entry_price = decimal_of(row, whole if whole in row else "holdAvgPrice")
    liquidation = decimal_of(row, "liquidatePrice")
    is_told = _MARGIN_MODES[mode] is MarginMode.ISOLATED and liquidation > 0
    return HeldPosition(
        position=OpenPosition(
            market_id=name,
            count=count if sign > 0 else count.copy_negate(),
            entry_price=entry_price,
            liquidation_price=liquidation if is_told else None,
        ),
        margin_mode=_MARGIN_MODES[mode],
        position_id=integer_of(row, "positionId"),
    )


def maintained(
    held: HeldPosition,
    steps: tuple[Bracket, ...],
    *,
    mode: PositionMode,
    mark: Decimal,
    contract_size: Decimal,
) -> PositionRow:
    """Return a position with what it has to maintain by its table, and what it has won at mark."""
    with exact_arithmetic():
        units = held.position.count * contract_size
        value = abs(units) * mark
        profit = units * (mark - held.position.entry_price)
        reached = [step for step in steps if step.notional_floor <= value]
        needed = value * reached[-1].maintenance_ratio
    return PositionRow(
        position=held.position,
        margin_mode=held.margin_mode,
        mode=mode,
        maintenance=needed,
        profit=profit,
    )


def position_mode_of(answer: object) -> PositionMode:
    """Read whether long and short stand side by side: a number, by itself or by its name.

    Raises:
        Unreadable: it does not say.

    """
    told = told_of(answer)
    number = field(told, "positionMode") if isinstance(told, dict) else told
    if type(number) is not int or number not in _MODES:
        raise Unreadable("the position mode is not told")
    return _MODES[number]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSetting:
    """What is set for one side of a contract."""

    leverage: int
    """Times the margin, >= 1."""
    margin_mode: MarginMode
    rate: Decimal
    """What the venue says that a position maintains now, fraction of value; 0 where it does not."""


def settings_of(answer: object) -> Mapping[int, SideSetting]:
    """Read what is set for a contract, by the venue's number of a side: 1 long, 2 short.

    Where a side is told for both margin modes, the shared one counts.

    Raises:
        Unreadable: a field is missing or wrong, or a side is missing.

    """
    sides: dict[int, SideSetting] = {}
    for row in rows_of(told_of(answer)):
        side, mode = integer_of(row, "positionType"), integer_of(row, "openType")
        leverage = integer_of(row, "leverage")
        rate = decimal_of(row, "currentMmr") if "currentMmr" in row else ZERO
        if side not in _SIGNS or mode not in _MARGIN_MODES or leverage < 1:
            raise Unreadable("leverage of no side, of no margin mode, or of nothing")
        if not 0 <= rate < 1:
            raise Unreadable("currentMmr is no ratio")
        told = SideSetting(leverage=leverage, margin_mode=_MARGIN_MODES[mode], rate=rate)
        if side not in sides or sides[side].margin_mode is not MarginMode.CROSS:
            sides[side] = told
    if sides.keys() != _SIGNS.keys():
        raise Unreadable("leverage of one side is missing")
    return sides


def tightest(sides: Mapping[int, SideSetting]) -> SideSetting:
    """Return what counts of two sides: the higher leverage and rate, and shared margin of both."""
    told = tuple(sides.values())
    is_cross = all(each.margin_mode is MarginMode.CROSS for each in told)
    return SideSetting(
        leverage=max(each.leverage for each in told),
        margin_mode=MarginMode.CROSS if is_cross else MarginMode.ISOLATED,
        rate=max(each.rate for each in told),
    )


def book_sides(answer: object) -> Row:
    """Return both sides of a book, in contracts.

    Raises:
        Unreadable: it is none.

    """
    return mapping_of(told_of(answer))
