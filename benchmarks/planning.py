"""Planning with every feature on, beside plain planning by spot.

One hundred coins, each off its target. The plain plan trades them by spot. The full one takes every
route: auto weighed, mixed, hedged by perpetuals or by dated contracts, and hedged across by the
contract of another coin, alone and as a group, with a position in each that margin, liquidation,
leverage and basis are measured for. Beside the targets stands a neutral sleeve, and no drift is
traded that gains less than it costs. Both are made in turn, in one process, and the medians are
compared. Planning only computes, so its time is what it computes.

Run:  python -m benchmarks.planning [--rounds N] [--assets K] [--json]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.execution import names_of
from tests.builders import AUTO, LIMITS, URGENCY, account, occasion, policy
from tests.fakes.told_history import history_of
from trimtab.domain.contracts import NO_CARRY, Contract, GainAction
from trimtab.domain.cross import CrossPolicy
from trimtab.domain.history import History
from trimtab.domain.history_policy import NO_HISTORY_NEEDED, NoTradePolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.neutral import NeutralPolicy
from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy, Route, Threshold
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import BasisAction
from trimtab.planning.compose import make_plan

RATIO_MAX: Final = 5.0
MID: Final = 100
UNITS: Final = 10
DAYS: Final = 60
"""Closes that betas and covariances are taken of, and days of settlements."""
ROUTES: Final = (Route.AUTO, Route.MIXED, Route.FUTURES, Route.FUTURES, Route.CROSS)
"""In turn, coin by coin; every other one by futures is hedged in dated contracts."""
TEAM_MAX: Final = 10
"""Coins that are hedged together, as a group; the other ones across are hedged alone."""
MEMBERS: Final = 4
"""Coins of the neutral sleeve."""


@dataclass(frozen=True)
class Result:
    """Medians of one run."""

    assets: int
    plain_s: float
    full_s: float

    @property
    def ratio(self) -> float:
        """Return how many plain plans one full plan takes."""
        return self.full_s / self.plain_s


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One account, the plain rules and the full ones, and what the full ones know of the past."""

    snapshot: Snapshot
    plain: Policy
    full: Policy
    past: History


def scene(assets: int) -> Scene:
    """Return an account that is off all its targets, with both sets of rules."""
    names = names_of(assets + MEMBERS)
    coins, members = names[:assets], names[assets:]
    routes = {n: ROUTES[i % len(ROUTES)] for i, n in enumerate(coins)}
    dated = coins[ROUTES.index(Route.FUTURES) :: len(ROUTES)]
    held = [f"{n} {UNITS + i % 5} @ {MID}, perp {n} -1" for i, n in enumerate(coins)]
    held += [f"dated {n} at {MID + 1}" for n in dated] + [f"{n} 2 @ {MID}" for n in members]
    wallet = assets * MID * UNITS
    snapshot = account(f"USDT {wallet}, wallet {wallet}, {', '.join(held)}")
    each = (Decimal("0.45") / assets).quantize(Decimal("0.0001"))
    quote = 1 - each * assets
    weights = ", ".join(f"{n} {each}" for n in coins)
    band = Threshold(width=Decimal("0.0001"), relative=False)
    limits = dataclasses.replace(LIMITS, max_order_notional=Decimal(10**9))
    plain = policy(f"{weights}, USDT {quote}", limits=limits, threshold=band)
    full = policy(
        f"{weights}, USDT {quote - NEUTRAL_WEIGHT}",
        limits=limits,
        threshold=band,
        routes={Asset(n): route for n, route in routes.items()},
        auto=AUTO,
        urgency=replace(URGENCY, basis=BasisAction.CLOSE, basis_bps=Decimal(500)),
        hedge={
            "cross": crossing([n for n in coins if routes[n] is Route.CROSS], by=coins[0]),
            "contracts": {Asset(n): Contract.AUTO for n in dated},
            "carry": replace(NO_CARRY, on_gain=GainAction.SWAP, negative_days=3),
        },
    )
    zone = NoTradePolicy(risk_aversion=Decimal(4), horizon_days=90, look_back_days=DAYS)
    history = replace(NO_HISTORY_NEEDED, no_trade=zone, chance_days=DAYS)
    full = replace(full, history=history, neutral=neutral(members))
    return Scene(snapshot=snapshot, plain=plain, full=full, past=past(names))


NEUTRAL_WEIGHT: Final = Decimal("0.05")


def neutral(members: Sequence[str]) -> NeutralPolicy:
    """Return a neutral sleeve of *members*."""
    return NeutralPolicy(
        weight=NEUTRAL_WEIGHT,
        members=tuple(map(Asset, members)),
        min_carry=Decimal("0.05"),
        exit_carry=Decimal("0.01"),
        funding_days=14,
        horizon_days=90,
        band=Decimal("0.2"),
    )


def crossing(names: Sequence[str], *, by: str) -> CrossPolicy:
    """Return that *names* are hedged by the contract of another, the first of them together."""
    team = tuple(map(Asset, names[:TEAM_MAX]))
    return CrossPolicy(
        by={Asset(n): Asset(by) for n in names},
        look_back_days=DAYS,
        min_r2=Decimal("0.1"),
        groups={"team": team} if len(team) > 1 else {},
    )


def past(names: Sequence[str]) -> History:
    """Return closes that rise and fall together, each a little by itself, and settlements."""
    return history_of(
        {
            n: [
                MID * 100 + 300 * (day * 7 % 11) + 20 * (day * (i + 3) % 13)
                for day in range(DAYS + 1)
            ]
            for i, n in enumerate(names)
        },
        funding={n: ["0.0001"] * (3 * DAYS) for n in names},
    )


def seconds(snapshot: Snapshot, rules: Policy, on: Occasion) -> float:
    """Return how long one plan takes to compute."""
    began = time.process_time()
    made = make_plan(snapshot, rules, on)
    took = time.process_time() - began
    assert made.legs, "A plan that has nothing to do measures nothing."
    return took


def measured(assets: int, rounds: int) -> Result:
    """Make both plans in turn."""
    found = scene(assets)
    plain, full = occasion(), occasion(history=found.past)
    pairs = [
        (seconds(found.snapshot, found.plain, plain), seconds(found.snapshot, found.full, full))
        for _ in range(rounds + 1)
    ][1:]
    return Result(
        assets=assets,
        plain_s=median(one for one, _ in pairs),
        full_s=median(two for _, two in pairs),
    )


def shown(found: Result) -> Table:
    """Return the result for a person."""
    table = Table(box=None)
    for column in ("what", "ms", "of a plain plan", "limit"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row(f"by spot, {found.assets} coins", f"{found.plain_s * 1000:.1f}", "1")
    table.add_row(
        "every feature on, a position in each",
        f"{found.full_s * 1000:.1f}",
        f"{found.ratio:.2f}",
        f"{RATIO_MAX:.0f}",
    )
    return table


def main() -> int:
    """Measure, print, and return 1 when the limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--assets", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measured(given.assets, given.rounds)
    if given.json:
        print(json.dumps(asdict(found) | {"ratio": found.ratio, "limit": RATIO_MAX}))
    else:
        Console().print(shown(found))
    return 0 if found.ratio < RATIO_MAX else 1


if __name__ == "__main__":
    raise SystemExit(main())
