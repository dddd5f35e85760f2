"""Margin and positions of WEEX, measured by the tiers that a person declares. Pure.

The venue tells no maintenance margin. What it does tell is held against the tiers: the price at
which it would liquidate a position. Of shared margin that is told where it is near, and 0 else.
What is left of a position's value there, beyond what others maintain, may be half as much again as
the declared rate and 0.2 % for fees and rounding, and no more: the next tier of every table that
the venue published has at least about twice the rate. Sources: WEEX API "Contract" v3 "Get Account
Balance", "Get All Positions", 2026-07; notice of tiers, 2026-03-04 (the highest leverage of a tier
is half of one over its rate).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.contract_values import OpenPosition
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_account import PositionRow
from trimtab.adapters.weex.contracts import MARGIN_MODES, SETTLED_IN, require_combined
from trimtab.adapters.wire.exact import Unreadable, Unserved, decimal_of, rows_of, text_of
from trimtab.domain.declared import MaintenanceTier
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, floor_times, plain, ratio, trimmed
from trimtab.domain.instruments import Asset
from trimtab.domain.margin import maintenance
from trimtab.domain.snapshot import Bracket, MarginMode, MarginPool, PositionMode

_SIGNS: Final[Mapping[str, int]] = {"LONG": 1, "SHORT": -1}
_MORE: Final = Decimal("1.5")
_FEES: Final = Decimal("0.002")
"""How much more than the declared rate may be left where the venue liquidates."""
_ALL: Final = ONE

Tiers = tuple[MaintenanceTier, ...]


def brackets_of(tiers: Tiers, *, most: int) -> tuple[Bracket, ...]:
    """Return declared tiers as the steps of a table; *most* is the contract's highest leverage.

    A step leaves half of the leverage that its maintenance alone would forbid. Beyond the last tier
    there is no step for a position, and all of its value counts as maintained.
    """
    steps: list[Bracket] = []
    floor = ZERO
    for tier in tiers:
        with exact_arithmetic():
            bound = floor_times(2 * tier.rate, ONE)
        steps.append(_step(floor=floor, cap=tier.up_to, rate=tier.rate, leverage=min(bound, most)))
        floor = tier.up_to
    with exact_arithmetic():
        end = floor + ONE
    return (*steps, _step(floor=floor, cap=end, rate=_ALL, leverage=1))


def _step(*, floor: Decimal, cap: Decimal, rate: Decimal, leverage: int) -> Bracket:
    """Return one step, whose rate is of the whole position."""
    return Bracket(
        notional_floor=floor,
        notional_cap=cap,
        leverage_max=max(1, leverage),
        maintenance_ratio=rate,
        maintenance_deduction=ZERO,
    )


def pools_of(answer: object, positions: Iterable[PositionRow]) -> Mapping[Asset, MarginPool]:
    """Read the futures wallets; *positions* tell what the one in USDT has to maintain.

    Raises:
        Unreadable: a field is missing or wrong, or a wallet is told twice.

    """
    held, pools = tuple(positions), dict[Asset, MarginPool]()
    for row in rows_of(answer):
        asset = Asset(text_of(row, "asset"))
        if asset in pools:
            raise Unreadable(f"the wallet of {asset} is told twice")
        pools[asset] = _pool(row, held if asset == SETTLED_IN else ())
    if SETTLED_IN not in pools:
        raise Unreadable(f"no wallet of {SETTLED_IN}")
    return {a: p for a, p in pools.items() if a == SETTLED_IN or p.wallet_balance}


def _pool(row: Row, held: tuple[PositionRow, ...]) -> MarginPool:
    """Read one futures wallet.

    Its total is what the page of v2 calls equity: profit that is not realised is in it. That
    cannot leave, and what may be used is no more than the wallet holds beyond what is bound.
    """
    profit, total = decimal_of(row, "unrealizePnl"), decimal_of(row, "balance")
    available, frozen = decimal_of(row, "availableBalance"), decimal_of(row, "frozen")
    if frozen < 0:
        raise Unreadable("less than nothing is frozen")
    with exact_arithmetic():
        wallet = total - profit
        bound = max(ZERO, frozen, total - available)
        unbound = wallet - bound
        maintained = sum((each.maintenance for each in held), start=ZERO)
    return MarginPool(
        wallet_balance=wallet,
        unrealised_pnl=profit,
        free_margin=max(ZERO, min(unbound, available)),
        initial_margin=bound,
        maintenance_margin=maintained,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """A position before the prices and the tiers of its contract are known."""

    position: OpenPosition
    margin_mode: MarginMode
    profit: Decimal
    """Unrealised, signed."""


def positions_of(answer: object) -> tuple[HeldPosition, ...]:
    """Read positions that are not flat.

    Raises:
        Unreadable: a field is missing or wrong.
        Unserved: both sides of a contract are held, or one in parts.

    """
    found: dict[str, HeldPosition] = {}
    for row in rows_of(answer):
        if not decimal_of(row, "size"):
            continue
        held = _position(row)
        name = held.position.market_id
        if name in found:
            raise Unserved(
                f"{name}: long and short are held side by side, or a position in parts",
                mend="close all but one of them",
            )
        found[name] = held
    return tuple(found.values())


def _position(row: Row) -> HeldPosition:
    """Read one position; a liquidation price of 0 stands for none that is near."""
    name, size = text_of(row, "symbol"), decimal_of(row, "size")
    require_combined(row, "separatedMode", market_id=name)
    sign, mode = _SIGNS.get(text_of(row, "side")), MARGIN_MODES.get(text_of(row, "marginType"))
    if sign is None or mode is None or size < 0:
        raise Unreadable("a position is neither long nor short, or has no margin mode")
    opened, liquidation = decimal_of(row, "openValue"), decimal_of(row, "liquidatePrice")
    if opened <= 0 or liquidation < 0:
        raise Unreadable("a position without a value, or liquidated below nothing")
    return HeldPosition(
        position=OpenPosition(
            market_id=name,
            count=size if sign > 0 else size.copy_negate(),
            entry_price=ratio(opened, size),
            liquidation_price=liquidation or None,
        ),
        margin_mode=mode,
        profit=decimal_of(row, "unrealizePnl"),
    )


def maintained(held: HeldPosition, tiers: Tiers, *, mark: Decimal, most: int) -> PositionRow:
    """Return a position with what it has to maintain by *tiers*.

    Each contract holds one side here, and every order names it: that is one-way for whoever plans.
    """
    with exact_arithmetic():
        value = abs(held.position.count) * mark
        needed = maintenance(value, brackets_of(tiers, most=most))
    return PositionRow(
        position=held.position,
        margin_mode=held.margin_mode,
        mode=PositionMode.ONE_WAY,
        maintenance=needed,
        profit=held.profit,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A position of shared margin with what it is measured by."""

    row: PositionRow
    tiers: Tiers
    mark: Decimal
    """Quote per coin, > 0."""


def hold_against(told: Iterable[Measured], pool: MarginPool) -> None:
    """Hold the venue's liquidation prices against the tiers.

    Beyond the last tier its rate is the least that there can be.

    Raises:
        Unserved: a position is liquidated nearer to its mark than they allow.

    """
    for each in told:
        price = each.row.position.liquidation_price
        if price is None or each.row.margin_mode is not MarginMode.CROSS:
            continue
        count, name = each.row.position.count, each.row.position.market_id
        with exact_arithmetic():
            others = pool.maintenance_margin - each.row.maintenance
            left = pool.balance + count * (price - each.mark) - others
            value = abs(count) * price
            tier = next((t for t in each.tiers if value <= t.up_to), each.tiers[-1])
            allowed = (tier.rate * _MORE + _FEES) * value
        if left <= allowed:
            continue
        where = f"{name}: the venue liquidates at {plain(price)}"
        if value > tier.up_to:
            raise Unserved(
                f"{where}, a value of {trimmed(value, 2)}, beyond the last tier",
                mend=f"write the next tiers of {name} in maintenance too",
            )
        raise Unserved(
            f"{where}, where {trimmed(ratio(left, value), 4)} of the value is left; the tier up to"
            f" {plain(tier.up_to)} says {plain(tier.rate)}",
            mend=f"read that tier of {name} in the venue's app again, and write it in maintenance",
        )
