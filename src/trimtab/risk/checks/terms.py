"""Checks of the terms on which a leg trades: allowed market, spread, depth, band, carry. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trimtab.domain.exact import BPS, ONE, ZERO, plain, ratio
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import MarketKind
from trimtab.domain.plan import Leg
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.checks.frame import at_most, holds, subject_of
from trimtab.risk.checks.markets import lots_before
from trimtab.risk.judgement import Judgement
from trimtab.risk.review import Standing

DAY_US = 86_400_000_000
"""Microseconds in a day."""
BASIS_DAYS = 30
"""Days of a dated contract for which the limit on its basis is meant."""


def symbols(leg: Leg, case: Case) -> Judgement:
    """Refuse markets that the operator has not named, when any are named."""
    named = case.limits.symbols
    text = f"{leg.symbol}: is not in risk.symbols; add it there, or drop its target."
    ok = not named or leg.symbol in named
    return holds(subject_of(leg), measured=leg.symbol, ok=ok, otherwise=text)


def max_spread_bps(leg: Leg, case: Case) -> Judgement:
    """Hold the distance of best bid and best ask against its limit."""
    book = case.book(leg.symbol)
    spread = ratio((book.asks[0].price - book.bids[0].price) * BPS, book.mid)
    text = f"{leg.symbol}: bid and ask are too far apart; wait until the market is calm."
    return at_most(subject_of(leg), spread, limit=case.limits.max_spread_bps, otherwise=text)


def max_depth_share(leg: Leg, case: Case) -> Judgement:
    """Hold the size against what the book shows within the slippage bound."""
    book = case.book(leg.symbol)
    buys = leg.lots > 0
    reach = book.mid * case.limits.max_slippage_bps
    near = (v for v in (book.asks if buys else book.bids) if abs(v.price - book.mid) * BPS <= reach)
    shown = sum((level.quantity for level in near), ZERO)
    size = leg.instrument.units(lots_before(leg, case) + abs(leg.lots))
    text = f"{leg.symbol}: the order would take too much of the book; trade less or wait."
    share = ratio(size, shown) if shown else Decimal("Infinity")
    return at_most(subject_of(leg), share, limit=case.limits.max_depth_share, otherwise=text)


def price_band(leg: Leg, case: Case) -> Judgement:
    """Hold the limit against the venue's own band around the mark, or the mid of a coin."""
    band = case.snapshot.price_bands.get(leg.symbol)
    if band is None:
        raise Unmeasured(f"no price band of {leg.symbol} was read; read the markets again")
    low, high = (band.buy_low, band.buy_high) if leg.lots > 0 else (band.sell_low, band.sell_high)
    multiple = ratio(leg.limit_price, case.mark(leg.symbol))
    ok = low <= multiple <= high
    text = f"{leg.symbol}: the venue takes no limit so far from its price; plan again."
    return Judgement(
        subject=subject_of(leg),
        verdict=Verdict.PASS if ok else Verdict.REFUSE,
        measured=multiple,
        limit=f"{plain(low)} to {plain(high)}",
        reason=None if ok else text,
    )


def _opens(leg: Leg) -> bool:
    """Say whether *leg* may open a position."""
    return leg.instrument.is_contract and not leg.reduce_only


def max_funding_bps(leg: Leg, case: Case) -> Judgement:
    """Hold what a position to be opened pays at the next settlement against its limit."""
    if not _opens(leg):
        return holds(subject_of(leg), measured="opens nothing", ok=True, otherwise="")
    paid = case.contract(leg.symbol).funding_rate * BPS * (1 if leg.lots > 0 else -1)
    text = f"{leg.symbol}: funding costs too much; wait, or set rebalance.route to spot."
    return at_most(subject_of(leg), paid, limit=case.limits.max_funding_bps, otherwise=text)


def max_basis_bps(leg: Leg, case: Case) -> Judgement:
    """Hold the distance of mark and index of a contract to be opened against its limit.

    A dated contract has a basis by nature: it is taken for each 30 days that it still has.
    """
    if not _opens(leg):
        return holds(subject_of(leg), measured="opens nothing", ok=True, otherwise="")
    state, ends_at = case.contract(leg.symbol), case.instrument(leg.symbol).expires_at
    basis = ratio(abs(state.mark - state.index) * BPS, state.index)
    if leg.instrument.kind is MarketKind.FUTURE and ends_at is not None:
        days = max(ONE, _days_left(ends_at, case))
        basis = ratio(basis * BASIS_DAYS, days)
    text = f"{leg.symbol}: its mark is too far from the index; wait until they agree."
    return at_most(subject_of(leg), basis, limit=case.limits.max_basis_bps, otherwise=text)


def _days_left(ends_at: datetime, case: Case) -> Decimal:
    """Return the days that a contract still has, signed."""
    left = ends_at - case.now
    return ratio(
        Decimal((left.days * 86_400 + left.seconds) * 1_000_000 + left.microseconds),
        Decimal(DAY_US),
    )


def min_expiry_days(leg: Leg, case: Case) -> Judgement:
    """Hold the days that a contract to be opened still has against their least."""
    ends_at = case.instrument(leg.symbol).expires_at
    if not _opens(leg) or ends_at is None:
        return holds(subject_of(leg), measured="no end to heed", ok=True, otherwise="")
    days = _days_left(ends_at, case)
    limit = Decimal(case.limits.min_expiry_days)
    ok = days >= limit
    text = (
        f"{leg.symbol}: it is delivered or delisted too soon; take another one, or the spot route."
    )
    return Judgement(
        subject=subject_of(leg),
        verdict=Verdict.PASS if ok else Verdict.REFUSE,
        measured=days,
        limit=limit,
        reason=None if ok else text,
    )


def max_turnover(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Hold what the run has sent and would send, reductions left out, against NAV."""
    planned = sum((case.plan.legs[j].notional for j in sorted(standing.raising.any)), ZERO)
    begun = case.context.begun
    nav = standing.state.nav if begun is None else begun.nav
    if planned and nav <= 0:
        raise Unmeasured("the account is worth nothing; look at it")
    value = planned + sum(case.context.run_notional.values(), ZERO)
    turnover = ratio(value, nav) if planned else ZERO
    text = "the run would turn over too much; go in steps, or raise risk.max_turnover."
    return (at_most("plan", turnover, limit=case.limits.max_turnover, otherwise=text),)
