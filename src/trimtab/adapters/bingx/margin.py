"""Margin, positions and settings of contracts as BingX writes them. Pure.

Each function reads one answer whole. A wallet in which several coins back contracts together is
not read. Sources: BingX API USDT-M "Query account data", "Query position data", "Position and
Maintenance Margin Ratio", "Query Margin Type", "Query Leverage and Available Positions", "Query
position mode", "Query Multi-Assets Mode", "Mark Price and Funding Rate", "Order Book", 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.adapters.bingx.answers import told_of
from trimtab.adapters.frame.contract_values import ContractPrices, OpenPosition
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_account import PositionRow
from trimtab.adapters.wire.exact import (
    SeveralMargins,
    Unreadable,
    decimal_of,
    field,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic, floor_times
from trimtab.domain.instruments import Asset
from trimtab.domain.snapshot import Bracket, MarginMode, MarginPool, PositionMode

_SETTLED_IN: Final = Asset("USDT")
_MARGIN_MODES: Final[Mapping[str, MarginMode]] = {
    "CROSSED": MarginMode.CROSS,
    "ISOLATED": MarginMode.ISOLATED,
    "SEPARATE_ISOLATED": MarginMode.ISOLATED,
}
_SIGNS: Final[Mapping[str, int]] = {"LONG": 1, "SHORT": -1}


def pools_of(answer: object, positions: Iterable[PositionRow]) -> Mapping[Asset, MarginPool]:
    """Read the futures wallets; *positions* tell what the one in USDT has to maintain.

    Raises:
        Unreadable: a field is missing or wrong, or a wallet is told twice.

    """
    held, pools = tuple(positions), dict[Asset, MarginPool]()
    for row in rows_of(told_of(answer)):
        asset = Asset(text_of(row, "asset"))
        if asset in pools:
            raise Unreadable(f"the wallet of {asset} is told twice")
        pools[asset] = _pool(row, held if asset == _SETTLED_IN else ())
    if _SETTLED_IN not in pools:
        raise Unreadable(f"no wallet of {_SETTLED_IN}")
    return {a: p for a, p in pools.items() if a == _SETTLED_IN or p.wallet_balance}


def _pool(row: Row, held: tuple[PositionRow, ...]) -> MarginPool:
    """Read one futures wallet.

    It is not said whether profit that is not realised counts as available, and such profit cannot
    leave: what may be used is no more than the wallet holds beyond what is bound.
    """
    wallet = decimal_of(row, "balance")
    with exact_arithmetic():
        bound = decimal_of(row, "usedMargin") + decimal_of(row, "freezedMargin")
        unbound = wallet - bound
        maintained = sum((each.maintenance for each in held), start=ZERO)
    return MarginPool(
        wallet_balance=wallet,
        unrealised_pnl=decimal_of(row, "unrealizedProfit"),
        free_margin=max(ZERO, min(unbound, decimal_of(row, "availableMargin"))),
        initial_margin=bound,
        maintenance_margin=maintained,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """A position before its maintenance table is known."""

    position: OpenPosition
    margin_mode: MarginMode
    value: Decimal
    """At mark, quote, >= 0."""
    profit: Decimal
    """Unrealised, signed."""


def positions_of(answer: object) -> tuple[HeldPosition, ...]:
    """Read positions that are not flat.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    return tuple(
        _position(row) for row in rows_of(told_of(answer)) if decimal_of(row, "positionAmt")
    )


def counts_of(answer: object) -> tuple[tuple[str, Decimal], ...]:
    """Read by name how much is held in contracts of any kind, signed; flat ones are left out.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    rows = (row for row in rows_of(told_of(answer)) if decimal_of(row, "positionAmt"))
    return tuple((text_of(row, "symbol"), _count(row)) for row in rows)


def _position(row: Row) -> HeldPosition:
    """Read one position; a liquidation price that is not positive stands for none."""
    count, isolated = _count(row), field(row, "isolated")
    if not isinstance(isolated, bool):
        raise Unreadable("isolated is not a truth value")
    liquidation = decimal_of(row, "liquidationPrice")
    with exact_arithmetic():
        value = abs(count) * decimal_of(row, "markPrice")
    return HeldPosition(
        position=OpenPosition(
            market_id=text_of(row, "symbol"),
            count=count,
            entry_price=decimal_of(row, "avgPrice"),
            liquidation_price=liquidation if liquidation > 0 else None,
        ),
        margin_mode=MarginMode.ISOLATED if isolated else MarginMode.CROSS,
        value=value,
        profit=decimal_of(row, "unrealizedProfit"),
    )


def _count(row: Row) -> Decimal:
    """Return a position's size, signed: it is written without a sign, beside its side.

    Raises:
        Unreadable: it has no side, or a sign.

    """
    side, amount = text_of(row, "positionSide"), decimal_of(row, "positionAmt")
    if side not in _SIGNS or amount < 0:
        raise Unreadable("a position is neither long nor short")
    return amount if _SIGNS[side] > 0 else amount.copy_negate()


def maintained(held: HeldPosition, steps: tuple[Bracket, ...], mode: PositionMode) -> PositionRow:
    """Return a position with what it has to maintain by its table, which has a step.

    Raises:
        Unreadable: there is no table.

    """
    if not steps:
        raise Unreadable(f"{held.position.market_id}: a position without a maintenance table")
    reached = [step for step in steps if step.notional_floor <= held.value] or [steps[0]]
    with exact_arithmetic():
        needed = held.value * reached[-1].maintenance_ratio - reached[-1].maintenance_deduction
    return PositionRow(
        position=held.position,
        margin_mode=held.margin_mode,
        mode=mode,
        maintenance=max(ZERO, needed),
        profit=held.profit,
    )


def brackets_of(answer: object, *, market_id: str) -> tuple[Bracket, ...]:
    """Read the maintenance table of one contract, by rising value.

    The venue tells the highest leverage of a contract, not of each step. What a step keeps is
    bounded here by half of what its maintenance alone would forbid.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    rows = rows_of(told_of(answer))
    if any(text_of(row, "symbol") != market_id for row in rows):
        raise Unreadable("a maintenance table of another contract")
    return tuple(sorted(map(_bracket, rows), key=lambda step: step.notional_floor))


def _bracket(row: Row) -> Bracket:
    """Read one step."""
    rate = decimal_of(row, "maintMarginRatio")
    if not 0 < rate < 1:
        raise Unreadable("maintMarginRatio is no ratio")
    with exact_arithmetic():
        most = floor_times(2 * rate, Decimal(1))
    return Bracket(
        notional_floor=decimal_of(row, "minPositionVal"),
        notional_cap=decimal_of(row, "maxPositionVal"),
        leverage_max=max(1, most),
        maintenance_ratio=rate,
        maintenance_deduction=decimal_of(row, "maintAmount"),
    )


def margin_mode_of(answer: object) -> MarginMode:
    """Read how margin of a contract is shared.

    Raises:
        Unreadable: it does not say.

    """
    said = text_of(mapping_of(told_of(answer)), "marginType")
    if said not in _MARGIN_MODES:
        raise Unreadable(f"marginType {said} is not known")
    return _MARGIN_MODES[said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leverage:
    """What is set for a contract, and the highest that may be."""

    current: int
    """Times the margin, >= 1."""
    most: int
    """Times the margin, >= 1."""


def leverage_of(answer: object) -> Leverage:
    """Read the leverage of a contract: of two sides the higher, for it lets more happen.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    row = mapping_of(told_of(answer))
    return Leverage(
        current=max(integer_of(row, "longLeverage"), integer_of(row, "shortLeverage")),
        most=min(integer_of(row, "maxLongLeverage"), integer_of(row, "maxShortLeverage")),
    )


def position_mode_of(answer: object) -> PositionMode:
    """Read whether long and short stand side by side.

    Raises:
        Unreadable: it does not say.

    """
    said = field(mapping_of(told_of(answer)), "dualSidePosition")
    if said not in (True, False, "true", "false"):
        raise Unreadable("dualSidePosition is neither true nor false")
    return PositionMode.HEDGE if said in (True, "true") else PositionMode.ONE_WAY


def require_single(answer: object) -> bool:
    """Return that one coin backs contracts.

    Raises:
        Unreadable: several do, or it does not say.

    """
    if text_of(mapping_of(told_of(answer)), "assetMode") != "singleAssetMode":
        raise SeveralMargins
    return True


def prices_of(answer: object, *, market_id: str) -> ContractPrices | None:
    """Read mark, index and funding of one contract; None for one without a price.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    told = told_of(answer)
    (row,) = rows_of(told) if isinstance(told, list) and len(told) == 1 else (mapping_of(told),)
    if text_of(row, "symbol") != market_id:
        raise Unreadable("prices of another contract")
    mark, index = decimal_of(row, "markPrice"), decimal_of(row, "indexPrice")
    if mark <= 0 or index <= 0:
        return None
    return ContractPrices(mark=mark, index=index, funding_rate=decimal_of(row, "lastFundingRate"))


def sides_in_coins(answer: object) -> Mapping[str, object]:
    """Return both sides of a contract's book in base units.

    What is called bids and asks counts contracts of a fraction of a coin.

    Raises:
        Unreadable: they are missing.

    """
    row = mapping_of(told_of(answer))
    return {"bids": field(row, "bidsCoin"), "asks": field(row, "asksCoin")}
