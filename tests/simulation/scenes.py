"""Small fixed scenes for the kill matrix: what is held, what is wanted, and what goes wrong.

In each a run sends two orders, one after the other or side by side, and nothing else happens.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from tests.builders import LIMITS, policy
from tests.simulation.chance import Chance
from tests.simulation.faults import (
    MOVES,
    ORDERS,
    ROWS,
    STOPS,
    TRADES,
    Kind,
    Strike,
    Weather,
    strike_of,
)
from tests.simulation.setting import Setting
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import ExecutionPolicy, Route, Threshold
from trimtab.testnet import Scenario

_OF_ORDERS: Final = frozenset({Kind.AFTER_THE_FENCE, Kind.INVISIBLE, Kind.STALE})
"""What strikes orders alone: a transfer that is made after its fence cannot be told from a
person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a run begins from."""

    spot: Mapping[str, str]
    wallet: str
    """Of futures, quote units."""
    targets: str
    by_futures: frozenset[str]
    """Assets whose exposure is changed by contracts."""
    ttl_s: int
    """How long a plan and its approval hold. A minute is waited for the yes."""
    max_reprices: int
    """With none, an order goes to its bound at once, through several levels of the book."""
    topup: str
    """Most that a plan may move between the wallets, quote units."""
    has_unknown: bool
    """Whether an earlier run has left an order of unknown outcome."""
    has_stop: bool = False
    """Whether an earlier run has left a hedge with its stop on the venue, and prices rose since."""


SCENES: Final[Mapping[str, Scene]] = MappingProxyType(
    {
        "spot": Scene(  # A sale, then a purchase out of it.
            spot={"BTC": "0.1", "USDT": "5000"},
            wallet="2000",
            targets="BTC 0.3, ETH 0.2, USDT 0.5",
            by_futures=frozenset(),
            ttl_s=300,
            max_reprices=1,
            topup="0",
            has_unknown=False,
        ),
        "futures": Scene(  # Two contracts side by side, leverage to be set before.
            spot={"BTC": "0.1", "ETH": "2", "USDT": "1000"},
            wallet="8000",
            targets="BTC 0.05, ETH 0.12, USDT 0.83",
            by_futures=frozenset({"BTC", "ETH"}),
            ttl_s=300,
            max_reprices=0,
            topup="0",
            has_unknown=False,
        ),
        "hedged": Scene(  # A spot sale, then the hedge of another asset.
            spot={"BTC": "0.1", "ETH": "2", "USDT": "1000"},
            wallet="8000",
            targets="BTC 0.15, ETH 0.12, USDT 0.73",
            by_futures=frozenset({"BTC"}),
            ttl_s=70,
            max_reprices=1,
            topup="0",
            has_unknown=False,
        ),
        "topup": Scene(  # Margin for a hedge, moved over before it.
            spot={"BTC": "0.1", "USDT": "5000"},
            wallet="100",
            targets="BTC 0.3, USDT 0.7",
            by_futures=frozenset({"BTC"}),
            ttl_s=300,
            max_reprices=1,
            topup="4000",
            has_unknown=False,
        ),
        "unknown": Scene(
            spot={"BTC": "0.1", "USDT": "1000"},
            wallet="2000",
            targets="BTC 0.4, ETH 0.3, USDT 0.3",
            by_futures=frozenset(),
            ttl_s=300,
            max_reprices=0,
            topup="0",
            has_unknown=True,
        ),
        "stops": Scene(  # A stop is withdrawn, its hedge grows, and another stop is put.
            spot={"BTC": "0.1", "USDT": "1000"},
            wallet="8000",
            targets="BTC 0.2, USDT 0.8",
            by_futures=frozenset({"BTC"}),
            ttl_s=300,
            max_reprices=1,
            topup="0",
            has_unknown=False,
            has_stop=True,
        ),
    }
)
LATENCIES_S: Final = (0.002, 0.02, 0.08)
"""How long a request travels, one way; each up to half more or less."""
AHEAD_MS: Final = (-300, 0, 40, 300)
"""By how much the venue's clock is ahead of ours."""
RAISED: Final = "90000"
"""What a bitcoin costs once there is a hedge with a stop."""


def setting_of(scene: Scene, *, under: random.Random | None = None) -> Setting:
    """Return the setting of a scene: deep books, equal clocks, nobody else about.

    *under* draws how far the venue is, and what its clock says.
    """
    scenario: dict[str, Any] = {
        "prices": {"BTC": "60000", "ETH": "2500", "SOL": "150"},
        "spot": dict(scene.spot),
        "futures": {"wallet": scene.wallet, "leverage": {"*": 20}, "positions": []},
        "rules": {"*": {"level_notional": "700", "level_gap_bps": "0.2", "levels": 40}},
    }
    limits = replace(
        LIMITS,
        max_order_notional=Decimal(20_000),
        max_unhedged_notional=Decimal(20_000),
        max_day_notional=Decimal(200_000),
        max_asset_notional=Decimal(200_000),
        max_depth_share=Decimal(1),
        max_slippage_bps=Decimal(90),
    )
    routes = {Asset(asset): Route.FUTURES for asset in scene.by_futures}
    hedge: dict[str, Any] = {"leverage": 2, "max_topup": Decimal(scene.topup)}
    rules: dict[str, Any] = {"routes": routes}
    if scene.has_stop:
        hedge |= {"stop": Decimal("0.9"), "rests_stop": True}
        rules["threshold"] = Threshold(width=Decimal("0.01"), relative=False)
    wanted = policy(scene.targets, hedge=hedge, limits=limits, **rules)
    execution = ExecutionPolicy(
        max_reprices=scene.max_reprices, receive_window_ms=2_000, order_timeout_s=Decimal(15)
    )
    approval = replace(wanted.approval, ttl_s=scene.ttl_s)
    return Setting(
        scenario=Scenario.from_json(scenario),
        policy=replace(wanted, execution=execution, approval=approval),
        assets=("BTC", "ETH"),
        is_tight=False,
        latency_s=under.choice(LATENCIES_S) if under else 0.002,
        venue_ahead_ms=under.choice(AHEAD_MS) if under else 40,
        bustle=0.0,
        bustles=(),
        has_stops=scene.has_stop,
    )


class Script(Weather):
    """One fault, on one order of a run or on the first list of trades after it.

    Or on every order, and every list, from that one on.
    """

    def __init__(
        self,
        chance: Chance,
        kind: Kind | None,
        *,
        order: int,
        executes: bool = True,
        hides: bool = False,
        always: bool = False,
    ) -> None:
        super().__init__(chance, after_the_fence=0.0)
        self._kind, self._order, self._executes = kind, order, executes
        self._always, self._hides = always, hides
        self._orders = 0
        self.is_done = False

    def strikes(self, call: int, *, path: str, is_write: bool) -> tuple[Strike, ...]:
        if self.is_over:
            return ()
        moves = () if self._kind in _OF_ORDERS else MOVES | STOPS
        is_order = is_write and (path in ORDERS or path in moves)
        self._orders += is_order
        if self.is_done or self._kind is None or self._orders < self._order:
            return ()
        if (path not in TRADES) if self._kind in ROWS else not is_order:
            return ()
        self.is_done = not self._always
        draw, futures = self._chance.draws("call", call), path.startswith("/fapi")
        strike = strike_of(self._kind, draw, futures=futures)
        if self._kind is Kind.UNSURE_STATUS:
            strike = replace(strike, executes=self._executes)
        hidden = strike_of(Kind.INVISIBLE, draw, futures=futures)
        return (strike, hidden) if self._hides else (strike,)


class Prelude(Script):
    """First an order that is lost for good, then what *after* says."""

    def __init__(self, after: Script) -> None:
        super().__init__(after._chance, Kind.RESET_BEFORE, order=1)
        self._after = after

    def strikes(self, call: int, *, path: str, is_write: bool) -> tuple[Strike, ...]:
        if self.is_done and not self.is_over:
            return self._after.strikes(call, path=path, is_write=is_write)
        return super().strikes(call, path=path, is_write=is_write)
