"""The markets of Binance that somebody asked for, as ccxt parses them and as instruments.

Not pure: it asks the venue. Only named markets are parsed and given to ccxt: its own
``load_markets`` takes them all and stalls the event loop for half a second (ccxt 4.5.90,
3,300 spot pairs). Spot is asked by name; USD-M has no such filter, so its one list is
fetched and read for the names. What was read is good for five minutes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.wire.calls import Endpoint, Wire, ccxt_arithmetic, reading_failures
from trimtab.adapters.wire.exact import (
    Unreadable,
    integer_of,
    mapping_of,
    number,
    rows_of,
)
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, floor_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import PriceBand
from trimtab.venues.profile import Desk, OrderLimit

_SPOT_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetExchangeInfo")
_LINEAR_MARKETS: Final = Endpoint(desk=Desk.LINEAR, method="fapiPublicGetExchangeInfo")
_GOOD_FOR: Final = timedelta(minutes=5)
_MINUTE: Final = 60
_NEVER_MS: Final = 4_133_404_800_000
"""The delivery that Binance lists a perpetual with, 2100-12-25 in milliseconds."""
_UNIT_S: Final[Mapping[str, int]] = {"SECOND": 1, "MINUTE": _MINUTE, "HOUR": 3600, "DAY": 86_400}
Row = Mapping[str, Any]


def market_id_of(symbol: Symbol) -> str:
    """Return Binance's name of a unified symbol: ``BTCUSDT``, ``BTCUSDT_261225``."""
    pair, _, settle = symbol.partition(":")
    _, _, expiry = settle.partition("-")
    name = pair.replace("/", "")
    return f"{name}_{expiry}" if expiry else name


class Catalogue:
    """Markets read so far, by unified symbol."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._markets: dict[Symbol, Row] = {}
        self._read_at: dict[Symbol, datetime] = {}
        self._loading = asyncio.Lock()

    async def load(self, symbols: Iterable[Symbol]) -> frozenset[Symbol]:
        """Read the *symbols* that are not known freshly; return those that the venue lists.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        async with self._loading:  # One reads, the others find it read.
            return await self._load(frozenset(symbols))

    async def _load(self, wanted: frozenset[Symbol]) -> frozenset[Symbol]:
        """Read what is not known freshly."""
        fresh = self._wire.clock.now() - _GOOD_FOR
        stale = {s for s in wanted if self._read_at.get(s, fresh) <= fresh}
        spot = sorted(market_id_of(s) for s in stale if desk_of(s) is Desk.SPOT)
        if spot:
            self._take(await self._spot_rows(spot), frozenset(spot))
        if linear := sorted(market_id_of(s) for s in stale if desk_of(s) is Desk.LINEAR):
            info = await self._wire.read(_LINEAR_MARKETS, {}, mapping_of)
            self._learn(Desk.LINEAR, info)
            self._take(rows_of(info.get("symbols")), frozenset(linear))
        return wanted & self._markets.keys()

    async def require(self, symbol: Symbol) -> Row:
        """Return ccxt's market of *symbol*; one that is known already, whatever its age.

        An order must not wait for a list of markets: what it was planned on was read freshly.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue does not list it.

        """
        if symbol not in self._markets and not await self.load([symbol]):
            raise Refused(f"{symbol}: the venue does not list this market")
        return self._markets[symbol]

    async def symbols_by_id(self, desk: Desk, market_ids: Iterable[str]) -> Mapping[str, Symbol]:
        """Return the unified symbols of a desk's *market_ids*, reading those not yet known.

        Raises:
            NotDone: the venue does not answer, or does not list one of its own names.

        """
        wanted = frozenset(market_ids)
        if missing := wanted - self._names(desk).keys():
            endpoint = _LINEAR_MARKETS if desk is Desk.LINEAR else _SPOT_MARKETS
            params = {} if desk is Desk.LINEAR else _named(sorted(missing))
            info = await self._wire.read(endpoint, params, mapping_of)
            self._take(rows_of(info.get("symbols")), missing)
        names = self._names(desk)
        if unlisted := sorted(wanted - names.keys()):
            raise NotDone(f"the venue names markets that it does not list: {', '.join(unlisted)}")
        return {name: names[name] for name in wanted}

    def market_id(self, symbol: Symbol) -> str:
        """Return the venue's name of a market that was read."""
        return str(self._markets[symbol]["id"])

    def instrument(self, symbol: Symbol, *, taker_fee: Decimal) -> Instrument:
        """Return a market that was read as an instrument.

        Raises:
            NotDone: the venue's description of it is unreadable.

        """
        try:
            return _instrument(self._markets[symbol], taker_fee)
        except (Unreadable, ValueError, KeyError) as error:
            raise NotDone(f"{symbol}: unreadable description of the market, {error}") from error

    def price_bands(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, PriceBand]:
        """Return between which multiples of its price each market takes limits, where stated.

        Raises:
            NotDone: what a market states is unreadable.

        """
        bands = ((symbol, _price_band(self._markets[symbol])) for symbol in symbols)
        return {symbol: band for symbol, band in bands if band is not None}

    def _names(self, desk: Desk) -> Mapping[str, Symbol]:
        """Return the symbols of a desk that were read, by the venue's name."""
        return {
            str(market["id"]): symbol
            for symbol, market in self._markets.items()
            if desk_of(symbol) is desk
        }

    async def _spot_rows(self, names: Sequence[str]) -> tuple[Row, ...]:
        """Read spot markets by name; when one of them is not listed, pick them from the list."""
        codes = self._wire.profile.codes[Desk.SPOT]
        try:
            info = await self._wire.read(_SPOT_MARKETS, _named(names), mapping_of)
        except Refused as error:
            if error.evidence is None or error.evidence.code not in codes.unknown_symbol:
                raise
            everything = {"showPermissionSets": "false"}
            info = await self._wire.read(_SPOT_MARKETS, everything, mapping_of)
        self._learn(Desk.SPOT, info)
        return rows_of(info.get("symbols"))

    def _take(self, rows: Iterable[Row], names: frozenset[str]) -> None:
        """Have ccxt parse the named rows and hand it all markets known so far."""
        exchange, now = self._wire.exchange, self._wire.clock.now()
        with ccxt_arithmetic():
            for row in rows:
                if row.get("symbol") not in names:
                    continue
                try:
                    market = exchange.parse_market(dict(row))
                except reading_failures(self._wire.ccxt_error) as error:
                    raise NotDone(f"{row.get('symbol')}: unreadable market, {error}") from error
                if market:
                    symbol = Symbol(market["symbol"])
                    self._markets[symbol], self._read_at[symbol] = market, now
            exchange.set_markets(list(self._markets.values()))

    def _learn(self, desk: Desk, info: Row) -> None:
        """Pass on the limits that the venue states: orders by window, weight by minute."""
        stated = [
            (
                row.get("rateLimitType"),
                OrderLimit(
                    count=integer_of(row, "limit"),
                    seconds=_UNIT_S[row["interval"]] * integer_of(row, "intervalNum"),
                ),
            )
            for row in rows_of(info.get("rateLimits", []))
            if row.get("interval") in _UNIT_S
        ]
        weights = [
            w.count for kind, w in stated if kind == "REQUEST_WEIGHT" and w.seconds == _MINUTE
        ]
        self._wire.budget.learn(
            desk,
            orders=[limit for kind, limit in stated if kind == "ORDERS"],
            weight=min(weights, default=None),
        )


def _named(names: Sequence[str]) -> dict[str, str]:
    """Return the parameter that asks for spot markets by name; compact, or it is refused."""
    return {"symbols": json.dumps(list(names), separators=(",", ":"))}


def _instrument(market: Row, taker_fee: Decimal) -> Instrument:
    """Read one parsed market."""
    kind = MarketKind(market["type"])
    precision, limits = market["precision"], market["limits"]
    contract_size = ONE if kind is MarketKind.SPOT else number(market["contractSize"], "size")
    with exact_arithmetic():
        lot_size = number(precision["amount"], "lot size") * contract_size
        least = number(limits["amount"]["min"], "least size") * contract_size
        most = number(limits["amount"]["max"], "largest size") * contract_size
    notional_min = number(limits["cost"]["min"] or "0", "least notional")
    expiry = market.get("expiry") or _delisting(market)
    return Instrument(
        symbol=Symbol(market["symbol"]),
        kind=kind,
        base=Asset(market["base"]),
        quote=Asset(market["quote"]),
        settle=Asset(market["settle"] or market["quote"]),
        lot_size=lot_size,
        tick_size=number(precision["price"], "tick size"),
        lots_min=max(1, ceil_times(lot_size, least)),
        lots_max=floor_times(lot_size, most),
        notional_min=notional_min,
        notional_min_reduce_only=notional_min if kind is MarketKind.SPOT else ZERO,
        contract_size=contract_size,
        taker_fee=taker_fee,
        tradable=market["active"] is True,
        expires_at=None if expiry is None else datetime.fromtimestamp(expiry / 1000, UTC),
    )


def _delisting(market: Row) -> int | None:
    """Return when a perpetual is settled for good, milliseconds; None while no day is set.

    Binance lists every perpetual with a delivery, that of one to be delisted in this century.
    """
    told = mapping_of(market["info"])
    delivery = integer_of(told, "deliveryDate") if "deliveryDate" in told else _NEVER_MS
    return delivery if delivery < _NEVER_MS else None


_BANDS: Final = (
    (
        "PERCENT_PRICE_BY_SIDE",
        ("bidMultiplierDown", "bidMultiplierUp", "askMultiplierDown", "askMultiplierUp"),
    ),
    ("PERCENT_PRICE", ("multiplierDown", "multiplierUp", "multiplierDown", "multiplierUp")),
)
"""The filters that bound a limit, and their lowest and highest multiple for buys and for sells."""


def _price_band(market: Row) -> PriceBand | None:
    """Read the band of one parsed market from what the venue said itself; None when it has none.

    A contract's filter bounds buys from above and sells from below; the other two bounds are
    taken along, which errs to the safe side.

    Raises:
        NotDone: it is unreadable.

    """
    try:
        told = {
            row.get("filterType"): row for row in rows_of(mapping_of(market["info"])["filters"])
        }
        for name, keys in _BANDS:
            if name in told:
                values = (number(told[name].get(key), key) for key in keys)
                names = ("buy_low", "buy_high", "sell_low", "sell_high")
                return PriceBand(**dict(zip(names, values, strict=True)))
    except (Unreadable, KeyError) as error:
        raise NotDone(f"{market['symbol']}: unreadable price filter, {error}") from error
    return None
