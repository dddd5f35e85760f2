"""Rules over every prefix: what may be spent, owed, shorted and exposed on the way."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tests.builders import account, contract, legs_of, limits, policy, sleeve, swap
from tests.unit.risk.cases import CALM, ask, context, found, refused, unknown, verdict, warned
from trimtab.domain.cross import CrossShort, Protection
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.snapshot import Snapshot

BTC = Symbol("BTC/USDT")
BTC_PERP = Symbol("BTC/USDT:USDT")
HEDGED = "USDT 5000, BTC 0.1 @ 60000, perp BTC -0.02, wallet 5000"
LOOSE = policy(
    limits=limits(
        max_order_notional="1e9",
        max_run_notional="1e9",
        max_day_notional="1e9",
        max_asset_notional="1e9",
        max_unhedged_notional="1e9",
        fee_reserve=0,
    )
)


def loose(**limit: str) -> object:
    """Return a policy whose caps on flow never bind, with some limits replaced."""
    return dataclasses.replace(
        LOOSE, limits=dataclasses.replace(LOOSE.limits, **{k: Decimal(v) for k, v in limit.items()})
    )


def test_a_buy_is_paid_at_its_limit_with_its_fee_and_leaves_the_reserve() -> None:
    rules = policy(limits=limits(fee_reserve="0.01"))
    cost = Decimal("0.01") * 60060 * Decimal("1.001")
    exact = account(f"USDT {cost / Decimal('0.99') + Decimal('1e-9'):.10f}, BTC @ 60000")
    short = account("USDT 607.2, BTC @ 60000")
    assert verdict(ask(exact, "buy 0.01 BTC @ 60060", rules=rules), "free_quote") == "pass"
    assert verdict(ask(short, "buy 0.01 BTC @ 60060", rules=rules), "free_quote") == "refuse"


def test_a_sell_of_the_same_stage_does_not_fund_a_buy_and_one_of_an_earlier_stage_does() -> None:
    poor = account("USDT 0, BTC 0.1 @ 60000, ETH 1 @ 3000")
    together = ask(poor, "sell 0.01 BTC", "buy 0.1 ETH")
    assert found(together, "free_quote").subject == "prefix 1"
    assert verdict(ask(poor, "sell 0.01 BTC", "then buy 0.1 ETH"), "free_quote") == "pass"
    assert verdict(ask(poor, "buy 0.1 ETH", "then sell 0.01 BTC"), "free_quote") == "refuse"


def test_only_free_coins_can_be_sold_and_bought_ones_less_their_fee() -> None:
    locked = account("USDT 5000, BTC 0.1 locked 0.1 @ 60000")
    assert verdict(ask(locked, "sell 0.1 BTC"), "free_units") == "pass"
    assert verdict(ask(locked, "sell 0.1001 BTC"), "free_units") == "refuse"
    assert verdict(ask(locked, "buy 0.05 BTC", "then sell 0.1499 BTC"), "free_units") == "pass"
    assert verdict(ask(locked, "buy 0.05 BTC", "then sell 0.15 BTC"), "free_units") == "refuse"


def test_money_held_for_resting_orders_is_not_counted_twice_and_unknown_orders_are() -> None:
    resting = account("USDT 600 locked 600, BTC @ 60000, order BTC 0.01 @ 59000")
    assert verdict(ask(resting, "buy 0.009 BTC"), "free_quote") == "pass"
    poor = account("USDT 600, BTC @ 60000, ETH @ 3000")
    (lost,) = legs_of(poor, "buy 0.009 BTC")
    facts = context(unresolved=(unknown(lost),))
    assert verdict(ask(poor, "buy 0.1 ETH", facts=facts), "free_quote") == "refuse"
    settled = context(unresolved=(unknown(lost, executed=90),))
    assert verdict(ask(poor, "buy 0.1 ETH", facts=settled), "free_quote") == "pass"


def test_an_unresolved_order_that_the_venue_shows_open_counts_once() -> None:
    resting = account("USDT 100 locked 600, BTC @ 60000, ETH @ 3000, order BTC 0.01 @ 59000")
    (lost,) = legs_of(resting, "buy 0.01 BTC @ 59000")
    facts = context(unresolved=(unknown(lost, name="o1"),))
    assert verdict(ask(resting, "buy 0.01 ETH", facts=facts), "free_quote") == "pass"


def test_an_opening_needs_free_margin_at_the_policys_leverage() -> None:
    calm = account("USDT 9000, BTC 0.1 @ 60000, wallet 300")
    assert verdict(ask(calm, "sell 0.005 perp BTC @ 60000"), "free_margin") == "refuse"
    assert verdict(ask(calm, "sell 0.0049 perp BTC @ 60000"), "free_margin") == "pass"
    geared = policy(hedge={"leverage": 2})
    assert verdict(ask(calm, "sell 0.005 perp BTC @ 60000", rules=geared), "free_margin") == "pass"


def test_setting_a_lower_leverage_binds_margin_for_the_open_position_too() -> None:
    geared = account(
        "USDT 9000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 1000",
        contracts={BTC_PERP: contract(60000, leverage=10)},
    )
    ten = policy(hedge={"leverage": 10})
    assert verdict(ask(geared, "sell 0.001 perp BTC", rules=ten), "free_margin") == "pass"
    assert verdict(ask(geared, "sell 0.001 perp BTC"), "free_margin") == "refuse"


def test_a_closing_frees_margin_for_the_next_stage() -> None:
    tight = account("USDT 90000, BTC 1 @ 60000, ETH 10 @ 3000, perp BTC -0.02, wallet 1260")
    assert verdict(ask(tight, "sell 0.3 perp ETH"), "free_margin") == "refuse"
    report = ask(tight, "buy 0.02 perp BTC reduce", "then sell 0.3 perp ETH")
    assert verdict(report, "free_margin") == "pass"


def levered(units: str, outside: str = "0.2") -> Snapshot:
    return account(f"BTC {outside} @ 60000, perp BTC {units}, wallet 60000")


def test_leverage_is_held_against_its_limit_over_what_lies_outside() -> None:
    flat = account("BTC 0.2 @ 60000, wallet 60000")
    rules = loose(max_leverage="2", max_synthetic_long="9")
    assert refused(ask(flat, "buy 0.4 perp BTC", rules=rules)) == set()
    report = ask(flat, "buy 0.4001 perp BTC", rules=rules)
    assert found(report, "max_leverage").measured == "2.0005"
    assert refused(report) == {"max_leverage"}


def test_an_account_beyond_its_leverage_may_reduce_and_do_nothing_but_not_open() -> None:
    over = levered("0.6")
    nothing = ask(over, rules=loose())
    assert verdict(nothing, "max_leverage") is Verdict.WARN
    assert refused(nothing) == set()
    assert refused(ask(over, "sell 0.1 perp BTC reduce", rules=loose())) == set()
    assert "max_leverage" in refused(ask(over, "buy 0.0001 perp BTC", rules=loose()))


def test_a_repair_holds_no_leg_that_raises_anything() -> None:
    over = account("BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 900, perp BTC 0.7, wallet 60000")
    report = ask(over, "sell 0.1 perp BTC reduce", "then buy 0.1 ETH", rules=loose())
    assert "max_leverage" in refused(report)


def test_an_opening_is_refused_beside_a_broken_limit_even_if_it_makes_nothing_worse() -> None:
    over = account("BTC 2 @ 60000, perp BTC -0.8, wallet 9000, dated BTC")
    opened = ask(over, "buy 0.1 dated BTC", rules=loose())
    finding = found(opened, "shock")
    assert (finding.subject, finding.verdict) == ("leg 1", Verdict.REFUSE)
    assert finding.reason is not None
    assert "only reductions may run" in finding.reason


def test_selling_coins_beside_too_much_leverage_only_warns_though_its_costs_worsen_it() -> None:
    over = levered("0.6")
    report = ask(over, "sell 0.01 BTC", rules=loose())
    assert refused(report) == set()
    assert "max_leverage" in warned(report)


def test_leverage_over_nothing_is_infinite() -> None:
    bare = account("BTC @ 60000, USDT 0, perp BTC 0.1, wallet 60000")
    assert found(ask(bare, rules=loose()), "max_leverage").measured == "Infinity"


def test_net_and_gross_exposure_are_held_against_nav() -> None:
    flat = account("BTC 0.1 @ 60000, USDT 0, wallet 6600")
    wide = {"max_leverage": "99", "max_synthetic_long": "99"}
    assert refused(ask(flat, "buy 0.1 perp BTC", rules=loose(max_net="0.96", **wide))) == set()
    assert refused(ask(flat, "buy 0.1 perp BTC", rules=loose(max_net="0.95", **wide))) == {
        "max_net"
    }
    short = ask(flat, "sell 0.1 perp BTC", rules=loose(max_gross="0.96", **wide))
    assert refused(short) == set()
    short = ask(flat, "sell 0.1 perp BTC", rules=loose(max_gross="0.95", **wide))
    assert refused(short) == {"max_gross"}


def test_turning_a_whole_portfolio_over_does_not_count_as_owning_it_twice() -> None:
    all_in = account("BTC 0.1 @ 60000, ETH @ 3000, USDT 0")
    report = ask(
        all_in, "sell 0.1 BTC", "then buy 1.9 ETH", rules=loose(max_net="1.01", max_gross="1.01")
    )
    assert refused(report) == set()


def test_long_futures_are_bounded_by_nav_and_netted_by_asset() -> None:
    rules = loose(max_synthetic_long="0.5", max_leverage="99")
    flat = account("BTC 0.1 @ 60000, USDT 0, wallet 12000, dated BTC -0.01")
    assert refused(ask(flat, "buy 0.15 perp BTC", rules=rules)) == set()
    assert refused(ask(flat, "buy 0.17 perp BTC", rules=rules)) == {"max_synthetic_long"}


def test_a_hedge_may_go_to_its_ratio_and_not_beyond() -> None:
    half = dataclasses.replace(
        LOOSE, hedge=dataclasses.replace(LOOSE.hedge, max_ratio=Decimal("0.5"))
    )
    calm = account("USDT 5000, BTC 0.1 @ 60000, wallet 9000")
    assert refused(ask(calm, "sell 0.05 perp BTC", rules=half)) == set()
    assert refused(ask(calm, "sell 0.0501 perp BTC", rules=half)) == {"max_ratio"}
    hedged = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 9000")
    assert refused(ask(hedged, "sell 0.01 BTC", rules=half)) == {"max_ratio"}


def test_no_asset_is_left_net_short_beyond_a_lot_at_any_fill() -> None:
    calm = account("USDT 50000, BTC 0.1 @ 60000, ETH @ 3000, wallet 90000")
    assert verdict(ask(calm, "sell 0.1001 perp BTC", rules=LOOSE), "naked_short") == "pass"
    assert verdict(ask(calm, "sell 0.1002 perp BTC", rules=LOOSE), "naked_short") == "refuse"
    assert verdict(ask(calm, "sell 0.1 perp ETH", rules=LOOSE), "naked_short") == "refuse"
    bought = ask(calm, "buy 0.1 BTC", "sell 0.19 perp BTC", rules=LOOSE)
    finding = found(bought, "naked_short")
    assert finding.subject == "prefix 1"
    assert finding.reason is not None
    assert "leg 2 filled and leg 1 unfilled" in finding.reason


def test_a_cross_hedge_is_held_against_what_it_protects_and_not_against_what_is_short() -> None:
    calm = account("USDT 5000, ALT 600 @ 10, BTC @ 60000, wallet 9000")
    rules = dataclasses.replace(
        LOOSE, hedge=dataclasses.replace(LOOSE.hedge, max_ratio=Decimal("0.5"))
    )
    protection = Protection(asset=Asset("ALT"), beta=Decimal(2))

    def asked(units: str) -> object:
        [bare] = legs_of(calm, f"sell {units} perp BTC")
        short = CrossShort(
            asset=Asset("ALT"),
            symbol=BTC_PERP,
            before=Decimal(0),
            after=Decimal(units),
            stands_for=Decimal(0),
        )
        leg = dataclasses.replace(bare, protects=protection)
        return ask(calm, leg, rules=rules, crosses=(short,))

    assert refused(asked("0.1")) == set(), "6,000 short at a beta of 2 is half of 6,000"
    assert refused(asked("0.1001")) == {"max_ratio"}
    alone = ask(calm, "sell 0.1 perp BTC", rules=rules)
    assert refused(alone) == {"max_ratio", "naked_short"}


def test_a_sleeve_may_be_short_to_the_edge_of_its_band_and_no_further() -> None:
    calm = account("USDT 5000, ETH @ 3000, wallet 5000")  # NAV 10,000: 2,000 and a band of 400.
    rules = dataclasses.replace(LOOSE, sleeves=(sleeve("against 0.20 short ETH"),))
    assert refused(ask(calm, "sell 0.8 perp ETH", rules=rules)) == set()
    assert refused(ask(calm, "sell 0.81 perp ETH", rules=rules)) == {"naked_short", "max_ratio"}
    long = dataclasses.replace(LOOSE, sleeves=(sleeve("with 0.20 long ETH"),))
    assert refused(ask(calm, "sell 0.01 perp ETH", rules=long)) == {"naked_short", "max_ratio"}


def test_the_half_of_a_pair_that_comes_later_waits_for_the_other_and_is_measured_so() -> None:
    calm = account("USDT 50000, BTC 0.1 @ 60000, wallet 90000")
    pair = ("buy 0.1 BTC", "then sell 0.19 perp BTC")
    assert refused(ask(calm, *pair, rules=loose(max_unhedged_notional="99999"))) == set()
    wrong = ask(calm, "sell 0.19 perp BTC", "then buy 0.1 BTC", rules=LOOSE)
    assert found(wrong, "naked_short").subject == "prefix 1"
    assert found(wrong, "max_ratio").verdict == "refuse"
    two = ask(calm, "sell 0.1 BTC", "then buy 0.1 BTC", "then sell 0.05 BTC", rules=LOOSE)
    assert verdict(two, "naked_short") == "refuse"  # Without a contract it is no pair.
    halves = account("USDT 50000, BTC 0.1 @ 60000, perp BTC -0.1, wallet 90000")
    back = ("buy 0.05 perp BTC reduce", "then sell 0.05 BTC")
    assert refused(ask(halves, *back, rules=loose(max_unhedged_notional="3000"))) == set()
    assert refused(ask(halves, *reversed_of(*back), rules=LOOSE)) == {"naked_short", "max_ratio"}


def reversed_of(first: str, second: str) -> tuple[str, str]:
    """Return two legs of two stages the other way round."""
    return second.removeprefix("then "), f"then {first}"


def test_legs_of_one_asset_that_undo_each_other_are_a_detour() -> None:
    calm = account("USDT 50000, BTC 0.1 @ 60000")
    assert verdict(ask(calm, "buy 0.05 BTC"), "net_overshoot") == "pass"
    report = ask(calm, "buy 0.01 BTC", "then sell 0.01 BTC")
    assert verdict(report, "net_overshoot") == "refuse"
    assert found(report, "net_overshoot").measured == "600"


def test_the_way_that_was_approved_bounds_the_review_of_what_is_left() -> None:
    calm = account("USDT 50000, BTC 0.1 @ 60000")
    assert verdict(ask(calm, "buy 0.05 BTC"), "net_overshoot") == "pass"
    approved = context(net_bounds={"BTC": Decimal("0.1499")})
    assert verdict(ask(calm, "buy 0.05 BTC", facts=approved), "net_overshoot") == "pass"
    narrower = context(net_bounds={"BTC": Decimal("0.1498")})
    assert verdict(ask(calm, "buy 0.05 BTC", facts=narrower), "net_overshoot") == "refuse"


def test_the_halves_of_a_pair_may_part_by_a_slice() -> None:
    slices = policy(limits=limits(max_unhedged_notional="600"))
    hedged = account(HEDGED)
    pair = ("buy 0.01 perp BTC reduce", "sell 0.01 BTC")
    two = (*pair, f"then {pair[0]}", pair[1])
    assert verdict(ask(hedged, *two, rules=slices), "max_unhedged_notional") == "pass"
    whole = ("buy 0.02 perp BTC reduce", "sell 0.02 BTC")
    report = ask(hedged, *whole, rules=slices)
    assert verdict(report, "max_unhedged_notional") == "refuse"
    assert verdict(report, "net_overshoot") == "pass"


def test_the_margin_ratio_is_held_against_its_limit() -> None:
    def thin(wallet: str) -> Snapshot:
        return account(f"BTC 1 @ 60000, USDT 0, perp BTC -0.5, wallet {wallet}")

    rules = loose(shock="0", min_liquidation_distance="0")
    assert found(ask(thin("360"), rules=rules), "min_margin_ratio").measured == "3"
    assert verdict(ask(thin("360"), rules=rules), "min_margin_ratio") == "pass"
    assert verdict(ask(thin("359"), rules=rules), "min_margin_ratio") == "warn"
    report = ask(thin("500"), "sell 0.2 perp BTC @ 60000", rules=rules)
    assert verdict(report, "min_margin_ratio") == "refuse"


def test_an_opening_costs_the_pool_its_fee_and_the_way_from_mark_to_limit() -> None:
    # 0.5 short at 59700: 150 below the mark, a fee of 14.925, maintenance 3 x 120.
    rules = loose(shock="0", min_liquidation_distance="0")
    for wallet, expected in (("524.925", Verdict.PASS), ("524.924", Verdict.REFUSE)):
        calm = account(f"BTC 1 @ 60000, wallet {wallet}")
        report = ask(calm, "sell 0.5 perp BTC @ 59700", rules=rules)
        assert verdict(report, "min_margin_ratio") is expected


def test_a_shock_is_taken_at_the_shocked_notional_and_bracket() -> None:
    def shocked(wallet: str) -> Snapshot:
        return account(f"BTC 2 @ 60000, perp BTC -0.8, wallet {wallet}")

    # 48000 at 0.4 % now; at +20 % it is 57600 at 0.5 % less 50: 238, and 9600 is lost.
    assert verdict(ask(shocked("9838"), rules=loose()), "shock") == "pass"
    assert verdict(ask(shocked("9837"), rules=loose()), "shock") == "warn"
    calm = account("BTC 2 @ 60000, wallet 9900")
    report = ask(calm, "sell 0.85 perp BTC", rules=loose())
    assert found(report, "shock").subject == "prefix 1: BTC up or down"


def test_a_common_move_is_a_scenario_of_its_own() -> None:
    two = account("BTC 2 @ 60000, ETH 20 @ 3000, perp BTC -0.4, wallet 9000")
    report = ask(two, "sell 8 perp ETH", rules=loose())
    subjects = [f.subject for f in report.findings if f.check == "shock"]
    assert subjects == ["prefix 1: all up or all down"]


def test_both_contracts_of_a_roll_move_together() -> None:
    rolled = account("BTC 2 @ 60000, perp BTC -1, dated BTC 1, wallet 3000")
    assert verdict(ask(rolled, rules=loose()), "shock") == "pass"


def test_spot_is_no_margin() -> None:
    rich = account("BTC 100 @ 60000, wallet 1000")
    assert "shock" in refused(ask(rich, "sell 0.1 perp BTC", rules=loose()))


def test_liquidation_distance_is_measured_by_the_formula() -> None:
    held = account("BTC 2 @ 60000, perp BTC -0.5, wallet 4500")
    rules = loose(shock="0")
    expected = (Decimal(4500) + 30000) / (Decimal("0.5") * Decimal("1.004")) / 60000 - 1
    report = ask(held, rules=rules)
    assert found(report, "min_liquidation_distance").measured == f"{expected:.6f}"
    assert verdict(report, "min_liquidation_distance") == "pass"
    near = loose(shock="0", min_liquidation_distance=f"{expected:.3f}9")
    assert verdict(ask(held, rules=near), "min_liquidation_distance") == "warn"
    worse = ask(held, "sell 0.5 perp BTC", rules=rules)
    assert verdict(worse, "min_liquidation_distance") == "refuse"


def test_liquidation_distance_counts_the_other_positions_of_the_pool() -> None:
    # The maintenance of 0.1 BTC, 24, brings the short of 5 ETH from 59.36 % to 59.20 %.
    rules = loose(shock="0", min_liquidation_distance="0.593")
    alone = account("ETH 9 @ 3000, perp ETH -5, wallet 9000, BTC 1 @ 60000")
    beside = account("ETH 9 @ 3000, perp ETH -5, wallet 9000, BTC 1 @ 60000, perp BTC -0.1")
    assert verdict(ask(alone, rules=rules), "min_liquidation_distance") == "pass"
    finding = found(ask(beside, rules=rules), "min_liquidation_distance")
    assert (finding.verdict, finding.measured) == (Verdict.WARN, "0.592032")


def test_resting_orders_count_at_full_size_before_and_beside_the_plan() -> None:
    rules = loose(max_leverage="2", max_synthetic_long="9")
    resting = account("BTC 0.2 @ 60000, wallet 60000, order perp BTC 0.2 @ 60000")
    assert verdict(ask(resting, "buy 0.2 perp BTC", rules=rules), "max_leverage") == "pass"
    assert verdict(ask(resting, "buy 0.2001 perp BTC", rules=rules), "max_leverage") == "refuse"


def test_a_resting_stop_reaches_no_further_than_the_position() -> None:
    stop = account(HEDGED + ", order perp BTC 0.02 @ 66000 reduce")
    report = ask(stop, "buy 0.02 perp BTC reduce")
    assert verdict(report, "net_overshoot") == "pass"
    orphan = account("USDT 5000, BTC 0.1 @ 60000, wallet 5000, order perp BTC 0.02 @ 66000 reduce")
    assert verdict(ask(orphan, rules=loose(max_net="0.375")), "max_net") == "pass"


def test_what_is_not_read_refuses_every_prefix_rule() -> None:
    held = account(HEDGED)
    lost = dataclasses.replace(held, contracts={})
    assert "shock" in refused(ask(lost))
    assert found(ask(lost), "max_net").measured is None
    bare = {BTC_PERP: dataclasses.replace(contract(60000), brackets=())}
    assert "shock" in refused(ask(dataclasses.replace(held, contracts=bare)))
    assert "shock" in refused(ask(dataclasses.replace(held, pools={})))
    usdc = swap("BTC", symbol=BTC_PERP, settle="USDC")
    assert "shock" in refused(
        ask(dataclasses.replace(held, instruments=held.instruments | {BTC_PERP: usdc}))
    )
    calm = account(CALM)
    (leg,) = legs_of(calm, "sell 0.01 BTC")
    books = {s: b for s, b in calm.books.items() if s != BTC}
    marks = {s: c for s, c in calm.contracts.items() if s != BTC_PERP}
    assert "max_net" in refused(ask(dataclasses.replace(calm, books=books, contracts=marks), leg))
    crossed = dataclasses.replace(leg.instrument, quote="ETH")
    assert "max_net" in refused(ask(calm, dataclasses.replace(leg, instrument=crossed)))


def test_numbers_beyond_what_can_be_computed_exactly_are_refused() -> None:
    huge = account("USDT 700, BTC 0.1 @ 60000, perp BTC -0.02, wallet 900")
    pool = dataclasses.replace(huge.pools["USDT"], wallet_balance=Decimal("1e-400"))
    report = ask(dataclasses.replace(huge, pools={"USDT": pool}))
    assert "max_net" in refused(report)
    state = dataclasses.replace(contract(60000), mark=Decimal("1e-400"), index=Decimal(1))
    calm = account(CALM)
    (leg,) = legs_of(calm, "sell 0.01 perp BTC")
    odd = dataclasses.replace(calm, contracts={BTC_PERP: state})
    finding = found(ask(odd, leg), "price_collar")
    assert (finding.verdict, finding.measured) == (Verdict.REFUSE, None)


def test_a_coin_without_a_market_counts_for_nothing() -> None:
    airdrop = account("USDT 1000, BTC 0.1 @ 60000, SCAM 1000000")
    assert refused(ask(airdrop, "sell 0.01 BTC")) == set()
