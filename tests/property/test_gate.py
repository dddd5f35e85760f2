"""The gate over random accounts, plans and fills, against a plain model of what fills do.

The model below shares nothing with the rules but the definitions of the strategy: it fills
legs one by one, recomputes every figure from balances and positions, and never looks at a
slope, a term or a corner.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BRACKETS, LIMITS, UNREFERENCED, account, plan, policy
from tests.unit.risk.cases import ask, context, refused, said
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.findings import Verdict
from trimtab.domain.plan import Leg, Plan
from trimtab.domain.policy import RiskLimits
from trimtab.domain.references import ReferenceSource
from trimtab.domain.snapshot import Snapshot
from trimtab.risk.convex import Affine, Excess, Fills, Peaks, Swapped, Term

MIDS = {"BTC": Decimal(60_000), "ETH": Decimal(3_000)}
STEP = {"BTC": Decimal("0.01"), "ETH": Decimal("0.2")}
FLOW = {
    "max_order_notional": Decimal(10**9),
    "max_asset_notional": Decimal(10**9),
    "max_run_notional": Decimal(10**9),
    "max_day_notional": Decimal(10**9),
}
OPEN = dataclasses.replace(LIMITS, **FLOW)

Fractions = Mapping[int, Decimal]


# A plain model


def filled(snapshot: Snapshot, legs: tuple[Leg, ...], fills: Fractions) -> dict[str, Any]:
    """Return coins, cash, positions and margin balance after each leg filled by its share."""
    coins = {a: snapshot.balances[a].held if a in snapshot.balances else Decimal(0) for a in MIDS}
    cash = snapshot.balances["USDT"].held
    margin = snapshot.pools["USDT"].balance
    units = {f"{a}/USDT:USDT": Decimal(0) for a in MIDS}
    for symbol, position in snapshot.positions.items():
        units[symbol] = snapshot.instruments[symbol].units(position.lots)
    entry: list[tuple[str, Decimal, Decimal]] = []
    for leg in legs:
        size = leg.instrument.units(leg.lots) * fills[leg.line]
        fee = abs(size) * leg.limit_price * leg.instrument.taker_fee
        if leg.instrument.is_contract:
            units[leg.symbol] += size
            entry.append((leg.symbol, size, leg.limit_price))
            margin -= fee
        else:
            cash -= size * leg.limit_price + fee
            coins[leg.instrument.base] += size
    return {"coins": coins, "cash": cash, "margin": margin, "units": units, "entry": entry}


def figures(
    snapshot: Snapshot, legs: tuple[Leg, ...], fills: Fractions, limits: RiskLimits
) -> dict[str, Decimal]:
    """Return the excess of each modelled rule over its limit, positive when it is broken."""
    x = filled(snapshot, legs, fills)
    marks = {f"{a}/USDT:USDT": m for a, m in MIDS.items()}
    notional = sum((abs(u) * marks[s] for s, u in x["units"].items()), Decimal(0))
    outside = x["cash"] + sum((q * MIDS[a] for a, q in x["coins"].items()), Decimal(0))
    profit = sum((u * (marks[s] - p) for s, u, p in x["entry"]), Decimal(0))
    nav = outside + x["margin"] + profit
    net = {a: x["coins"][a] + x["units"][f"{a}/USDT:USDT"] for a in MIDS}
    total = sum((abs(net[a]) * MIDS[a] for a in MIDS), Decimal(0))
    gross = sum((abs(x["coins"][a]) * MIDS[a] for a in MIDS), Decimal(0)) + notional
    return {
        "max_leverage": notional - limits.max_leverage * outside,
        "max_net": total - limits.max_net * nav,
        "max_gross": gross - limits.max_gross * nav,
        "min_margin_ratio": margin_excess(x, {}, limits.min_margin_ratio),
        "naked_short": max(-net[a] * MIDS[a] for a in MIDS),
        **{
            f"shock {name}": max(margin_excess(x, move, limits.shock_kappa) for move in sides)
            for name, sides in shocks(limits.shock).items()
        },
    }


def shocks(size: Decimal) -> dict[str, list[dict[str, Decimal]]]:
    """Return both sides of every scenario by its name."""
    together = [dict.fromkeys(MIDS, size), dict.fromkeys(MIDS, -size)]
    alone = {asset: [{asset: size}, {asset: -size}] for asset in MIDS}
    return {"none": [{}], "all": together, **alone}


def margin_excess(x: Mapping[str, Any], move: Mapping[str, Decimal], factor: Decimal) -> Decimal:
    """Return factor x maintenance less balance, both at moved marks, brackets looked up."""
    balance, needed = x["margin"], Decimal(0)
    at = {f"{a}/USDT:USDT": m * (1 + move.get(a, Decimal(0))) for a, m in MIDS.items()}
    before = {f"{a}/USDT:USDT": m for a, m in MIDS.items()}
    opened = {s: sum((u for o, u, _ in x["entry"] if o == s), Decimal(0)) for s in at}
    for symbol, units in x["units"].items():
        balance += (units - opened[symbol]) * (at[symbol] - before[symbol])
        value = abs(units) * at[symbol]
        step = next(b for b in BRACKETS if b.notional_floor <= value < b.notional_cap)
        needed += value * step.maintenance_ratio - step.maintenance_deduction
    for symbol, units, price in x["entry"]:
        balance += units * (at[symbol] - price)
    return factor * needed - balance


# Random cases


@st.composite
def accounts(draw: st.DrawFn, *, shorts: bool = True) -> Snapshot:
    """Draw an account in two coins, with or without futures on each."""
    few = st.integers(0, 12)
    parts = [f"USDT {draw(st.integers(0, 20_000))}", f"wallet {draw(st.integers(10, 9_000))}"]
    for asset, mid in MIDS.items():
        parts.append(f"{asset} {draw(few) * STEP[asset]} @ {mid}")
        if size := draw(st.integers(-6 if shorts else 0, 6)):
            parts.append(f"perp {asset} {size * STEP[asset]}")
    return account(", ".join(parts))


@st.composite
def legs_for(draw: st.DrawFn, *, most: int = 4) -> list[str]:
    """Draw legs in notation, in one to three stages."""
    found = []
    for n in range(draw(st.integers(1, most))):
        asset = draw(st.sampled_from(sorted(MIDS)))
        size = draw(st.integers(1, 8)) * STEP[asset]
        then = "then " if n and draw(st.booleans()) else ""
        kind = draw(st.sampled_from(["", "perp "]))
        found.append(f"{then}{draw(st.sampled_from(['buy', 'sell']))} {size} {kind}{asset}")
    return found


def shares(draw: st.DrawFn, proposal: Plan, *, whole: bool) -> dict[int, Decimal]:
    """Draw a reachable set of fills: stages not begun are empty, others anything in [0, 1]."""
    reached = draw(st.integers(1, proposal.legs[-1].stage))
    choices = st.sampled_from([0, 100]) if whole else st.integers(0, 100)
    return {
        leg.line: Decimal(draw(choices)) / 100 if leg.stage <= reached else Decimal(0)
        for leg in proposal.legs
    }


def as_pairs_go(proposal: Plan, fills: Fractions) -> Fractions:
    """Return fills in which no half of a pair is further than the other: earlier ones are whole."""
    reached = max((g.stage for g in proposal.legs if fills[g.line]), default=0)
    whole = dict(fills)
    for leg in proposal.legs:
        mine = [g for g in proposal.legs if g.instrument.base == leg.instrument.base]
        opposed = len({g.side for g in mine}) > 1 and any(g.instrument.is_contract for g in mine)
        if opposed and leg.stage < reached:
            whole[leg.line] = Decimal(1)
    return whole


ONE_FEE = Decimal("0.001")
"""The gate books a spot buy's fee from cash and from coins, the model from cash alone."""


@given(st.data())
def test_no_reachable_fill_of_a_plan_that_passed_is_worse_than_before(data: st.DataObject) -> None:
    snapshot, texts = data.draw(accounts()), data.draw(legs_for())
    proposal = plan(snapshot, *texts)
    report = ask(snapshot, *texts, rules=policy(limits=OPEN))
    none = {leg.line: Decimal(0) for leg in proposal.legs}
    fills = shares(data.draw, proposal, whole=data.draw(st.booleans()))
    with exact_arithmetic():
        before = figures(snapshot, proposal.legs, none, OPEN)
        after = figures(snapshot, proposal.legs, fills, OPEN)
        in_pairs = figures(snapshot, proposal.legs, as_pairs_go(proposal, fills), OPEN)
        after["naked_short"] = in_pairs["naked_short"]
        affordable = filled(snapshot, proposal.legs, fills)["cash"] >= 0
    reductions = "max_run_notional" not in refused(
        ask(
            snapshot,
            *texts,
            rules=policy(limits=dataclasses.replace(OPEN, max_run_notional=Decimal(0))),
        )
    )
    passed = {code for code in after if code.split()[0] not in refused(report)}
    for code in sorted(passed):
        if code.startswith("max_") and (reductions or not affordable):
            continue
        lot = Decimal(6) if code == "naked_short" else Decimal(0)
        assert after[code] <= max(lot, before[code]), code


@given(st.data())
def test_a_refusal_by_a_margin_rule_has_a_corner_that_breaks_it(data: st.DataObject) -> None:
    snapshot, texts = data.draw(accounts()), data.draw(legs_for())
    proposal = plan(snapshot, *texts)
    report = ask(snapshot, *texts, rules=policy(limits=OPEN))
    corners = [
        dict(zip((leg.line for leg in proposal.legs), choice, strict=True))
        for choice in itertools.product((Decimal(0), Decimal(1)), repeat=len(proposal.legs))
    ]
    with exact_arithmetic():
        every = [figures(snapshot, proposal.legs, corner, OPEN) for corner in corners]
    for check in ("min_margin_ratio", "shock", "max_leverage"):
        broken = {f.subject for f in report.findings if f.check == check and f.verdict == "refuse"}
        if any(subject.startswith("prefix") for subject in broken):
            slack = ONE_FEE * 10**6 if check == "max_leverage" else Decimal(0)
            codes = [code for code in every[0] if code.split()[0] == check]
            assert any(
                max(each[code] for each in every) + slack > max(Decimal(0), every[0][code])
                for code in codes
            )


TIGHTER = {
    "max_leverage": -1,
    "max_net": -1,
    "max_gross": -1,
    "max_synthetic_long": -1,
    "max_order_notional": -1,
    "max_asset_notional": -1,
    "max_run_notional": -1,
    "max_day_notional": -1,
    "max_orders": -1,
    "max_unhedged_notional": -1,
    "min_margin_ratio": 1,
    "min_liquidation_distance": 1,
    "shock": 1,
    "shock_kappa": 1,
    "max_slippage_bps": -1,
    "price_collar_bps": -1,
    "max_depeg_bps": -1,
    "max_snapshot_age_s": -1,
    "max_clock_offset_ms": -1,
    "fee_reserve": 1,
    "max_daily_loss": -1,
    "max_drawdown": -1,
    "max_nav_jump": -1,
    "max_rejects": -1,
    "max_minute_orders": -1,
    "max_day_orders": -1,
    "duplicate_window_s": 1,
    "max_spread_bps": -1,
    "max_depth_share": -1,
    "max_funding_bps": -1,
    "max_basis_bps": -1,
    "min_expiry_days": 1,
    "max_turnover": -1,
    "max_target_move": -1,
    "max_statement_age_days": -1,
}
NO_NUMBER = {"symbols"}
"""Limits that are lists."""


@given(st.data())
def test_a_tighter_limit_never_turns_a_refusal_into_a_pass(data: st.DataObject) -> None:
    assert TIGHTER.keys() | NO_NUMBER == {f.name for f in dataclasses.fields(RiskLimits)}
    snapshot, texts = data.draw(accounts()), data.draw(legs_for())
    name = data.draw(st.sampled_from(sorted(TIGHTER)))
    factor = Decimal(data.draw(st.integers(0, 99))) / 100
    value = getattr(LIMITS, name)
    tight = value * factor if TIGHTER[name] < 0 else value + factor
    changed = dataclasses.replace(LIMITS, **{name: int(tight) if isinstance(value, int) else tight})
    asked = dataclasses.replace(UNREFERENCED, sources=tuple(ReferenceSource))
    facts = context(references=said("coinbase USDT 0.997", "kraken USDT 0.997"))
    loose, tight_rules = policy(references=asked), policy(references=asked, limits=changed)
    loose_verdict = ask(snapshot, *texts, rules=loose, facts=facts).verdict
    tight_verdict = ask(snapshot, *texts, rules=tight_rules, facts=facts).verdict
    assert tight_verdict.severity >= loose_verdict.severity or loose_verdict is not Verdict.REFUSE


@given(accounts())
def test_the_empty_plan_is_never_refused_for_the_state_it_finds(snapshot: Snapshot) -> None:
    assert refused(ask(snapshot)) == set()


# Corners


@st.composite
def excesses(draw: st.DrawFn) -> tuple[Excess, int]:
    """Draw a sum of terms over disjoint moves."""
    number = st.integers(-50, 50).map(Decimal)
    terms, moves = [], 0
    for _ in range(draw(st.integers(1, 3))):
        own = range(moves, moves + draw(st.integers(0, 3)))
        moves += len(own)
        branches = draw(st.integers(1, 4))
        terms.append(
            Term(
                branches=tuple(
                    Affine(constant=draw(number), slopes={j: draw(number) for j in own})
                    for _ in range(branches)
                )
            )
        )
    return Excess(terms=tuple(terms)), moves


def at(excess: Excess, fills: Mapping[int, Decimal]) -> Decimal:
    """Return the excess at any fills, straight from its definition."""
    return sum(
        (
            max(b.constant + sum(s * fills[j] for j, s in b.slopes.items()) for b in term.branches)
            for term in excess.terms
        ),
        Decimal(0),
    )


@given(excesses(), st.data())
def test_the_peak_is_the_best_corner_and_no_interior_point_beats_it(
    drawn: tuple[Excess, int], data: st.DataObject
) -> None:
    excess, moves = drawn
    settled = data.draw(st.sets(st.integers(0, moves - 1))) if moves else set()
    resting = data.draw(st.sets(st.integers(0, moves - 1))) - settled if moves else set()
    moving = frozenset(range(moves)) - settled - resting
    fills = Fills(moving=moving, settled=frozenset(settled))
    peak = excess.peak(fills, {})
    fixed = {j: Decimal(1) if j in settled else Decimal(0) for j in range(moves)}
    corners = [
        at(excess, fixed | dict(zip(sorted(moving), map(Decimal, choice), strict=True)))
        for choice in itertools.product((0, 1), repeat=len(moving))
    ]
    assert peak == max(corners)
    assert excess.at(excess.corner(fills)) == peak
    inside = {j: Decimal(data.draw(st.integers(0, 100))) / 100 for j in moving}
    assert at(excess, fixed | inside) <= peak


@given(excesses(), st.data())
def test_an_excess_with_swapped_terms_is_the_sum_of_what_it_holds(
    drawn: tuple[Excess, int], data: st.DataObject
) -> None:
    base, moves = drawn
    gone = data.draw(st.sets(st.sampled_from(base.terms)))
    swaps = {t: Term(branches=tuple(b.scaled(Decimal(-2)) for b in t.branches)) for t in gone}
    swapped = Swapped(base=base, swaps=swaps)
    whole = Excess(terms=tuple(swaps.get(t, t) for t in base.terms))
    moving = data.draw(st.sets(st.integers(0, moves - 1))) if moves else set()
    fills = Fills(moving=frozenset(moving), settled=frozenset(range(moves)) - moving)
    known: Peaks = {}
    assert swapped.peak(fills, known) == whole.peak(fills, {}) == swapped.peak(fills, known)
    assert base.peak(fills, known) == base.peak(fills, {})
    assert swapped.corner(fills) == whole.corner(fills)


@given(excesses(), st.data())
def test_adding_an_affine_function_adds_its_value_everywhere(
    drawn: tuple[Excess, int], data: st.DataObject
) -> None:
    excess, moves = drawn
    slopes = {j: Decimal(data.draw(st.integers(-9, 9))) for j in range(moves + 1)}
    linear = Affine(constant=Decimal(7), slopes=slopes)
    fills = {j: Decimal(data.draw(st.integers(0, 10))) / 10 for j in range(moves + 1)}
    expected = at(excess, fills) + 7 + sum(s * fills[j] for j, s in slopes.items())
    assert at(excess.plus(linear), fills) == expected


def test_an_unread_mark_refuses_whatever_the_plan() -> None:
    held = account("USDT 100, BTC 0.1 @ 60000, perp BTC 0.01, wallet 900")
    assert "shock" in refused(ask(dataclasses.replace(held, contracts={}), facts=context()))
