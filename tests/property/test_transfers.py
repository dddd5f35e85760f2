"""Transfers over random accounts and plans: safe wherever a run may stop, and the least that does.

The model of fills is that of the gate's own property tests and shares nothing with its rules: a
transfer is there or not, or has left one wallet and not come to the other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import NOW, occasion, plan, policy
from tests.property.test_gate import OPEN, accounts, figures, filled, legs_for
from tests.unit.risk.cases import KEY_IN_ORDER, ask, context, refused
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.findings import Verdict
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy, Route
from trimtab.domain.snapshot import Balance, Snapshot
from trimtab.planning.compose import make_plan, make_plan_moving
from trimtab.risk.case import Case
from trimtab.risk.funding import STEP, funded
from trimtab.risk.gate import review

MOVES = context(key=dataclasses.replace(KEY_IN_ORDER, transfers_within=True))
MARGIN = ("min_margin_ratio", "shock", "shock none", "shock all", "shock BTC", "shock ETH")
CAP = Decimal(4_000)


def moved(snapshot: Snapshot, *, spot: Decimal, futures: Decimal) -> Snapshot:
    """Return the account with so much more quote in each of its wallets."""
    quote = snapshot.quote
    had = snapshot.balances.get(quote, Balance(free=Decimal(0), locked=Decimal(0)))
    pool = snapshot.pools[quote]
    grown = dataclasses.replace(pool, wallet_balance=pool.wallet_balance + futures)
    return dataclasses.replace(
        snapshot,
        balances={**snapshot.balances, quote: dataclasses.replace(had, free=had.free + spot)},
        pools={**snapshot.pools, quote: grown},
    )


def wallets_on_the_way(snapshot: Snapshot, units: Decimal) -> Iterator[Snapshot]:
    """Yield the account before a transfer, while it is in neither wallet, and after it."""
    yield snapshot
    gone = min(units, Decimal(0)), -max(units, Decimal(0))
    yield moved(snapshot, futures=gone[0], spot=gone[1])
    yield moved(snapshot, futures=units, spot=-units)


@st.composite
def with_transfer(draw: st.DrawFn) -> tuple[str, ...]:
    """Draw a plan in notation: orders, a transfer alone in its stage, orders."""
    before, after = draw(legs_for(most=2)), draw(legs_for(most=2))
    before = before[: draw(st.integers(0, len(before)))]
    way, units = draw(st.sampled_from(["in", "out"])), draw(st.integers(1, 4_000))
    then = "then " if before else ""
    later = [after[0].removeprefix("then "), *after[1:]]
    return (*before, f"{then}move {units} {way}", f"then {later[0]}", *later[1:])


@given(st.data())
def test_wherever_a_run_with_a_transfer_stops_no_margin_is_worse_than_before(
    data: st.DataObject,
) -> None:
    snapshot, texts = data.draw(accounts()), data.draw(with_transfer())
    proposal = plan(snapshot, *texts)
    (transfer,) = proposal.transfers
    rules = policy(limits=OPEN, hedge={"max_topup": CAP})
    report = ask(snapshot, *texts, rules=rules, facts=MOVES)
    reached = data.draw(st.integers(1, proposal.legs[-1].stage))
    share = st.integers(0, 100).map(lambda n: Decimal(n) / 100)
    fills = {
        leg.line: data.draw(share) if leg.stage <= reached else Decimal(0) for leg in proposal.legs
    }
    ways = list(wallets_on_the_way(snapshot, transfer.units))
    place = 0 if reached < transfer.stage else 2
    if reached == transfer.stage:
        place = data.draw(st.integers(0, 2))
    none = dict.fromkeys(fills, Decimal(0))
    with exact_arithmetic():
        before = figures(snapshot, proposal.legs, none, OPEN)
        after = figures(ways[place], proposal.legs, fills, OPEN)
    for code in MARGIN:
        if code in after and code.split()[0] not in refused(report):
            assert after[code] <= max(Decimal(0), before[code]), code


@given(st.data())
def test_a_plan_that_passed_never_needs_more_quote_than_its_wallet_has(
    data: st.DataObject,
) -> None:
    snapshot, texts = data.draw(accounts()), data.draw(with_transfer())
    proposal = plan(snapshot, *texts)
    (transfer,) = proposal.transfers
    rules = policy(limits=OPEN, hedge={"max_topup": CAP})
    assume("free_quote" not in refused(ask(snapshot, *texts, rules=rules, facts=MOVES)))
    ways = list(wallets_on_the_way(snapshot, transfer.units))
    for stage in sorted({transfer.stage, *(leg.stage for leg in proposal.legs)}):
        place = 0 if stage < transfer.stage else 1 if stage == transfer.stage else 2
        done = {leg.line: Decimal(leg.stage < stage) for leg in proposal.legs}
        buys = {leg.line for leg in proposal.legs if leg.stage == stage and leg.lots > 0}
        fills = {line: Decimal(1) if line in buys else share for line, share in done.items()}
        with exact_arithmetic():
            assert filled(ways[place], proposal.legs, fills)["cash"] >= 0


# What a plan needs


def planned(snapshot: Snapshot, under: Policy) -> tuple[Plan, Plan]:
    """Return the plan without and with the transfer that it needs."""
    on = occasion()
    bare = make_plan(snapshot, under, on)
    case = Case(plan=bare, snapshot=snapshot, policy=under, context=MOVES, now=NOW)
    return bare, funded(case, lambda units: make_plan_moving(units, snapshot, under, on))


def refusing(proposal: Plan, snapshot: Snapshot, under: Policy) -> set[str]:
    """Return the checks that refuse a plan."""
    report = review(proposal, snapshot, policy=under, context=MOVES, now=NOW)
    return {f.check for f in report.findings if f.verdict is Verdict.REFUSE}


POOL = {"free_margin", "min_margin_ratio", "shock", "min_liquidation_distance"}
TARGETS = st.sampled_from(
    ["BTC 0.2, ETH 0.2, USDT 0.6", "BTC 0.6, ETH 0.3, USDT 0.1", "BTC 0.3, ETH 0.5, USDT 0.2"]
)


@given(snapshot=accounts(), targets=TARGETS, routes=st.data())
def test_a_topup_is_the_least_with_which_no_futures_wallet_refuses(
    snapshot: Snapshot, targets: str, routes: st.DataObject
) -> None:
    chosen = {a: routes.draw(st.sampled_from(Route)) for a in ("BTC", "ETH")}
    under = policy(targets, limits=OPEN, hedge={"max_topup": CAP}, routes=chosen)
    bare, proposal = planned(snapshot, under)
    if not proposal.transfers or proposal.transfers[0].units < 0:
        return
    (transfer,) = proposal.transfers
    assert transfer.units <= CAP
    assert refusing(bare, snapshot, under) & POOL
    contracts = [(leg.symbol, leg.lots) for leg in bare.legs if leg.instrument.is_contract]
    assert contracts == [
        (leg.symbol, leg.lots) for leg in proposal.legs if leg.instrument.is_contract
    ]
    assert not refusing(proposal, snapshot, under) & (POOL | {"free_quote", "transfer"})
    on = occasion()
    less = make_plan_moving(transfer.units - 2 * STEP, snapshot, under, on)
    assert refusing(less, snapshot, under) & POOL


@given(snapshot=accounts(), targets=TARGETS)
def test_what_comes_back_leaves_the_futures_wallet_all_that_it_needs(
    snapshot: Snapshot, targets: str
) -> None:
    under = policy(targets, limits=OPEN, hedge={"max_topup": CAP})
    bare, proposal = planned(snapshot, under)
    if not proposal.transfers or proposal.transfers[0].units > 0:
        return
    (transfer,) = proposal.transfers
    assert transfer.units >= -CAP
    assert -transfer.units <= snapshot.pools[snapshot.quote].withdrawable
    news = refusing(proposal, snapshot, under) - refusing(bare, snapshot, under)
    assert not news & (POOL | {"free_quote", "transfer", "max_topup"})
