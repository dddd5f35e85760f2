"""The search for an order, with judges that say plainly what they allow."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from tests.builders import account, plan
from trimtab.domain.hedges import DriftBack, HedgeCause, HedgeId, HedgeLine, HedgeOrigin
from trimtab.domain.plan import Plan
from trimtab.planning.order import TRIES_MAX, Judge, Lines, Step, safe_order

RICH = account("USDT 50000, BTC 1 @ 60000, ETH 10 @ 3000, perp BTC -0.5, wallet 90000")
PAIR = ("sell 0.02 BTC", "buy 0.02 perp BTC reduce")
SMALL = Decimal(300)


def before(*pairs: tuple[int, int]) -> Judge:
    """Return a judge that wants some lines to have ended before others begin."""
    return lambda _: lambda gone, here: all(a in gone for a, b in pairs if b in here)


def laid_out(found: Plan) -> list[tuple[int, int, str]]:
    """Return stage, line and market of every line."""
    lines = [(g.stage, g.line, f"{g.side.value} {g.symbol}") for g in found.legs]
    lines += [(t.stage, t.line, f"move {t.asset}") for t in found.transfers]
    return sorted(lines)


def test_the_usual_order_is_kept_as_far_as_the_judge_allows() -> None:
    usual = plan(RICH, "sell 0.01 BTC", "sell 1 ETH", "then move 500 in", "then sell 0.01 perp BTC")
    found = safe_order(usual, before((3, 1)), slice_max=SMALL)
    assert found is not None
    assert found.plan is not None
    assert laid_out(found.plan) == [
        (1, 1, "sell ETH/USDT"),
        (2, 2, "move USDT"),
        (3, 3, "sell BTC/USDT"),
        (4, 4, "sell BTC/USDT:USDT"),
    ]
    assert (found.slices, found.tried_all) == (1, True)


def test_lines_of_one_usual_stage_go_together_again_and_transfers_stay_alone() -> None:
    usual = plan(RICH, "sell 0.01 BTC", "sell 1 ETH", "then move 500 in", "then buy 0.1 ETH")
    found = safe_order(usual, before((3, 1), (3, 2)), slice_max=SMALL)
    assert found is not None
    assert found.plan is not None
    assert [each[0] for each in laid_out(found.plan)] == [1, 2, 2, 3]


def test_a_thousand_slices_are_walked_through() -> None:
    names = [f"C{n}" for n in range(10)]
    parts = ", ".join(f"{name} 1 @ 1000, perp {name} -1" for name in names)
    many = account(f"USDT 0, wallet 90000, {parts}")
    pairs = [line for a in names for line in (f"sell 1 {a}", f"buy 1 perp {a} reduce")]
    usual = plan(many, *pairs)
    found = safe_order(
        usual, lambda each: None if each == usual else before()(each), slice_max=Decimal(20)
    )
    assert found is not None
    assert found.plan is not None
    assert (found.slices, len(found.plan.legs)) == (50, 1_000)


def test_what_no_order_can_help_is_told_from_what_no_order_was_found_for() -> None:
    usual = plan(RICH, "sell 0.01 BTC", "then buy 1 ETH")
    assert safe_order(usual, lambda _: None, slice_max=SMALL) is None
    found = safe_order(usual, before((1, 2), (2, 1)), slice_max=SMALL)
    assert found is not None
    assert (found.plan, found.tried_all) == (None, True)


def test_a_search_that_is_cut_short_says_so() -> None:
    legs = [f"sell 0.0{n} {kind}" for n in range(1, 9) for kind in ("BTC", "ETH")]
    many = plan(RICH, legs[0], *(f"then {leg}" for leg in legs[1:]))
    tries = 0

    def last(*, gone: Lines, here: Lines) -> bool:
        """Allow everything but the last line."""
        nonlocal tries
        tries += 1
        return here != {16} and bool(gone | here)

    found = safe_order(many, lambda _: last, slice_max=SMALL)
    assert found is not None
    assert (found.plan, found.tried_all, tries) == (None, False, TRIES_MAX)


def line_of(line: int) -> HedgeLine:
    """Return that a line buys a hedge back."""
    btc, contract = RICH.instruments["BTC/USDT:USDT"].base, "BTC/USDT:USDT"
    return HedgeLine(
        line=line,
        hedge_id=HedgeId("btc-000001"),
        asset=btc,
        symbol=RICH.instruments[contract].symbol,
        origin=HedgeOrigin.DRIFT,
        cause=HedgeCause.BY_HAND,
        drift_back=DriftBack.BAND,
        beside=Decimal(0),
    )


def in_turns(found: Plan) -> Judge:
    """Return a judge that never lets one side of BTC get further ahead than a slice."""

    def judge(cut: Plan) -> Step | None:
        sizes = {g.line: g.lots if g.instrument.base == "BTC" else 0 for g in cut.legs}
        return lambda gone, here: abs(sum(sizes.get(n, 0) for n in gone | here)) <= 50

    assert found.legs
    return judge


def test_a_pair_goes_in_slices_that_keep_amounts_costs_and_declarations() -> None:
    usual = plan(RICH, *PAIR, "then move 500 in", "then buy 1 ETH", hedging=(line_of(2),))
    costly = tuple(replace(g, expected_cost=Decimal(1)) for g in usual.legs)
    usual = replace(usual, legs=costly)
    found = safe_order(usual, in_turns(usual), slice_max=SMALL)
    assert found is not None
    assert found.plan is not None
    assert found.slices == 4
    sells = [g for g in found.plan.legs if g.symbol == "BTC/USDT"]
    buys = [g for g in found.plan.legs if g.symbol == "BTC/USDT:USDT"]
    assert [g.lots for g in sells] == [-50] * 4
    assert [g.lots for g in buys] == [50] * 4
    assert sum(g.expected_cost for g in sells) == 1
    assert [h.line for h in found.plan.hedging] == [g.line for g in buys]
    assert [g.line for g in found.plan.legs] == [1, 2, 3, 4, 5, 6, 7, 8, 10]
    assert [t.line for t in found.plan.transfers] == [9]


def test_slices_of_uneven_legs_differ_by_a_lot_and_none_is_empty() -> None:
    usual = plan(RICH, "sell 0.0203 BTC", "buy 0.0002 perp BTC reduce")

    def judge(cut: Plan) -> Step | None:
        """Pass slices alone."""
        return lambda gone, here: bool(gone | here) and len(cut.legs) > 2

    found = safe_order(usual, judge, slice_max=SMALL)
    assert found is not None
    assert found.plan is not None
    assert found.slices == 5
    sizes = sorted(-g.lots for g in found.plan.legs if g.lots < 0)
    assert sum(sizes) == 203
    assert sizes[-1] - sizes[0] <= 1
    assert [g.lots for g in found.plan.legs if g.lots > 0] == [1, 1]
    stages = [g.stage for g in found.plan.legs]
    assert all(b - a in (0, 1) for a, b in pairwise(stages))


def test_legs_without_a_contract_and_lots_beyond_a_slice_are_not_cut() -> None:
    never: Judge = before((1, 2), (2, 1))
    for texts, most in (
        (("sell 0.02 BTC", "then buy 0.02 BTC"), SMALL),
        (PAIR, Decimal(5)),
        (PAIR, Decimal(20)),
    ):
        judged: list[int] = []

        def judge(cut: Plan, seen: list[int] = judged) -> Step | None:
            """Note how many lines each plan has."""
            seen.append(len(cut.legs))
            return never(cut)

        found = safe_order(plan(RICH, *texts), judge, slice_max=most)
        assert found is not None
        assert found.plan is None
        assert judged == [2]
