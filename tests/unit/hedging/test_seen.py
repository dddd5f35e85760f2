"""Open hedges as status shows them, whatever contracts they went through."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import EXPIRY, NOW, account, dec, policy
from tests.hedge_cases import FAR, PERP, hedges
from trimtab.domain.instruments import Asset
from trimtab.workflow.hedges import seen_hedges

USDT = Asset("USDT")
ROLLED = (
    "open btc 2 @ 100 fee 0.2",
    "pay 0.5",
    "close btc 1 @ 80 fee 0.1 for roll",
    "open btc 1 @ 82 fee 0.1 for roll in far",
)
SNAPSHOT = account("BTC 5 @ 80, perp BTC -1, dated BTC -2 at 81, wallet 500")


def test_a_rolled_hedge_is_shown_with_all_that_it_brought_and_its_delivery() -> None:
    book = hedges(*ROLLED, "close btc 1 @ 80 for roll", "open btc 1 @ 82 for roll in far")
    [seen] = seen_hedges(book, SNAPSHOT, policy().hedge, stops=(), now=NOW + timedelta(days=3))
    assert (seen.hedge.symbol, seen.hedge.units, seen.hedge.realised) == (FAR, dec(2), dec(40))
    assert (seen.hedge.fees[USDT], seen.hedge.funding) == (dec("0.4"), dec("0.5"))
    assert (seen.expires_at, seen.age.days) == (EXPIRY, 2)
    assert seen.ends.endswith("by hand, delivered 2026-12-25")
    assert seen.profit == dec(2)


def test_a_hedge_half_way_is_shown_in_both_contracts_and_its_past_once() -> None:
    near, far = seen_hedges(hedges(*ROLLED), SNAPSHOT, policy().hedge, stops=(), now=NOW)
    assert [(s.hedge.symbol, s.hedge.units) for s in (near, far)] == [(PERP, dec(1)), (FAR, dec(1))]
    assert (near.hedge.realised, far.hedge.realised) == (dec(20), dec(0))
    assert (near.hedge.fees[USDT], far.hedge.fees[USDT]) == (dec("0.3"), dec("0.1"))


def test_what_a_closed_contract_brought_is_told_with_the_first_open_one_alone() -> None:
    book = hedges(
        *ROLLED, "close btc 1 @ 80 for roll", "open btc 0.5 @ 82 for roll in far",
        "open btc 0.5 @ 83",
    )  # fmt: skip
    shown = seen_hedges(book, SNAPSHOT, policy().hedge, stops=(), now=NOW)
    assert [seen.hedge.symbol for seen in shown] == [PERP, FAR]
    assert sum((seen.hedge.realised for seen in shown), dec(0)) == dec(40)
