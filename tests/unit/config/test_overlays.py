"""Overlays, flags and the tactical part in the file: what they become, and slips in them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.domain.instruments import Asset
from trimtab.domain.overlay_policy import NO_OVERLAYS, Renormalise
from trimtab.domain.tactical import NOTHING_TACTICAL

WEIGHTS = '{ BTC = "0.4", ETH = "0.4", USDT = "0.2" }'


def test_nothing_is_shifted_and_nothing_apart_by_default(load: Load) -> None:
    policy = load(text_with()).policy
    assert policy.overlays == NO_OVERLAYS
    assert policy.tactical == NOTHING_TACTICAL
    assert policy.rebalance.flags == {}


def test_a_season_is_read_by_month(load: Load) -> None:
    lines = (
        ("overlays", 'season.months.dec = { BTC = "1.5" }'),
        ("overlays", 'season.hedge_ratio.jan = "0.5"'),
        ("overlays", 'season.renormalise = "all"'),
    )
    text = text_with() + "[overlays]\n" + "\n".join(line for _, line in lines) + "\n"
    season = load(text).policy.overlays.season
    assert season is not None
    assert season.multipliers == {"dec": {"BTC": Decimal("1.5")}}
    assert season.hedge_ratios == {"jan": Decimal("0.5")}
    assert season.renormalise is Renormalise.ALL


def test_days_begin_in_the_zone_of_the_calendar(load: Load) -> None:
    rotation = f'rotation = {{ from = 2026-12-01, until = "2027-02-01", targets = {WEIGHTS} }}'
    phase = "phase = { steps = 3, from = 2026-12-01, every_days = 30 }"
    text = text_with(
        ("overlays", rotation), ("overlays", phase), ("rebalance", 'timezone = "Europe/Berlin"')
    )
    overlays = load(text).policy.overlays
    assert overlays.zone == "Europe/Berlin"
    assert overlays.rotation is not None
    assert overlays.rotation.begins_at == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert overlays.rotation.ends_at == datetime(2027, 1, 31, 23, tzinfo=UTC)
    assert overlays.rotation.targets["ETH"] == Decimal("0.4")
    assert overlays.phase is not None
    assert overlays.phase.phase_id == "phase 2026-12-01"
    assert (overlays.phase.steps, overlays.phase.days_between) == (3, 30)
    assert overlays.phase.begins_at == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_a_rotation_without_days_begins_at_once_and_ends_by_hand(load: Load) -> None:
    rotation = load(text_with(("overlays", f"rotation = {{ targets = {WEIGHTS} }}")))
    box = rotation.policy.overlays.rotation
    assert box is not None
    assert (box.begins_at, box.ends_at) == (None, None)


def test_flags_and_what_is_apart_are_read(load: Load) -> None:
    text = text_with(
        ("portfolio", 'flags = { ETH = "fundamentals changed" }'),
        ("portfolio", 'tactical = { holdings = { SOL = "2.5" }, positions = { BTC = "-0.1" } }'),
    )
    read = load(text)
    assert read.policy.rebalance.flags == {"ETH": "fundamentals changed"}
    assert read.policy.tactical.holdings == {"SOL": Decimal("2.5")}
    assert read.policy.tactical.positions == {"BTC": Decimal("-0.1")}
    keys = {setting.key: setting.value for setting in read.settings}
    assert keys["portfolio.flags.ETH"] == "fundamentals changed"
    assert keys["portfolio.tactical.positions.BTC"] == "-0.1"


def test_the_days_of_a_rotation_are_shown_under_their_own_keys(load: Load) -> None:
    text = text_with(("overlays", f"rotation = {{ from = 2026-12-01, targets = {WEIGHTS} }}"))
    keys = {setting.key: setting.value for setting in load(text).settings}
    assert keys["overlays.rotation.from"] == "2026-12-01"
    assert "overlays.rotation.until" not in keys


def test_months_and_days_can_be_set_by_options(load: Load) -> None:
    sets = ["overlays.phase.from=2026-12-01", "overlays.phase.steps=3"]
    sets += ["overlays.season.months.dec.BTC=2"]
    overlays = load(text_with(), sets=sets).policy.overlays
    assert overlays.season is not None
    assert overlays.season.multipliers["dec"][Asset("BTC")] == 2
    assert overlays.phase is not None
    assert overlays.phase.steps == 3


BROKEN = [
    # section, line, key, words of the reason, words of the fix
    ("overlays", 'season = { months = { December = { BTC = "2" } } }', "season.months.December"),
    ("overlays", 'season = { months = { foo = { BTC = "2" } } }', "season.months.foo"),
    ("overlays", 'season = { months = { dec = { SOL = "2" } } }', "season.months.dec.SOL"),
    ("overlays", 'season = { months = { dec = { BTC = "-1" } } }', "season.months.dec.BTC"),
    ("overlays", 'season = { months = { dec = "2" } }', "season.months.dec"),
    ("overlays", 'season = { hedge_ratio = { dec = "2" } }', "season.hedge_ratio.dec"),
    ("overlays", 'season = { renormalise = "none" }', "season.renormalise"),
    ("overlays", "rotation = {}", "rotation"),
    ("overlays", 'rotation = { targets = { BTC = "1" } }', "rotation.targets"),
    ("overlays", 'rotation = { groups = { core = "1" } }', "rotation.groups"),
    ("overlays", f"rotation = {{ from = 2026-13-01, targets = {WEIGHTS} }}", ""),
    ("overlays", f'rotation = {{ from = "soon", targets = {WEIGHTS} }}', "rotation.from"),
    ("overlays", f'rotation = {{ from = "2026-02-30", targets = {WEIGHTS} }}', "rotation.from"),
    (
        "overlays",
        f"rotation = {{ from = 2026-12-01T08:00:00, targets = {WEIGHTS} }}",
        "rotation.from",
    ),
    ("overlays", f"rotation = {{ frm = 2026-12-01, targets = {WEIGHTS} }}", "rotation.frm"),
    (
        "overlays",
        f"rotation = {{ from = 2026-12-01, until = 2026-12-01, targets = {WEIGHTS} }}",
        "rotation.until",
    ),
    (
        "overlays",
        'rotation = { targets = { BTC = "0.4", ETH = "0.4", USDT = "0.1" } }',
        "rotation.targets",
    ),
    (
        "overlays",
        'rotation = { targets = { BTC = "0.4", ETH = "0.4", USDT = "0.2", SOL = "0" } }',
        "rotation.targets.SOL",
    ),
    ("overlays", "phase = { from = 2026-12-01 }", "phase.steps"),
    ("overlays", "phase = { steps = 4 }", "phase.from"),
    ("overlays", "phase = { steps = 1, from = 2026-12-01 }", "phase.steps"),
    ("overlays", "phase = { steps = 4, from = 2026-12-01, every_days = 0 }", "phase.every_days"),
    ("portfolio", 'flags = { ETH = " " }', "flags.ETH"),
    ("portfolio", 'flags = { ETHH = "why" }', "flags.ETHH"),
    ("portfolio", 'tactical = { holdings = { SOL = "0" } }', "tactical.holdings.SOL"),
    ("portfolio", 'tactical = { holdings = { SOL = "-1" } }', "tactical.holdings.SOL"),
    ("portfolio", 'tactical = { positions = { SOL = "0" } }', "tactical.positions.SOL"),
    ("portfolio", 'tactical = { holding = { SOL = "1" } }', "tactical.holding"),
]


@pytest.mark.parametrize(("section", "line", "key"), BROKEN)
def test_a_slip_is_one_fault_at_its_key(faults: Faults, section: str, line: str, key: str) -> None:
    (fault,) = faults(text_with((section, line)))
    if key:
        assert fault.key == f"{section}.{key}"
    assert fault.line
    assert fault.reason
    assert fault.fix


def test_a_month_in_full_is_cured_by_its_short_form(faults: Faults) -> None:
    line = 'season = { months = { December = { BTC = "2" } } }'
    (fault,) = faults(text_with(("overlays", line)))
    assert (fault.reason, fault.fix) == ('must be a month, was "December"', "write dec")


def test_a_rotation_needs_weights_that_count_futures_and_perpetuals(faults: Faults) -> None:
    rotation = ("overlays", f"rotation = {{ targets = {WEIGHTS} }}")
    spot = text_with(rotation, ("portfolio", 'basis = "spot"'))
    assert [f.key for f in faults(spot)] == ["overlays.rotation"]
    bare = text_with(rotation, ("venue", 'markets = ["spot"]'))
    assert ["perpetuals" in f.reason for f in faults(bare)] == [True]


def test_a_rotation_of_assets_does_not_fit_groups(faults: Faults) -> None:
    groups = (
        'groups = { core = { weight = "0.8", members = ["BTC"] },'
        ' stable = { weight = "0.2", members = ["USDT"] } }'
    )
    text = text_with(
        ("portfolio", groups),
        ("overlays", f"rotation = {{ targets = {WEIGHTS} }}"),
        without=("portfolio.targets",),
    )
    (fault,) = faults(text)
    assert (fault.key, fault.fix) == (
        "overlays.rotation.targets",
        "write [overlays.rotation.groups]",
    )


def test_a_season_may_speak_of_the_coins_of_a_profile(load: Load, faults: Faults) -> None:
    lines = ("portfolio", 'profile = "moderate"')
    season = ("overlays", 'season = { months = { dec = { SOL = "2" } } }')
    assert load(text_with(lines, season, without=("portfolio.targets",)))
    other = ("overlays", 'season = { months = { dec = { DOGE = "2" } } }')
    (fault,) = faults(text_with(lines, other, without=("portfolio.targets",)))
    assert fault.key == "overlays.season.months.dec.DOGE"


def test_a_season_does_not_speak_of_values_that_are_kept(faults: Faults) -> None:
    groups = (
        'groups = { alts = { weight = "0.8", members = ["BTC", "ETH"], inner = "keep" },'
        ' stable = { weight = "0.2", members = ["USDT"] } }'
    )
    season = ("overlays", 'season = { months = { dec = { BTC = "2" } } }')
    (fault,) = faults(text_with(("portfolio", groups), season, without=("portfolio.targets",)))
    assert fault.key == "overlays.season.months.dec.BTC"
    assert "group alts, whose values are kept" in fault.reason
