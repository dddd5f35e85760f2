"""The wallet, markets, fees and candles as Kraken's spot REST API writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. Sources: Kraken "Get Extended Balance", "Get Tradable Asset Pairs", "Get Trade Volume",
"Get Order Book", "Get OHLC Data", "Get Open Positions", 2026.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.kraken.answers import Pairs, result_of
from trimtab.adapters.kraken.names import asset_of
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    fee_of,
    field,
    integer_of,
    mapping_of,
    number,
    text_of,
)
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, plain, ratio
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import Balance, PriceBand
from trimtab.ports.preflight import Beside

_CURRENCY: Final = "currency"
_ONLINE: Final = "online"
_FEE_CREDITS: Final = frozenset({"KFEE", "FEE"})
_REWARDS: Final = "F"
_PLACES_MAX: Final = 30
_LOTS_MAX: Final = 10**18
"""The venue names no largest order; limits of value are the gate's."""
_HUNDRED: Final = Decimal(100)
_NEAR: Final = PriceBand(
    buy_low=Decimal("0.95"),
    buy_high=Decimal("1.05"),
    sell_low=Decimal("0.95"),
    sell_high=Decimal("1.05"),
)
"""The venue names no limits of prices; ours are kept within a twentieth."""


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read the wallet; coins of which nothing is held are left out, and what lies beside it.

    Raises:
        Unreadable: a field is missing or wrong, or a coin is told twice.
        Unserved: it has what could not be counted truly.

    """
    balances: dict[Asset, Balance] = {}
    for code, told in mapping_of(result_of(answer)).items():
        row = mapping_of(told)
        held, bound = decimal_of(row, "balance"), decimal_of(row, "hold_trade")
        _require_plain(code, row, held)
        if "." in code:
            continue
        asset = asset_of(code)
        if asset in balances:
            raise Unreadable(f"{asset} is told twice")
        if not 0 <= bound <= held:
            raise Unreadable(f"{code}: more is bound than is held")
        with exact_arithmetic():
            balances[asset] = Balance(free=held - bound, locked=bound)
    return {asset: held for asset, held in balances.items() if held.free or held.locked}


def _require_plain(code: str, row: Row, held: Decimal) -> None:
    """Refuse what is owed, lent, paid in another coin, or moves by itself.

    Raises:
        Unreadable: a credit is no number.
        Unserved: it is one of these.

    """
    lines = [number(row.get(name, ZERO), name) for name in ("credit", "credit_used")]
    if any(lines):
        raise Unserved(f"{code} has a line of credit", mend="have it closed at the venue")
    if held < 0:
        raise Unserved(f"{code} is owed", mend="settle it at the venue")
    if held and code in _FEE_CREDITS:
        raise Unserved("fee credits (KFEE) pay fees", mend="use them up by hand at the venue")
    if held and code.rpartition(".")[2] == _REWARDS and "." in code:
        raise Unserved(
            f"{code} earns by itself, and orders are paid from it too",
            mend="switch automatic rewards off for that coin at the venue",
        )


def beside_of(answer: object) -> tuple[Beside, ...]:
    """Read what lies beside the wallet: staked, earning, on hold or in tokens, by the venue's code.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    rows = mapping_of(result_of(answer)).items()
    told = {code: decimal_of(mapping_of(row), "balance") for code, row in rows if "." in code}
    return tuple(Beside(place=c, held=plain(held)) for c, held in sorted(told.items()) if held)


def no_position(answer: object) -> None:
    """Read that nothing is borrowed for a position.

    Raises:
        Unreadable: it does not say.
        Unserved: something is.

    """
    if open_ones := mapping_of(result_of(answer)):
        raise Unserved(
            f"{len(open_ones)} positions on margin are open", mend="close them at the venue"
        )


def markets_of(answer: object, pairs: MutableMapping[str, str]) -> dict[Symbol, Row]:
    """Return the markets of coins by symbol, and note in *pairs* all that each is called.

    Raises:
        Unreadable: a row has no name, or two are of the same coins.

    """
    found: dict[Symbol, Row] = {}
    for pair, told in mapping_of(result_of(answer)).items():
        row = {**mapping_of(told), "symbol": pair}
        if text_of(row, "aclass_base") != _CURRENCY or text_of(row, "aclass_quote") != _CURRENCY:
            continue
        symbol = _symbol(row)
        if symbol in found:
            raise Unreadable(f"two markets of {symbol}")
        found[symbol] = row
        pairs.update({pair: pair, text_of(row, "altname"): pair})
    return found


def _symbol(row: Row) -> Symbol:
    """Return base and quote of a market."""
    return Symbol(f"{asset_of(text_of(row, 'base'))}/{asset_of(text_of(row, 'quote'))}")


def instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    lot_size, tick_size = _places(row, "lot_decimals"), decimal_of(row, "tick_size")
    if integer_of(row, "lot_multiplier") != 1 or tick_size < _places(row, "pair_decimals"):
        raise Unreadable("sizes or prices are on no grid that is told")
    quote, least_value = asset_of(text_of(row, "quote")), decimal_of(row, "costmin")
    return Instrument(
        symbol=_symbol(row),
        kind=MarketKind.SPOT,
        base=asset_of(text_of(row, "base")),
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=tick_size,
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "ordermin"))),
        lots_max=_LOTS_MAX,
        notional_min=least_value,
        notional_min_reduce_only=least_value,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=text_of(row, "status") == _ONLINE,
        expires_at=None,
    )


def _places(row: Row, name: str) -> Decimal:
    """Return one at the last of so many decimals.

    Raises:
        Unreadable: it is no count of decimals.

    """
    places = integer_of(row, name)
    if not 0 <= places <= _PLACES_MAX:
        raise Unreadable(f"{name} is no count of decimals")
    return Decimal((0, (1,), -places))


def price_band_of(row: Row) -> PriceBand:
    """Return between which multiples of its price limits are kept; raises Unreadable."""
    text_of(row, "symbol")
    return _NEAR


def taker_fees_of(answer: object, names: Collection[str]) -> Mapping[str, Decimal]:
    """Read what a taker pays in the markets *names*, fraction of value.

    Raises:
        Unreadable: it does not say of each.

    """
    fees = mapping_of(field(mapping_of(result_of(answer)), "fees"))
    return {name: ratio(fee_of(mapping_of(field(fees, name)), "fee"), _HUNDRED) for name in names}


def told_of(answer: object, name: str, pairs: Pairs) -> Any:  # noqa: ANN401 -- see result_of().
    """Return what an answer tells of the market *name*, which it names in one of its ways.

    Raises:
        Unreadable: it tells of another one, or not of one alone.

    """
    told = {k: v for k, v in mapping_of(result_of(answer)).items() if k != "last"}
    if len(told) != 1 or pairs.get(next(iter(told))) != name:
        raise Unreadable("the answer is of another market")
    return next(iter(told.values()))
