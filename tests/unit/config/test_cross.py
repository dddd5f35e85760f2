"""Cross-hedges in the file: what they become, and slips in them."""

from __future__ import annotations

import pytest

from tests.builders import dec
from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.domain.cross import CrossPolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Route

BY = ("hedge", 'cross = { by = { ETH = "BTC" } }')
ROUTE = ("rebalance", 'routes = { ETH = "cross" }')


def test_a_pair_is_read_with_its_bounds(load: Load) -> None:
    policy = load(text_with(BY, ROUTE)).policy
    eth, btc = Asset("ETH"), Asset("BTC")
    assert policy.hedge.cross == CrossPolicy(by={eth: btc}, look_back_days=90, min_r2=dec("0.6"))
    assert policy.rebalance.route_of(eth) is Route.CROSS
    assert policy.hedges(btc)
    assert not policy.hedges(eth)


def test_an_empty_table_hedges_nothing(load: Load) -> None:
    assert load(text_with(("hedge", "cross = {}"))).policy.hedge.cross is None


@pytest.mark.parametrize(
    ("lines", "key", "reason"),
    [
        ([BY], "hedge.cross.by.ETH", "never gone by"),
        ([ROUTE], "rebalance.routes.ETH", "whose contract"),
        ([("rebalance", 'route = "cross"')], "rebalance.route", "single assets"),
        (
            [("hedge", 'cross = { by = { ETH = "ETH" } }'), ROUTE],
            "hedge.cross.by.ETH",
            "by itself",
        ),
        (
            [BY, ("rebalance", 'routes = { ETH = "cross", BTC = "futures" }')],
            "hedge.cross.by.ETH",
            "takes the contract that BTC takes",
        ),
        ([BY, ROUTE, ("venue", 'markets = ["spot"]')], "hedge.cross.by.ETH", "needs perpetuals"),
        (
            [BY, ROUTE, ("portfolio", 'sleeves.a = { multiple = "1", members = ["BTC"] }')],
            "hedge.cross.by.ETH",
            "contract of a sleeve",
        ),
        (
            [
                BY,
                ROUTE,
                (
                    "overlays",
                    'rotation = { targets = { BTC = "0.4", ETH = "0.4", USDT = "0.2" } }',
                ),
            ],
            "hedge.cross.by.ETH",
            "rotation",
        ),
        ([("hedge", 'cross = { by = { ETH = "btc" } }'), ROUTE], "hedge.cross.by.ETH", "code"),
        ([("hedge", 'cross = { by = { ETH = "BTC" }, min_r2 = "2" }'), ROUTE],
         "hedge.cross.min_r2", "at most 1"),
    ],
)  # fmt: skip
def test_a_slip_in_a_cross_hedge_is_named(
    faults: Faults, lines: list[tuple[str, str]], key: str, reason: str
) -> None:
    found = faults(text_with(*lines))
    assert any(f.key == key and reason in f.reason and f.fix for f in found), found


def test_risk_parity_above_one_keeps_its_contracts(faults: Faults) -> None:
    parity = 'risk_parity = { assets = ["BTC", "ETH"], volatility = "0.6", max_scale = "2" }'
    found = faults(text_with(BY, ROUTE, ("portfolio", parity), without=("portfolio.targets",)))
    assert any(f.key == "hedge.cross.by.ETH" and "sleeve" in f.reason for f in found), found


ALTS = 'groups = { core = { weight = "0.7", members = ["BTC"] }, alts = { weight = "0.3", %s } }'
MEMBERS = 'members = ["SOL", "AVAX"]'


def grouped(*lines: tuple[str, str], alts: str = MEMBERS, cross: str = 'alts = "DEFI"') -> str:
    """Return a file whose small coins are a group that an index hedges."""
    table = ("hedge", f"cross = {{ groups = {{ {cross} }} }}")
    return text_with(("portfolio", ALTS % alts), table, *lines, without=("portfolio.targets",))


def test_a_group_is_hedged_by_one_contract_and_its_members_take_the_route(load: Load) -> None:
    policy = load(grouped()).policy
    cross = policy.hedge.cross
    assert cross is not None
    assert cross.by == {"SOL": "DEFI", "AVAX": "DEFI"}
    assert cross.teams == {"alts": ("SOL", "AVAX")}
    assert policy.rebalance.routes == {"SOL": Route.CROSS, "AVAX": Route.CROSS}
    assert policy.hedges(Asset("DEFI"))
    assert set(policy.past_needed.assets) == {"SOL", "AVAX", "DEFI"}
    both = load(grouped(("rebalance", 'routes = { SOL = "cross" }'))).policy
    assert both.rebalance.routes == policy.rebalance.routes
    shares = 'shares = { SOL = "0.6", AVAX = "0.4" }'
    assert load(grouped(alts=shares)).policy.hedge.cross == cross


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (grouped(cross='nope = "DEFI"'), "is no group of the portfolio"),
        (grouped(cross='alts = "SOL"'), "is hedged by SOL, its own member"),
        (
            grouped(alts=f'{MEMBERS}, inner = "keep", basket = true'),
            "is a basket, whose members hedge for each other",
        ),
        (grouped(alts='members = ["SOL", "USDT"]'), "has the quote, USDT, among its members"),
        (
            grouped(("rebalance", 'routes = { SOL = "futures" }')),
            "takes the route of SOL, which is written otherwise",
        ),
        (
            grouped(("rebalance", 'route = "futures"')),
            "takes the contract that DEFI takes",
        ),
        (grouped(("venue", 'markets = ["spot"]')), "needs perpetuals"),
    ],
    ids=["group", "member", "basket", "quote", "route", "contract", "markets"],
)
def test_a_group_that_cannot_be_hedged_so_is_named(faults: Faults, text: str, reason: str) -> None:
    found = [f for f in faults(text) if f.key.startswith("hedge.cross.groups.")]
    assert any(reason in f.reason and f.fix for f in found), faults(text)
