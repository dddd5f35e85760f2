"""What a dry run makes of an account that changes while it simulates."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import account
from trimtab.adapters.paper.account import simulated
from trimtab.domain.instruments import Symbol

PERPETUAL = Symbol("BTC/USDT:USDT")


def test_a_reduction_moves_the_position_that_was_read() -> None:
    seen = account("BTC 1 @ 60000, wallet 5000, perp BTC -0.02")
    moved = simulated(seen, gained={}, paid=(), moved={PERPETUAL: 50})
    assert moved.positions[PERPETUAL].lots == -150


def test_a_reduction_of_a_position_that_is_gone_by_now_leaves_none() -> None:
    seen = account("ETH 1 @ 3000, wallet 5000")
    assert simulated(seen, gained={}, paid=(), moved={PERPETUAL: 50}).positions == {}


def test_what_a_position_binds_moves_with_it() -> None:
    seen = account("BTC 1 @ 60000, wallet 5000, perp BTC -0.02")
    half = simulated(seen, gained={}, paid=(), moved={PERPETUAL: 100})
    assert half.pools == account("BTC 1 @ 60000, wallet 5000, perp BTC -0.01").pools
    flat = simulated(seen, gained={}, paid=(), moved={PERPETUAL: 200})
    assert flat.pools == account("BTC 1 @ 60000, wallet 5000").pools
    bare = replace(seen, pools={})
    assert simulated(bare, gained={}, paid=(), moved={PERPETUAL: 200}).pools == {}
