"""What a seed starts from: account, markets, targets, limits, and how lively the world is."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.builders import LIMITS, policy
from tests.simulation.chance import subset
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import ExecutionPolicy, Policy, Route, Threshold
from trimtab.testnet import Scenario

_MIDS = {"BTC": "60000", "ETH": "2500", "SOL": "150"}
_LOTS = {"BTC": "0.00001", "ETH": "0.0001", "SOL": "0.001"}
BUSTLES = ("prices", "person", "clock", "deleverage", "deposit", "funding", "halt", "stop")
"""What can happen beside the program."""
STOPPED = 0.2
"""Share of the seeds in which stops rest on the venue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where a seed begins."""

    scenario: Scenario
    policy: Policy
    assets: tuple[str, ...]
    is_tight: bool
    """Whether the venue's budgets are so small that they alone can end a run."""
    latency_s: float
    """Usual time of one way, seconds."""
    venue_ahead_ms: int
    """The venue's clock against ours at the beginning."""
    bustle: float
    """Chance that something else happens at a request."""
    bustles: tuple[str, ...]
    """What of BUSTLES can happen."""
    has_stops: bool = False
    """Whether stops rest on the venue."""
    stop_bustle: float = 0.0
    """Chance that something happens to one of them at a request."""


def setting_of(draw: random.Random) -> Setting:
    """Draw a setting."""
    limits = _limits(draw)
    assets = tuple(sorted(draw.sample(tuple(_MIDS), draw.choice((1, 2, 2, 3)))))
    setting = Setting(
        scenario=_scenario(draw, assets, limits),
        is_tight=bool(limits),
        policy=_policy(draw, assets),
        assets=assets,
        latency_s=draw.choice((0.002, 0.02, 0.15)),
        venue_ahead_ms=draw.choice((0, 0, 0, 0, 40, 40, -120, -120, 350, -900)),
        bustle=draw.choice((0.0, 0.01, 0.05, 0.15)),
        bustles=subset(draw, BUSTLES),
    )
    most = Decimal(draw.choice(("0", "1000", "10000")))
    hedge = replace(setting.policy.hedge, max_topup=most)
    return replace(setting, policy=replace(setting.policy, hedge=hedge))


def stopped(setting: Setting, draw: random.Random) -> Setting:
    """Give a share of the settings hedges with stops on the venue; leave the others as they are.

    Little is wanted there of what is held, so that most plans hedge, and hedge again.
    """
    if draw.random() >= STOPPED:
        return setting
    policy = setting.policy
    hedge = replace(
        policy.hedge,
        stop=Decimal(draw.choice(("0.002", "0.01", "0.05"))),
        rests_stop=True,
        cooldown_days=draw.choice((0, 7)),
    )
    routes = {Asset(asset): Route.FUTURES for asset in setting.assets if draw.random() < 0.8}
    *coins, quote = policy.rebalance.targets
    part = Decimal(draw.choice(("0.2", "0.4")))
    lower = [replace(target, weight=target.weight * part) for target in coins]
    rest = 1 - sum((target.weight for target in lower), Decimal(0))
    rebalance = replace(
        policy.rebalance,
        routes=routes,
        targets=(*lower, replace(quote, weight=rest)),
        threshold=Threshold(width=Decimal("0.01"), relative=False),
    )
    changed = replace(policy, hedge=hedge, rebalance=rebalance)
    return replace(setting, policy=changed, has_stops=True, stop_bustle=0.04)


def _scenario(draw: random.Random, assets: tuple[str, ...], limits: dict[str, int]) -> Scenario:
    """Draw an account of some ten thousand, out of balance, on books of some depth."""
    shares = [draw.uniform(0.05, 1.0) for _ in (*assets, "USDT")]
    spot: dict[str, Any] = {}
    for asset, share in zip(assets, shares, strict=False):
        units = Decimal(round(10_000 * share / sum(shares), 2)) / Decimal(_MIDS[asset])
        spot[asset] = str(units.quantize(Decimal(_LOTS[asset])))
    spot["USDT"] = str(round(10_000 * shares[-1] / sum(shares), 2))
    bnb_fees = draw.random() < 0.25
    if bnb_fees:
        spot["BNB"] = draw.choice(("0.0004", "0.05"))
    market = {
        "level_notional": draw.choice(("150", "700", "5000", "20000")),
        "level_gap_bps": draw.choice(("0.2", "0.5", "3")),
        "replenish": draw.random() < 0.7,
        "levels": 40,
    }
    return Scenario.from_json(
        {
            "prices": _MIDS,
            "spot": spot,
            "futures": _futures(draw, assets),
            "rules": {"*": market},
            "bnb_fees": bnb_fees,
            "limits": limits,
        }
    )


def _futures(draw: random.Random, assets: tuple[str, ...]) -> dict[str, Any]:
    """Draw a futures wallet, with a short position at times."""
    positions = []
    if draw.random() < 0.3:
        asset = draw.choice(assets)
        quantity = draw.choice({"BTC": ("-0.01", "-0.02"), "ETH": ("-0.3",), "SOL": ("-4",)}[asset])
        positions = [{"symbol": f"{asset}USDT", "quantity": quantity, "entry": _MIDS[asset]}]
    return {
        "wallet": draw.choice(("2000", "8000", "20000")),
        "leverage": {"*": draw.choice((1, 2, 20))},
        "positions": positions,
    }


def _limits(draw: random.Random) -> dict[str, int]:
    """Draw the venue's budgets, now and then tight ones."""
    if draw.random() < 0.85:
        return {}
    return {"spot_orders_10s": 2, "usdm_orders_10s": 2, "spot_weight_1m": draw.choice((400, 1200))}


def _policy(draw: random.Random, assets: tuple[str, ...]) -> Policy:
    """Draw targets, routes and limits that let most plans pass."""
    cuts = [draw.randint(5, 40) for _ in (*assets, "USDT")]
    weights = [c * 100 // sum(cuts) for c in cuts[:-1]]
    named = [f"{asset} {w / 100}" for asset, w in zip(assets, weights, strict=True)]
    text = ", ".join([*named, f"USDT {(100 - sum(weights)) / 100}"])
    routes = {Asset(a): Route.FUTURES for a in assets if draw.random() < 0.35}
    limits = replace(
        LIMITS,
        max_order_notional=Decimal(20_000),
        max_unhedged_notional=Decimal(20_000),
        max_day_notional=Decimal(200_000),
        max_asset_notional=Decimal(200_000),
        max_depth_share=Decimal(1),
        max_slippage_bps=Decimal(draw.choice((30, 90))),
    )
    wanted = policy(text, hedge={"leverage": draw.choice((1, 2))}, limits=limits, routes=routes)
    execution = ExecutionPolicy(
        max_reprices=draw.choice((0, 1, 3)),
        receive_window_ms=draw.choice((2_000, 5_000)),
        order_timeout_s=Decimal(15),
    )
    approval = replace(wanted.approval, ttl_s=draw.choice((15, 300, 300)))
    return replace(wanted, execution=execution, approval=approval)
