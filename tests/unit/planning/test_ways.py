"""Mixed and auto routes: how a drift is split between coin and contract, and what it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import (
    AUTO,
    LIMITS,
    NOW,
    account,
    book,
    contract,
    dated,
    dec,
    occasion,
    policy,
    spot,
)
from tests.builders import swap as perpetual
from tests.hedge_cases import hedges
from trimtab.domain.contracts import Contract
from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import shown
from trimtab.domain.history import FundingSettlement, History
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import Plan
from trimtab.domain.policy import DriftSide, Policy, Route, Threshold
from trimtab.domain.routing import (
    AutoPolicy,
    FuturesCheaper,
    RateBasis,
    RouteReason,
    RouteTable,
    Share,
    Way,
)
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import UrgencyPolicy, UrgentAction
from trimtab.planning.compose import make_plan
from trimtab.planning.route_costs import settlements
from trimtab.planning.splits import Cover, Split, split_of

FINE = {"lot_size": dec("0.000001"), "notional_min": dec(0), "lots_max": 10**15}
CALM = UrgencyPolicy(
    leverage=UrgentAction.OFF,
    leverage_early=dec(0),
    margin=UrgentAction.OFF,
    margin_early=dec(0),
    liquidation=UrgentAction.OFF,
    liquidation_early=dec(0),
    expiry="off",
    expiry_days=0,
    drawdown=UrgentAction.OFF,
    drawdown_early=dec(0),
    drawdown_leverage=dec(1),
    tempos={},
)
ROOMY = replace(LIMITS, max_slippage_bps=dec(0), fee_reserve=dec(0))
FIVE_SIXTHS = Share(numerator=5, denominator=6)
BTC, PERP = Asset("BTC"), Symbol("BTC/USDT:USDT")


def market(text: str, *, fee: str = "0", rate: str = "0", half_spread: str = "0.00001") -> Snapshot:
    """Return an account whose coins have fine lots, one fee, one spread and one funding rate."""
    assets = {w[0]: w[-1] for w in (i.split() for i in text.split(", ")) if "@" in w}
    instruments, books, contracts = {}, {}, {}
    for asset, mid in assets.items():
        for made in (spot, perpetual):
            listed = made(asset, **FINE, taker_fee=dec(fee))
            instruments[listed.symbol] = listed
            books[listed.symbol] = book(mid, half_spread_bps=half_spread, depth=10**9)
        contracts[listed.symbol] = contract(mid, funding_rate=dec(rate))
    return account(text, instruments=instruments, books=books, contracts=contracts)


def rules(targets: str, route: Route, *, auto: AutoPolicy = AUTO, **wishes: object) -> Policy:
    return policy(targets, limits=ROOMY, urgency=CALM, auto=auto, route=route, **wishes)


def values(plan: Plan) -> dict[str, str]:
    """Signed whole quote units by market."""
    return {leg.symbol: shown(leg.instrument.units(leg.lots) * leg.mark, 0) for leg in plan.legs}


def table_of(
    snapshot: Snapshot,
    wishes: Policy,
    *,
    history: History | None = None,
    seen: Occasion | None = None,
) -> RouteTable:
    [choice] = make_plan(snapshot, wishes, seen or occasion(history=history)).routes
    assert choice.table is not None
    return choice.table


G8B = "BTC 0.03 @ 100000, ETH 0.75 @ 4000, ALT 8000 @ 1"


def test_g8b_sells_five_sixths_of_an_overweight_and_hedges_the_rest_at_the_ratio() -> None:
    wishes = rules(
        "BTC 0.3, ETH 0.3, ALT 0.4",
        Route.MIXED,
        spot_fraction=FIVE_SIXTHS,
        side=DriftSide.OVERWEIGHT,
        threshold=Threshold(width=dec("0.15"), relative=False),
        hedge={"ratio": dec("0.5")},
    )
    plan = make_plan(market(G8B), wishes, occasion())
    assert values(plan) == {"ALT/USDT": "-2000", "ALT/USDT:USDT": "-200"}
    [choice] = plan.routes
    assert (choice.route, choice.reason, choice.table) == ("mixed", RouteReason.CONFIGURED, None)


def test_what_is_lacking_is_bought_by_spot_on_a_mixed_route() -> None:
    short_of = market("BTC 0.03 @ 100000, USDT 7000")
    plan = make_plan(short_of, rules("BTC 0.5, USDT 0.5", Route.MIXED), occasion())
    assert values(plan) == {"BTC/USDT": "2000"}


def cover(short: int, most: int) -> Cover:
    return Cover(short=dec(short), most=dec(most))


def split(over: int, covered: Cover, *, share: Share, ratio: str, most: str = "1") -> Split:
    hedge = replace(policy().hedge, ratio=dec(ratio), max_ratio=dec(most))
    return split_of(dec(over), covered, way=Way(spot=share, tolerance=dec(0)), hedge=hedge)


def parts(found: Split) -> tuple[int, int, int]:
    return int(found.sold), int(found.hedged), int(found.accepted)


def test_what_a_short_covers_already_is_let_be() -> None:
    half = Share(numerator=1, denominator=2)
    assert parts(split(1000, cover(0, 5000), share=half, ratio="0.5")) == (500, 250, 250)
    assert parts(split(500, cover(250, 4500), share=half, ratio="0.5")) == (0, 0, 250)
    assert parts(split(900, cover(250, 4500), share=half, ratio="0.5")) == (200, 100, 350)


def test_what_the_ceiling_on_hedges_cuts_is_sold() -> None:
    none = Share(numerator=0, denominator=1)
    found = split(1000, cover(0, 500), share=none, ratio="1", most="0.25")  # of 2000 held
    assert [shown(v, 2) for v in (found.sold, found.hedged)] == ["666.67", "333.33"]
    assert found.accepted == pytest.approx(Decimal(0), abs=Decimal("1e-20"))


def test_too_large_a_hedge_shrinks_and_nothing_is_sold() -> None:
    half = Share(numerator=1, denominator=2)
    assert parts(split(400, cover(300, 5000), share=half, ratio="0.5")) == (0, -100, 200)
    assert parts(split(-10, cover(300, 5000), share=half, ratio="0.5")) == (0, 0, 0)
    assert parts(split(400, cover(0, 5000), share=half, ratio="0")) == (200, 0, 200)


def test_a_rest_that_whole_orders_may_leave_is_let_be() -> None:
    way = Way(spot=Share(numerator=1, denominator=2), tolerance=dec(10))
    found = split_of(dec(209), cover(200, 5000), way=way, hedge=policy().hedge)
    assert parts(found) == (0, 0, 9)


def test_what_is_short_by_hand_covers_no_overweight_when_routes_are_weighed() -> None:
    wishes = rules("BTC 0.2, USDT 0.8", Route.AUTO, hedge={"ratio": dec("0.5")})
    mine = occasion(hedges=hedges("open mine 0.1 @ 10000 by hand"), slot_due=True)
    over = table_of(account("BTC 0.6 @ 10000, wallet 14000, perp BTC -0.1"), wishes, seen=mine)
    assert shown(over.spot.fee, 3) == "2.000", "a tenth of a percent of 2,000"
    lacks = account("BTC 0.3 @ 10000, USDT 3000, wallet 14000, perp BTC -0.1")
    assert shown(table_of(lacks, wishes, seen=mine).spot.fee, 3) == "1.000"


def test_what_is_by_hand_beyond_its_target_is_taken_off_a_mixed_overweight_once() -> None:
    wishes = rules("BTC 0.05, USDT 0.95", Route.MIXED, hedge={"ratio": dec("0.5")})
    mine, text = "open mine 0.1 @ 10000 by hand", "BTC 0.3 @ 10000, USDT 2000, wallet 5000"
    due = occasion(hedges=hedges(mine), slot_due=True)
    plan = make_plan(account(f"{text}, perp BTC -0.1"), wishes, due)
    assert values(plan) == {"BTC/USDT": "-1000", PERP: "-500"}
    text = "BTC 0.2 @ 10000, USDT 3000, wallet 5000"
    due = occasion(hedges=hedges(mine, "open drift 0.05 @ 10000"), slot_due=True)
    assert make_plan(account(f"{text}, perp BTC -0.15"), wishes, due).legs == ()


def test_a_share_says_itself_as_it_was_written() -> None:
    assert (FIVE_SIXTHS.text, Share(numerator=1, denominator=4).text) == ("5/6", "0.25")


OVER = "BTC 0.06 @ 100000, USDT 4000, wallet 4000"
"""BTC is 6,000 of 14,000 and should be 5,000: N = 1,000."""
TARGETS = "BTC 0.3571428571428571, USDT 0.6428571428571429"


def test_both_columns_are_those_of_the_formulas() -> None:
    auto = replace(
        AUTO,
        tax_rate=dec("0.25"),
        cost_basis={BTC: dec(60_000)},
        deferral=dec("0.5"),
        p_back=dec("0.75"),
        margin_rate=dec("0.073"),
        horizon_days=50,
        funding_days=0,
    )
    exactly_one = "BTC 0.02 @ 100000, USDT 500, wallet 1500"
    wishes = rules("BTC 0.25, USDT 0.75", Route.AUTO, auto=auto, threshold=NARROW, hedge=TWICE)
    found = table_of(market(exactly_one, fee="0.001", rate="0.0001", half_spread="2"), wishes)
    spot_column = [shown(v, 4) for v in (found.spot.fee, found.spot.half_spread, found.spot.tax)]
    assert spot_column == ["0.9998", "0.2000", "100.0000"]  # a quarter of 0.4 x 1,000
    futures = found.futures
    assert [shown(v, 4) for v in (futures.fee, futures.half_spread)] == ["1.9996", "0.4000"]
    assert found.settlements == 150
    assert shown(futures.funding, 4) == "-15.0000"  # a short receives 150 x 1 bp of 1,000
    assert shown(futures.margin, 4) == "5.0000"  # 500 x 7.3 % x 50 / 365
    assert shown(futures.tax, 4) == "50.0000"
    assert shown(futures.back, 4) == "0.3000"  # a quarter of the coin's 1.1998
    with_all = futures.fee + futures.half_spread + futures.impact + futures.tax
    assert futures.total == with_all + futures.funding + futures.margin + futures.back
    assert found.break_even_rate is not None
    at_even = futures.total - futures.funding - dec(1000) * 150 * found.break_even_rate
    assert shown(at_even - found.spot.total, 6) == "0.000000"


NARROW = Threshold(width=dec("0.01"), relative=False)
TWICE = {"leverage": 2}


def chosen(rate: str, *, fee: str = "0.001", text: str = OVER, **auto: object) -> Plan:
    weighed = replace(AUTO, funding_days=0, **auto)
    wishes = rules(TARGETS, Route.AUTO, auto=weighed, threshold=NARROW)
    return make_plan(market(text, fee=fee, rate=rate), wishes, occasion())


def test_the_cheaper_route_is_taken() -> None:
    paid = chosen("0.0001")
    assert list(values(paid)) == [PERP]
    charged = chosen("-0.0001")
    assert list(values(charged)) == ["BTC/USDT"]
    assert [c.route for c in (*paid.routes, *charged.routes)] == ["futures", "spot"]
    assert {c.reason for c in (*paid.routes, *charged.routes)} == {RouteReason.CHEAPER}


def test_what_no_funding_pays_for_goes_by_the_coin() -> None:
    assert [c.route for c in chosen("0", fee="0").routes] == ["spot"]


def test_a_buy_pays_the_funding_that_a_short_receives() -> None:
    lacking = "BTC 0.04 @ 100000, USDT 6000, wallet 4000"
    dear = chosen("0.0001", text=lacking).routes[0]
    assert dear.table is not None
    assert dear.table.futures.funding > 0
    assert dear.route == "spot"
    assert chosen("-0.0001", text=lacking).routes[0].route == "futures"


def test_a_rate_counts_up_to_the_venues_limit() -> None:
    table = chosen("0.05").routes[0].table
    assert table is not None
    assert table.rate == dec("0.003")


def test_break_even_days_say_before_after_always_or_never() -> None:
    def at(rate: str, **auto: object) -> tuple[FuturesCheaper, Decimal | None]:
        table = chosen(rate, **auto).routes[0].table
        assert table is not None
        return table.futures_cheaper, table.break_even_days

    kind, days = at("0.0001")
    assert kind is FuturesCheaper.AFTER
    assert days is not None
    assert 3 < days < 4
    assert at("-0.0001") == (FuturesCheaper.NEVER, None)
    taxed = {"tax_rate": dec("0.5"), "cost_basis": {BTC: dec(50_000)}}
    kind, days = at("-0.0001", **taxed)
    assert kind is FuturesCheaper.BEFORE
    assert days is not None
    assert 800 < days < 840
    assert at("0.0001", **taxed) == (FuturesCheaper.ALWAYS, None)
    assert at("0") == (FuturesCheaper.NEVER, None)


def test_a_loss_saves_tax_only_where_it_is_usable() -> None:
    bought_high = {"tax_rate": dec("0.5"), "cost_basis": {BTC: dec(150_000)}}
    plain = chosen("0", **bought_high).routes[0].table
    usable = chosen("0", losses_usable=True, **bought_high).routes[0].table
    assert plain is not None
    assert usable is not None
    assert (shown(plain.spot.tax, 0), shown(usable.spot.tax, 0)) == ("0", "-250")


def test_tax_without_a_cost_basis_is_refused_by_name() -> None:
    with pytest.raises(PlanningError, match=r"BTC: auto\.tax_rate is set"):
        chosen("0", tax_rate=dec("0.25"))


def test_realised_funding_goes_before_the_next_rate() -> None:
    past = tuple(
        FundingSettlement(settled_at=NOW - timedelta(hours=4 * k), rate=dec(rate))
        for k, rate in ((200, "0.01"), (2, "0.0002"), (1, "0.0004"))
    )
    history = History(until=NOW.date(), closes={}, funding={BTC: past})
    auto = replace(AUTO, funding_days=30)
    wishes = rules(TARGETS, Route.AUTO, auto=auto, threshold=NARROW)
    found = table_of(market(OVER, rate="-0.01"), wishes, history=history)
    assert (found.rate, found.rate_basis) == (dec("0.0003"), RateBasis.MEAN_REALISED)
    assert found.settlements == 540  # every four hours for ninety days
    assert wishes.past_needed.perpetuals == (BTC,)
    assert rules(TARGETS, Route.AUTO, auto=replace(AUTO, funding_days=0)).past_needed.is_empty


def test_one_settlement_tells_no_interval() -> None:
    one = (FundingSettlement(settled_at=NOW - timedelta(hours=4), rate=dec("0.0002")),)
    history = History(until=NOW.date(), closes={}, funding={BTC: one})
    wishes = rules(TARGETS, Route.AUTO, threshold=NARROW)
    assert table_of(market(OVER), wishes, history=history).settlements == 270


def test_without_a_contract_the_coin_is_traded() -> None:
    whole = market(OVER)
    bare = replace(whole, instruments={s: i for s, i in whole.instruments.items() if s != PERP})
    wishes = rules(TARGETS, Route.AUTO, threshold=NARROW)
    [choice] = make_plan(bare, wishes, occasion()).routes
    assert (choice.route, choice.reason) == ("spot", RouteReason.NO_CONTRACT)
    unread = replace(whole, books={s: b for s, b in whole.books.items() if s != PERP})
    [choice] = make_plan(unread, wishes, occasion()).routes
    assert choice.reason is RouteReason.NO_CONTRACT


def test_an_asset_on_its_target_has_no_choice_to_make() -> None:
    even = market("BTC 0.05 @ 100000, USDT 5000, wallet 4000")
    wishes = rules("BTC 0.5, USDT 0.5", Route.AUTO, threshold=NARROW)
    exact = market("BTC 0.05 @ 100000, USDT 5000")
    assert make_plan(exact, wishes, occasion()).routes == ()
    assert [c.route for c in make_plan(even, wishes, occasion()).routes] == ["spot"]


def test_a_dated_contract_beside_the_perpetual_counts_for_nothing_yet() -> None:
    two = market(OVER)
    listed = dated("BTC", **FINE)
    both = replace(two, instruments={**two.instruments, listed.symbol: listed})
    wishes = rules(TARGETS, Route.MIXED, threshold=NARROW)
    assert values(make_plan(both, wishes, occasion())) == values(make_plan(two, wishes, occasion()))


def test_a_route_that_splits_tells_no_trigger_prices() -> None:
    calm = market("BTC 0.05 @ 100000, USDT 5000, wallet 100")
    split = make_plan(calm, rules("BTC 0.5, USDT 0.5", Route.MIXED), occasion())
    plain = make_plan(calm, rules("BTC 0.5, USDT 0.5", Route.FUTURES), occasion())
    assert {d.trigger_high for d in split.drift} == {None}
    assert {d.trigger_high for d in plain.drift} != {None}


def test_settlements_are_counted_after_now_up_to_the_end() -> None:
    at = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert settlements(at, span=timedelta(days=1), hours=8) == 3
    assert settlements(at + timedelta(seconds=1), span=timedelta(days=1), hours=8) == 3
    assert settlements(at, span=timedelta(days=1), hours=1) == 24


DATED = Symbol("BTC/USDT:USDT-261225")
"""35 days from now, less four hours."""


def with_dated(text: str, *, price: str, fee: str = "0", rate: str = "0") -> Snapshot:
    """Return an account whose venue lists a dated contract of BTC at *price* too."""
    seen = market(text, fee=fee, rate=rate)
    listed = dated("BTC", **FINE, taker_fee=dec(fee))
    return replace(
        seen,
        instruments={**seen.instruments, listed.symbol: listed},
        books={**seen.books, listed.symbol: book(price, half_spread_bps="0.00001", depth=10**9)},
        contracts={**seen.contracts, listed.symbol: contract(price)},
    )


def auto_in(kind: Contract, *, days: int = 14) -> Policy:
    """Return an auto route whose hedges stand in contracts of a kind."""
    rule = replace(AUTO, horizon_days=days)
    return rules("BTC 0.5, USDT 0.5", Route.AUTO, auto=rule, hedge={"contract": kind})


def test_a_hedge_that_would_be_dated_is_weighed_by_its_premium() -> None:
    seen = with_dated("BTC 1 @ 50000, USDT 10000, wallet 20000", price="50500", rate="-0.001")
    plan = make_plan(seen, auto_in(Contract.DATED), occasion())
    [choice] = plan.routes
    table = choice.table
    assert table is not None
    assert (table.contract, table.rate_basis, table.settlements) == (DATED, RateBasis.PREMIUM, 1)
    # 1 % until its delivery in 34 days and 20 hours, of which the horizon earns 14 days.
    assert abs(table.rate - dec("0.01") * 14 / (dec(836) / 24)) < dec("1e-12")
    assert abs(table.futures.funding + 10_000 * table.rate) < dec("1e-9")
    assert table.crossings == 2
    assert choice.route == "futures"
    assert [leg.symbol for leg in plan.legs] == [DATED]
    assert abs(
        (table.break_even_rate or 0) * 10_000
        - (table.futures.total - table.futures.funding - table.spot.total)
    ) < dec("1e-9")


def test_a_discount_or_a_roll_may_make_the_sale_the_cheaper() -> None:
    text = "BTC 1 @ 50000, USDT 10000, wallet 20000"
    below = make_plan(with_dated(text, price="49500"), auto_in(Contract.DATED), occasion())
    assert [c.route for c in below.routes] == ["spot"]
    long = make_plan(
        with_dated(text, price="50010", fee="0.001"),
        auto_in(Contract.DATED, days=90),
        occasion(),
    )
    table = long.routes[0].table
    assert table is not None
    assert table.crossings == 6, "three contracts within 90 days, each in and out"
    assert long.routes[0].route == "spot"


def test_a_perpetual_is_weighed_where_the_hedge_would_be_one() -> None:
    text = "BTC 1 @ 50000, USDT 10000, wallet 20000"
    seen = with_dated(text, price="50500", rate="0.001")
    plain = make_plan(seen, auto_in(Contract.PERPETUAL), occasion()).routes[0].table
    best = make_plan(seen, auto_in(Contract.AUTO), occasion()).routes[0].table
    assert plain is not None
    assert best is not None
    assert (plain.contract, plain.rate_basis) == (PERP, RateBasis.CURRENT)
    assert best.contract == PERP, "it brings 10 bps three times a day"


def test_without_a_dated_contract_that_lasts_the_coin_is_sold() -> None:
    seen = market("BTC 1 @ 50000, USDT 10000, wallet 20000", rate="0.001")
    [choice] = make_plan(seen, auto_in(Contract.DATED), occasion()).routes
    assert (choice.route, choice.reason, choice.table) == ("spot", RouteReason.NO_CONTRACT, None)


def test_what_is_bought_is_weighed_in_the_perpetual() -> None:
    seen = with_dated("BTC 0.2 @ 50000, USDT 30000, wallet 20000", price="49000", rate="-0.001")
    [choice] = make_plan(seen, auto_in(Contract.DATED), occasion()).routes
    assert choice.table is not None
    assert choice.table.contract == PERP
