"""Rates of the whole position: a step of the table counts where fills may lead, and not beyond."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.builders import account, limits, policy
from tests.unit.risk.cases import ask, found, refused, verdict
from trimtab.adapters.weex.margin import brackets_of
from trimtab.domain.declared import MaintenanceTier
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.instruments import Symbol
from trimtab.domain.snapshot import Snapshot

PERP = Symbol("BTC/USDT:USDT")
TIERS = (
    MaintenanceTier(up_to=Decimal(50_000), rate=Decimal("0.005")),
    MaintenanceTier(up_to=Decimal(100_000), rate=Decimal("0.01")),
)
LOOSE = policy(
    limits=limits(
        max_order_notional="1e9",
        max_run_notional="1e9",
        max_day_notional="1e9",
        max_asset_notional="1e9",
        max_unhedged_notional="1e9",
        min_liquidation_distance="0.1",
        shock="0.2",
    )
)
OF_MARGIN = {"min_margin_ratio", "shock", "min_liquidation_distance", "bracket_leverage"}


def holding(units: str) -> Snapshot:
    """Return an account with a position, measured by TIERS."""
    calm = account(f"USDT 50000, BTC 2 @ 60000, perp BTC {units}, wallet 30000")
    steps = brackets_of(TIERS, most=400)
    told = dataclasses.replace(calm.contracts[PERP], brackets=steps)
    return dataclasses.replace(calm, contracts={PERP: told})


def asked(short: str, *legs: str) -> GateReport:
    return ask(holding(f"-{short}"), *legs, rules=LOOSE)


@pytest.mark.parametrize("units", ["0.1", "0.8", "1"])
def test_a_hedge_of_any_size_in_the_table_may_be_closed_whole_or_in_part(units: str) -> None:
    for part in ("0.05", units):
        assert refused(asked(units, f"buy {part} perp BTC reduce")) & OF_MARGIN == set()


def test_the_ratio_that_is_shown_is_of_the_steps_that_fills_lead_to() -> None:
    # 60,000 at 1 % maintains 600, and 30,000 are behind it; beyond the table all would count.
    report = asked("1", "sell 0.05 BTC")
    assert found(report, "min_margin_ratio").measured == "50"
    beyond = asked("1", "sell 0.7 perp BTC")
    assert verdict(beyond, "min_margin_ratio") is Verdict.REFUSE
    assert verdict(beyond, "bracket_leverage") is Verdict.REFUSE


def test_a_step_that_a_move_of_the_mark_reaches_counts_there() -> None:
    # 1.4 at 60,000 is 84,000; a fifth more is 100,800, of which all counts.
    assert verdict(asked("1", "sell 0.4 perp BTC"), "shock") is Verdict.REFUSE
    assert verdict(asked("1", "sell 0.38 perp BTC"), "shock") is Verdict.PASS


def test_a_long_is_measured_by_a_table_that_ends() -> None:
    report = ask(holding("1"), "sell 0.05 BTC", rules=LOOSE)
    assert refused(report) & OF_MARGIN == set()
    assert Decimal("0.49") < Decimal(found(report, "min_liquidation_distance").measured or 0) < 1
