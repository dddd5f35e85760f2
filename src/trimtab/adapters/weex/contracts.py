"""Perpetuals of WEEX that settle in USDT: markets, prices, fees and what is set for them. Pure.

Each function reads one answer whole. Sizes are base units, as the pages say and the executions
show. No list says whether a contract is open: one that keys may not trade is not tradable. Sources:
WEEX API "Contract" v3 "Get Exchange Information", "Get API Trading Symbols", "Get Current Funding
Rate", "Get Commission Rate", "Get Account Configuration", "Get Symbol Configuration", 2026-07.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.contract_values import ContractPrices, ContractSettings
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    fee_of,
    field,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
    words_of,
)
from trimtab.domain.exact import ONE, ZERO, ceil_times, floor_times, whole_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import MarginMode

SETTLED_IN: Final = Asset("USDT")
"""What all contracts that are traded here settle in."""
FOR_KEYS: Final = "apiTrading"
"""Where a row says, once both lists are read, whether keys may trade it."""
_PLACES_MAX: Final = 18
MARGIN_MODES: Final[Mapping[str, MarginMode]] = {
    "CROSSED": MarginMode.CROSS,
    "ISOLATED": MarginMode.ISOLATED,
}


def truth_of(row: Row, name: str) -> bool:
    """Return a field that is true or false.

    Raises:
        Unreadable: it is neither.

    """
    told = field(row, name)
    if not isinstance(told, bool):
        raise Unreadable(f"{name} is neither true nor false")
    return told


def linear_markets(answer: object) -> dict[Symbol, Row]:
    """Return the perpetuals of the list that settle in USDT, by symbol.

    Raises:
        Unreadable: a row has no name, or two have the same.

    """
    found: dict[Symbol, Row] = {}
    for row in rows_of(field(mapping_of(answer), "symbols")):
        coins = text_of(row, "quoteAsset"), text_of(row, "marginAsset")
        if coins != (SETTLED_IN, SETTLED_IN) or not truth_of(row, "forwardContractFlag"):
            continue
        symbol = _symbol_of(row)
        if text_of(row, "symbol") and symbol in found:
            raise Unreadable(f"{symbol} is listed twice")
        found[symbol] = row
    return found


def traded_by_keys(answer: object) -> frozenset[str]:
    """Return the names of the contracts that keys may trade; raises Unreadable."""
    return words_of(answer, "the list of contracts")


def _symbol_of(row: Row) -> Symbol:
    """Return the unified symbol of a contract."""
    return Symbol(f"{text_of(row, 'baseAsset')}/{SETTLED_IN}:{SETTLED_IN}")


def linear_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a perpetual. No least value is told, only a least size.

    Raises:
        Unreadable: a field is missing or wrong, or its two grids do not fit each other.

    """
    lot_size = _lot_size(row)
    return Instrument(
        symbol=_symbol_of(row),
        kind=MarketKind.SWAP,
        base=Asset(text_of(row, "baseAsset")),
        quote=SETTLED_IN,
        settle=SETTLED_IN,
        lot_size=lot_size,
        tick_size=_places(row, "pricePrecision"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "minOrderSize"))),
        lots_max=floor_times(lot_size, decimal_of(row, "maxOrderSize")),
        notional_min=ZERO,
        notional_min_reduce_only=ZERO,
        contract_size=ONE,
        taker_fee=max(taker_fee, fee_of(row, "takerFeeRate")),
        tradable=truth_of(row, FOR_KEYS),
        expires_at=None,
    )


def _lot_size(row: Row) -> Decimal:
    """Return the step of sizes: decimal places and the size of a contract, the coarser of both."""
    places, size = _places(row, "quantityPrecision"), decimal_of(row, "contractVal")
    if size <= 0:
        raise Unreadable("contractVal is not positive")
    finer, coarser = sorted((places, size))
    if finer * whole_times(finer, coarser) != coarser:
        raise Unreadable("contractVal and quantityPrecision are no common grid")
    return coarser


def _places(row: Row, name: str) -> Decimal:
    """Return the unit of a number of decimal places; raises Unreadable."""
    places = integer_of(row, name)
    if not 0 <= places <= _PLACES_MAX:
        raise Unreadable(f"{name} is no number of decimal places")
    return Decimal(1).scaleb(-places)


def leverage_most(row: Row) -> int:
    """Return the highest leverage of a contract; raises Unreadable."""
    most = integer_of(row, "maxLeverage")
    if most < 1:
        raise Unreadable("maxLeverage is below 1")
    return most


def taker_fee_of(answer: object, *, market_id: str) -> Decimal:
    """Read what the account pays in a contract, fraction of value.

    Raises:
        Unreadable: it does not say, or it is of another contract.

    """
    row = mapping_of(answer)
    if text_of(row, "symbol") != market_id:
        raise Unreadable("fees of another contract")
    return fee_of(row, "takerCommissionRate")


def _one_of(answer: object, market_id: str) -> Row:
    """Return the only row of an answer, which must be of a contract."""
    rows = rows_of(answer)
    if len(rows) != 1 or text_of(rows[0], "symbol") != market_id:
        raise Unreadable("the answer is not of one contract, or of another")
    return rows[0]


def prices_of(answer: object, *, market_id: str) -> ContractPrices | None:
    """Read prices and funding of a contract; None for one without a price.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    row = _one_of(answer, market_id)
    mark, index = decimal_of(row, "markPrice"), decimal_of(row, "indexPrice")
    rate = decimal_of(row, "forecastFundingRate")
    if min(mark, index) <= 0:
        return None
    return ContractPrices(mark=mark, index=index, funding_rate=rate)


def settings_of(answer: object, *, market_id: str) -> ContractSettings:
    """Read what is set for a contract: of isolated margin the higher leverage of both sides.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.
        Unserved: each order there has a position of its own.

    """
    row = _one_of(answer, market_id)
    require_combined(row, "separatedType", market_id=market_id)
    mode = MARGIN_MODES.get(text_of(row, "marginType"))
    sides = max(leverage_in(row, f"isolated{side}Leverage") for side in ("Long", "Short"))
    shared = leverage_in(row, "crossLeverage")
    if mode is None:
        raise Unreadable("marginType is not known")
    return ContractSettings(
        leverage=shared if mode is MarginMode.CROSS else sides, margin_mode=mode
    )


def leverage_in(row: Row, name: str) -> int:
    """Return a leverage, which is written with decimals: ``20.00``; raises Unreadable."""
    leverage = integer_of(row, name)
    if leverage < 1:
        raise Unreadable(f"{name} is below 1")
    return leverage


def require_combined(row: Row, name: str, *, market_id: str) -> None:
    """Refuse a contract in which orders do not make one position of each side.

    Raises:
        Unreadable: it does not say.
        Unserved: they do not.

    """
    told = text_of(row, name)
    if told != "COMBINED":
        raise Unserved(
            f"{market_id}: positions are kept apart ({told}), so that no order would say which one"
            " it closes",
            mend="close them and set combined positions at the venue",
        )


def require_both_sides(answer: object) -> bool:
    """Return that long and short are two positions of a contract, each closed by its own name.

    Raises:
        Unreadable: it does not say.
        Unserved: they are netted: what the side of a position means there is on no page.

    """
    if not truth_of(mapping_of(answer), "dualSidePosition"):
        raise Unserved(
            "long and short are netted (one-way mode), where no page says what closes",
            mend="set two-way positions (hedge mode) for futures at the venue",
        )
    return True
