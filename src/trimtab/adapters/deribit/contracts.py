"""Linear perpetuals, as Deribit v2 writes them: markets, positions, what they maintain. Pure.

Each function reads one answer whole. Sizes are base units (``amount`` and ``size_currency``; a
position's ``size`` is in its quote). Only contracts whose maintenance is known are listed (see
:mod:`trimtab.venues.deribit_margins`). Profit goes into the wallet at 8:00 UTC: what is floating is
counted from there, and so is the entry price. Sources: docs.deribit.com "public/get_instruments",
"public/ticker", "private/get_positions", "public/get_funding_rate_history", 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.deribit.answers import (
    LOTS_MAX,
    PERPETUAL,
    is_open,
    is_routed,
    result_of,
    tick_size_of,
)
from trimtab.adapters.frame.contract_values import ContractPrices, ContractSettings, OpenPosition
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_account import PositionRow, Settings
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    fee_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, ratio
from trimtab.domain.history import FundingSettlement
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import Bracket, MarginMode, PositionMode
from trimtab.venues.deribit_margins import MARGINS, MarginTerms

_SIDES: Final[Mapping[str, int]] = {"buy": 1, "sell": -1}
_AN_HOUR: Final = Decimal("0.125")
"""Rates of funding are told for eight hours, and paid all the time."""


def contract_symbol(name: str) -> Symbol:
    """Return the unified symbol of a linear perpetual by the venue's *name*, listed or not.

    Raises:
        Unreadable: it is the name of something else.

    """
    base, found, quote = name.removesuffix(PERPETUAL).partition("_")
    if not found or not base or not quote or not name.endswith(PERPETUAL):
        raise Unreadable(f"{name} is no linear perpetual")
    return Symbol(f"{base}/{quote}:{quote}")


def linear_markets(answer: object, *, quote: Asset) -> dict[Symbol, Row]:
    """Return the perpetuals of the list that settle in *quote* and whose maintenance is known.

    Raises:
        Unreadable: a row has no name, or one of these is not what its name says.

    """
    found: dict[Symbol, Row] = {}
    for row in rows_of(result_of(answer)):
        name = text_of(row, "instrument_name")
        if name not in MARGINS or contract_symbol(name).partition(":")[2] != quote:
            continue
        told = (text_of(row, "kind"), text_of(row, "instrument_type"))
        settled = {text_of(row, "quote_currency"), text_of(row, "settlement_currency")}
        period = text_of(row, "settlement_period")
        if (*told, period, settled) != ("future", "linear", "perpetual", {quote}):
            raise Unreadable(f"{name} is no linear perpetual")
        found[contract_symbol(name)] = {**row, "symbol": name}
    return found


def linear_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a perpetual.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    lot_size, quote = decimal_of(row, "contract_size"), Asset(text_of(row, "quote_currency"))
    least, base = decimal_of(row, "min_trade_amount"), Asset(text_of(row, "base_currency"))
    if lot_size <= 0 or least <= 0:
        raise Unreadable("contract_size or min_trade_amount is not positive")
    return Instrument(
        symbol=Symbol(f"{base}/{quote}:{quote}"),
        kind=MarketKind.SWAP,
        base=base,
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=tick_size_of(row),
        lots_min=ceil_times(lot_size, least),
        lots_max=LOTS_MAX,
        notional_min=ZERO,
        notional_min_reduce_only=ZERO,
        contract_size=ONE,
        taker_fee=max(taker_fee, fee_of(row, "taker_commission")),
        tradable=is_open(row) and not is_routed(row),
        expires_at=None,
    )


def leverages_in(rows: Iterable[Row]) -> Mapping[str, int]:
    """Return the highest leverage that the venue allows, by the name of the contract.

    Raises:
        Unreadable: it does not say.

    """
    found = {text_of(row, "symbol"): integer_of(row, "max_leverage") for row in rows}
    if any(leverage < 1 for leverage in found.values()):
        raise Unreadable("max_leverage is below 1")
    return found


def terms_at(terms: MarginTerms, leverage: int) -> MarginTerms:
    """Return what *terms* come to where the venue allows another *leverage* than they make.

    Where it allows less all of them are raised alike. Where it allows more they stay.
    """
    more = max(ONE, ratio(Decimal(terms.leverage_max), Decimal(leverage)))
    with exact_arithmetic():
        return replace(
            terms,
            initial=terms.initial * more,
            maintenance=terms.maintenance * more,
            growth=terms.growth * more,
            leverage_max=leverage,
        )


def positions_of(answer: object, *, listed: Iterable[str]) -> tuple[PositionRow, ...]:
    """Read all positions of one settlement coin, each in a contract that is *listed*, by name.

    Raises:
        Unreadable: a field is missing or wrong, or a position cannot be measured: it is of
            something else, or larger than what its maintenance is known for.

    """
    names, found = frozenset(listed), []
    for row in rows_of(result_of(answer)):
        name, units = text_of(row, "instrument_name"), _units(row)
        if not units:
            continue
        if name not in names:
            raise Unreadable(f"{name}: what this position has to maintain is not known; close it")
        if abs(units) > MARGINS[name].units_max:
            raise Unreadable(f"{name}: the position is larger than what can be measured; reduce it")
        found.append(_position(row, name, units))
    return tuple(found)


def _units(row: Row) -> Decimal:
    """Return the base units of a position, signed; an option has them under another name."""
    word, size = text_of(row, "direction"), decimal_of(row, "size")
    if not size:
        return ZERO
    if word not in _SIDES:
        raise Unreadable("a position is neither long nor short")
    if text_of(row, "kind") == "future":
        size = decimal_of(row, "size_currency")
    return size.copy_abs() if _SIDES[word] > 0 else size.copy_abs().copy_negate()


def _position(row: Row, name: str, units: Decimal) -> PositionRow:
    """Read a position; its entry is the price since which nothing of it was settled.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    mark, floating = decimal_of(row, "mark_price"), decimal_of(row, "floating_profit_loss")
    with exact_arithmetic():
        entry = mark - ratio(floating, units)
    if decimal_of(row, "average_price") <= 0 or mark <= 0 or entry <= 0:
        raise Unreadable(f"{name}: a price is not positive")
    maintenance = decimal_of(row, "maintenance_margin")
    if maintenance < 0:
        raise Unreadable(f"{name}: maintenance_margin is negative")
    return PositionRow(
        position=OpenPosition(
            market_id=name,
            count=units,
            entry_price=entry,
            liquidation_price=None,  # The venue leaves out its own where it has none.
        ),
        margin_mode=MarginMode.CROSS,
        mode=PositionMode.ONE_WAY,
        maintenance=maintenance,
        profit=floating,
    )


def settings_of(terms: MarginTerms) -> Settings:
    """Return what holds for one contract: nothing is set, and long and short net out."""
    return Settings(
        contract=ContractSettings(
            leverage=terms.leverage_max, margin_mode=MarginMode.CROSS, takes_leverage=False
        ),
        mode=PositionMode.ONE_WAY,
    )


def prices_of(answer: object, *, market_id: str) -> ContractPrices | None:
    """Read mark, index and funding of an hour; None for a contract without a price.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    row = mapping_of(result_of(answer))
    if text_of(row, "instrument_name") != market_id:
        raise Unreadable("prices of another contract")
    mark, index = decimal_of(row, "mark_price"), decimal_of(row, "index_price")
    if mark <= 0 or index <= 0:
        return None
    with exact_arithmetic():
        funding = decimal_of(row, "current_funding") * _AN_HOUR
    return ContractPrices(mark=mark, index=index, funding_rate=funding)


def steps_of(terms: MarginTerms, prices: ContractPrices) -> tuple[Bracket, ...]:
    """Return the maintenance table of one contract: a single step, up to the size it holds for.

    Its rate is that of the largest size. It is a fraction of the mark; where the index is higher,
    by which margin is told to count too, it is that much higher.
    """
    higher = max(ONE, ratio(prices.index, prices.mark))
    with exact_arithmetic():
        rate = terms.maintenance + terms.growth * terms.units_max
        cap, scaled = terms.units_max * prices.mark, rate * higher
    return (
        Bracket(
            notional_floor=ZERO,
            notional_cap=cap,
            leverage_max=terms.leverage_max,
            maintenance_ratio=scaled,
            maintenance_deduction=ZERO,
        ),
    )


def settlements_of(answer: object) -> Mapping[datetime, FundingSettlement]:
    """Read what was paid in each hour, as if it had been paid at its end.

    Raises:
        Unreadable: a field is missing or wrong, or an hour is told twice.

    """
    rows = rows_of(result_of(answer))
    found = {
        (at := instant_of(row, "timestamp")): FundingSettlement(
            settled_at=at, rate=decimal_of(row, "interest_1h")
        )
        for row in rows
    }
    if len(found) != len(rows):
        raise Unreadable("the funding of an hour is told twice")
    return found


def require_standard_margin(row: Row) -> None:
    """Refuse what is told of a currency unless its own units alone back its contracts.

    Raises:
        Unreadable: they do not, or it is not said.

    """
    coin, model = text_of(row, "currency"), text_of(row, "margin_model")
    if field(row, "cross_collateral_enabled") is not False or model != "segregated_sm":
        raise Unreadable(f"{coin}: the margin model is {model}; set segregated standard margin")
    if decimal_of(row, "options_value"):
        raise Unreadable(f"{coin} backs options; close them, only perpetuals are measured")
