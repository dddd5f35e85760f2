"""The volatility overlay: risk comes off while prices move more than wanted, and goes to quote."""

from __future__ import annotations

import pytest

from tests.builders import USDT, dec
from tests.fakes.told_history import history_of, wandering
from trimtab.domain.errors import HistoryGap, NoHistory
from trimtab.domain.history_policy import VolatilityPolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.overlays import OverlayKind
from trimtab.estimators.portfolio import realised_volatility
from trimtab.targets.effective import Targets, overlaid
from trimtab.targets.volatility import volatility_overlay

BTC, ETH, USDC = Asset("BTC"), Asset("ETH"), Asset("USDC")
CLOSES = {"BTC": wandering(1, 40, size=0.04), "ETH": wandering(2, 40, size=0.05)}
TOLD = history_of(CLOSES)


def targets(**weights: str) -> Targets:
    fixed = {Asset(a): dec(w) for a, w in weights.items()}
    return Targets(
        strategic=fixed,
        effective=fixed,
        overlays=(),
        strays=frozenset(),
        ignored=frozenset(),
        groups=(),
    )


def rules(target: str) -> VolatilityPolicy:
    return VolatilityPolicy(target=dec(target), look_back_days=30)


MIXED = targets(BTC="0.4", ETH="0.3", USDC="0.1", USDT="0.2")
REALISED = realised_volatility(TOLD.window([BTC, ETH], days=30), {BTC: dec("0.4"), ETH: dec("0.3")})


def test_risky_targets_are_scaled_by_wanted_over_realised_and_stables_stay() -> None:
    wanted = REALISED / 2
    (overlay,), (reading,) = volatility_overlay(rules(str(wanted)), MIXED, TOLD, quote=USDT)
    assert overlay.kind is OverlayKind.VOLATILITY
    shifted = overlaid(MIXED, [overlay]).effective
    assert shifted[BTC] == pytest.approx(dec("0.2"), abs=dec("0.000001"))
    assert shifted[ETH] == pytest.approx(dec("0.15"), abs=dec("0.000001"))
    assert shifted[USDC] == dec("0.1")
    assert sum(shifted.values()) == 1
    assert (reading.measured, reading.limit, reading.holds) == (REALISED, wanted, True)
    assert "realised" in overlay.reason
    assert str(wanted.normalize()) in overlay.until


def test_what_moves_a_little_more_than_wanted_is_scaled_too() -> None:
    wanted = REALISED * dec("0.99")
    (overlay,), _ = volatility_overlay(rules(str(wanted)), MIXED, TOLD, quote=USDT)
    assert overlay.shift[BTC] == pytest.approx(dec("-0.004"), abs=dec("0.000001"))


def test_what_moves_less_than_wanted_is_left_alone_and_the_figure_shown() -> None:
    overlays, (reading,) = volatility_overlay(rules("5"), MIXED, TOLD, quote=USDT)
    assert overlays == ()
    assert (reading.measured, reading.holds) == (REALISED, False)


def test_a_portfolio_without_risk_needs_no_history() -> None:
    stable = targets(USDC="0.5", USDT="0.5", BTC="0")
    assert volatility_overlay(rules("0.1"), stable, None, quote=USDT) == ((), ())


def test_without_closes_it_refuses_by_name() -> None:
    with pytest.raises(NoHistory, match="volatility needs"):
        volatility_overlay(rules("0.1"), MIXED, None, quote=USDT)
    gap = history_of(CLOSES | {"ETH": [*CLOSES["ETH"][:-3], None, *CLOSES["ETH"][-2:]]})
    with pytest.raises(HistoryGap, match="ETH"):
        volatility_overlay(rules("0.1"), MIXED, gap, quote=USDT)
