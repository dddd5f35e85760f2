"""What came of a hedge that an auto route chose, by figures that can be added up by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.builders import account, dec, plan
from tests.hedge_cases import PERP, record_of
from trimtab.domain.hedges import HedgeRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan
from trimtab.domain.routing import (
    FuturesCheaper,
    RateBasis,
    RouteChoice,
    RouteCosts,
    RouteReason,
    RouteTable,
)
from trimtab.hedging.book import book_of
from trimtab.hedging.score import HedgeScore, score_of, traded_by

USDT, BTC = Asset("USDT"), Asset("BTC")
SEEN = account("BTC 10 @ 100, USDT 5000, wallet 5000")


def costs(**parts: str) -> RouteCosts:
    names = ("fee", "half_spread", "impact", "tax", "funding", "margin", "back")
    return RouteCosts(**{name: dec(parts.get(name, "0")) for name in names})


TABLE = RouteTable(
    spot=costs(fee="3", half_spread="1", tax="6"),
    futures=costs(fee="2", half_spread="1", funding="-5", margin="864"),
    crossings=2,
    horizon_days=10,
    settlements=30,
    rate=dec("0.0001"),
    rate_basis=RateBasis.CURRENT,
    break_even_rate=None,
    break_even_days=None,
    futures_cheaper=FuturesCheaper.ALWAYS,
)
"""Bound margin costs 1 in a thousand seconds, so that a few seconds show."""


def planned(number: int, leg: str, record: HedgeRecord, table: RouteTable | None = TABLE) -> Plan:
    """Return the plan behind one event of a record, of one leg at a mark of 100."""
    choice = RouteChoice(
        asset=BTC, value=dec(-1_000), route="futures", reason=RouteReason.CHEAPER, table=table
    )
    lines = tuple(d.line for d in record.declared if d.plan_digest == f"{number:064x}")
    return plan(SEEN, leg, routes=(choice,), hedging=lines)


def scored(record: HedgeRecord, *plans: Plan | None) -> list[HedgeScore | None]:
    """Return the score of each hedge; *plans* are those of the record's events, from the first."""
    book = book_of(record, USDT)
    found = {f"{n:064x}": p for n, p in enumerate(plans, start=1) if p is not None}
    return [score_of(h, book, record.fills, plans=found, quote=USDT) for h in book.hedges]


ONCE = record_of(
    "open one 10 @ 99.9 fee 0.5", "pay 2", "pay -0.5", "close one 10 @ 100.2 fee 0.6 for stop"
)
OPENING, CLOSING = "sell 10 perp BTC", "buy 10 perp BTC reduce"


def test_fees_slippage_funding_and_bound_margin_are_what_a_hedge_came_to_cost() -> None:
    opened, closed = planned(1, OPENING, ONCE), planned(4, CLOSING, ONCE, None)
    [score] = scored(ONCE, opened, None, None, closed)
    assert score is not None
    assert (score.sale, score.predicted, score.horizon_days) == (dec(10), dec(862), 10)
    assert (score.fees, score.slippage, score.funding) == (dec("1.1"), dec(3), dec("-1.5"))
    assert abs(score.days - dec(3) / 86_400) < dec("1e-20")
    assert abs(score.margin - dec("0.003")) < dec("1e-15")
    assert score.realised == score.fees + score.slippage + score.funding + score.margin
    assert score.saved == score.sale - score.realised > 0
    assert score.beyond == score.realised - score.predicted < 0


def test_the_fall_of_the_coin_is_no_gain_of_the_hedge() -> None:
    far = record_of("open one 10 @ 99.9 fee 0.5", "close one 10 @ 50.1 fee 0.6")
    closing = planned(2, CLOSING, far, None)
    closing = replace(closing, legs=tuple(replace(g, mark=dec(50)) for g in closing.legs))
    [score] = scored(far, planned(1, OPENING, far), closing)
    assert score is not None
    assert score.slippage == dec(2)


def test_sale_and_prediction_are_shared_by_what_was_really_filled() -> None:
    half = record_of("open one 5 @ 100", "close one 5 @ 100")
    [score] = scored(half, planned(1, OPENING, half), None)
    assert score is not None
    assert (score.sale, score.predicted) == (dec(5), dec(431))
    grown = record_of("open one 10 @ 100", "open one 5 @ 100", "close one 15 @ 100")
    [score] = scored(grown, planned(1, OPENING, grown), planned(2, "sell 5 perp BTC", grown))
    assert score is not None
    assert (score.sale, score.predicted) == (dec(20), dec(1724))


def test_open_hedges_and_those_that_nobody_weighed_have_no_score() -> None:
    still = record_of("open one 10 @ 100", "close one 4 @ 100")
    assert scored(still, planned(1, OPENING, still), planned(2, CLOSING, still)) == [None]
    configured = planned(1, OPENING, ONCE, None)
    assert scored(ONCE, configured) == [None]
    assert scored(ONCE, replace(configured, routes=())) == [None]
    assert scored(ONCE) == [None]
    grown = record_of("open one 10 @ 100", "open one 5 @ 100", "close one 15 @ 100")
    assert scored(grown, planned(1, OPENING, grown)) == [None]


def test_a_close_that_two_hedges_share_counts_for_each_by_its_part() -> None:
    two = record_of("open one 6 @ 100", "open two 4 @ 100", "close one+two 10 @ 101 fee 1")
    plans = (planned(1, "sell 6 perp BTC", two), planned(2, "sell 4 perp BTC", two))
    first, second = scored(two, *plans, planned(3, CLOSING, two, None))
    assert first is not None
    assert second is not None
    assert (first.slippage, second.slippage) == (dec(6), dec(4))
    assert (first.fees, second.fees) == (dec("0.6"), dec("0.4"))


def test_what_somebody_else_bought_back_has_no_plan_and_no_slippage() -> None:
    taken = record_of("open one 10 @ 100", "buy 10 @ 120")
    book = book_of(taken, USDT)
    assert traded_by(book.hedges[0], book, taken.fills) == (f"{1:064x}",)
    [score] = scored(taken, planned(1, OPENING, taken))
    assert score is not None
    assert score.slippage == Decimal(0)
    assert {p.fill.symbol for p in book.parts} == {PERP}


LIFE = record_of(
    "open one 10 @ 103 fee 1 in far",
    "close one 10 @ 91 fee 1 for roll in far",
    "open one 10 @ 92 fee 1 for roll",
    "pay 3",
    "close one 10 @ 80 fee 1",
)
"""Sold 2 above the coin, bought back 1 above it, and from then on in the perpetual."""
DATED_SEEN = account("BTC 10 @ 100, USDT 5000, wallet 5000, dated BTC")


def dated_plan(
    number: int, leg: str, *, mark: str, mid: str | None, table: RouteTable | None = None
) -> Plan:
    """Return the plan behind one event of the life, at a mark and with the coin's mid."""
    choice = RouteChoice(
        asset=BTC, value=dec(-1_000), route="futures", reason=RouteReason.CHEAPER, table=table
    )
    lines = tuple(d.line for d in LIFE.declared if d.plan_digest == f"{number:064x}")
    mids = {} if mid is None else {BTC: dec(mid)}
    made = plan(DATED_SEEN, leg, routes=(choice,), hedging=lines, mids=mids)
    return replace(made, legs=tuple(replace(g, mark=dec(mark)) for g in made.legs))


def test_a_rolled_hedge_has_one_score_over_its_whole_life() -> None:
    plans = (
        dated_plan(1, "sell 10 dated BTC", mark="102", mid="100", table=TABLE),
        dated_plan(2, "buy 10 dated BTC reduce", mark="91", mid="90"),
        dated_plan(3, "sell 10 perp BTC", mark="92", mid="90"),
        None,
        dated_plan(5, "buy 10 perp BTC reduce", mark="80", mid="80"),
    )
    first, score = scored(LIFE, *plans)
    assert first is None, "it went on in another contract"
    assert score is not None
    assert (score.sale, score.predicted) == (dec(10), dec(862)), "a roll sells nothing anew"
    assert (score.fees, score.funding) == (dec(4), dec(-3))
    assert score.basis == dec(-10), "20 above the coin when sold, 10 when bought back"
    assert score.slippage == dec(-10), "sold for 1 more than the mark"
    assert score.realised == dec(4) - 3 - 10 - 10 + score.margin


def test_a_dated_leg_whose_coin_had_no_price_told_leaves_no_score() -> None:
    plans = (
        dated_plan(1, "sell 10 dated BTC", mark="102", mid=None, table=TABLE),
        dated_plan(2, "buy 10 dated BTC reduce", mark="91", mid="90"),
        dated_plan(3, "sell 10 perp BTC", mark="92", mid="90"),
    )
    assert scored(LIFE, *plans) == [None, None]


def test_a_hedge_that_is_rolled_in_part_waits_for_its_score() -> None:
    part = record_of(
        "open one 10 @ 100", "close one 4 @ 100 for roll", "open one 4 @ 100 for roll in far"
    )
    closed = record_of(
        "open one 10 @ 100",
        "close one 4 @ 100 for roll",
        "open one 4 @ 100 for roll in far",
        "close one 4 @ 100 in far",
    )
    assert scored(part, planned(1, OPENING, part)) == [None, None]
    lines = {d.plan_digest: d.line for d in closed.declared}
    moves = tuple(
        plan(DATED_SEEN, leg, hedging=(lines[f"{n:064x}"],), mids={BTC: dec(100)})
        for n, leg in ((2, "buy 4 perp BTC reduce"), (3, "sell 4 dated BTC"))
    )
    told = scored(closed, planned(1, OPENING, closed), *moves)
    assert told == [None, None], "6 are still short"
