"""Groups in the file: what they become, and every way to contradict oneself in them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import line_of
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import AssetGroup, Inner, Target, Threshold

HEAD = """\
[account]
quote = "USDT"
[venue]
id = "binance"
environment = "local"
"""
REST = """\
[portfolio.groups.stable]
weight = "0.2"
members = ["USDT"]
"""
POINTS = Threshold(width=Decimal("0.05"), relative=False)


def text_of(*lines: str, rest: str = REST, rebalance: str = "") -> str:
    return f"{HEAD}{rest}[portfolio.groups.core]\n" + "\n".join(lines) + f"\n{rebalance}\n"


def test_shares_are_fixed_and_members_are_equal_by_default(load: Load) -> None:
    fixed = 'weight = "0.5"\nshares = { BTC = "0.7", ETH = "0.3" }'
    equal = '[portfolio.groups.growth]\nweight = "0.3"\nmembers = ["SOL", "ADA"]'
    groups = load(text_of(fixed, equal)).policy.rebalance.groups
    assert [(g.name, g.weight, g.inner) for g in groups] == [
        ("stable", Decimal("0.2"), Inner.EQUAL),
        ("core", Decimal("0.5"), Inner.FIXED),
        ("growth", Decimal("0.3"), Inner.EQUAL),
    ]
    assert [(m.asset, m.weight) for g in groups[1:] for m in g.members] == [
        ("BTC", Decimal("0.7")),
        ("ETH", Decimal("0.3")),
        ("SOL", Decimal("0.5")),
        ("ADA", Decimal("0.5")),
    ]
    assert [g.threshold for g in groups] == [None, None, None]


def test_a_group_that_keeps_values_has_one_band_by_default(load: Load) -> None:
    kept = 'weight = "0.8"\nmembers = ["BTC", "ETH"]\ninner = "keep"'
    (_, core) = load(text_of(kept)).policy.rebalance.groups
    assert (core.inner, core.threshold, core.basket) == (Inner.KEEP, POINTS, False)


def test_the_band_of_a_group_of_one_is_the_band_of_its_asset(load: Load) -> None:
    alone = 'weight = "0.8"\nmembers = ["BTC"]\nthreshold = "10%"'
    rebalance = load(text_of(alone)).policy.rebalance
    assert rebalance.groups[1] == AssetGroup(
        name="core",
        weight=Decimal("0.8"),
        inner=Inner.EQUAL,
        members=(Target(asset=Asset("BTC"), weight=Decimal(1)),),
        threshold=None,
        basket=False,
        look_back_days=180,
    )
    assert rebalance.threshold_of(Asset("BTC")) == Threshold(width=Decimal("0.1"), relative=True)


def test_equal_parts_of_three_sum_to_one(load: Load) -> None:
    three = 'weight = "0.8"\nmembers = ["BTC", "ETH", "SOL"]'
    (_, core) = load(text_of(three)).policy.rebalance.groups
    assert sum(member.weight for member in core.members) == 1


def test_groups_can_be_set_by_variables(load: Load) -> None:
    environ = {
        "TRIMTAB__PORTFOLIO__GROUPS__CORE__WEIGHT": "0.6",
        "TRIMTAB__PORTFOLIO__GROUPS__CORE__SHARES__SOL": "0.2",
        "TRIMTAB__PORTFOLIO__GROUPS__STABLE__WEIGHT": "0.4",
    }
    shares = 'weight = "0.8"\nshares = { BTC = "0.5", ETH = "0.3" }'
    read = load(text_of(shares), environ=environ)
    (_, core) = read.policy.rebalance.groups
    assert (core.weight, core.members[-1].asset) == (Decimal("0.6"), "SOL")
    where = {s.key: s.source.where for s in read.settings}
    assert where["portfolio.groups.core.weight"] == "TRIMTAB__PORTFOLIO__GROUPS__CORE__WEIGHT"
    assert where["portfolio.groups.core.shares.BTC"] == "trimtab.toml:11"


BROKEN = [
    # lines of the group, key, words of the reason, words of the fix, the line that is named
    (('weight = "0.8"',), "", "names no asset", "members", "[portfolio.groups.core]"),
    (
        ('weight = "0.8"', "members = []"),
        "",
        "names no asset",
        "members",
        "[portfolio.groups.core]",
    ),
    (('weight = "0.7"', 'members = ["BTC"]'), "..", "sum is 0.9", "by 0.1", ""),
    (('members = ["BTC"]',), "weight", "is required", '"0.70"', "[portfolio.groups.core]"),
    (('weight = "80%"', 'members = ["BTC"]'), "weight", "fraction", '"0.8"', 'weight = "80%"'),
    (
        ('weight = "0.8"', 'members = ["BTC", "USDT"]'),
        "members[1]",
        "USDT is in group stable already",
        "one group",
        'members = ["BTC", "USDT"]',
    ),
    (
        ('weight = "0.8"', 'members = ["BTC", "BTC"]'),
        "members[1]",
        "BTC is in group core already",
        "once",
        'members = ["BTC", "BTC"]',
    ),
    (
        ('weight = "0.8"', 'members = ["btc"]'),
        "members[0]",
        "asset code",
        "write BTC",
        'members = ["btc"]',
    ),
    (
        ('weight = "0.8"', 'members = ["BTC"]', 'shares = { BTC = "1" }'),
        "shares",
        "excludes members",
        "keep members",
        'shares = { BTC = "1" }',
    ),
    (
        ('weight = "0.8"', 'shares = { BTC = "0.5", ETH = "0.4" }'),
        "shares",
        "sum is 0.9",
        "by 0.1",
        'shares = { BTC = "0.5", ETH = "0.4" }',
    ),
    (
        ('weight = "0.8"', 'inner = "equal"', 'shares = { BTC = "1" }'),
        "inner",
        "contradicts",
        '"equal" takes no shares',
        'inner = "equal"',
    ),
    (
        ('weight = "0.8"', 'inner = "fixed"', 'members = ["BTC", "ETH"]'),
        "inner",
        "needs shares",
        "shares]",
        'inner = "fixed"',
    ),
    (
        ('weight = "0.8"', 'inner = "risk_parity"', 'members = ["BTC", "USDC"]'),
        "members[1]",
        "USDC is stable, and has no risk to share",
        "another group",
        'members = ["BTC", "USDC"]',
    ),
    (
        ('weight = "0.8"', 'inner = "kept"', 'members = ["BTC", "ETH"]'),
        "inner",
        "fixed or equal or keep",
        '"keep"',
        'inner = "kept"',
    ),
    (
        ('weight = "0.8"', "basket = true", 'members = ["BTC", "ETH"]'),
        "basket",
        "values are kept",
        '"keep"',
        "basket = true",
    ),
    (
        ('weight = "0.8"', "basket = true", 'inner = "keep"', 'members = ["BTC", "ETH"]'),
        "basket",
        "needs the route of futures, and BTC, ETH has another",
        'route = "futures"',
        "basket = true",
    ),
    (
        ('weight = "0.8"', 'threshold = "5"', 'members = ["BTC", "ETH"]'),
        "threshold",
        "with its unit",
        '"5pp"',
        'threshold = "5"',
    ),
    (
        ('weight = "0.8"', 'wieght = "0.8"', 'members = ["BTC"]'),
        "wieght",
        "not a known key",
        '"weight"',
        'wieght = "0.8"',
    ),
]


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row[2])
def test_a_slip_in_a_group_is_named_with_its_cure(
    faults: Faults, row: tuple[tuple[str, ...], str, str, str, str]
) -> None:
    lines, key, reason, fix, at = row
    text = text_of(*lines)
    wanted = "portfolio.groups" if key == ".." else f"portfolio.groups.core.{key}".rstrip(".")
    found = faults(text)
    (fault,) = (f for f in found if f.key == wanted and reason in f.reason)
    assert fix in fault.fix
    assert fault.line == (line_of(text, at) if at else line_of(text, "[portfolio.groups.stable]"))


def test_the_quote_shares_no_band(faults: Faults) -> None:
    for line, key in (('threshold = "5pp"', "threshold"), ('inner = "keep"', "inner")):
        text = text_of('weight = "1"', 'members = ["USDT", "BTC"]', line, rest="")
        (fault,) = faults(text)
        assert fault.key == f"portfolio.groups.core.{key}"
        assert fault.fix == "give USDT a group of its own"


def test_a_group_with_a_name_like_an_asset_is_refused(faults: Faults) -> None:
    text = f'{HEAD}[portfolio.groups.BTC]\nweight = "1"\nmembers = ["BTC"]\n'
    (fault,) = faults(text)
    assert (fault.key, "plain name" in fault.reason) == ("portfolio.groups.BTC", True)


def test_exceptions_may_name_members_of_groups_only(faults: Faults) -> None:
    rebalance = '[rebalance.thresholds]\nBTC = "1pp"\nSOL = "1pp"\n[rebalance.routes]\nBTC = "spot"'
    text = text_of('weight = "0.8"', 'members = ["BTC"]', rebalance=rebalance)
    assert [fault.key for fault in faults(text)] == ["rebalance.thresholds.SOL"]


def test_a_band_of_a_member_whose_group_has_one_is_a_fault(faults: Faults) -> None:
    lines = ('weight = "0.8"', 'members = ["BTC", "ETH"]', 'inner = "keep"')
    text = text_of(*lines, rebalance='[rebalance.thresholds]\nBTC = "1pp"')
    (fault,) = faults(text)
    assert fault.key == "rebalance.thresholds.BTC"
    assert "its group core has one band" in fault.reason


def test_a_quote_that_no_group_has_is_what_is_added(faults: Faults) -> None:
    (fault,) = faults(text_of('weight = "0.8"', 'members = ["BTC"]', rest=""))
    assert fault.fix == (
        'add [portfolio.groups.stable] with weight = "0.2" and members = ["USDT"], '
        "or raise the others by as much"
    )
