"""Adaptive bands: twice as wide at most, half as wide at least, and a step for each regime."""

from __future__ import annotations

import pytest

from tests.builders import dec, policy
from tests.fakes.told_history import history_of, wandering
from trimtab.domain.errors import NoHistory
from trimtab.domain.history_policy import AdaptivePolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Destination, Threshold
from trimtab.estimators.portfolio import realised_volatility
from trimtab.triggers.adaptive import adapted

BTC = Asset("BTC")
TOLD = history_of({"BTC": wandering(3, 40, size=0.04)})
WEIGHTS = {BTC: dec("0.5")}
REALISED = realised_volatility(TOLD.window([BTC], days=30), WEIGHTS)
BANDS = policy("BTC 0.5, USDT 0.5", thresholds={BTC: Threshold(width=dec("0.1"), relative=True)})


def rules(times: str) -> AdaptivePolicy:
    """A reference of which the realised volatility is so many times as much."""
    return AdaptivePolicy(
        reference=REALISED / dec(times),
        look_back_days=30,
        calm_step=dec("0.25"),
        usual_step=dec("0.5"),
        wild_step=dec("0.75"),
    )


@pytest.mark.parametrize(
    ("times", "factor", "step", "regime"),
    [
        ("0.2", "0.5", "0.25", "calm"),
        ("0.7", "0.7", "0.25", "calm"),
        ("1", "1", "0.5", "usual"),
        ("1.2", "1.2", "0.5", "usual"),
        ("1.6", "1.6", "0.75", "wild"),
        ("8", "2", "0.75", "wild"),
    ],
)
def test_bands_follow_the_volatility_between_half_and_twice(
    times: str, factor: str, step: str, regime: str
) -> None:
    changed, readings = adapted(BANDS.rebalance, rules(times), TOLD, WEIGHTS)
    width = dec("0.05") * dec(factor)
    assert changed.threshold.width == pytest.approx(width, abs=dec("0.000001"))
    assert changed.thresholds[BTC].width == pytest.approx(2 * width, abs=dec("0.000002"))
    assert changed.thresholds[BTC].relative
    assert changed.destination.fraction == dec(step)
    assert [r.name for r in readings] == ["volatility", "band_factor", "step"]
    assert regime in readings[0].text
    assert readings[0].measured == REALISED


def test_a_correction_to_the_band_ends_at_the_band_in_every_regime() -> None:
    to_band = policy("BTC 0.5, USDT 0.5", destination=Destination(to_band=True, fraction=dec(1)))
    changed, _ = adapted(to_band.rebalance, rules("0.2"), TOLD, WEIGHTS)
    assert changed.destination == Destination(to_band=True, fraction=dec(1))


def test_without_risk_or_without_history_there_is_nothing_to_follow() -> None:
    assert adapted(BANDS.rebalance, rules("1"), None, {}) == (BANDS.rebalance, ())
    with pytest.raises(NoHistory, match="adaptive needs"):
        adapted(BANDS.rebalance, rules("1"), None, WEIGHTS)
