"""Bands, breaches and alert prices, on both sides of every edge."""

from __future__ import annotations

import pytest

from tests.builders import dec
from trimtab.domain.exact import shown
from trimtab.domain.policy import Threshold
from trimtab.triggers.bands import (
    AlertPrices,
    Band,
    alert_prices,
    band,
    sleeved_alert_prices,
)

ABSOLUTE = Threshold(width=dec("0.05"), relative=False)
RELATIVE = Threshold(width=dec("0.10"), relative=True)


@pytest.mark.parametrize(
    ("target", "threshold", "low", "high"),
    [
        ("0.50", ABSOLUTE, "0.45", "0.55"),
        ("0.50", RELATIVE, "0.45", "0.55"),
        ("0.02", ABSOLUTE, "0", "0.07"),
        ("0.98", ABSOLUTE, "0.93", "1"),
        ("0", RELATIVE, "0", "0"),
    ],
)
def test_a_band_is_clipped_to_what_a_weight_can_be(
    target: str, threshold: Threshold, low: str, high: str
) -> None:
    assert band(dec(target), threshold) == Band(low=dec(low), high=dec(high))


@pytest.mark.parametrize(
    ("value", "breached"),
    [("450", False), ("449.99999999", True), ("550", False), ("550.00000001", True)],
)
def test_a_breach_is_strictly_outside(value: str, breached: bool) -> None:
    edges = Band(low=dec("0.45"), high=dec("0.55"))
    assert edges.breached_by(dec(value), whole=dec(1000)) is breached


def test_alert_prices_are_where_the_weight_meets_the_band() -> None:
    edges = Band(low=dec("0.45"), high=dec("0.55"))
    found = alert_prices(net_weight=dec("0.5"), price=dec(100), edges=edges)
    assert found.low is not None
    assert found.high is not None
    assert (shown(found.low, 4), shown(found.high, 4)) == ("81.8182", "122.2222")


def test_outside_the_band_both_edges_lie_on_one_side() -> None:
    edges = Band(low=dec("0.45"), high=dec("0.55"))
    above = alert_prices(net_weight=dec("0.6"), price=dec(100), edges=edges)
    assert above.high is None
    assert above.low is not None
    assert shown(above.low, 2) == "81.48"


@pytest.mark.parametrize("weight", ["0", "-0.1", "1", "1.2"])
def test_what_is_all_or_nothing_meets_no_edge(weight: str) -> None:
    edges = Band(low=dec("0.45"), high=dec("0.55"))
    nothing = AlertPrices(low=None, high=None)
    assert alert_prices(net_weight=dec(weight), price=dec(1), edges=edges) == nothing


def test_an_edge_at_zero_or_one_is_met_at_no_price() -> None:
    edges = Band(low=dec(0), high=dec(1))
    found = alert_prices(net_weight=dec("0.5"), price=dec(1), edges=edges)
    assert found == AlertPrices(low=None, high=None)


def test_what_a_sleeve_does_to_nav_moves_the_price_at_an_edge() -> None:
    edges = Band(low=dec("0.45"), high=dec("0.55"))
    whole = alert_prices(net_weight=dec("0.5"), price=dec(100), edges=edges)
    same = sleeved_alert_prices(
        weight=dec("0.5"), net_weight=dec("0.5"), price=dec(100), edges=edges
    )
    assert same == whole
    covered = sleeved_alert_prices(
        weight=dec("0.5"), net_weight=dec(0), price=dec(100), edges=edges
    )
    assert (covered.low, covered.high) == (dec(90), dec(110)), "NAV does not move at all"
    geared = sleeved_alert_prices(weight=dec("0.5"), net_weight=dec(1), price=dec(100), edges=edges)
    assert (geared.low, geared.high) == (None, None), "weight and NAV move alike"
