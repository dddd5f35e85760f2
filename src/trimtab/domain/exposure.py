"""What follows from a snapshot: holdings, exposure, NAV, weights, leverage.

Strategy definitions, binding for every room. Quote units unless said; signs: long and
owned positive, short negative. Exposure uses the spot mid (the contract's index where
there is no spot market), never the contract's mark: a dated contract's basis is not drift.
Pure and exact; only :func:`trimtab.domain.exact.ratio` rounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.errors import MissingMark
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio, shown
from trimtab.domain.instruments import Asset, MarketKind, Symbol
from trimtab.domain.inverse import marked_units, notional_of, quote_per_dollar
from trimtab.domain.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What an account owns and is exposed to, by asset."""

    quote: Asset
    mids: Mapping[Asset, Decimal]
    """Quote per unit, > 0; 1 for the quote. Only of assets that have a market."""
    outside: Mapping[Asset, Decimal]
    """Units outside futures wallets, >= 0."""
    margin: Mapping[Asset, Decimal]
    """Units in futures wallets: balance plus unrealised profit, by settlement asset, signed."""
    futures: Mapping[Asset, Decimal]
    """Net base units of all positions on an asset, signed."""
    inverse: Mapping[Asset, Decimal]
    """Those of them that are coin-margined: they earn coins, so that the value of the holding
    moves with them."""
    signed_notional: Mapping[Asset, Decimal]
    """Sum of signed units times mid of positions, by settlement asset, quote units.

    Coin-margined ones are bought with dollars and stand beside the quote."""
    gross_notional: Decimal
    """Sum of |units| times mark over positions, quote units, >= 0."""
    inverse_notional: Decimal
    """What of it is coin-margined, where nothing is traded, >= 0."""
    contracted: frozenset[Asset]
    """Assets with a perpetual in the snapshot that settles in the quote and trades."""

    def holding(self, asset: Asset) -> Decimal:
        """Units of *asset* in every wallet."""
        with exact_arithmetic():
            return self.outside.get(asset, ZERO) + self.margin.get(asset, ZERO)

    def value(self, asset: Asset) -> Decimal:
        """Value of the holding of *asset*.

        Raises:
            MissingMark: the asset is held and has no market in the snapshot.

        """
        units = self.holding(asset)
        if not units:
            return ZERO
        with exact_arithmetic():
            return units * self.mid(asset)

    def value_outside_of(self, asset: Asset) -> Decimal:
        """Value of what is held of *asset* outside futures wallets; raises like :meth:`value`."""
        units = self.outside.get(asset, ZERO)
        if not units:
            return ZERO
        with exact_arithmetic():
            return units * self.mid(asset)

    def units_at_risk(self, asset: Asset) -> Decimal:
        """Units by which the value of the holding of *asset* moves with its price."""
        with exact_arithmetic():
            return self.holding(asset) + self.inverse.get(asset, ZERO)

    def mid(self, asset: Asset) -> Decimal:
        """Quote per unit of *asset*.

        Raises:
            MissingMark: the snapshot has no price for it.

        """
        if asset not in self.mids:
            raise MissingMark(f"{asset}: held or targeted, but no market in {self.quote} was read")
        return self.mids[asset]

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Every asset held or exposed to, quote included, by name."""
        named = {self.quote, *self.outside, *self.margin, *self.futures}
        return tuple(sorted(named))

    @property
    def unpriced(self) -> frozenset[Asset]:
        """Assets that are held and have no market: worth nothing to margin, and never sold."""
        return frozenset(a for a in self.assets if self.holding(a) and a not in self.mids)

    def nav(self, ignored: frozenset[Asset] = frozenset()) -> Decimal:
        """Net asset value: all holdings but the *ignored*, at mid."""
        with exact_arithmetic():
            return sum((self.value(a) for a in self.assets if a not in ignored), ZERO)

    def value_outside(self, ignored: frozenset[Asset] = frozenset()) -> Decimal:
        """Value of everything outside futures margin: S of the leverage ratio."""
        with exact_arithmetic():
            kept = (a for a in self.outside if a not in ignored and self.outside[a])
            return sum((self.outside[a] * self.mid(a) for a in kept), ZERO)

    def net(self, asset: Asset) -> Decimal:
        """Net exposure to *asset*: holding plus futures, less what its positions settle."""
        with exact_arithmetic():
            contracts = self.futures.get(asset, ZERO)
            exposed = contracts * self.mid(asset) if contracts else ZERO
            return self.value(asset) + exposed - self.signed_notional.get(asset, ZERO)

    def leverage(self) -> Decimal:
        """Sum of |notional| over the priced value outside futures margin."""
        return leverage_ratio(self.gross_notional, outside=self.value_outside(self.unpriced))


def leverage_ratio(notional: Decimal, *, outside: Decimal) -> Decimal:
    """Return *notional* over the value *outside* futures margin; 0 without any notional.

    Infinite where nothing is outside.
    """
    if not notional:
        return ZERO
    return ratio(notional, outside) if outside > 0 else Decimal("Infinity")


def leverage_text(leverage: Decimal) -> str:
    """Return a leverage ratio for reading."""
    return shown(leverage, 2) if leverage.is_finite() else "infinite"


def traded_units(snapshot: Snapshot, asset: Asset) -> Decimal:
    """Return the units of *asset* that orders move, signed: outside futures wallets, in contracts.

    Needs no price.
    """
    held = snapshot.balances.get(asset)
    contracts = [(snapshot.instruments[s], p.lots) for s, p in snapshot.positions.items()]
    with exact_arithmetic():
        positions = sum((i.units(lots) for i, lots in contracts if i.base == asset), ZERO)
        return positions + (held.held if held else ZERO)


def exposure(snapshot: Snapshot) -> Exposure:
    """Return the exposure of *snapshot*, every wallet counted once.

    Raises:
        MissingMark: there is a position in what has no price in the quote.

    """
    with exact_arithmetic():
        mids = _mids(snapshot)
        futures: dict[Asset, Decimal] = {}
        settled: dict[Asset, Decimal] = {}
        gross = ZERO
        for symbol, position in sorted(snapshot.positions.items()):
            instrument = snapshot.instruments[symbol]
            units = instrument.units(position.lots)
            futures[instrument.base] = futures.get(instrument.base, ZERO) + units
            if instrument.base not in mids:
                raise MissingMark(f"{symbol}: a position, but nothing that was read prices it")
            at_mid = units * mids[instrument.base]
            settled[instrument.settle] = settled.get(instrument.settle, ZERO) + at_mid
            gross += abs(units) * snapshot.contracts[symbol].mark
        margin = {a: p.balance for a, p in sorted(snapshot.pools.items())}
        inverse: dict[Asset, Decimal] = {}
        dollars = ZERO
        for coin, wallet in sorted(snapshot.coin_wallets.items()):
            margin[coin] = margin.get(coin, ZERO) + wallet.pool.balance
        for coin, units, value in _coin_margined(snapshot, mids):
            futures[coin] = futures.get(coin, ZERO) + units
            inverse[coin] = inverse.get(coin, ZERO) + units
            settled[snapshot.quote] = settled.get(snapshot.quote, ZERO) + units * mids[coin]
            dollars += value
        return Exposure(
            quote=snapshot.quote,
            mids=mids,
            outside={a: b.held for a, b in sorted(snapshot.balances.items())},
            margin=margin,
            futures=futures,
            inverse=inverse,
            signed_notional=settled,
            gross_notional=gross + dollars,
            inverse_notional=dollars,
            contracted=frozenset(_contracted(snapshot)),
        )


def _coin_margined(
    snapshot: Snapshot, mids: Mapping[Asset, Decimal]
) -> Iterator[tuple[Asset, Decimal, Decimal]]:
    """Yield the coin of each coin-margined position, its signed units and its |notional| in quote.

    Raises:
        MissingMark: nothing prices the coin.

    """
    for coin, wallet in sorted(snapshot.coin_wallets.items()):
        for held in wallet.positions:
            if coin not in mids:
                raise MissingMark(f"{held.contract.symbol}: nothing that was read prices it")
            dollar = quote_per_dollar(held.contract, mid=mids[coin])
            value = abs(notional_of(held.contract, held.contracts)) * dollar
            yield coin, marked_units(held), value


def _contracted(snapshot: Snapshot) -> Iterator[Asset]:
    """Yield every asset with a perpetual that can be traded."""
    for symbol, instrument in snapshot.instruments.items():
        fits = instrument.kind is MarketKind.SWAP and instrument.settle == snapshot.quote
        if fits and instrument.tradable and symbol in snapshot.books:
            yield instrument.base


def _mids(snapshot: Snapshot) -> dict[Asset, Decimal]:
    """Price each asset: spot mid first, then a contract's index, quote at 1."""
    mids: dict[Asset, Decimal] = {}
    for symbol, instrument in sorted(snapshot.instruments.items()):
        if instrument.quote != snapshot.quote:
            continue
        if instrument.kind is MarketKind.SPOT and symbol in snapshot.books:
            mids[instrument.base] = snapshot.books[symbol].mid
        elif symbol in snapshot.contracts:
            mids.setdefault(instrument.base, snapshot.contracts[symbol].index)
    mids[snapshot.quote] = ONE
    for symbol in snapshot.positions:  # In another quote, of what nothing else prices.
        instrument = snapshot.instruments[symbol]
        if instrument.base not in mids and instrument.quote in mids:
            mids[instrument.base] = snapshot.contracts[symbol].index * mids[instrument.quote]
    return mids


def contract_symbols(snapshot: Snapshot, base: Asset) -> tuple[Symbol, ...]:
    """Return the contracts on *base* that settle in the quote, perpetual first, then by expiry."""
    found = [
        i
        for i in snapshot.instruments.values()
        if i.base == base and i.is_contract and i.settle == snapshot.quote
    ]
    return tuple(i.symbol for i in sorted(found, key=lambda i: (i.kind != "swap", i.symbol)))
