"""A coin and its hedge, leg by leg: neither goes further than the other has come."""

from __future__ import annotations

from tests.builders import account, legs_of
from trimtab.execution.pairs import Progress, reach
from trimtab.execution.rests import RestReason
from trimtab.execution.sizing import Means, Wanted, resize

HEDGED = account("USDT 1000, BTC 1 @ 60000, ETH 1 @ 3000, perp BTC -1, wallet 90000")


def works(*legs: str, done: dict[int, int] | None = None) -> list[Progress]:
    """Return legs in notation with the lots, by line, that are done."""
    return [Progress(leg=g, done=(done or {}).get(g.line, 0)) for g in legs_of(HEDGED, *legs)]


def test_a_sale_waits_for_as_much_of_its_hedge_to_be_bought_back() -> None:
    pair = ("buy 0.5 perp BTC reduce", "then sell 0.5 BTC")
    assert reach(works(*pair), stage=1) == {}
    assert reach(works(*pair), stage=2) == {2: 0}
    assert reach(works(*pair, done={1: 2_000}), stage=2) == {2: 2_000}
    assert reach(works(*pair, done={1: 5_000}), stage=2) == {2: 5_000}
    assert reach(works(*pair, done={1: 5_000, 2: -4_000}), stage=2) == {2: 1_000}


def test_halves_of_different_size_keep_their_proportion() -> None:
    uneven = ("buy 0.2 perp BTC reduce", "then sell 0.4 BTC")
    assert reach(works(*uneven, done={1: 999}), stage=2) == {2: 1_998}


def test_later_slices_go_as_far_as_all_earlier_ones_of_the_other_side_have_come() -> None:
    slices = (
        "buy 0.2 perp BTC reduce",
        "then sell 0.2 BTC",
        "then buy 0.2 perp BTC reduce",
        "then sell 0.2 BTC",
    )
    behind = works(*slices, done={1: 1_000, 2: -1_000})
    assert reach(behind, stage=3) == {3: 1_000}
    ahead = works(*slices, done={1: 2_000, 2: -2_000, 3: 2_000})
    assert reach(ahead, stage=4) == {4: 2_000}


def test_legs_of_one_stage_share_what_the_other_side_allows_by_line() -> None:
    legs = ("buy 0.4 perp BTC reduce", "then sell 0.3 BTC", "sell 0.1 BTC")
    assert reach(works(*legs, done={1: 3_500}), stage=2) == {2: 3_500, 3: 500}


def test_what_opposes_nothing_or_is_no_hedge_is_free() -> None:
    assert reach(works("sell 0.1 BTC", "then buy 1 ETH"), stage=2) == {}
    assert reach(works("sell 0.1 BTC", "then buy 0.1 BTC"), stage=2) == {}
    assert reach(works("sell 0.1 BTC", "then sell 0.1 perp BTC"), stage=2) == {}


def test_an_order_is_cut_to_its_room_and_says_so() -> None:
    [leg] = legs_of(HEDGED, "sell 0.5 BTC")
    wanted = [Wanted(leg=leg, lots=leg.lots, limit=leg.limit)]
    free = {asset: balance.free for asset, balance in HEDGED.balances.items()}
    there = Means(free=free, positions={}, quote=HEDGED.quote, reserve=free[HEDGED.quote] * 0)
    for room, lots, reason in (
        ({}, -5_000, RestReason.NONE),
        ({1: 5_000}, -5_000, RestReason.NONE),
        ({1: 4_999}, -4_999, RestReason.OTHER_HALF),
        ({1: 0}, 0, RestReason.OTHER_HALF),
    ):
        [sized] = resize(wanted, there, room)
        assert (sized.lots, sized.reason) == (lots, reason)
