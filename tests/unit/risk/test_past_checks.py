"""Checks of losses, of repetition and of terms: each passes at its limit and refuses beyond it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import NOW, account, contract, legs_of, limits, policy, swap
from tests.unit.risk.cases import CALM, ask, context, found, mark, record, unknown, verdict
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol
from trimtab.domain.orders import OrderRecord, OrderState
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.plan import Drift
from trimtab.domain.snapshot import Book, Level, PriceBand, Snapshot

BTC = Symbol("BTC/USDT")
BTC_PERP = Symbol("BTC/USDT:USDT")
SELL, BUY = "sell 0.01 BTC", "buy 0.01 BTC"


def sent(
    leg: str = SELL, *, seconds: float = 0, state: OrderState = OrderState.FILLED, **facts: Any
) -> OrderRecord:
    """Return an order of another plan for *leg*, begun some *seconds* ago."""
    (wanted,) = legs_of(account(CALM), leg)
    done = wanted.lots if state is OrderState.FILLED else Lots(0)
    fields = {"state": state, "executed_lots": done, "filled_lots": done} | facts
    begun_at = NOW - timedelta(seconds=seconds)
    return dataclasses.replace(unknown(wanted), submitted_at=begun_at, **fields)


def looked_back(leg: str, *, limit: dict[str, Any] | None = None, **past: Any) -> GateReport:
    """Ask the gate about *leg* of a calm account with that past."""
    rules = policy(limits=limits(**limit or {}))
    return ask(account(CALM), leg, rules=rules, facts=context(record=record(**past)))


def in_market(leg: str, *, limit: dict[str, Any] | None = None, **markets: Any) -> GateReport:
    """Ask the gate about *leg* where *markets* are otherwise."""
    return ask(account(CALM, **markets), leg, rules=policy(limits=limits(**limit or {})))


def two_levels(bid: str, ask_price: str, quantity: str = "10") -> dict[Symbol, Book]:
    """Return a book of BTC with one level on each side."""
    levels = [Level(price=Decimal(p), quantity=Decimal(quantity)) for p in (bid, ask_price)]
    return {BTC: Book(bids=(levels[0],), asks=(levels[1],), read_at=NOW)}


def banded(**edges: str) -> dict[Symbol, PriceBand]:
    """Return the band of BTC with some edges replaced."""
    edge = {"buy_low": "0.2", "buy_high": "5", "sell_low": "0.2", "sell_high": "5"} | edges
    return {BTC: PriceBand(**{name: Decimal(value) for name, value in edge.items()})}


def test_a_price_band_is_told_without_the_zeros_that_a_venue_writes_behind_it() -> None:
    report = in_market(SELL, price_bands=banded(sell_low="0.20000000", sell_high="5.0000"))
    assert found(report, "price_band").limit == "0.2 to 5"


def perpetual(**facts: Any) -> Snapshot:
    """Return the calm account, its perpetual in BTC with some facts replaced."""
    return account(CALM, contracts={BTC_PERP: contract("60600", index=Decimal(60_600), **facts)})


def ending(**left: float) -> dict[Symbol, Instrument]:
    """Return a perpetual in BTC that is delisted in a while."""
    return {BTC_PERP: swap("BTC", expires_at=NOW + timedelta(**left))}


def aimed(**targets: str) -> tuple[Drift, ...]:
    """Return the drift of a plan with these effective targets."""
    return tuple(
        Drift(
            asset=Asset(asset),
            spot_weight=Decimal(0),
            net_weight=Decimal(0),
            strategic_target=Decimal(target),
            target=Decimal(target),
            drift=Decimal(0),
            band_low=Decimal(0),
            band_high=Decimal(1),
            breached=False,
            alert_low=None,
            alert_high=None,
            trigger_low=None,
            trigger_high=None,
        )
        for asset, target in targets.items()
    )


def retargeted(before: dict[str, str], **now: str) -> GateReport:
    """Ask the gate about a plan whose targets are not those of the plan before."""
    known = {Asset(asset): Decimal(target) for asset, target in before.items()}
    facts = context(record=record(targets=known))
    return ask(account(CALM), SELL, facts=facts, drift=aimed(**now))


def turned(limit: str, *legs: str, spent: int = 0) -> GateReport:
    """Ask about legs of an account that is worth 19,000, after *spent* in this run."""
    facts = context(run_notional={BTC: Decimal(spent)})
    return ask(account(CALM), *legs, rules=policy(limits=limits(max_turnover=limit)), facts=facts)


def refusals(count: int, **past: Any) -> dict[str, Any]:
    """Return a past with so many orders refused by the venue."""
    return {"sent": tuple(sent(state=OrderState.REFUSED) for _ in range(count))} | past


DAY = 86_400
YEAR_END = NOW - timedelta(days=100)
ROWS: list[tuple[str, Callable[[], GateReport], Callable[[], GateReport]]] = [
    (
        "symbols",
        lambda: looked_back(BUY, limit={"symbols": (BTC,)}),
        lambda: looked_back("buy 0.1 ETH", limit={"symbols": (BTC,)}),
    ),
    (
        "max_daily_loss",
        lambda: looked_back(BUY, marks=(mark("1", hours=24),), mark=mark("0.8", high="1")),
        lambda: looked_back(BUY, marks=(mark("1", hours=24),), mark=mark("0.7999", high="1")),
    ),
    (
        "max_drawdown",
        lambda: looked_back(BUY, mark=mark("0.7", high="1")),
        lambda: looked_back(BUY, mark=mark("0.6999", high="1")),
    ),
    (
        "max_nav_jump",
        lambda: looked_back(BUY, marks=(mark("1", hours=24),), mark=mark("1.3")),
        lambda: looked_back(BUY, marks=(mark("1", hours=24),), mark=mark("1.3001")),
    ),
    (
        "max_nav_jump",
        lambda: looked_back(BUY, marks=(mark("1", hours=1),), mark=mark("0.7", high="1")),
        lambda: looked_back(BUY, marks=(mark("1", hours=1),), mark=mark("0.6999", high="1")),
    ),
    (
        "max_rejects",
        lambda: looked_back(BUY, limit={"max_rejects": 3}, **refusals(2)),
        lambda: looked_back(BUY, limit={"max_rejects": 3}, **refusals(3)),
    ),
    (
        "statement_age",
        lambda: looked_back(BUY, statement_at=YEAR_END),
        lambda: looked_back(BUY, statement_at=YEAR_END - timedelta(microseconds=1)),
    ),
    (
        "max_minute_orders",
        lambda: looked_back("buy 0.1 ETH", limit={"max_minute_orders": 2}, sent=(sent(),)),
        lambda: looked_back(
            "buy 0.1 ETH", limit={"max_minute_orders": 2}, sent=(sent(), sent(seconds=60))
        ),
    ),
    (
        "max_day_orders",
        lambda: looked_back("buy 0.1 ETH", limit={"max_day_orders": 2}, sent=(sent(),)),
        lambda: looked_back(
            "buy 0.1 ETH", limit={"max_day_orders": 2}, sent=(sent(), sent(seconds=DAY))
        ),
    ),
    (
        "duplicate_intent",
        lambda: looked_back(SELL, sent=(sent(seconds=300),)),
        lambda: looked_back(SELL, sent=(sent(seconds=299.999),)),
    ),
    (
        "max_spread_bps",
        lambda: in_market(SELL, books=two_levels("59850", "60150")),
        lambda: in_market(SELL, books=two_levels("59849.99", "60150")),
    ),
    (
        "max_depth_share",
        lambda: in_market(SELL, books=two_levels("59990", "60010", "0.04")),
        lambda: in_market(SELL, books=two_levels("59990", "60010", "0.0399")),
    ),
    (
        "max_depth_share",
        lambda: in_market(SELL, books=two_levels("59820", "60180")),
        lambda: in_market(SELL, books=two_levels("59819.99", "60180.01")),
    ),
    (
        "price_band",
        lambda: in_market(f"{SELL} @ 59880", price_bands=banded(sell_low="0.998")),
        lambda: in_market(f"{SELL} @ 59880", price_bands=banded(sell_low="0.9981")),
    ),
    (
        "price_band",
        lambda: in_market(f"{BUY} @ 60120", price_bands=banded(buy_high="1.002")),
        lambda: in_market(f"{BUY} @ 60120", price_bands=banded(buy_high="1.0019")),
    ),
    (
        "max_funding_bps",
        lambda: ask(perpetual(funding_rate=Decimal("-0.001")), "sell 0.01 perp BTC"),
        lambda: ask(perpetual(funding_rate=Decimal("-0.00101")), "sell 0.01 perp BTC"),
    ),
    (
        "max_funding_bps",
        lambda: ask(perpetual(funding_rate=Decimal("-0.01")), "buy 0.01 perp BTC"),
        lambda: ask(perpetual(funding_rate=Decimal("0.01")), "buy 0.01 perp BTC"),
    ),
    (
        "max_basis_bps",
        lambda: in_market(
            "sell 0.01 perp BTC", contracts={BTC_PERP: contract(60_600, index=Decimal(60_000))}
        ),
        lambda: in_market(
            "sell 0.01 perp BTC", contracts={BTC_PERP: contract(59_399, index=Decimal(60_000))}
        ),
    ),
    (
        "min_expiry_days",
        lambda: in_market("sell 0.01 perp BTC", instruments=ending(days=7)),
        lambda: in_market("sell 0.01 perp BTC", instruments=ending(days=7, microseconds=-1)),
    ),
    (
        "max_turnover",
        lambda: turned("0.1578947368421052632", "buy 1 ETH"),
        lambda: turned("0.15789", "buy 1 ETH"),
    ),
    (
        "max_turnover",
        lambda: turned("0.25", "buy 1 ETH", spent=1_750),
        lambda: turned("0.25", "buy 1 ETH", spent=1_751),
    ),
    (
        "max_target_move",
        lambda: retargeted({"BTC": "0.5", "ETH": "0.3"}, BTC="0.8", ETH="0"),
        lambda: retargeted({"BTC": "0.5", "ETH": "0.3"}, BTC="0.8001", ETH="0.3"),
    ),
    (
        "max_target_move",
        lambda: retargeted({"BTC": "0.5"}, BTC="0.5", ETH="0.3"),
        lambda: retargeted({"BTC": "0.5", "ETH": "0.3001"}, BTC="0.5"),
    ),
]


@pytest.mark.parametrize(("code", "within", "beyond"), ROWS, ids=[row[0] for row in ROWS])
def test_at_its_limit_a_check_passes_and_beyond_it_refuses_with_what_to_do(
    code: str, within: Callable[[], GateReport], beyond: Callable[[], GateReport]
) -> None:
    assert verdict(within(), code) == "pass"
    refusal = found(beyond(), code)
    assert refusal.verdict == "refuse"
    assert refusal.measured is not None
    assert refusal.reason is not None
    assert refusal.reason.endswith(".")


# Losses and the latch


LOST = (
    {"mark": mark("0.6", high="1")},
    {"marks": (mark("1", hours=1),), "mark": mark("0.75", high="1")},
    {"reducing": "risk.max_daily_loss: NAV lost 0.25, the limit is 0.20"},
    refusals(200),
)
CODES = ("max_drawdown", "max_daily_loss", "reducing", "max_rejects")


@pytest.mark.parametrize(("past", "code"), [*zip(LOST, CODES, strict=True)], ids=CODES)
def test_beyond_a_loss_reductions_pass_with_a_warning_that_names_the_release(
    past: dict[str, Any], code: str
) -> None:
    finding = found(looked_back(SELL, **past), code)
    assert finding.verdict == "warn"
    assert "only reductions pass" in (finding.reason or "")
    assert "trimtab unhalt" in (finding.reason or "")
    assert found(looked_back(BUY, **past), code).verdict == "refuse"


def test_a_loss_that_is_older_than_a_day_counts_in_the_drawdown_alone() -> None:
    old = looked_back(BUY, marks=(mark("1", hours=25),), mark=mark("0.6", high="1"))
    assert (verdict(old, "max_daily_loss"), verdict(old, "max_drawdown")) == ("pass", "refuse")
    assert found(old, "max_drawdown").measured == "0.4"


def test_a_jump_is_held_against_a_look_of_the_last_day_that_no_statement_followed() -> None:
    before = (mark("1", hours=24),)
    told = looked_back(BUY, marks=before, mark=mark("2"), statement_at=before[0].taken_at)
    older = looked_back(BUY, marks=(mark("1", hours=25),), mark=mark("2"))
    first = looked_back(BUY, mark=mark("2"))
    for report in (told, older, first):
        assert (verdict(report, "max_nav_jump"), found(report, "max_nav_jump").measured) == (
            "pass",
            "0",
        )
    earlier = before[0].taken_at - timedelta(seconds=1)
    stale = looked_back(BUY, marks=before, mark=mark("2"), statement_at=earlier)
    assert verdict(stale, "max_nav_jump") == "refuse"


def test_what_could_not_be_compared_refuses_every_limit_on_losses_and_says_why() -> None:
    report = looked_back(SELL, mark=None, mark_fault="ETH has no price any more; read again")
    for code in ("max_daily_loss", "max_drawdown", "max_nav_jump"):
        assert found(report, code).verdict == "refuse"
        assert found(report, code).measured is None
        assert found(report, code).reason == "unmeasured: ETH has no price any more; read again."


def test_refused_orders_from_before_the_last_release_do_not_count() -> None:
    released = {"released_at": NOW, "limit": {"max_rejects": 1}}
    assert verdict(looked_back(BUY, **refusals(5), **released), "max_rejects") == "pass"
    earlier = NOW - timedelta(seconds=1)
    assert (
        verdict(
            looked_back(BUY, limit={"max_rejects": 1}, **refusals(1), released_at=earlier),
            "max_rejects",
        )
        == "refuse"
    )


# Reductions and pairs


PAIRED = "USDT 5000, BTC 0.1 @ 60000, ETH 1 @ 3000, perp BTC -0.02, wallet 5000"


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        (("sell 0.01 BTC", "buy 0.01 perp BTC reduce"), "warn"),
        (("sell 0.01 BTC", "buy 0.0101 perp BTC reduce"), "warn"),
        (("sell 0.01 BTC", "buy 0.0102 perp BTC reduce"), "refuse"),
        (("sell 0.0102 BTC", "buy 0.01 perp BTC reduce"), "refuse"),
        (("sell 0.01 BTC", "then buy 0.01 perp BTC reduce"), "refuse"),
        (("buy 0.01 BTC", "sell 0.01 perp BTC"), "refuse"),
        (("buy 0.01 perp BTC reduce",), "refuse"),
        (("sell 0.02 BTC", "buy 0.021 perp BTC"), "refuse"),
    ],
)
def test_while_reducing_a_paired_unwind_passes_and_half_of_one_does_not(
    legs: tuple[str, ...], expected: str
) -> None:
    latched = context(record=record(reducing="a loss"))
    assert verdict(ask(account(PAIRED), *legs, facts=latched), "reducing") == expected
    lost = context(record=record(mark=mark("0.6", high="1")))
    assert verdict(ask(account(PAIRED), *legs, facts=lost), "max_drawdown") == expected


def test_a_pair_sells_no_more_coins_than_are_free() -> None:
    latched = context(record=record(reducing="a loss"))
    held = account("USDT 500, BTC 0.005 locked 0.02 @ 60000, perp BTC -0.02, wallet 5000")
    legs = ("sell 0.01 BTC", "buy 0.01 perp BTC reduce")
    assert verdict(ask(held, *legs, facts=latched), "reducing") == "refuse"


def test_a_halted_account_lets_no_pair_through() -> None:
    halted = context(halt_reason="by hand")
    pair = ask(account(PAIRED), "sell 0.01 BTC", "buy 0.01 perp BTC reduce", facts=halted)
    assert verdict(pair, "kill_switch") == "refuse"


STRADDLE = "USDT 5000, BTC 1 @ 60000, ETH 0 @ 3000, perp BTC -0.1, perp ETH 2, wallet 9000"
"""A long in ether stands in the same futures wallet against a short in bitcoin."""


@pytest.mark.parametrize(
    "facts",
    [context(halt_reason="by hand"), context(record=record(reducing="a loss"))],
    ids=["halted", "reducing"],
)
def test_closing_what_stood_against_another_position_of_the_wallet_is_no_reduction(
    facts: Any,
) -> None:
    code = "kill_switch" if facts.halt_reason else "reducing"
    finding = found(ask(account(STRADDLE), "sell 1 perp ETH reduce", facts=facts), code)
    assert finding.verdict == "refuse"
    assert "leaves its futures wallet less" in (finding.reason or "")
    alone = account(STRADDLE.replace("perp BTC -0.1, ", ""))
    assert verdict(ask(alone, "sell 1 perp ETH reduce", facts=facts), code) == "warn"
    coins = ask(account(STRADDLE), "sell 0.01 BTC", facts=facts)
    assert verdict(coins, code) == "warn"


# Repetition


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (sent(), "refuse"),
        (sent(state=OrderState.UNKNOWN), "refuse"),
        (sent(state=OrderState.EXPIRED, executed_lots=Lots(-1)), "refuse"),
        (sent(state=OrderState.EXPIRED), "pass"),
        (sent(state=OrderState.ABSENT), "pass"),
        (sent("buy 0.01 BTC"), "pass"),
        (sent("sell 0.0101 BTC"), "pass"),
        (sent("sell 0.01 perp BTC"), "pass"),
        (sent("sell 0.01 BTC @ 59581.2"), "refuse"),
        (sent("sell 0.01 BTC @ 59580"), "pass"),
    ],
)
def test_a_twin_has_market_side_size_and_about_the_price_and_may_have_been_executed(
    order: OrderRecord, expected: str
) -> None:
    assert verdict(looked_back("sell 0.01 BTC @ 59880", sent=(order,)), "duplicate_intent") == (
        expected
    )


def test_an_order_of_the_run_itself_or_from_before_the_statement_is_no_twin() -> None:
    own = sent()
    mine = looked_back(SELL, sent=(own,), own_plan=own.intent.plan_digest)
    assert verdict(mine, "duplicate_intent") == "pass"
    since = looked_back(SELL, sent=(sent(seconds=10),), statement_at=NOW - timedelta(seconds=5))
    assert verdict(since, "duplicate_intent") == "pass"
    clocks = looked_back(SELL, sent=(sent(seconds=5),), statement_at=NOW - timedelta(seconds=5))
    assert verdict(clocks, "duplicate_intent") == "refuse"
    assert "u1" in (found(clocks, "duplicate_intent").reason or "")


# Terms


def test_what_only_reduces_a_position_answers_to_no_terms_of_opening() -> None:
    dear = contract(60_000, index=Decimal(50_000), funding_rate=Decimal("0.05"))
    soon = {BTC_PERP: swap("BTC", expires_at=NOW + timedelta(hours=1))}
    held = account(
        "USDT 5000, BTC 0.1 @ 60000, perp BTC 0.02, wallet 5000",
        contracts={BTC_PERP: dear},
        instruments=soon,
    )
    report = ask(held, "sell 0.01 perp BTC reduce")
    codes = ("max_funding_bps", "max_basis_bps", "min_expiry_days")
    assert [verdict(report, code) for code in codes] == ["pass"] * 3


def test_a_dated_contract_is_held_to_its_own_delivery() -> None:
    late = account("USDT 5000, BTC 0.1 @ 60000, dated BTC at 60100, wallet 5000")
    report = ask(late, "sell 0.01 dated BTC")
    assert found(report, "min_expiry_days").measured == "34.833333"  # EXPIRY less NOW.
    assert verdict(report, "min_expiry_days") == "pass"


def test_a_book_without_depth_within_the_slippage_bound_is_taken_up_whole() -> None:
    report = in_market(SELL, books=two_levels("59000", "61000"))
    assert found(report, "max_depth_share").measured == "Infinity"


def test_earlier_legs_of_the_stage_take_from_the_book_first() -> None:
    thin = account(CALM, books=two_levels("59990", "60010", "0.06"))
    report = ask(thin, "sell 0.01 BTC", "sell 0.01 BTC")
    assert (found(report, "max_depth_share").subject, verdict(report, "max_depth_share")) == (
        "leg 2",
        "refuse",
    )


def test_without_an_earlier_plan_or_any_target_a_move_is_told_apart() -> None:
    first = looked_back(SELL)
    assert found(first, "max_target_move").measured == "no plan was executed yet"
    assert verdict(retargeted({}), "max_target_move") == "refuse"


def test_what_is_short_by_hand_is_no_move_of_a_target() -> None:
    usdt = Asset("USDT")
    overlay = Overlay(
        overlay_id="btc-1",
        kind=OverlayKind.HEDGE,
        reason="0.4 BTC short by hand",
        until="by hand",
        shift={Asset("BTC"): Decimal("-0.4"), usdt: Decimal("0.4")},
    )
    facts = context(record=record(targets={Asset("BTC"): Decimal("0.5"), usdt: Decimal("0.5")}))
    drift = aimed(BTC="0.1", USDT="0.9")
    hedged = ask(account(CALM), SELL, facts=facts, drift=drift, overlays=(overlay,))
    assert found(hedged, "max_target_move").measured == "0"
    bare = ask(account(CALM), SELL, facts=facts, drift=drift)
    assert verdict(bare, "max_target_move") == "refuse"


def test_turnover_of_an_account_that_is_worth_nothing_is_not_measured() -> None:
    broke = account("USDT 10, BTC 0 @ 60000, ETH 0 @ 3000, perp BTC -0.01 from 30000, wallet 100")
    report = ask(broke, "buy 0.002 ETH")
    assert found(report, "max_turnover").measured is None
    assert verdict(report, "max_turnover") == "refuse"
    assert verdict(turned("0", SELL), "max_turnover") == "pass"
