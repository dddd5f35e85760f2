"""A plan on the real grids of every venue is valid to the last digit.

A few markets of each venue stand here, from public metadata. Where TRIMTAB_RECORDED_MARKETS names a
folder of recorded listings (ccxt's structures, ``<venue>_*.json``), theirs are taken besides.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import LIMITS, account, book, dec, occasion, policy, spot, swap
from trimtab.adapters.frame.units import base_units, contracts, lots_of
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Instrument
from trimtab.domain.plan import Leg
from trimtab.domain.policy import Route
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan
from trimtab.venues.known import KNOWN

RECORDED = "TRIMTAB_RECORDED_MARKETS"
SHOWN_AT = {"BTC": 60_000, "ETH": 2_500, "SOL": 150, "XRP": 1, "DOGE": 1, "ADA": 1}
WIDE = replace(LIMITS, max_slippage_bps=dec(30), fee_reserve=ZERO)

# Venue, market, grid of sizes, units of one contract, grid of prices, least size, least value.
# Sizes are contracts where there are contracts, and base units on spot.
OURS = """
binance      BTC/USDT       0.00001   1        0.01    0.00001  5
binance      BTC/USDT:USDT  0.001     1        0.1     0.001    50
binance      DOGE/USDT:USDT 1         1        0.00001 1        5
bybit        BTC/USDT       0.000001  1        0.01    0.000011 5
bybit        SOL/USDT:USDT  0.1       1        0.01    0.1      5
bingx        ETH/USDT       0.0001    1        0.01    0.0001   2
bingx        BTC/USDT:USDT  0.0001    1        0.1     0.0001   2
weex         ETH/USDT       0.00001   1        0.01    0.0001   1
weex         BTC/USDT:USDT  0.0001    1        0.1     0.0001   0
mexc         BTC/USDT       0.000001  1        0.01    0.000001 1
mexc         BTC/USDT:USDT  1         0.0001   0.1     1        0
mexc         ETH/USDT:USDT  1         0.01     0.01    1        0
bitget       BTC/USDT       0.000001  1        0.01    0        1
bitget       BTC/USDT:USDT  0.0001    1        0.1     0.0001   5
deribit      ETH/USDT       0.0001    1        0.1     0.001    0
deribit      BTC/USDT:USDT  0.001     1        0.5     0.001    0
okx          BTC/USDT       0.00000001 1       0.1     0.00001  0
okx          BTC/USDT:USDT  0.01      0.01     0.1     0.01     0
okx          DOGE/USDT:USDT 0.01      1000     0.00001 0.01     0
kraken       BTC/USDT       0.00000001 1       0.1     0.00005  5
kraken       ETH/USDT:USDT  0.001     1        0.1     0.001    0
gate         ETH/USDT       0.0001    1        0.01    0.001    3
gate         BTC/USDT:USDT  1         0.0001   0.1     1        0
kucoin       BTC/USDT       0.00000001 1       0.1     0.00001  0.1
kucoin       BTC/USDT:USDT  1         0.001    0.1     1        0
hyperliquid  BTC/USDT       0.00001   1        1       0.00001  10
hyperliquid  SOL/USDT       0.001     1        0.01    0.001    10
hyperliquid  BTC/USDT:USDT  0.00001   1        1       0.00001  10
hyperliquid  SOL/USDT:USDT  0.01      1        0.001   0.01     10
coinbase     ETH/USDT       0.00000001 1       0.01    0.00000001 1
"""


def ours() -> Iterator[tuple[str, Instrument]]:
    """Yield the markets that stand here."""
    for line in OURS.strip().splitlines():
        venue_id, symbol, *numbers = line.split()
        lot, size, tick, least, value = (Decimal(number) for number in numbers)
        grid = {"lot": lot, "size": size, "tick": tick, "least": least, "value": value}
        yield venue_id, _instrument(symbol, grid)


def _instrument(symbol: str, grid: dict[str, Decimal]) -> Instrument:
    """Return a market on a grid that counts contracts, in base units."""
    base, _, rest = symbol.partition("/")
    with exact_arithmetic():
        lot_size = grid["lot"] * grid["size"]
        lots_min = max(1, -int(-grid["least"] // grid["lot"]))
    fields: dict[str, Any] = {
        "lot_size": lot_size,
        "tick_size": grid["tick"],
        "lots_min": lots_min,
        "lots_max": 10**15,
        "notional_min": grid["value"],
        "contract_size": grid["size"],
        "taker_fee": ZERO,
    }
    return (swap if ":" in rest else spot)(base, **fields)


def recorded() -> Iterator[tuple[str, Instrument]]:
    """Yield the markets in dollars of the recorded listings, of coins that have a price here."""
    folder = os.environ.get(RECORDED, "")
    for file in sorted(Path(folder).glob("*.json")) if folder else ():
        venue_id = file.name.partition("_")[0].replace("usdm", "")
        listing = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        for market in listing.values():
            if market["quote"] != "USDT" or market["base"] not in SHOWN_AT:
                continue
            if market["type"] not in {"spot", "swap"} or market.get("inverse"):
                continue
            yield venue_id, _instrument(market["symbol"], _grid(market, listing))


def _grid(market: dict[str, Any], listing: dict[str, Any]) -> dict[str, Decimal]:
    """Read a structure of ccxt; in listings without any fraction precisions are places."""
    precision, limits = market["precision"], market["limits"]
    told = [each["precision"][name] for each in listing.values() for name in ("amount", "price")]
    in_places = all(isinstance(number, int) for number in told)
    lot, tick = (
        Decimal(1).scaleb(-precision[name]) if in_places else Decimal(precision[name])
        for name in ("amount", "price")
    )
    return {
        "lot": lot,
        "tick": tick,
        "size": Decimal(market.get("contractSize") or 1),
        "least": Decimal(limits["amount"].get("min") or 0),
        "value": Decimal(limits.get("cost", {}).get("min") or 0),
    }


MARKETS = [
    pytest.param(instrument, id=f"{venue_id}-{instrument.symbol}-{number}")
    for number, (venue_id, instrument) in enumerate((*ours(), *recorded()))
]


def holding(instrument: Instrument, units: Decimal) -> Snapshot:
    """Return an account that holds *units* of the coin, and quote and margin beside them."""
    base, mid = instrument.base, SHOWN_AT[instrument.base]
    coin = instrument if not instrument.is_contract else spot(base, taker_fee=ZERO)
    listed = {coin.symbol: coin, instrument.symbol: instrument}
    books = {symbol: book(mid, half_spread_bps="0.1") for symbol in listed}
    text = f"{base} {units:f} @ {mid}, USDT 20000, wallet 20000"
    return account(text, instruments=listed, books=books)


def test_every_venue_has_a_market_of_its_own_here() -> None:
    assert {venue_id for venue_id, _ in ours()} == set(KNOWN)


def planned(instrument: Instrument, *, value: int, weight: int) -> tuple[Leg, ...]:
    """Return the orders that bring a holding of *value* to *weight* per cent in one market."""
    units = Decimal(value * 10_000 // SHOWN_AT[instrument.base]) / 10_000
    wishes = policy(
        f"{instrument.base} {Decimal(weight) / 100}, USDT {1 - Decimal(weight) / 100}",
        limits=WIDE,
        route=Route.FUTURES if instrument.is_contract else Route.SPOT,
        hedge={"ratio": dec(1)},
    )
    return make_plan(holding(instrument, units), wishes, occasion()).legs


@pytest.mark.parametrize("instrument", MARKETS)
def test_every_market_is_traded_in(instrument: Instrument) -> None:
    legs = planned(instrument, value=20_000, weight=10)
    assert [leg.symbol for leg in legs] == [instrument.symbol]


@pytest.mark.parametrize("instrument", MARKETS)
@given(value=st.integers(0, 30_000), weight=st.integers(0, 60))
def test_what_is_planned_goes_out_as_it_stands(
    instrument: Instrument, value: int, weight: int
) -> None:
    for leg in planned(instrument, value=value, weight=weight):
        grid, quantity = leg.instrument, leg.instrument.units(leg.lots).copy_abs()
        written = Decimal(format(contracts(quantity, grid), "f"))
        limit = Decimal(format(grid.limit_price(leg.limit), "f"))
        assert base_units(written, grid) == quantity
        assert lots_of(written, grid) == abs(leg.lots)
        assert places(written) <= places(contracts(grid.lot_size, grid))
        assert places(limit) <= places(grid.tick_size)
        assert not limit % grid.tick_size
        assert grid.lots_min <= abs(leg.lots) <= grid.lots_max
        assert quantity * SHOWN_AT[grid.base] >= grid.notional_min


def places(number: Decimal) -> int:
    """Return how many decimal places a number needs."""
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)
