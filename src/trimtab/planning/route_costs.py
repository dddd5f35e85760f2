"""Weigh: what a correction costs by the coin and by its perpetual, over a horizon.

Pure and exact but for divisions. The formulas are those of strategy definitions 3.4:

    spot    = N(fee + half spread + impact) + tax x gain
    futures = k N(fee + half spread + impact) - N x expected payments (a short receives +)
              + N / leverage x margin rate x days / 365 + (1 - deferral) x tax
              + (1 - chance back) x N(fee + half spread + impact) of the coin

The offset comes first and is in neither column: what is left opens a position, so k = 2. Where the
hedge would stand in a dated contract, its premium is what a settlement pays, once, as far as the
horizon earns it, and each roll within the horizon is two trades more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.contracts import days_between
from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, ratio
from trimtab.domain.history import FundingSettlement
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.routing import (
    AutoPolicy,
    FuturesCheaper,
    RateBasis,
    RouteCosts,
    RouteTable,
)
from trimtab.domain.snapshot import Book, ContractState
from trimtab.hedging.carry import (
    DAYS_A_YEAR,
    HOURS_A_DAY,
    interval_of,
    mean_rate,
    settlements,
)
from trimtab.planning.costs import cost_parts

CROSSINGS: Final = 2
"""A position is opened and closed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Venues:
    """Both markets of one asset as they were read."""

    coin: Instrument
    coin_book: Book
    contract: Instrument
    contract_book: Book
    state: ContractState
    past: tuple[FundingSettlement, ...]
    """Settlements of the contract within the horizon before now, oldest first; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be moved, and from when on."""

    asset: Asset
    value: Decimal
    """Quote units at mid, positive buys, never zero."""
    mid: Decimal
    """Of the coin, quote per base unit, > 0."""
    leverage: int
    """At which a position would be margined, >= 1."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Funding:
    """What settlements are expected to pay."""

    rate: Decimal
    basis: RateBasis
    count: int
    per_day: Decimal
    """How often the rate is paid in a day, > 0."""
    rolls: int = 0
    """Contracts that end within the horizon."""


def weighed(wish: Wish, venues: Venues, rules: AutoPolicy) -> RouteTable:
    """Return both columns of *wish* and where they meet.

    Raises:
        PlanningError: tax counts and nothing says what the coins were bought for.

    """
    tax, funding = _tax(wish, rules), _funding(wish, venues, rules)
    with exact_arithmetic():
        value, quantity = abs(wish.value), ratio(abs(wish.value), wish.mid)
        buys = wish.value > 0
        coin = cost_parts(venues.coin, venues.coin_book, quantity=quantity, buys=buys)
        paper = cost_parts(venues.contract, venues.contract_book, quantity=quantity, buys=buys)
        crossings = CROSSINGS * (1 + funding.rolls)
        bound = ratio(value * rules.margin_rate, Decimal(wish.leverage * DAYS_A_YEAR))
        pays = value * funding.rate * funding.count
        spot = RouteCosts(
            fee=coin.fee,
            half_spread=coin.half_spread,
            impact=coin.impact,
            tax=tax,
            funding=ZERO,
            margin=ZERO,
            back=ZERO,
        )
        futures = RouteCosts(
            fee=crossings * paper.fee,
            half_spread=crossings * paper.half_spread,
            impact=crossings * paper.impact,
            tax=(ONE - rules.deferral) * tax,
            funding=pays if buys else -pays,
            margin=bound * rules.horizon_days,
            back=(ONE - rules.p_back) * coin.total,
        )
        table = _table(wish, rules, funding, spot=spot, futures=futures)
        return replace(table, contract=venues.contract.symbol)


def _table(
    wish: Wish, rules: AutoPolicy, funding: _Funding, *, spot: RouteCosts, futures: RouteCosts
) -> RouteTable:
    """Return both columns with the rate and the days at which they meet."""
    sign = 1 if wish.value > 0 else -1
    value = abs(wish.value)
    paid = sign * value * funding.count
    gap = spot.total - (futures.total - futures.funding)
    standing = futures.total - futures.funding - futures.margin
    a_day = ratio(futures.margin, Decimal(rules.horizon_days))
    a_day += sign * value * funding.rate * funding.per_day
    days, cheaper = _meeting(spot.total - standing, a_day=a_day)
    return RouteTable(
        spot=spot,
        futures=futures,
        crossings=CROSSINGS * (1 + funding.rolls),
        horizon_days=rules.horizon_days,
        settlements=funding.count,
        rate=funding.rate,
        rate_basis=funding.basis,
        break_even_rate=ratio(gap, paid) if paid else None,
        break_even_days=days,
        futures_cheaper=cheaper,
    )


def _meeting(room: Decimal, *, a_day: Decimal) -> tuple[Decimal | None, FuturesCheaper]:
    """Return when what a contract costs *a_day* uses up *room*, and before or after it is cheaper.

    *room* is what the coin costs beyond what the contract costs at once, quote units, signed.
    """
    if a_day > 0:
        if room <= 0:
            return None, FuturesCheaper.NEVER
        return ratio(room, a_day), FuturesCheaper.BEFORE
    if room > 0:
        return None, FuturesCheaper.ALWAYS
    if a_day == 0:
        return None, FuturesCheaper.NEVER
    return ratio(room, a_day), FuturesCheaper.AFTER


def _tax(wish: Wish, rules: AutoPolicy) -> Decimal:
    """Return the tax on what a sale realises, quote units; negative where a loss saves some."""
    if wish.value > 0 or not rules.tax_rate:
        return ZERO
    basis = rules.cost_basis.get(wish.asset)
    if basis is None:
        raise PlanningError(
            f"{wish.asset}: auto.tax_rate is set, and nothing says what a unit was bought for; "
            f'add {wish.asset} = "..." under [auto.cost_basis]',
            next_step="trimtab config check",
        )
    with exact_arithmetic():
        gain = -wish.value - ratio(-wish.value * basis, wish.mid)
        return rules.tax_rate * (gain if rules.losses_usable else max(ZERO, gain))


def _funding(wish: Wish, venues: Venues, rules: AutoPolicy) -> _Funding:
    """Return the rate that is expected, within the venue's limit, and how often it settles."""
    if venues.contract.expires_at is not None:
        return _premium(wish, venues, rules, ends_at=venues.contract.expires_at)
    hours = interval_of(venues.past) or rules.funding_hours
    rate, basis = _expected(venues)
    span = timedelta(days=rules.horizon_days)
    count = settlements(wish.now, span=span, hours=hours)
    with exact_arithmetic():
        cap = rules.funding_cap_share * venues.state.brackets[0].maintenance_ratio
        rate = max(-cap, min(cap, rate))
    per_day = ratio(Decimal(HOURS_A_DAY), Decimal(hours))
    return _Funding(rate=rate, basis=basis, count=count, per_day=per_day)


def _premium(wish: Wish, venues: Venues, rules: AutoPolicy, *, ends_at: datetime) -> _Funding:
    """Return what a dated contract's premium brings within the horizon, and its rolls.

    What comes after its delivery is reckoned to bring as much a day.
    """
    days = max(days_between(wish.now, until=ends_at), ONE)
    horizon = Decimal(rules.horizon_days)
    with exact_arithmetic():
        premium = ratio(venues.contract_book.mid, wish.mid) - ONE
        rate = ratio(premium * horizon, days)
    return _Funding(
        rate=rate,
        basis=RateBasis.PREMIUM,
        count=1,
        per_day=ratio(ONE, horizon),
        rolls=max(0, ceil_times(days, horizon) - 1),
    )


def _expected(venues: Venues) -> tuple[Decimal, RateBasis]:
    """Return the mean realised rate, or the next one where no past was read."""
    mean = mean_rate(venues.past)
    if mean is None:
        return venues.state.funding_rate, RateBasis.CURRENT
    return mean, RateBasis.MEAN_REALISED
