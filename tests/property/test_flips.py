"""Flip certificates on random plans: with the value the answer turns, with one step less not.

Every change is made here anew, on the text of the account and the fields of the policy, and
planning and gate are asked again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import event, given
from hypothesis import strategies as st

from tests.builders import LIMITS, NOW, account, occasion, policy
from tests.unit.risk.cases import context, refused
from trimtab.domain.errors import PlanningError
from trimtab.domain.policy import Policy, RiskLimits, Route
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan
from trimtab.risk.case import Case
from trimtab.risk.certificate import Flip, Flips, Lever, Turned
from trimtab.risk.flips import flips
from trimtab.risk.gate import review

MIDS = {"BTC": Decimal(60_000), "ETH": Decimal(3_000)}
TIGHT = {
    "max_leverage": ("0", "0.05", "0.2", "2.5"),
    "max_net": ("0.1", "0.4", "1.5"),
    "max_gross": ("0.1", "0.5", "6"),
    "max_synthetic_long": ("0", "0.02", "1"),
    "max_order_notional": ("10", "333", "5000"),
    "max_run_notional": ("20", "700", "20000"),
    "max_slippage_bps": ("0.2", "30"),
    "min_margin_ratio": ("3", "300"),
    "min_liquidation_distance": ("0.1", "0.9"),
    "shock": ("0.2", "0.85"),
    "shock_kappa": ("1", "40"),
}


@dataclass(frozen=True, kw_only=True)
class World:
    """An account and its rules, in parts that a test can change one by one."""

    quote: Decimal
    wallet: Decimal
    coins: Mapping[str, Decimal]
    shorts: Mapping[str, Decimal]
    weights: Mapping[str, Decimal]
    limits: RiskLimits
    route: Route
    mids: Mapping[str, Decimal] = field(default_factory=lambda: dict(MIDS))

    @property
    def snapshot(self) -> Snapshot:
        parts = [f"USDT {self.quote:f}", f"wallet {self.wallet:f}"]
        parts += [f"{a} {n:f} @ {self.mids[a]:f}" for a, n in self.coins.items()]
        parts += [f"perp {a} {-n:f} from {MIDS[a]}" for a, n in self.shorts.items() if n]
        return account(", ".join(parts))

    @property
    def rules(self) -> Policy:
        named = ", ".join(f"{a} {w:f}" for a, w in self.weights.items())
        rest = 1 - sum(self.weights.values(), Decimal(0))
        return policy(f"{named}, USDT {rest:f}", limits=self.limits, route=self.route)

    def changed(self, flip: Flip, value: Decimal) -> World:
        """Return the same with the lever of *flip* set to *value*."""
        name = flip.name.rpartition(".")[2]
        if flip.lever is Lever.LIMIT:
            was = getattr(self.limits, name)
            new = int(value) if isinstance(was, int) else value
            limits = dataclasses.replace(self.limits, **{name: new})
            return dataclasses.replace(self, limits=limits)
        if flip.lever is Lever.DEPOSIT:
            wallet = {"spot": "quote", "futures": "wallet"}[name]
            return dataclasses.replace(self, **{wallet: getattr(self, wallet) + value})
        part = {Lever.MID: "mids", Lever.TARGET: "weights"}[flip.lever]
        return dataclasses.replace(self, **{part: {**getattr(self, part), name: value}})


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw small accounts, near their targets and far from them, under tight and loose limits."""
    coins = {
        "BTC": Decimal(draw(st.integers(0, 150))) / 1000,
        "ETH": Decimal(draw(st.integers(0, 30))) / 10,
    }
    shorts = {a: n * draw(st.sampled_from((0, 0, 1))) / 2 for a, n in coins.items()}
    quote = Decimal(draw(st.integers(100, 5_000)))
    wallet = Decimal(draw(st.sampled_from((1, 200, 2_000, 20_000))))
    whole = quote + wallet + sum((n * MIDS[a] for a, n in coins.items()), Decimal(0))
    near = draw(st.booleans())
    weights = {
        a: round((n - shorts[a]) * MIDS[a] / whole, 2)
        if near
        else Decimal(draw(st.integers(0, 50))) / 100
        for a, n in coins.items()
    }
    names = draw(st.sets(st.sampled_from(sorted(TIGHT)), max_size=2))
    tight = {name: Decimal(draw(st.sampled_from(TIGHT[name]))) for name in sorted(names)}
    return World(
        quote=quote,
        wallet=wallet,
        coins=coins,
        shorts=shorts,
        weights=weights,
        limits=dataclasses.replace(LIMITS, **tight),
        route=draw(st.sampled_from((Route.SPOT, Route.FUTURES))),
    )


def answer(world: World) -> Turned | None:
    """Plan and ask the gate; None where no plan can be made."""
    snapshot, rules = world.snapshot, world.rules
    try:
        plan = make_plan(snapshot, rules, occasion())
    except PlanningError:
        return None
    if not plan.legs:
        return Turned.NOTHING_TO_DO
    report = review(plan, snapshot, policy=rules, context=context(), now=NOW)
    return Turned.REFUSED if refused(report) else Turned.NONE


def told_of(world: World) -> Flips:
    """Return what is told of a world."""
    snapshot, rules = world.snapshot, world.rules

    def make(seen: Snapshot, under: Policy) -> object:
        return make_plan(seen, under, occasion())

    plan = make_plan(snapshot, rules, occasion())
    case = Case(plan=plan, snapshot=snapshot, policy=rules, context=context(), now=NOW)
    report = review(plan, snapshot, policy=rules, context=context(), now=NOW)
    return flips(case, report, make)


@given(worlds())
def test_with_the_value_of_a_flip_the_answer_turns_and_with_one_step_less_it_does_not(
    world: World,
) -> None:
    told = told_of(world)
    event(f"{told.turned}, {len(told.found)} flips")
    assert told.turned is answer(world)
    assert bool(told.none_because) is (told.turned is not Turned.NONE and not told.found)
    for flip in told.found:
        event(f"{flip.lever} {flip.name}")
        nearer = -flip.step if flip.rises else flip.step
        turned, kept = (
            answer(world.changed(flip, flip.value + step)) for step in (Decimal(0), nearer)
        )
        if told.turned is Turned.REFUSED:
            assert (turned, kept) == (Turned.NONE, Turned.REFUSED), flip
        else:
            assert turned in {Turned.NONE, Turned.REFUSED}, flip
            assert kept is Turned.NOTHING_TO_DO, flip
