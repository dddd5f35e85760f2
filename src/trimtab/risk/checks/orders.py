"""Checks of each order by itself: finite, on the grid, rightly sized, rightly reducing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from trimtab.domain.exact import ZERO, ratio
from trimtab.domain.findings import Verdict
from trimtab.domain.margin import bracket_of
from trimtab.domain.plan import Leg, Role
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import InversePosition, Snapshot
from trimtab.risk.case import Case
from trimtab.risk.checks.frame import at_most, holds, subject_of
from trimtab.risk.judgement import Judgement
from trimtab.risk.record import Record

NOTIONAL_TOLERANCE = Decimal("0.001")
"""How far the notional may differ when it is computed a second way, as a fraction."""


def finite(case: Case) -> Judgement:
    """Refuse when any number that the gate or an order would use is not finite and of its sign."""
    faults = [name for name, ok in _numbers(case) if not ok]
    return holds(
        "plan",
        measured=f"{len(faults)} bad",
        ok=not faults,
        otherwise=f"not a usable number: {', '.join(faults[:3])}; read the account again.",
    )


def _numbers(case: Case) -> Iterator[tuple[str, bool]]:
    """Yield every number that matters by name, and whether it is usable."""
    for leg in case.plan.legs:
        sizes = leg.lots != 0 and leg.limit > 0
        yield f"leg {leg.line} size or limit", sizes
        yield f"leg {leg.line} mark", _positive(leg.mark)
        yield f"leg {leg.line} grid", _positive(leg.instrument.lot_size)
        yield f"leg {leg.line} fee", _not_negative(leg.instrument.taker_fee)
    for moved in case.plan.transfers:
        yield f"leg {moved.line} units", moved.units.is_finite() and moved.units != 0
    yield from _account_numbers(case.snapshot)
    yield from _rule_numbers(case.policy)
    yield from _past_numbers(case.context.record)
    yield from ((f"target of {d.asset}", _not_negative(d.target)) for d in case.plan.drift)
    context = case.context
    for told, values in (
        ("sent so far", context.run_notional),
        ("sent so far", context.day_notional),
        ("units of the whole plan", context.net_bounds),
    ):
        yield from ((f"{name} {told}", _not_negative(v)) for name, v in values.items())
    if context.begun is not None:
        yield "value before the plan", context.begun.nav.is_finite()
        yield "free quote before the plan", _not_negative(context.begun.free_quote)


def _rule_numbers(policy: Policy) -> Iterator[tuple[str, bool]]:
    for name in policy.limits.__slots__:
        value = getattr(policy.limits, name)
        yield f"risk.{name}", isinstance(value, int | tuple) or _not_negative(value)
    yield "hedge.max_ratio", _not_negative(policy.hedge.max_ratio)
    yield "hedge.max_topup", _not_negative(policy.hedge.max_topup)
    yield "approval.max_move_bps", _not_negative(policy.approval.max_move_bps)
    yield "references.max_age_s", _not_negative(policy.references.max_age_s)
    yield "references.max_disagreement_bps", _not_negative(policy.references.max_disagreement_bps)


def _past_numbers(record: Record) -> Iterator[tuple[str, bool]]:
    for mark in (*record.marks, *(() if record.mark is None else (record.mark,))):
        ok = all(map(_positive, (mark.nav, mark.level, mark.high)))
        yield f"look of {mark.taken_at:%Y-%m-%dT%H:%M:%SZ}", ok
    for asset, target in (record.targets or {}).items():
        yield f"earlier target of {asset}", _not_negative(target)


def _account_numbers(snapshot: Snapshot) -> Iterator[tuple[str, bool]]:
    for asset, balance in snapshot.balances.items():
        yield f"{asset} balance", _not_negative(balance.free) and _not_negative(balance.locked)
    for asset, pool in snapshot.pools.items():
        known = pool.wallet_balance.is_finite() and pool.unrealised_pnl.is_finite()
        yield f"{asset} futures wallet", known and _not_negative(pool.free_margin)
    for symbol, book in snapshot.books.items():
        levels = (*book.bids, *book.asks)
        ok = all(_positive(level.price) and _positive(level.quantity) for level in levels)
        yield f"{symbol} book", ok
    for symbol, contract in snapshot.contracts.items():
        yield f"{symbol} mark", _positive(contract.mark) and _positive(contract.index)
        yield f"{symbol} funding", contract.funding_rate.is_finite()
        brackets = (
            (b.notional_floor, b.notional_cap, b.maintenance_ratio, b.maintenance_deduction)
            for b in contract.brackets
        )
        yield f"{symbol} brackets", all(_not_negative(n) for step in brackets for n in step)
    for symbol, band in snapshot.price_bands.items():
        edges = (band.buy_low, band.buy_high, band.sell_low, band.sell_high)
        yield f"{symbol} price band", all(map(_positive, edges))
    for symbol, position in snapshot.positions.items():
        yield f"{symbol} entry price", _positive(position.entry_price)
    for coin, wallet in snapshot.coin_wallets.items():
        pool = wallet.pool
        known = pool.wallet_balance.is_finite() and pool.unrealised_pnl.is_finite()
        yield f"{coin} coin-margined wallet", known and _not_negative(pool.free_margin)
        for held in wallet.positions:
            yield f"{held.contract.symbol} position", _is_usable(held)
    for order in snapshot.open_orders:
        yield f"order {order.client_order_id}", _positive(order.limit_price)


def _is_usable(held: InversePosition) -> bool:
    """Say whether a coin-margined position can be reckoned with."""
    contract, brackets = held.contract, held.contract.brackets
    prices = (contract.face, contract.mark, contract.index, held.entry_price)
    steps = (
        (b.notional_floor, b.notional_cap, b.maintenance_ratio, b.maintenance_deduction)
        for b in brackets
    )
    numbers = all(_not_negative(number) for step in steps for number in step)
    return numbers and bool(brackets) and all(map(_positive, prices))


def _positive(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and value > 0


def _not_negative(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and value >= 0


def max_order_notional(leg: Leg, case: Case) -> Judgement:
    """Hold one order's notional at the planned mark against its cap."""
    limit = case.limits.max_order_notional
    return at_most(
        subject_of(leg),
        leg.notional,
        limit=limit,
        otherwise=f"{leg.symbol}: one order is too large; split it or raise its cap.",
    )


def lot_size(leg: Leg, case: Case) -> Judgement:
    """Hold the size against the venue's grid and its smallest and largest order."""
    listed = case.instrument(leg.symbol)
    size, planned = abs(leg.lots), leg.instrument
    grid = (listed.lot_size, listed.tick_size) == (planned.lot_size, planned.tick_size)
    fits = listed.lots_min <= size <= listed.lots_max
    found = "its lot or tick size has changed" if not grid else f"{size} lots are not allowed"
    return Judgement(
        subject=subject_of(leg),
        verdict=Verdict.PASS if grid and fits else Verdict.REFUSE,
        measured=Decimal(size),
        limit=f"{listed.lots_min} to {listed.lots_max}",
        reason=None
        if grid and fits
        else f"{leg.symbol}: {found}; read the markets and plan again.",
    )


def min_notional(leg: Leg, case: Case) -> Judgement:
    """Hold the order's value, at mark or limit whichever is less, against the venue's least."""
    listed = case.instrument(leg.symbol)
    least = listed.notional_min_reduce_only if leg.reduce_only else listed.notional_min
    value = leg.quantity * min(leg.mark, leg.limit_price)
    return Judgement(
        subject=subject_of(leg),
        verdict=Verdict.PASS if value >= least else Verdict.REFUSE,
        measured=value,
        limit=least,
        reason=None
        if value >= least
        else f"{leg.symbol}: too small for the venue; leave it as dust.",
    )


def notional_agreement(leg: Leg, case: Case) -> Judgement:
    """Compute the notional from the venue's contracts and compare it with the plan's."""
    listed = case.instrument(leg.symbol)
    contracts = ratio(abs(leg.lots) * listed.lot_size, listed.contract_size)
    second = contracts * listed.contract_size * leg.mark
    gap = ratio(abs(leg.notional - second), second) if second else Decimal("Infinity")
    return at_most(
        subject_of(leg),
        gap,
        limit=NOTIONAL_TOLERANCE,
        otherwise=f"{leg.symbol}: two ways to compute the notional differ; read the markets again.",
    )


def reduce_only(leg: Leg, case: Case) -> Judgement:
    """Let reduce-only legs take at most the position off, all of them together, never turn it."""
    if not leg.reduce_only:
        ok = leg.role is not Role.CLOSE and (
            leg.role is not Role.ROLL or _is_bought_back(leg, case)
        )
        text = f"{leg.symbol}: a closing leg must be reduce-only; plan again."
        if leg.role is Role.ROLL:
            text = f"{leg.symbol}: a roll may open only what it bought back before; plan again."
        return holds(subject_of(leg), measured="not reduce-only", ok=ok, otherwise=text)
    position = case.snapshot.positions.get(leg.symbol)
    held = 0 if position is None else position.lots
    legs = (each for each in case.plan.legs if each.symbol == leg.symbol and each.reduce_only)
    off = sum(abs(each.lots) for each in legs if each.line <= leg.line)
    ok = leg.instrument.is_contract and held * leg.lots < 0 and off <= abs(held)
    return Judgement(
        subject=subject_of(leg),
        verdict=Verdict.PASS if ok else Verdict.REFUSE,
        measured=Decimal(off),
        limit=Decimal(abs(held)),
        reason=None
        if ok
        else f"{leg.symbol}: there is no such position to reduce; read the account again.",
    )


def _is_bought_back(leg: Leg, case: Case) -> bool:
    """Whether a roll buys back in earlier stages all that it opens by *leg*, which sells.

    Of a plan on its way the rest alone does not tell: execution sized it by what was bought back.
    """
    if case.context.net_bounds:
        return leg.lots < 0
    base = leg.instrument.base
    rolls = [e for e in case.plan.legs if e.role is Role.ROLL and e.instrument.base == base]
    back = sum((e.quantity for e in rolls if e.reduce_only and e.stage < leg.stage), ZERO)
    opened = sum((e.quantity for e in rolls if not e.reduce_only and e.line <= leg.line), ZERO)
    return leg.lots < 0 and opened <= back


def bracket_leverage(leg: Leg, case: Case) -> Judgement:
    """Hold the leverage to be set against what the bracket of the filled position allows.

    A reduction sets none, and takes off also what lies beyond the last bracket.
    """
    if not leg.instrument.is_contract or leg.reduce_only:
        measured = "reduces" if leg.reduce_only else "spot"
        return holds(subject_of(leg), measured=measured, ok=True, otherwise="")
    contract, listed = case.contract(leg.symbol), case.instrument(leg.symbol)
    notional = listed.units(_lots_passed(leg, case)) * contract.mark
    bracket = bracket_of(notional, contract.brackets)
    most = Decimal(0 if bracket is None else bracket.leverage_max)
    return at_most(
        subject_of(leg),
        Decimal(case.policy.hedge.leverage),
        limit=most,
        otherwise=f"{leg.symbol}: above what the bracket allows; set hedge.leverage lower.",
    )


def _lots_passed(leg: Leg, case: Case) -> int:
    """Return the largest |position| that *leg* can leave behind, lots."""
    position = case.snapshot.positions.get(leg.symbol)
    held = 0 if position is None else position.lots
    same = (e for e in case.plan.legs if e.symbol == leg.symbol and (e.lots > 0) == (leg.lots > 0))
    together = sum(each.lots for each in same)
    return max(abs(held), abs(held + together))
