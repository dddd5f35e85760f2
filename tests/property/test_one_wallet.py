"""Accounts in which cash and margin are one wallet, beside the local exchange's own margin.

The exchange shares nothing with the core. Its futures wallet is told to pay for coins and to take
what they bring, which is all that a unified account is; coins are worth nothing to it.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import LIMITS, account, plan, policy
from tests.property.test_survival import (
    BASIS_POINT,
    MARKS,
    SIZES,
    Account,
    at,
    edges,
    farthest,
    filled,
    is_liquidated,
    spans_of,
    twin,
)
from tests.simulation.planting import Bug, bug, edit, planted
from tests.unit.risk.cases import ask, refused
from trimtab.domain.exposure import exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Leg
from trimtab.domain.shared_wallet import backing, shared_wallet_of
from trimtab.domain.snapshot import Snapshot
from trimtab.testnet.margin import pool

OPEN = dataclasses.replace(
    LIMITS,
    max_order_notional=Decimal(10**9),
    max_asset_notional=Decimal(10**9),
    max_run_notional=Decimal(10**9),
    max_day_notional=Decimal(10**9),
    max_leverage=Decimal(2),
)
RULES = policy(limits=OPEN)
FEE = Decimal("0.001")
"""The gate books a spot buy's fee from cash and from coins, the exchange from cash alone."""
ROUNDING = Decimal("1e-9")
Shares = Mapping[int, Decimal]


def unified(
    units: Decimal,
    *,
    coins: Mapping[str, Decimal] | None = None,
    held: Mapping[str, Decimal] | None = None,
    marks: Mapping[str, Decimal] | None = None,
    leverage: int = 1,
) -> Account:
    """Return an account with one wallet twice; the exchange has all of it as margin."""
    there = twin(wallet=units, coins=coins or {}, held=held or {}, marks=marks or {})
    prices = {**MARKS, **(marks or {})}
    parts = ["one wallet", f"USDT {units}"]
    parts += [f"{a} {(coins or {}).get(a, 0)} @ {prices[a]}" for a in MARKS]
    parts += [f"perp {a} {n} from {MARKS[a]}" for a, n in (held or {}).items() if n]
    geared = {
        s: dataclasses.replace(c, leverage=leverage) for s, c in there.snapshot.contracts.items()
    }
    here = account(", ".join(parts), contracts=geared)
    return dataclasses.replace(there, snapshot=here)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    coins = {a: draw(st.integers(0, 8)) * SIZES[a] for a in MARKS}
    held = {a: draw(st.integers(-6, 6)) * SIZES[a] for a in MARKS}
    marks = {a: m * draw(st.integers(80, 125)) / 100 for a, m in MARKS.items()}
    gross = sum((abs(held[a]) * marks[a] for a in MARKS), Decimal(20_000))
    units = (gross * draw(st.integers(20, 250)) / 100).quantize(Decimal("0.01"))
    return unified(units, coins=coins, held=held, marks=marks)


@st.composite
def legs_for(draw: st.DrawFn) -> tuple[str, ...]:
    found = []
    for n in range(draw(st.integers(1, 4))):
        asset = draw(st.sampled_from(sorted(MARKS)))
        then = "then " if n and draw(st.booleans()) else ""
        kind = draw(st.sampled_from(["", "perp "]))
        size = draw(st.integers(1, 6)) * SIZES[asset]
        found.append(f"{then}{draw(st.sampled_from(['buy', 'sell']))} {size} {kind}{asset}")
    return tuple(found)


# What the exchange says


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """What the exchange has after some fills."""

    free: Decimal
    """What it would let anybody spend or bind."""
    lacks: dict[str, Decimal]
    """By rule what is lacking; above 0 the rule is broken."""


def found_after(there: Account, legs: Sequence[Leg], shares: Shares) -> Found:
    """Fill legs on the exchange, ask it, and take them back."""
    book = there.exchange.usdm
    before, wallet = {a: book.position(f"{a}USDT", side="BOTH") for a in MARKS}, book.wallet
    worth = sum(
        (there.snapshot.balances[Asset(a)].held * _mark(there, a) for a in MARKS), Decimal(0)
    )
    for leg in legs:
        size = leg.instrument.units(leg.lots) * shares[leg.line]
        if leg.instrument.is_contract:
            filled(there, [leg], shares)
        else:
            fee = abs(size) * leg.limit_price * leg.instrument.taker_fee
            book.wallet -= size * leg.limit_price + fee
            worth += size * _mark(there, leg.instrument.base)
    opened = {g.instrument.base for g in legs if g.instrument.is_contract and not g.reduce_only}
    try:
        still = at(there, None, Decimal(0))
        notional = {
            a: abs(book.position(f"{a}USDT", side="BOTH").quantity) * _mark(there, a) for a in MARKS
        }
        bound = sum((notional[a] / _leverage(there, a, opened) for a in MARKS), Decimal(0))
        free = still.wallet + min(Decimal(0), still.profit) - bound
        lacks = {
            "min_margin_ratio": OPEN.min_margin_ratio * still.maintained - still.balance,
            "max_leverage": sum(notional.values()) - OPEN.max_leverage * (worth + free),
        }
        for asset, sign in itertools.product((None, *map(Asset, MARKS)), (-1, 0, 1)):
            moved = at(there, asset, sign * OPEN.shock)
            lack = OPEN.shock_kappa * moved.maintained - moved.balance
            name = f"shock {asset if sign else ''}"
            lacks[name] = max(lack, lacks.get(name, lack))
        return Found(free=free, lacks=lacks)
    finally:
        for a, position in before.items():
            book.put(f"{a}USDT", side="BOTH", position=position)
        book.wallet = wallet


def _mark(there: Account, asset: str) -> Decimal:
    """Return the mark of an asset's perpetual."""
    return next(
        c.mark for s, c in there.snapshot.contracts.items() if s.startswith(f"{asset}/USDT:")
    )


def _leverage(there: Account, asset: str, opened: set[Asset]) -> Decimal:
    """Return the leverage that a contract has once the plan is under way."""
    set_now = next(
        c.leverage for s, c in there.snapshot.contracts.items() if s.startswith(f"{asset}/USDT:")
    )
    return Decimal(RULES.hedge.leverage if asset in opened else set_now)


def nothing(legs: Sequence[Leg]) -> Shares:
    return {leg.line: Decimal(0) for leg in legs}


def slack(code: str, there: Account, legs: Sequence[Leg], before: Found) -> Decimal:
    """Return what the gate may count otherwise: fees of contracts leave the divisor of leverage."""
    if code != "max_leverage":
        return Decimal(0)
    return OPEN.max_leverage * sum((2 * FEE * g.notional for g in legs), Decimal(0))


@given(accounts(), legs_for(), st.data())
def test_no_fill_that_can_be_paid_for_leaves_a_wallet_that_passed_worse_off(
    there: Account, texts: tuple[str, ...], data: st.DataObject
) -> None:
    legs = plan(there.snapshot, *texts).legs
    said = refused(ask(there.snapshot, *texts, rules=RULES))
    reached = data.draw(st.integers(1, legs[-1].stage))
    share = st.sampled_from([0, 100]) if data.draw(st.booleans()) else st.integers(0, 100)
    shares = {
        g.line: Decimal(data.draw(share)) / 100 if g.stage <= reached else Decimal(0) for g in legs
    }
    before, after = (found_after(there, legs, each) for each in (nothing(legs), shares))
    bought = any(g.lots > 0 and not g.instrument.is_contract and shares[g.line] for g in legs)
    assume(after.free >= 0 or not bought)  # No venue sells what is not paid for.
    for code, lack in after.lacks.items():
        if code.split()[0] in said:
            continue
        if code == "max_leverage" and after.free < 0:
            continue  # No venue binds what is not there; free_margin guards that.
        may = slack(code, there, legs, before)
        reduces = code == "max_leverage" and before.lacks[code] > 0
        assert reduces or lack <= max(Decimal(0), before.lacks[code]) + may + ROUNDING, code


@given(accounts(), legs_for())
def test_a_wallet_is_refused_for_a_shock_only_where_some_fills_break_it(
    there: Account, texts: tuple[str, ...]
) -> None:
    legs = plan(there.snapshot, *texts).legs
    report = ask(there.snapshot, *texts, rules=RULES)
    broken = {
        f.check for f in report.findings if f.verdict == "refuse" and f.subject.startswith("prefix")
    }
    corners = itertools.product((Decimal(0), Decimal(1)), repeat=len(legs))
    spent = sum((g.notional * FEE for g in legs if not g.instrument.is_contract), Decimal(0))
    every = [
        found_after(there, legs, dict(zip((g.line for g in legs), c, strict=True))).lacks
        for c in corners
    ]
    for check in broken & {"shock", "min_margin_ratio"}:
        codes = [code for code in every[0] if code.split()[0] == check]
        assert any(
            max(each[code] for each in every) + 2 * spent > max(Decimal(0), every[0][code])
            for code in codes
        )


def lost(there: Account) -> Decimal:
    """Return what the exchange's positions have lost that are at a loss."""
    book = there.exchange.usdm
    profits = [book.position(f"{a}USDT", side="BOTH").profit(_mark(there, a)) for a in MARKS]
    return -sum((p for p in profits if p < 0), Decimal(0))


def is_short_of_money(there: Account, texts: Sequence[str]) -> bool:
    """Say whether the exchange would have to say no on the way, everything going as planned."""
    legs, shares = plan(there.snapshot, *texts).legs, nothing(plan(there.snapshot, *texts).legs)
    free = found_after(there, legs, shares).free
    for _, stage in itertools.groupby(legs, key=lambda g: g.stage):
        here = list(stage)
        for corner in itertools.product((Decimal(0), Decimal(1)), repeat=len(here)):
            tried = {**shares, **dict(zip((g.line for g in here), corner, strict=True))}
            free = min(free, found_after(there, legs, tried).free)
        shares.update({g.line: Decimal(1) for g in here})
    return free < -ROUNDING


@given(accounts(), legs_for())
def test_what_coins_cost_and_what_contracts_bind_are_never_both_taken_from_the_same_money(
    there: Account, texts: tuple[str, ...]
) -> None:
    none = nothing(plan(there.snapshot, *texts).legs)
    assume(found_after(there, plan(there.snapshot, *texts).legs, none).free >= 0)
    said = refused(ask(there.snapshot, *texts, rules=RULES))
    if is_short_of_money(there, texts):
        assert {"free_margin", "free_quote"} & said


# What is shown


@given(accounts())
def test_every_unit_of_the_wallet_is_counted_once(there: Account) -> None:
    snapshot, whole = there.snapshot, there.exchange.usdm.wallet
    shared, margin = shared_wallet_of(snapshot, snapshot.quote), pool(there.exchange)
    assert shared is not None
    assert shared.units == whole
    assert backing(snapshot, snapshot.quote) == margin.balance
    coins = sum((snapshot.balances[Asset(a)].held * _mark(there, a) for a in MARKS), Decimal(0))
    assert exposure(snapshot).nav() == coins + margin.balance
    assert snapshot.balances[snapshot.quote].free == max(
        Decimal(0), whole - lost(there) - margin.initial
    )


@given(accounts())
def test_the_exchange_liquidates_one_wallet_where_the_line_says(there: Account) -> None:
    for (_, asset), span in spans_of(there.snapshot).items():
        for sign, edge in edges(span).items():
            if edge is None:
                assert not is_liquidated(there, asset, farthest(sign))
            elif edge.is_past:
                assert is_liquidated(there, asset, Decimal(0))
            else:
                assert not is_liquidated(there, asset, edge.move)
                assert is_liquidated(there, asset, edge.move + sign * BASIS_POINT)


# Planted bugs


def passes(snapshot: Snapshot, *texts: str, code: str) -> bool:
    return code not in refused(ask(snapshot, *texts, rules=RULES))


def caught(mistake: Bug, there: Account, *texts: str, code: str) -> bool:
    """Say whether a rule that holds a plan back lets it go with *mistake*, and is wrong then."""
    assert not passes(there.snapshot, *texts, code=code)
    with planted(mistake):
        return passes(there.snapshot, *texts, code=code)


def test_spot_cash_counted_twice_is_caught_where_coins_eat_the_margin() -> None:
    mistake = bug(
        "spot cash counted twice",
        "exchange",
        0,
        edit(
            "risk.pool_rules:Pool.balance",
            "slopes = {m.index: -m.cash for m in self.state.moves if m.cash}",
            "slopes = {}",
        ),
    )
    # A tenth of 120,000 is bound, a fifth would be lost: 48,000 are free, and are not all to spend.
    there = unified(Decimal(60_000), held={"BTC": Decimal(-2)}, leverage=10)
    assert caught(mistake, there, "buy 15 ETH", code="shock")


def test_money_bound_and_spent_at_once_is_caught() -> None:
    mistake = bug(
        "spent and bound",
        "exchange",
        0,
        edit("risk.wallet_rules:_drawn", "slopes |= _spent(state)", "slopes |= {}"),
    )
    there = unified(Decimal(50_000))
    texts = ("buy 10 ETH", "sell 0.5 perp BTC")
    assert is_short_of_money(there, texts)
    assert caught(mistake, there, *texts, code="free_margin")


def test_a_floor_under_the_wallet_that_freed_margin_falls_through_is_caught() -> None:
    mistake = bug(
        "cash never below none",
        "exchange",
        0,
        edit("risk.pool_rules:Pool.balance", "ceiling=max(now, least)", "ceiling=-held"),
    )
    # The long is closed, and what it had bound buys coins: too little is left for the short.
    held = {"BTC": Decimal(2), "ETH": Decimal(-40)}
    there = unified(Decimal(40_500), held=held, leverage=6)
    assert caught(mistake, there, "sell 2 perp BTC reduce", "then buy 6 ETH", code="shock")


def test_buys_that_only_sells_can_pay_do_not_count_as_if_nothing_had_been_sold() -> None:
    coins, held = {"BTC": Decimal(1)}, {"ETH": Decimal(-10)}
    there = unified(Decimal(31_000), coins=coins, held=held)
    assert passes(there.snapshot, "sell 0.9 BTC", "then buy 15 ETH", code="shock")


def test_a_transfer_inside_one_wallet_cannot_be_measured() -> None:
    there = unified(Decimal(31_000))
    report = ask(there.snapshot, "move 500 in", "then sell 0.5 perp BTC")
    (reason,) = {f.reason for f in report.findings if f.check == "free_quote"}
    assert "cash and margin are one wallet here" in str(reason)
