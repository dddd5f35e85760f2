"""A wallet that is cash and margin: each unit in one place, whatever changes it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.builders import account, contract, occasion, plan, policy, swap
from tests.fakes.statements import statement_of
from tests.unit.risk.cases import ask, context, refused
from trimtab.adapters.paper.account import simulated
from trimtab.domain.exact import ONE
from trimtab.domain.exposure import exposure
from trimtab.domain.findings import Verdict
from trimtab.domain.hedges import RescueWish
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Route
from trimtab.domain.shared_wallet import (
    SharedWallet,
    backing,
    free_margin,
    holdings_of,
    margin_alone,
    shared_wallet_of,
    with_shared_wallet,
)
from trimtab.domain.snapshot import Balance, Snapshot
from trimtab.execution.reconcile import after_payments
from trimtab.planning.compose import make_plan
from trimtab.risk.case import Case
from trimtab.risk.certificate import Turned
from trimtab.risk.funding import funded
from trimtab.risk.gate import findings_of, review
from trimtab.risk.levers import FUTURES_WALLET, SPOT_WALLET, deposited
from trimtab.risk.moved import moved_snapshot
from trimtab.risk.record import is_explained, mark_of
from trimtab.risk.refusals import Refusal, deposit_flips
from trimtab.risk.rescue import rescued
from trimtab.triggers.strain import futures_of

USDT = Asset("USDT")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def wallet(
    units: str, *, locked: str = "0", pnl: str = "0", lost: str = "0", bound: str = "0"
) -> SharedWallet:
    return SharedWallet(
        units=Decimal(units),
        locked=Decimal(locked),
        unrealised_pnl=Decimal(pnl),
        losses=Decimal(lost),
        initial_margin=Decimal(bound),
        maintenance_margin=Decimal(1),
    )


def hedged() -> Snapshot:
    """Return 1,000 of cash and margin beside 0.1 BTC, of which 0.01 is short, 100 lost."""
    return account("one wallet, USDT 1000, BTC 0.1 @ 60000, perp BTC -0.01 from 50000")


def payment(kind: PaymentKind, units: str, *, at: datetime = NOW) -> Payment:
    return Payment(
        kind=kind,
        word="w",
        symbol=None,
        asset=USDT,
        units=Decimal(units),
        payment_id=PaymentId(f"{kind}{units}"),
        trade_id=None,
        paid_at=at,
    )


def test_what_is_bound_locked_or_lost_is_not_free_and_profit_buys_nothing() -> None:
    for pnl, free in (("-50", "550"), ("80", "600")):
        balance, pool = wallet("1000", locked="100", pnl=pnl, bound="300").parts
        assert balance == Balance(free=Decimal(free), locked=Decimal(100))
        assert balance.held + pool.wallet_balance == 1000
        assert pool.unrealised_pnl == Decimal(pnl)
        assert (pool.shares_cash, pool.withdrawable) == (True, 0)


def test_a_profit_pays_no_loss_of_another_position() -> None:
    balance, pool = wallet("1000", pnl="30", lost="50", bound="300").parts
    assert (balance.free, pool.unrealised_pnl) == (650, 30)
    seen = account(
        "one wallet, USDT 10000, BTC 0 @ 60000, ETH 0 @ 3000,"
        " perp BTC -0.01 from 50000, perp ETH 1 from 2000"
    )
    whole = shared_wallet_of(seen, USDT)
    assert whole is not None
    assert (whole.unrealised_pnl, whole.losses) == (900, 100)
    assert seen.balances[USDT].free == whole.spare == 10000 - 100 - 3600


def test_a_loss_of_what_settles_in_another_asset_is_not_this_wallets() -> None:
    seen = hedged()
    other = swap("ETH", "USDC")
    position = dataclasses.replace(
        seen.positions[Symbol("BTC/USDT:USDT")], symbol=other.symbol, entry_price=Decimal(50_000)
    )
    both = dataclasses.replace(
        seen,
        instruments={**seen.instruments, other.symbol: other},
        positions={**seen.positions, other.symbol: position},
        contracts={**seen.contracts, other.symbol: contract(60_000)},
    )
    alone, beside = shared_wallet_of(seen, USDT), shared_wallet_of(both, USDT)
    assert alone is not None
    assert alone.losses == 100
    assert alone == beside


def test_that_a_wallet_settles_later_stays_with_it_however_it_is_divided() -> None:
    later = dataclasses.replace(wallet("1000", bound="300"), settles_later=True)
    seen = with_shared_wallet(hedged(), USDT, later)
    again = shared_wallet_of(seen, USDT)
    assert again is not None
    assert (again.settles_later, margin_alone(seen)[USDT].settles_later) == (True, True)
    assert not margin_alone(hedged())[USDT].settles_later


def test_a_wallet_that_is_short_of_margin_has_nothing_free_and_keeps_its_units() -> None:
    balance, pool = wallet("100", pnl="-50", bound="300").parts
    assert (balance.free, pool.wallet_balance) == (0, 100)


def test_parts_are_put_together_again_and_backing_counts_all() -> None:
    seen = hedged()
    whole = shared_wallet_of(seen, USDT)
    assert whole is not None
    assert (whole.units, whole.unrealised_pnl, whole.initial_margin) == (1000, -100, 600)
    assert backing(seen, USDT) == futures_of(seen).balance == 900
    assert free_margin(seen, USDT) == seen.balances[USDT].free == 300
    assert exposure(seen).nav() == 6900
    assert shared_wallet_of(seen, Asset("BTC")) is None
    assert (backing(seen, Asset("BTC")), free_margin(seen, Asset("BTC"))) == (0, 0)


def test_two_wallets_are_read_as_before() -> None:
    seen = account("USDT 1000, BTC 0.1 @ 60000, perp BTC -0.01 from 50000, wallet 800")
    assert shared_wallet_of(seen, USDT) is None
    assert (backing(seen, USDT), free_margin(seen, USDT)) == (700, seen.pools[USDT].free_margin)
    held = holdings_of(seen)
    assert (held.outside[USDT], held.wallets[USDT], held.shared) == (1000, 800, frozenset())


def test_where_no_coins_are_traded_all_cash_is_margin() -> None:
    there = account("one wallet, USDT 1000 locked 50, BTC 0.1 @ 60000, perp BTC -0.01 from 50000")
    (pool,) = margin_alone(there).values()
    assert (pool.balance, pool.free_margin, pool.shares_cash) == (900, 300, False)
    plain = account("USDT 1000, BTC 0.1 @ 60000, perp BTC -0.01 from 50000, wallet 800")
    assert margin_alone(plain) == plain.pools


def test_books_know_nothing_of_the_border() -> None:
    seen = hedged()
    held = holdings_of(seen)
    assert (held.outside[USDT], held.wallets, held.shared) == (1000, {USDT: 0}, {USDT})
    saved = statement_of(seen, marks={}, is_bracketed=True)
    assert (saved.balances[USDT], saved.wallets) == (1000, {USDT: 0})
    paid = [payment(PaymentKind.FUNDING, "3"), payment(PaymentKind.COMMISSION, "-1")]
    after = after_payments(saved.balances, paid, shared=held.shared)
    assert after[USDT] == 1002
    assert after_payments({}, paid, shared=held.shared) == {USDT: 2}
    assert after_payments(saved.balances, paid, shared=frozenset()) == saved.balances


def test_what_contracts_earn_is_no_flow_and_a_transfer_is_one() -> None:
    seen = hedged()
    before = mark_of(seen, None, fills=(), payments=())
    richer = deposited(seen, SPOT_WALLET, units=Decimal(69))
    richer = dataclasses.replace(richer, taken_at=seen.taken_at + timedelta(minutes=1))
    at = seen.taken_at + timedelta(seconds=30)
    earned = mark_of(richer, before, fills=(), payments=[payment(PaymentKind.FUNDING, "69", at=at)])
    moved = mark_of(richer, before, fills=(), payments=[payment(PaymentKind.TRANSFER, "69", at=at)])
    late = mark_of(richer, before, fills=(), payments=[payment(PaymentKind.FUNDING, "69")])
    assert (earned.level, moved.level, late.level) == (Decimal("1.01"), 1, 1)


def test_only_a_wallet_that_stands_still_is_explained_without_asking() -> None:
    seen = hedged()
    before = mark_of(seen, None, fills=(), payments=())
    assert is_explained(seen, before, ())
    assert not is_explained(deposited(seen, SPOT_WALLET, units=Decimal(1)), before, ())


def test_a_deposit_comes_into_the_one_wallet_under_either_name() -> None:
    seen = hedged()
    for name in (SPOT_WALLET, FUTURES_WALLET):
        grown = deposited(seen, name, units=Decimal(50))
        assert (grown.balances[USDT].free, grown.pools) == (350, seen.pools)


def test_prices_that_move_move_the_border_and_no_unit() -> None:
    seen = hedged()
    moved = moved_snapshot(seen, {Asset("BTC"): Decimal("1.1")})
    whole = shared_wallet_of(moved, USDT)
    assert whole is not None
    assert (whole.units, whole.unrealised_pnl, whole.initial_margin) == (1000, -160, 660)
    assert moved.balances[USDT].free == 180


def test_a_dry_run_binds_what_it_opens_of_the_cash_that_buys() -> None:
    seen = hedged()
    symbol = Symbol("BTC/USDT:USDT")
    lots = int(Decimal("0.005") / seen.instruments[symbol].lot_size)
    paid = [payment(PaymentKind.COMMISSION, "-1")]
    shown = simulated(seen, gained={USDT: Decimal(-100)}, moved={symbol: -lots}, paid=paid)
    # 300 were free: 300 more are bound by half as much again, and 101 are gone.
    whole = shared_wallet_of(shown, USDT)
    assert whole is not None
    assert (whole.units, whole.initial_margin) == (899, 900)
    assert shown.balances[USDT].free == 0


def test_coins_and_margin_are_both_taken_from_what_is_free_and_the_reserve_stays() -> None:
    seen = account("one wallet, USDT 1000, BTC @ 60000, ETH @ 3000")
    rules = policy()
    both = ("buy 0.1 ETH", "sell 0.011 perp BTC")
    assert not {"free_quote", "free_margin"} & refused(ask(seen, "buy 0.1 ETH", rules=rules))
    assert not {"free_quote", "free_margin"} & refused(
        ask(seen, "sell 0.011 perp BTC", rules=rules)
    )
    assert refused(ask(seen, *both, "sell 0.001 perp BTC", rules=rules)) >= {"free_quote"}
    short = ask(seen, "buy 0.1 ETH", "sell 0.0116 perp BTC", rules=rules)
    assert "free_quote" in refused(short)
    assert "free_margin" not in refused(short)
    assert plan(seen, *both).legs


def test_buys_are_cut_to_what_an_opening_leaves_and_nothing_is_moved() -> None:
    # 1,000 of BTC are too much and go short; what that binds is not there to buy ETH with.
    held = "USDT 4000, BTC 0.1 @ 60000, ETH @ 3000"
    under = policy(
        "BTC 0.50, ETH 0.40, USDT 0.10",
        route=Route.FUTURES,
        routes={Asset("ETH"): Route.SPOT},
        hedge={"max_topup": Decimal(3000), "max_ratio": Decimal(1)},
    )
    bought = {}
    for name, seen in (
        ("two", account(f"{held}, wallet 6000")),
        ("one", account(f"one wallet, {held}")),
    ):
        plan = make_plan(seen, under, occasion())
        bought[name] = sum(g.notional for g in plan.legs if g.symbol == "ETH/USDT")
        case = Case(plan=plan, snapshot=seen, policy=under, context=context(), now=NOW)
        if name == "one":
            assert funded(case, lambda _, made=plan: made) is plan
            assert not {"free_margin", "free_quote"} & refused(
                review(plan, seen, policy=under, context=context(), now=NOW)
            )
    assert bought["one"] < bought["two"]


def test_a_rescue_has_no_money_to_move_where_all_of_it_backs_the_position_already() -> None:
    thin = account("one wallet, USDT 8000, BTC 1 @ 60000, ETH @ 3000, perp BTC -0.5 from 50000")
    under = policy(hedge={"max_topup": Decimal(5000)})
    on = occasion(wish=RescueWish())
    plan = make_plan(thin, under, on)
    case = Case(plan=plan, snapshot=thin, policy=under, context=context(), now=NOW)
    moved = []

    def moving(units: Decimal) -> Plan:
        moved.append(units)
        return plan

    assert rescued(case, moving).transfers == ()
    assert moved == []
    assert {g.reduce_only for g in plan.legs} == {True}


def test_a_refusal_for_cash_and_margin_tells_how_much_to_bring_into_the_one_wallet() -> None:
    seen = account("one wallet, USDT 1000, BTC 0.1 @ 60000, ETH @ 3000")
    under = policy("BTC 0.50, ETH 0, USDT 0.50", route=Route.FUTURES, hedge={"max_ratio": ONE})
    plan = make_plan(seen, under, occasion())
    case = Case(plan=plan, snapshot=seen, policy=under, context=context(), now=NOW)
    findings = tuple(f for f in findings_of(case) if f.verdict is Verdict.REFUSE)
    assert {f.check for f in findings} == {"free_quote", "free_margin"}
    refusal = Refusal(
        case=case, findings=findings, make=lambda at, rules: make_plan(at, rules, occasion())
    )
    (flip,) = deposit_flips(refusal)
    enough = deposited(seen, flip.name, units=flip.value)
    assert refusal.answer(refusal.trial(enough, under)) is Turned.NONE
    less = deposited(seen, flip.name, units=flip.value - flip.step)
    assert refusal.answer(refusal.trial(less, under)) is Turned.REFUSED
