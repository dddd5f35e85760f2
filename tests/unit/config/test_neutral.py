"""The neutral yield sleeve in the file: what it becomes, and slips in it."""

from __future__ import annotations

import pytest

from tests.builders import dec
from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.domain.instruments import Asset
from trimtab.workflow.portfolio import portfolio_of

WEIGHT, MEMBERS = 'weight = "0.1"', 'members = ["SOL", "XRP"]'


def text(*lines: tuple[str, str], without: tuple[str, ...] = ()) -> str:
    """Return a file with a neutral sleeve, and other lines by their sections."""
    own = [("portfolio.neutral", WEIGHT), ("portfolio.neutral", MEMBERS)]
    return text_with(*own, *lines, without=without)


def test_a_neutral_sleeve_takes_its_part_of_one_and_owns_its_perpetuals(load: Load) -> None:
    policy = load(text()).policy
    neutral = policy.neutral
    assert neutral is not None
    assert (neutral.weight, neutral.members) == (dec("0.1"), ("SOL", "XRP"))
    assert (neutral.min_carry, neutral.exit_carry) == (dec("0.05"), dec("0.01"))
    assert neutral.weights == {"SOL": dec("0.05"), "XRP": dec("0.05")}
    assert policy.sleeved == ("SOL", "XRP")
    assert policy.hedges(Asset("SOL"))
    assert policy.past_needed.perpetuals == ("SOL", "XRP")
    assert policy.past_needed.days == 14


def test_a_dated_one_reads_dated_contracts_and_no_funding(load: Load) -> None:
    dated = ("portfolio.neutral", 'contract = "dated"')
    markets = ("venue", 'markets = ["spot", "swap", "future"]')
    policy = load(text(dated, markets)).policy
    assert policy.neutral_dated == ("SOL", "XRP")
    assert policy.past_needed.perpetuals == ()
    portfolio = portfolio_of(policy)
    assert set(portfolio.with_dated) == {"SOL", "XRP"}
    assert load(text()).policy.neutral_dated == ()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), "needs dated contracts"),
        ((("venue", 'markets = ["spot", "swap"]'),), "needs dated contracts"),
        (
            (
                ("venue", 'markets = ["spot", "swap", "future"]'),
                ("triggers", 'on_expiry = "close"'),
            ),
            "needs a roll before delivery",
        ),
    ],
    ids=["usual", "written", "closed"],
)
def test_what_a_dated_one_needs_is_named(
    faults: Faults, lines: tuple[tuple[str, str], ...], words: str
) -> None:
    (fault,) = faults(text(("portfolio.neutral", 'contract = "dated"'), *lines))
    assert fault.key == "portfolio.neutral.contract"
    assert words in fault.reason


def test_its_contract_is_one_of_two(faults: Faults) -> None:
    (fault,) = faults(text(("portfolio.neutral", 'contract = "auto"')))
    assert fault.key == "portfolio.neutral.contract"


def test_three_members_have_exactly_the_weight_together(load: Load) -> None:
    neutral = load(text(("portfolio.neutral", 'members = ["SOL", "XRP", "ADA"]'))).policy.neutral
    assert neutral is not None
    assert sum(neutral.weights.values()) == dec("0.1")


def test_groups_and_the_neutral_sleeve_sum_to_one_together(load: Load, faults: Faults) -> None:
    group = ("portfolio", 'groups = { core = { weight = "0.9", members = ["BTC"] } }')
    whole = text(group, without=("portfolio.targets",))
    assert load(whole).policy.neutral is not None
    (fault,) = faults(whole.replace('"0.9"', '"0.8"'))
    assert "with those of the sleeves, sum is 0.9" in fault.reason


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        (("portfolio.neutral", 'members = ["ETH"]'), ".members[0]", "ETH has a target"),
        (("portfolio.neutral", 'members = ["USDC"]'), ".members[0]", "USDC is stable"),
        (("portfolio.neutral", 'exit_carry = "0.06"'), ".exit_carry", "is above min_carry, 0.05"),
        (("portfolio", 'basis = "spot"'), "", "does not count"),
        (("rebalance", 'side = "overweight"'), "", "never does"),
        (("venue", 'markets = ["spot"]'), "", "venue.markets has none"),
        (("rebalance.no_trade", 'risk_aversion = "3"'), "", "rebalance.no_trade weighs coins"),
        (("overlays.phase", "steps = 3"), "", "overlays.phase would enter in steps"),
    ],
    ids=["target", "stable", "exit", "basis", "side", "markets", "no-trade", "phase"],
)
def test_what_cannot_stand_beside_it_is_named(
    faults: Faults, line: tuple[str, str], key: str, words: str
) -> None:
    found = [f for f in faults(text(line)) if words in f.reason]
    assert [f.key for f in found] == [f"portfolio.neutral{key}"], found
    assert all(f.fix for f in found)


def test_a_member_is_in_no_sleeve_and_hedges_nobody_else(faults: Faults) -> None:
    sleeve = 'sleeves.twice = { multiple = "1", members = ["SOL"] }'
    (fault,) = faults(text(("portfolio", sleeve)))
    assert fault.reason == "SOL is in a sleeve, and its perpetual is that sleeve's"
    crossed = text(
        ("rebalance", 'routes = { ETH = "cross" }'), ("hedge.cross", 'by = { ETH = "SOL" }')
    )
    assert [f.key for f in faults(crossed)] == ["portfolio.neutral.members[0]"]


def test_a_profile_leaves_it_no_part(faults: Faults) -> None:
    profile = text(("portfolio", 'profile = "moderate"'), without=("portfolio.targets",))
    reasons = [f.reason for f in faults(profile)]
    assert any("portfolio.profile takes all of the weight" in reason for reason in reasons)
