"""Perpetuals of MEXC that settle in USDT: markets, maintenance tables, prices, fees. Pure.

Each function reads one answer whole. The venue counts contracts, of a part of a coin each. Of a
maintenance table two readings are public: that its steps count contracts, as the venue's page says,
and that they are values in the quote. Each step ends here where the first of them ends, so that no
rate is lower than the venue's. Sources: MEXC "Futures" API "Get Contract Info", "Get Risk Limits",
"Get Ticker", "Get Fee Details", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.contract_values import ContractPrices
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
)
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, floor_times, ratio
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import Bracket

SETTLED_IN: Final = Asset("USDT")
"""What all contracts that are traded here settle in."""
_PERPETUAL: Final = 1
_ENABLED: Final = 0
_CROSS_TOO: Final = frozenset({2, 3})
"""Contracts whose margin may be shared."""
_LIMIT_KINDS: Final = frozenset({"BY_VOLUME", "BY_VALUE"})
_STEPS_MAX: Final = 200
_FEE_STEPS: Final[Mapping[str, str]] = {"tieredFeeRates": "TIERED", "leverageFeeRates": "LEVERAGE"}
"""Lists of rates, and the mode in which each counts."""
_FEE_MODES: Final = frozenset({"NORMAL", *_FEE_STEPS.values()})
_HALF: Final = Decimal("0.5")


def told_of(answer: object) -> object:
    """Return what an answer about contracts tells.

    Raises:
        Unreadable: it is no success, or tells nothing.

    """
    row = mapping_of(answer)
    if field(row, "success") is not True or field(row, "code") != 0:
        raise Unreadable("it is no success")
    return field(row, "data")


def is_done(answer: object) -> bool | None:
    """Say that a setting is acknowledged; None where the answer does not."""
    row = mapping_of(answer)
    return True if row.get("success") is True and row.get("code") == 0 else None


def rows_told(answer: object) -> tuple[Row, ...]:
    """Return the rows of an answer, which are a list or a page of one.

    Raises:
        Unreadable: it is neither.

    """
    told = told_of(answer)
    return rows_of(field(told, "resultList") if isinstance(told, dict) else told)


def linear_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the perpetuals of the list that settle in USDT, by symbol.

    Raises:
        Unreadable: a row has no name, or two have the same.

    """
    found: dict[Symbol, Row] = {}
    for row in rows_of(told_of(answer)):
        quote, settle = text_of(row, "quoteCoin"), text_of(row, "settleCoin")
        if (quote, settle) != (SETTLED_IN, SETTLED_IN) or row.get("futureType") != _PERPETUAL:
            continue
        symbol = Symbol(f"{text_of(row, 'baseCoin')}/{quote}:{settle}")
        if text_of(row, "symbol") and symbol in found:
            raise Unreadable(f"{symbol} is listed twice")
        found[symbol] = row
    return found


def linear_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a perpetual; one that takes no orders of keys, or no shared margin, is not tradable.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    base, size, step = (
        Asset(text_of(row, "baseCoin")),
        decimal_of(row, "contractSize"),
        decimal_of(row, "volUnit"),
    )
    if min(size, step) <= 0 or step != int(step):
        raise Unreadable("contractSize or volUnit is no count")
    with exact_arithmetic():
        lot_size = size * step
    for_keys = field(row, "apiAllowed")
    if not isinstance(for_keys, bool):
        raise Unreadable("apiAllowed is neither true nor false")
    is_open = integer_of(row, "state") == _ENABLED
    return Instrument(
        symbol=Symbol(f"{base}/{SETTLED_IN}:{SETTLED_IN}"),
        kind=MarketKind.SWAP,
        base=base,
        quote=SETTLED_IN,
        settle=SETTLED_IN,
        lot_size=lot_size,
        tick_size=decimal_of(row, "priceUnit"),
        lots_min=max(1, ceil_times(step, decimal_of(row, "minVol"))),
        lots_max=floor_times(step, min(decimal_of(row, "maxVol"), decimal_of(row, "limitMaxVol"))),
        notional_min=ZERO,
        notional_min_reduce_only=ZERO,
        contract_size=size,
        taker_fee=taker_fee,
        tradable=for_keys and is_open and integer_of(row, "positionOpenType") in _CROSS_TOO,
        expires_at=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskStep:
    """One step of a maintenance table, as the venue tells it."""

    ends_at: Decimal
    """Contracts, or quote units: see :func:`brackets_of`. > 0."""
    rate: Decimal
    """What the whole position has to maintain in it, fraction of value, 0 to 1."""
    leverage_max: int
    """Times the margin, >= 1."""


def risk_steps(row: Row) -> tuple[RiskStep, ...]:
    """Read the maintenance table of a contract, which is listed or grows by equal steps.

    Raises:
        Unreadable: a field is missing or wrong, or the table does not rise.

    """
    if text_of(row, "riskLimitType") not in _LIMIT_KINDS:
        raise Unreadable("riskLimitType is of no known kind")
    match text_of(row, "riskLimitMode"):
        case "CUSTOM":
            steps = _listed_steps(rows_of(field(row, "riskLimitCustom")))
        case "INCREASE":
            steps = _grown_steps(row)
        case _:
            raise Unreadable("riskLimitMode is of no known kind")
    before = RiskStep(ends_at=ZERO, rate=ZERO, leverage_max=1)
    for step in steps:
        if step.ends_at <= before.ends_at or not before.rate <= step.rate < 1 or not step.rate:
            raise Unreadable("the maintenance table does not rise")
        before = step
    if not steps:
        raise Unreadable("there is no maintenance table")
    return steps


def _listed_steps(rows: tuple[Row, ...]) -> tuple[RiskStep, ...]:
    """Read steps that are listed."""
    return tuple(
        RiskStep(
            ends_at=decimal_of(row, "maxVol"),
            rate=decimal_of(row, "mmr"),
            leverage_max=integer_of(row, "maxLeverage"),
        )
        for row in sorted(rows, key=lambda row: integer_of(row, "level"))
    )


def _grown_steps(row: Row) -> tuple[RiskStep, ...]:
    """Read a first step and by what each further one is larger."""
    count = integer_of(row, "riskLevelLimit")
    if not 1 <= count <= _STEPS_MAX:
        raise Unreadable("riskLevelLimit is no count of steps")
    first, larger = decimal_of(row, "riskBaseVol"), decimal_of(row, "riskIncrVol")
    rate, more = decimal_of(row, "maintenanceMarginRate"), decimal_of(row, "riskIncrMmr")
    bound, tighter = decimal_of(row, "initialMarginRate"), decimal_of(row, "riskIncrImr")
    steps = []
    for number in range(count):
        with exact_arithmetic():
            margin = bound + number * tighter
            ends_at, kept = first + number * larger, rate + number * more
        if margin <= 0:
            raise Unreadable("initialMarginRate is not positive")
        most = max(1, int(ratio(ONE, margin)))
        steps.append(RiskStep(ends_at=ends_at, rate=kept, leverage_max=most))
    return tuple(steps)


def brackets_of(row: Row, *, mark: Decimal, told_rate: Decimal) -> tuple[Bracket, ...]:
    """Return a maintenance table by value, with the fee of a liquidation in every step.

    A step ends at its number of contracts, counted at half the *mark*, so that a long whose price
    falls by half is in no lower step here than at the venue; or at that number of quote units,
    whichever is less. A step's rate holds for all of a position, and is never below *told_rate*,
    which the venue tells of the account now.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    size, fee = decimal_of(row, "contractSize"), fee_of(row, "liquidationFeeRate")
    most = integer_of(row, "maxLeverage")
    here = integer_of(row, "countryConfigContractMaxLeverage")
    most = min(most, here) if here > 0 else most
    brackets: list[Bracket] = []
    floor = ZERO
    for step in risk_steps(row):
        with exact_arithmetic():
            cap = min(step.ends_at * size * mark * _HALF, step.ends_at)
            rate = max(step.rate, told_rate) + fee
        if not rate < 1:
            raise Unreadable("a rate of maintenance is no ratio")
        brackets.append(
            Bracket(
                notional_floor=floor,
                notional_cap=cap,
                leverage_max=max(1, min(step.leverage_max, most)),
                maintenance_ratio=rate,
                maintenance_deduction=ZERO,
            )
        )
        floor = cap
    return tuple(brackets)


def prices_of(answer: object, *, market_id: str) -> ContractPrices | None:
    """Read prices and funding of a contract; None for one without a price.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    row = mapping_of(told_of(answer))
    if text_of(row, "symbol") != market_id:
        raise Unreadable("prices of another contract")
    mark, index = decimal_of(row, "fairPrice"), decimal_of(row, "indexPrice")
    rate = decimal_of(row, "fundingRate")
    if min(mark, index) <= 0:
        return None
    return ContractPrices(mark=mark, index=index, funding_rate=rate)


def taker_fee_of(answer: object, *, market_id: str) -> Decimal:
    """Read what a taker pays in a contract, fraction of value: the dearest rate of its list.

    Raises:
        Unreadable: it does not say, or it is of another contract.
        Unserved: fees are taken in another coin than contracts settle in.

    """
    row = mapping_of(told_of(answer))
    if text_of(row, "symbol") != market_id:
        raise Unreadable("fees of another contract")
    is_deducted = field(row, "enjoyDeduct")
    if not isinstance(is_deducted, bool):
        raise Unreadable("enjoyDeduct is neither true nor false")
    if is_deducted:
        raise Unserved(
            "fees of contracts are taken in another coin",
            mend="switch MX deduction for futures off",
        )
    steps = [
        step for name, mode in _FEE_STEPS.items() for step in _fee_steps(row, name=name, mode=mode)
    ]
    own = [fee_of(row, name) for name in ("originalTakerFee", "realTakerFee")]
    return max([*own, *(fee_of(step, "takerFeeRate") for step in steps)])


def _fee_steps(row: Row, *, name: str, mode: str) -> tuple[Row, ...]:
    """Return a list of rates; none where the venue leaves it out, as it may in any other *mode*.

    Raises:
        Unreadable: it is no list, or left out where it counts.

    """
    if row.get(name) is None and text_of(row, "feeRateMode") in _FEE_MODES - {mode}:
        return ()
    return rows_of(field(row, name))
