"""Contracts: in which one hedges of an asset are opened, and which one comes after it.

Pure and exact but for divisions. Dated contracts carry shorts only: futures that are bought to
raise exposure are perpetuals, because nothing would roll them. Source: strategy definitions 4.7
and 4.8; docs/design/0038-dated-contracts.md.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from trimtab.domain.contracts import Contract, days_between
from trimtab.domain.errors import MissingInstrument
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import HedgeBook
from trimtab.domain.history import FundingSettlement
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.carry import Offer, best_to_open, interval_of, mean_rate
from trimtab.hedging.discounts import Discount, shutting
from trimtab.planning.costs import cost_share
from trimtab.planning.routes import market_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """The contracts of one account on one occasion."""

    snapshot: Snapshot
    exposed: Exposure
    policy: Policy
    occasion: Occasion

    @property
    def book(self) -> HedgeBook:
        """Every hedge of the account."""
        return self.occasion.hedges

    def short(self, asset: Asset) -> Instrument:
        """Return the contract in which a hedge of *asset* is opened or grown.

        Raises:
            MissingInstrument: the venue lists none that fits.

        """
        if self.policy.hedge.contract_of(asset) is Contract.PERPETUAL:
            return market_of(asset, self.snapshot, contract=True)
        found = self.where_hedged(asset)
        if found is None:
            raise MissingInstrument(
                f"{asset}: the venue lists no dated contract that still has {self.least_days} "
                f'days; write {asset} = "perpetual" under [hedge.contracts]',
                next_step="trimtab config show",
            )
        return found

    def where_hedged(self, asset: Asset) -> Instrument | None:
        """Return the contract of a hedge of *asset*, which may be dated; None without one."""
        wanted = self.policy.hedge.contract_of(asset)
        open_now = [h.symbol for h in self.book.open if h.asset == asset]
        able = self._unshut(self._able(asset, wanted, without=()))
        there = [i for i in able if i.symbol in open_now]
        return there[-1] if there else self._chosen(wanted, able)

    def after(self, asset: Asset, gone: Collection[Symbol]) -> Instrument | None:
        """Return the contract that hedges of *asset* move to from those *gone*; None without."""
        wanted = self.policy.hedge.contract_of(asset)
        return self._chosen(wanted, self._unshut(self._able(asset, wanted, without=gone)))

    def shut_by(self, symbol: Symbol) -> Discount | None:
        """Return the discount for which no hedge is opened in a contract now, None where one is.

        A contract whose state was not read has none.
        """
        state = self.snapshot.contracts.get(symbol)
        if state is None:
            return None
        return shutting(symbol, state, rules=self.policy.urgency, book=self.book)

    def _unshut(self, able: tuple[Instrument, ...]) -> tuple[Instrument, ...]:
        """Return those of *able* that no discount shuts; where it shuts all of them, all."""
        return tuple(i for i in able if self.shut_by(i.symbol) is None) or able

    @property
    def least_days(self) -> int:
        """Days that a dated contract must still have to be opened in, so that it stays a while."""
        rules = self.policy.urgency
        with exact_arithmetic():
            days = rules.expiry_days * (ONE + rules.hysteresis(TriggerKind.EXPIRY))
        return max(self.policy.limits.min_expiry_days, ceil_times(ONE, days))

    def dated(self, asset: Asset) -> tuple[Instrument, ...]:
        """Return the dated contracts on *asset* that may be opened now, by expiry."""
        return self._able(asset, Contract.DATED, without=())

    def offers(self, asset: Asset) -> tuple[Offer, ...]:
        """Return what every contract on *asset* that may be opened brings, perpetual first."""
        able = self._able(asset, Contract.AUTO, without=())
        return tuple(self.offer(i) for i in able if i.symbol in self.snapshot.books)

    def offer(self, instrument: Instrument) -> Offer:
        """Return what one contract brings; its book was read."""
        book, state = (
            self.snapshot.books[instrument.symbol],
            self.snapshot.contracts[instrument.symbol],
        )
        is_dated = instrument.kind is MarketKind.FUTURE
        past = () if is_dated else self.past(instrument.base)
        mean = mean_rate(past)
        rate = state.funding_rate if mean is None else mean
        with exact_arithmetic():
            premium = ratio(book.mid, self.exposed.mid(instrument.base)) - ONE
        return Offer(
            symbol=instrument.symbol,
            expires_at=instrument.expires_at if is_dated else None,
            premium=premium,
            rate=ZERO if is_dated else rate,
            hours=interval_of(past) or self.policy.auto.funding_hours,
            cost=cost_share(instrument, book),
        )

    def past(self, asset: Asset) -> tuple[FundingSettlement, ...]:
        """Return the settlements of the perpetual on *asset* within the look-back, oldest first."""
        return self._settled(asset, days=self.policy.hedge.carry.funding_days)

    def whole_past(self, asset: Asset) -> tuple[FundingSettlement, ...]:
        """Return all settlements of it that were read, oldest first."""
        return self._settled(asset, days=None)

    def _settled(self, asset: Asset, *, days: int | None) -> tuple[FundingSettlement, ...]:
        """Return its settlements, of the last *days* alone when told."""
        history = self.occasion.history
        rows = () if history is None else history.funding.get(asset, ())
        if days is None:
            return rows
        since = self.snapshot.venue_at - timedelta(days=days)
        return tuple(row for row in rows if row.settled_at > since)

    def _able(
        self, asset: Asset, wanted: Contract, *, without: Collection[Symbol]
    ) -> tuple[Instrument, ...]:
        """Return what may be opened in now of what is *wanted*, perpetual first, then by expiry."""
        dated = [i for i in self._listed(asset, MarketKind.FUTURE) if self._lasts(i)]
        dated.sort(key=lambda i: (i.expires_at is None, i.expires_at))
        perpetual = self._listed(asset, MarketKind.SWAP) if wanted is not Contract.DATED else []
        if wanted is Contract.PERPETUAL:
            dated = []
        return tuple(i for i in (*perpetual, *dated) if i.symbol not in without)

    def _chosen(self, wanted: Contract, able: tuple[Instrument, ...]) -> Instrument | None:
        """Return which of *able* is taken: the first, or where that is asked for the best."""
        if wanted is not Contract.AUTO or not able:
            return able[0] if able else None
        offers = [self.offer(i) for i in able if i.symbol in self.snapshot.books]
        if not offers:
            return None
        horizon = self.policy.hedge.carry.horizon_days
        best = best_to_open(offers, now=self.snapshot.venue_at, horizon_days=horizon)
        return self.snapshot.instruments[best.symbol]

    def _listed(self, asset: Asset, kind: MarketKind) -> list[Instrument]:
        """Return the contracts of one kind on *asset* in the quote that can be traded now."""
        quote = self.snapshot.quote
        return [
            i
            for i in self.snapshot.instruments.values()
            if i.kind is kind and i.base == asset and i.quote == quote and i.tradable
        ]

    def _lasts(self, instrument: Instrument) -> bool:
        """Whether a dated contract has the days that an opening needs."""
        ends_at = instrument.expires_at
        if ends_at is None:
            return False
        return days_between(self.snapshot.venue_at, until=ends_at) >= Decimal(self.least_days)
