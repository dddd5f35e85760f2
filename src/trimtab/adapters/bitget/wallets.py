"""Coins, margin, positions, settings and rights as Bitget v2 writes them. Pure.

Each function reads one answer whole. A unified account is answered 40085 by the venue and never
read; a futures wallet in which several coins back contracts together is not read here. Sources:
Bitget API v2 "Get Account Assets", "Get Account List", "Get Single Account", "Get All Positions",
"Get Position Tier", "Get Mark/Index/Market Prices", "Get Account Information", 2025-12.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.bitget.answers import row_in, rows_in
from trimtab.adapters.frame.contract_values import ContractPrices, ContractSettings, OpenPosition
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_account import PositionRow, Settings
from trimtab.adapters.wire.exact import (
    SeveralMargins,
    Unreadable,
    decimal_of,
    field,
    integer_of,
    number,
    text_of,
    words_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance, Bracket, MarginMode, MarginPool, PositionMode

_MARGIN_MODES: Final[Mapping[str, MarginMode]] = {
    "crossed": MarginMode.CROSS,
    "isolated": MarginMode.ISOLATED,
}
_POSITION_MODES: Final[Mapping[str, PositionMode]] = {
    "one_way_mode": PositionMode.ONE_WAY,
    "hedge_mode": PositionMode.HEDGE,
}
_SINGLE: Final = "single"
_READS: Final = frozenset({"coor", "cpor", "stor", "smor", "ttor", "wtor", "taxr", "chor", "p2pr"})
_WRITES: Final = frozenset(
    {"coow", "cpow", "stow", "smow", "ttow", "wtow", "wwow", "chow", "p2p", "pllw", "taxw"}
)
_OTHERS: Final = frozenset({"pllr", "readonly"})


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read the spot wallet; coins of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    balances: dict[Asset, Balance] = {}
    for row in rows_in(answer):
        coin = Asset(text_of(row, "coin").upper())
        free, frozen, locked = (decimal_of(row, name) for name in ("available", "frozen", "locked"))
        if min(free, frozen, locked) < 0 or coin in balances:
            raise Unreadable(f"a balance of {coin} is negative, or told twice")
        with exact_arithmetic():
            bound = frozen + locked
        if free or bound:
            balances[coin] = Balance(free=free, locked=bound)
    return balances


def pools_of(answer: object, positions: Iterable[PositionRow]) -> Mapping[Asset, MarginPool]:
    """Read the futures wallets of one product; *positions* tell what they have to maintain.

    Raises:
        Unreadable: a field is missing or wrong, or several coins back contracts together.

    """
    held = tuple(positions)
    return {Asset(text_of(row, "marginCoin").upper()): _pool(row, held) for row in rows_in(answer)}


def _pool(row: Row, held: tuple[PositionRow, ...]) -> MarginPool:
    """Read one futures wallet.

    What may be used is the least of what the venue says may be opened with and may leave. Where
    it leaves the wallet's profit out, as it documents, that of the positions stands for it.
    """
    if text_of(row, "assetMode") != _SINGLE:
        raise SeveralMargins
    told = field(row, "unrealizedPL")
    pnl = sum_of(each.profit for each in held) if told == "" else number(told, "unrealizedPL")
    with exact_arithmetic():
        wallet = decimal_of(row, "accountEquity") - pnl
    usable = min(decimal_of(row, "crossedMaxAvailable"), decimal_of(row, "maxTransferOut"))
    bound = (decimal_of(row, name) for name in ("crossedMargin", "isolatedMargin", "locked"))
    return MarginPool(
        wallet_balance=wallet,
        unrealised_pnl=pnl,
        free_margin=max(ZERO, usable),
        initial_margin=sum_of(bound),
        maintenance_margin=sum_of(each.maintenance for each in held),
    )


def sum_of(parts: Iterable[Decimal]) -> Decimal:
    """Return an exact sum."""
    with exact_arithmetic():
        return sum(parts, start=ZERO)


def positions_of(answer: object) -> tuple[PositionRow, ...]:
    """Read positions that are not flat.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    return tuple(_position(row) for row in rows_in(answer) if decimal_of(row, "total"))


def _position(row: Row) -> PositionRow:
    """Read one position; a liquidation price that is not positive stands for none."""
    side, total = text_of(row, "holdSide"), decimal_of(row, "total")
    if side not in {"long", "short"} or total < 0:
        raise Unreadable("a position is neither long nor short")
    liquidation = decimal_of(row, "liquidationPrice")
    with exact_arithmetic():
        maintenance = total * decimal_of(row, "markPrice") * decimal_of(row, "keepMarginRate")
    return PositionRow(
        position=OpenPosition(
            market_id=text_of(row, "symbol").upper(),
            count=total if side == "long" else total.copy_negate(),
            entry_price=decimal_of(row, "openPriceAvg"),
            liquidation_price=liquidation if liquidation > 0 else None,
        ),
        margin_mode=_margin_mode(row),
        mode=_position_mode(row),
        maintenance=maintenance,
        profit=decimal_of(row, "unrealizedPL"),
    )


def _margin_mode(row: Row) -> MarginMode:
    """Read how margin is shared."""
    said = text_of(row, "marginMode")
    if said not in _MARGIN_MODES:
        raise Unreadable(f"marginMode {said} is not known")
    return _MARGIN_MODES[said]


def _position_mode(row: Row) -> PositionMode:
    """Read whether long and short stand side by side."""
    said = text_of(row, "posMode")
    if said not in _POSITION_MODES:
        raise Unreadable(f"posMode {said} is not known")
    return _POSITION_MODES[said]


def settings_of(answer: object) -> Settings:
    """Read leverage, margin mode and position mode.

    With isolated margin the higher of the two leverages counts: it lets more happen.

    Raises:
        Unreadable: a field is missing or wrong, or several coins back contracts together.

    """
    row = row_in(answer)
    if text_of(row, "assetMode") != _SINGLE:
        raise SeveralMargins
    margin_mode = _margin_mode(row)
    isolated = max(integer_of(row, f"isolated{side}Lever") for side in ("Long", "Short"))
    crossed = integer_of(row, "crossedMarginLeverage")
    leverage = crossed if margin_mode is MarginMode.CROSS else isolated
    return Settings(
        contract=ContractSettings(leverage=leverage, margin_mode=margin_mode),
        mode=_position_mode(row),
    )


def prices_of(answer: object, *, market_id: str) -> ContractPrices | None:
    """Read mark, index and funding of one contract; None for one without a price.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    (row,) = rows_in(answer) or (None,)
    if row is None or text_of(row, "symbol").upper() != market_id:
        raise Unreadable("prices of another contract, or of none")
    mark, index = decimal_of(row, "markPrice"), decimal_of(row, "indexPrice")
    if mark <= 0 or index <= 0:
        return None
    return ContractPrices(mark=mark, index=index, funding_rate=decimal_of(row, "fundingRate"))


def brackets_of(answer: object, *, market_id: str) -> tuple[Bracket, ...]:
    """Read the maintenance table of one contract: a step's rate counts for the whole position.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    rows = rows_in(answer)
    if any(text_of(row, "symbol").upper() != market_id for row in rows):
        raise Unreadable("a maintenance table of another contract")
    steps = (
        Bracket(
            notional_floor=decimal_of(row, "startUnit"),
            notional_cap=decimal_of(row, "endUnit"),
            leverage_max=integer_of(row, "leverage"),
            maintenance_ratio=decimal_of(row, "keepMarginRate"),
            maintenance_deduction=ZERO,
        )
        for row in rows
    )
    return tuple(sorted(steps, key=lambda step: step.notional_floor))


def key_rights_of(answer: object, *, use: KeyUse) -> KeyRights:
    """Read the rights of the key in *use*.

    Raises:
        Unreadable: they are missing, or one of them is not known.

    """
    row = row_in(answer)
    rights = words_of(field(row, "authorities"), "authorities")
    if unknown := sorted(rights - _READS - _WRITES - _OTHERS):
        raise Unreadable(f"a right of the key is not known: {unknown[0]}")
    addresses = field(row, "ips")
    if not isinstance(addresses, str | None):
        raise Unreadable("ips is not text")
    return KeyRights(
        use=use,
        reads=bool(rights),
        trades_spot="stow" in rights,
        trades_futures="coow" in rights,
        withdraws="wwow" in rights,
        transfers_out=bool(rights & {"chow", "p2p"}),
        transfers_within="wtow" in rights,
        borrows=bool(rights & {"smow", "pllw"}),
        trades_options=False,  # The venue has none.
        is_bound_to_ip=bool(addresses and addresses.strip()),
    )
