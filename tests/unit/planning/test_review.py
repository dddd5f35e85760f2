"""The review: figures of every coin with a whole past, and why the others are left out."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.builders import USDT, account, dec, occasion, policy
from tests.fakes.told_history import history_of, wandering
from trimtab.domain.errors import NoHistory
from trimtab.domain.exposure import exposure
from trimtab.domain.hedges import NO_HEDGES
from trimtab.domain.history import History
from trimtab.domain.history_policy import NO_HISTORY_NEEDED
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Policy, Untargeted
from trimtab.planning.parted import parted
from trimtab.planning.review import DIP, Review, review_need, review_of

BTC, ETH, SOL, USDC = Asset("BTC"), Asset("ETH"), Asset("SOL"), Asset("USDC")
CLOSES: dict[str, Any] = {"BTC": wandering(1, 220), "ETH": wandering(2, 220, size=0.05)}
HOLDINGS = "BTC 0.1 @ 50000, ETH 1 @ 3000, USDC 100 @ 1, SOL 3 @ 100, USDT 2000"


def rules(**rebalance: Any) -> Policy:
    history = dataclasses.replace(NO_HISTORY_NEEDED, review_days=60)
    wanted = policy("BTC 0.5, ETH 0.3, USDT 0.2", **rebalance)
    return dataclasses.replace(wanted, history=history)


def reviewed(history: History | None, holdings: str = HOLDINGS, **rebalance: Any) -> Review:
    wanted = rules(**rebalance)
    seen = parted(account(holdings), wanted, NO_HEDGES)
    return review_of(wanted, seen, occasion(history=history), ())


def test_targets_and_held_coins_are_asked_about_and_no_stable() -> None:
    need = review_need(rules(), exposure(account(HOLDINGS)))
    assert need.assets == (BTC, ETH, SOL)
    assert need.days == DIP.days


def test_every_coin_with_a_whole_past_is_reviewed() -> None:
    found = reviewed(history_of(CLOSES | {"SOL": wandering(3, 220, size=0.08)}))
    assert [each.asset for each in found.assets] == [BTC, ETH, SOL]
    calm, wild = found.assets[0], found.assets[2]
    assert calm.volatility < wild.volatility
    assert all(0 <= each.strength <= 100 for each in found.assets)
    assert [f.name for f in calm.dip.readings] == ["ema", "fall"]  # type: ignore[union-attr]  # It is there.
    assert (calm.following.beta, calm.following.r_squared) == (1, 1)
    assert 0 <= wild.following.r_squared <= 1
    for a in found.correlations:
        assert found.correlations[a][a] == 1
        assert found.correlations[a][BTC] == found.correlations[BTC][a]
    assert 1 <= found.now.bets <= 3
    assert found.at_target is not None
    assert found.at_target.volatility > 0
    assert (found.left_out, found.unmeasured) == ({}, "")
    assert [d.asset for d in found.drifts] == [BTC, ETH, USDT]


def test_coins_without_a_whole_past_are_left_out_by_name() -> None:
    gap = [*CLOSES["ETH"][:-5], None, *CLOSES["ETH"][-4:]]
    found = reviewed(history_of({"BTC": CLOSES["BTC"], "ETH": gap, "SOL": ["100"] * 220}))
    assert [each.asset for each in found.assets] == [BTC]
    assert "no close of" in found.left_out[ETH]
    assert "did not move" in found.left_out[SOL]


def test_a_young_coin_is_reviewed_without_its_dip() -> None:
    found = reviewed(history_of({"BTC": CLOSES["BTC"], "ETH": CLOSES["ETH"][-80:]}))
    eth = found.assets[1]
    assert (eth.asset, eth.dip) == (ETH, None)
    assert eth.volatility > 0


def test_what_cannot_be_planned_from_is_reviewed_without_weights() -> None:
    found = reviewed(history_of(CLOSES), untargeted=Untargeted.ERROR)
    assert found.drifts == ()
    assert "no target names it" in found.unmeasured
    assert found.at_target is None
    assert found.assets


def test_an_account_that_owes_more_than_it_has_has_no_weights_now() -> None:
    found = reviewed(history_of(CLOSES), "BTC @ 50000, ETH @ 3000, USDT 0")
    assert found.now.volatility == dec(0)
    assert found.now.bets == 0


def test_where_no_coin_has_a_past_there_is_nothing_to_review() -> None:
    with pytest.raises(NoHistory, match="a review needs"):
        reviewed(None)
    with pytest.raises(NoHistory, match="nothing can be reviewed: BTC: the venue lists no"):
        reviewed(history_of({}))
    stable = dataclasses.replace(rules(), rebalance=policy("USDC 0.5, USDT 0.5").rebalance)
    held = parted(account("USDC 10 @ 1, USDT 10"), stable, NO_HEDGES)
    with pytest.raises(NoHistory, match="there are no coins"):
        review_of(stable, held, occasion(history=history_of({})), ())
