"""Overlays on strategic targets: order, sums, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from trimtab.domain.errors import PlanningError
from trimtab.domain.instruments import Asset
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.targets.effective import Targets, overlaid

BTC, ETH, USDT = Asset("BTC"), Asset("ETH"), Asset("USDT")
FIXED = {BTC: Decimal("0.5"), ETH: Decimal("0.3"), USDT: Decimal("0.2")}
TARGETS = Targets(
    strategic=FIXED,
    effective=FIXED,
    overlays=(),
    strays=frozenset(),
    ignored=frozenset(),
    groups=(),
)


def overlay(kind: OverlayKind = OverlayKind.ROTATION, **shift: str) -> Overlay:
    return Overlay(
        overlay_id=kind.value,
        kind=kind,
        reason="a test",
        until="by hand",
        shift={Asset(asset): Decimal(by) for asset, by in shift.items()},
    )


def test_an_overlay_moves_the_effective_targets_and_leaves_the_strategic_ones() -> None:
    moved = overlaid(TARGETS, [overlay(BTC="-0.1", USDT="0.1")])
    assert moved.strategic == FIXED
    assert moved.effective == {BTC: Decimal("0.4"), ETH: Decimal("0.3"), USDT: Decimal("0.3")}


def test_overlays_add_up_in_the_order_of_their_kinds() -> None:
    hedge = overlay(OverlayKind.HEDGE, BTC="-0.1", USDT="0.1")
    season = overlay(OverlayKind.SEASON, BTC="0.05", ETH="-0.05")
    moved = overlaid(TARGETS, [hedge, season])
    assert moved.overlays == (season, hedge)
    assert moved.effective == {BTC: Decimal("0.45"), ETH: Decimal("0.25"), USDT: Decimal("0.3")}


def test_an_overlay_on_an_asset_without_target_is_named() -> None:
    with pytest.raises(PlanningError, match="rotation: moves SOL, which has no target"):
        overlaid(TARGETS, [overlay(SOL="0.1", BTC="-0.1")])


def test_an_overlay_that_would_leave_a_negative_target_is_named() -> None:
    with pytest.raises(PlanningError, match=r"leaves ETH a target of -0\.1, below 0"):
        overlaid(TARGETS, [overlay(ETH="-0.4", BTC="0.4")])


def test_an_overlay_may_take_a_target_to_zero() -> None:
    moved = overlaid(TARGETS, [overlay(ETH="-0.3", BTC="0.3")])
    assert moved.effective[ETH] == 0


def test_shifts_that_do_not_sum_to_zero_are_a_bug() -> None:
    fields: dict[str, Any] = {"BTC": "0.1", "ETH": "-0.2"}
    with pytest.raises(ValueError, match="must sum to 0"):
        overlay(**fields)
