"""Checks of the markets that a plan trades in: open, fresh, deep enough, rightly priced. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from trimtab.domain.exact import BPS, ratio
from trimtab.domain.instruments import MarketKind
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Level, MarginMode, PositionMode
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.checks.frame import at_most, holds, subject_of
from trimtab.risk.checks.independent import independent
from trimtab.risk.judgement import Judgement


def market_status(leg: Leg, case: Case) -> Judgement:
    """Refuse markets that the venue does not trade, and contracts that have expired."""
    listed = case.instrument(leg.symbol)
    expired = listed.expires_at is not None and case.now >= listed.expires_at
    seen = "expired" if expired else "trading" if listed.tradable else "not trading"
    text = f"{leg.symbol}: the venue takes no orders in it; drop the leg or wait."
    return holds(subject_of(leg), measured=seen, ok=seen == "trading", otherwise=text)


def position_mode(leg: Leg, case: Case) -> Judgement:
    """Want one-way positions and cross margin wherever contracts are traded or held."""
    if not leg.instrument.is_contract:
        return holds(subject_of(leg), measured="spot", ok=True, otherwise="")
    mode, position = case.snapshot.position_mode, case.snapshot.positions.get(leg.symbol)
    isolated = position is not None and position.margin_mode is MarginMode.ISOLATED
    ok = mode is PositionMode.ONE_WAY and not isolated
    seen = f"{mode.value}, {'isolated' if isolated else 'cross'}"
    text = f"{leg.symbol}: set the account to one-way positions and cross margin on the venue."
    return holds(subject_of(leg), measured=seen, ok=ok, otherwise=text)


def max_slippage_bps(leg: Leg, case: Case) -> Judgement:
    """Walk the book up to the limit: average price against mid, positive is a cost."""
    book = case.book(leg.symbol)
    buys = leg.lots > 0
    side = book.asks if buys else book.bids
    size = leg.instrument.units(lots_before(leg, case) + abs(leg.lots))
    sign = 1 if buys else -1
    within = (v for v in side if sign * v.price <= sign * leg.limit_price)
    cost = _walk(within, size)
    if cost is None:
        text = f"{leg.symbol}: the book is too thin within the limit; trade less or wait."
        return holds(subject_of(leg), measured="not enough depth", ok=False, otherwise=text)
    average = ratio(cost, size)
    slippage = ratio((average - book.mid) * sign * BPS, book.mid)
    return at_most(
        subject_of(leg),
        slippage,
        limit=case.limits.max_slippage_bps,
        otherwise=f"{leg.symbol}: filling would cost too much against the mid; trade less or wait.",
    )


def lots_before(leg: Leg, case: Case) -> int:
    """Return what earlier legs of the same stage, market and side take from the book first."""
    others = (
        each
        for each in case.plan.legs
        if each.line < leg.line and each.stage == leg.stage and each.symbol == leg.symbol
    )
    return sum(abs(each.lots) for each in others if (each.lots > 0) == (leg.lots > 0))


def _walk(levels: Iterator[Level], size: Decimal) -> Decimal | None:
    """Return what *size* costs or brings on *levels*, None when they do not hold it."""
    left, cost = size, Decimal(0)
    for level in levels:
        taken = min(left, level.quantity)
        cost, left = cost + taken * level.price, left - taken
        if not left:
            return cost
    return None


def price_collar(leg: Leg, case: Case) -> Judgement:
    """Hold limit, planned mark and book mid against mark, index and independent references.

    To open a contract on another venue than the coin's, the coin there must be at its index too.
    """
    public = independent(leg, case)
    references = {**dict(_own_references(leg, case)), **public.in_quote}
    judged = {
        "limit": leg.limit_price,
        "planned mark": leg.mark,
        "book mid": case.book(leg.symbol).mid,
    }
    compared = [
        (what, value, name, reference)
        for what, value in judged.items()
        for name, reference in references.items()
    ]
    gaps = {
        (what, name): ratio(abs(value - reference) * BPS, reference)
        for what, value, name, reference in (*compared, *_elsewhere(leg, case))
    }
    what, name = max(gaps, key=lambda pair: gaps[pair])
    text = f"{leg.symbol}: its {what} is too far from {name}; wait until prices agree."
    judged_at = at_most(
        subject_of(leg), gaps[what, name], limit=case.limits.price_collar_bps, otherwise=text
    )
    said = " ".join(part for part in (judged_at.reason, public.sentence) if part)
    return dataclasses.replace(judged_at, reason=said or None)


def _own_references(leg: Leg, case: Case) -> Iterator[tuple[str, Decimal]]:
    """Yield what the venue itself holds the prices of *leg* against, by name.

    A dated contract has a basis, so it answers to its own mark; a coin answers to its mid and,
    where it has a perpetual, to that one's index.
    """
    instrument = leg.instrument
    yield ("the mark" if instrument.is_contract else "the mid"), case.mark(leg.symbol)
    if instrument.kind is not MarketKind.FUTURE:
        yield from (("the index", index) for index in _index(leg, case))


def _elsewhere(leg: Leg, case: Case) -> Iterator[tuple[str, Decimal, str, Decimal]]:
    """Yield the coin and the index, with names, of a contract to be opened on another venue.

    Two venues may call two coins by one name, or one of them may have lost touch with the other:
    what protects then is not what is held. On one venue a name is one coin. Of what is not held
    there, nothing needs a price there.

    Raises:
        Unmeasured: it is held, and has no price at its own venue.

    """
    key, snapshot, asset = case.snapshot.key, case.snapshot, leg.instrument.base
    if not key.is_split or not leg.instrument.is_contract or leg.reduce_only:
        return
    coins, hedges = key.venues[0], key.venues[-1]
    wanted = (MarketKind.SPOT, asset, leg.instrument.quote)
    for symbol, book in snapshot.books.items():
        listed = case.instrument(symbol)
        if (listed.kind, listed.base, listed.quote) == wanted:
            index = case.contract(leg.symbol).index
            yield f"coin on {coins}", book.mid, f"the index on {hedges}", index
            return
    if asset in snapshot.balances:
        raise Unmeasured(f"no price of {asset} on {coins} was read; read the markets again")


def _index(leg: Leg, case: Case) -> Iterator[Decimal]:
    """Yield the index of the leg's underlying in the account's quote, when one was read."""
    for symbol, contract in case.snapshot.contracts.items():
        listed = case.snapshot.instruments.get(symbol)
        wanted = (leg.instrument.base, leg.instrument.quote)
        if listed is not None and (listed.base, listed.quote) == wanted:
            yield contract.index
            return


def data_age(case: Case) -> Judgement:
    """Hold the age of the snapshot and of all market data that the plan rests on."""
    snapshot = case.snapshot
    instants = [snapshot.taken_at]
    traded = {leg.symbol for leg in case.plan.legs}
    instants += [case.book(symbol).read_at for symbol in sorted(traded)]
    for symbol in sorted(traded | snapshot.positions.keys()):
        if case.instrument(symbol).is_contract:
            instants.append(case.contract(symbol).read_at)
    wallets = snapshot.coin_wallets.values()
    instants += [held.contract.read_at for wallet in wallets for held in wallet.positions]
    ages = [_seconds(now=case.now, at=at) for at in instants]
    if min(ages) < -Decimal(case.limits.max_clock_offset_ms).scaleb(-3):
        raise Unmeasured("data was read after now; set the clock and read again")
    text = "the data that the plan rests on is too old; plan again."
    return at_most("plan", max(ages), limit=case.limits.max_snapshot_age_s, otherwise=text)


def _seconds(*, now: datetime, at: datetime) -> Decimal:
    """Return the age in seconds, exact to the microsecond."""
    delta = now - at
    microseconds = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    return Decimal(microseconds).scaleb(-6)


def clock_offset(case: Case) -> Judgement:
    """Hold |offset| plus its uncertainty against the limit."""
    clock = case.snapshot.clock
    if clock.uncertainty_ms < 0:
        raise Unmeasured("the clock reading has no uncertainty; read it again")
    text = "the clock is too far from the venue's; set it (NTP) and run again."
    worst = Decimal(abs(clock.offset_ms) + clock.uncertainty_ms)
    limit = Decimal(case.limits.max_clock_offset_ms)
    return at_most("account", worst, limit=limit, otherwise=text)
