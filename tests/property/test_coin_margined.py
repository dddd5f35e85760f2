"""Coin-margined wallets beside the local exchange's own arithmetic, and identities of coins."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import LIMITS, NOW, occasion, plan, policy
from tests.coin_margined import MARK, holding, inverse, position, stake_of, wallet
from tests.unit.risk.cases import ask, context, refused, warned
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.exposure import exposure
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.inverse import notional_of, profit_of, units_of
from trimtab.domain.policy import Policy, Route, Threshold
from trimtab.domain.snapshot import CoinWallet, Snapshot
from trimtab.planning.drift import Measurement
from trimtab.planning.stance import stance_of
from trimtab.risk.case import Case
from trimtab.risk.crossings import STEP
from trimtab.risk.moved import moved_snapshot
from trimtab.risk.survival import Edge, Place, Span, survival
from trimtab.testnet.exact import exactly

BTC, USDT = Asset("BTC"), Asset("USDT")
BASIS_POINT = Decimal("0.0001")
DUST = Decimal("1e-18")
HAIR = STEP / 1000
PRICES = st.integers(100, 1_000_000).map(Decimal)
COUNTS = st.integers(-30_000, 30_000).filter(bool)


@st.composite
def wallets(draw: st.DrawFn) -> CoinWallet:
    """A wallet that is thin or thick for a perpetual and, it may be, a dated contract."""
    late = inverse(
        symbol=Symbol("BTC/USD:BTC-261225"), mark=MARK * draw(st.integers(95, 110)) / 100
    )
    held = [position(draw(COUNTS), entry=MARK * draw(st.integers(80, 125)) / 100)]
    if draw(st.booleans()):
        held.append(position(draw(COUNTS), of=late))
    gross = sum((abs(units_of(p.contract, p.contracts, price=MARK)) for p in held), Decimal(0))
    return wallet((gross * draw(st.integers(3, 150)) / 100).quantize(DUST), *held)


@st.composite
def accounts(draw: st.DrawFn) -> Snapshot:
    """An account with coins, cash, a hedge, and such a wallet."""
    coins, cash = draw(st.integers(0, 20)), draw(st.integers(0, 500_000))
    short, margin = draw(st.integers(0, 5)), draw(st.integers(50_000, 500_000))
    text = f"USDT {cash}, BTC {coins} @ 60000, wallet {margin}"
    text += f", perp BTC -{short} from 60000" if short else ""
    return holding(text, draw(wallets()))


# One contract


@given(COUNTS, PRICES)
def test_coins_times_their_price_are_the_dollars_again(count: int, price: Decimal) -> None:
    units = units_of(inverse(), count, price=price)
    assert units * count > 0
    assert abs(units * price - notional_of(inverse(), count)) < DUST


@given(COUNTS, PRICES, PRICES)
def test_profit_is_the_coins_of_the_entry_less_those_of_now(
    count: int, entry: Decimal, price: Decimal
) -> None:
    earned = profit_of(inverse(), count, entry=entry, price=price)
    value = notional_of(inverse(), count)
    assert abs(earned - (value / entry - value / price)) < DUST * max(1, abs(value))
    assert profit_of(inverse(), count, entry=entry, price=entry) == 0
    assert earned * count * (price - entry) >= 0


@exactly
def _exposed(snapshot: Snapshot) -> tuple[Decimal, Decimal, Decimal]:
    found = exposure(snapshot)
    return found.net(BTC) / found.mid(BTC), found.net(BTC) + found.net(USDT), found.nav()


@given(accounts(), st.integers(20, 500))
def test_net_coins_are_the_same_at_every_price_and_weights_always_sum_to_one(
    seen: Snapshot, percent: int
) -> None:
    factor = Decimal(percent) / 100
    (before, total, nav), (after, moved_total, moved_nav) = map(
        _exposed, (seen, moved_snapshot(seen, {BTC: factor}))
    )
    assert abs(before - after) < DUST * 10**6
    assert abs(total - nav) < DUST * 10**9
    assert abs(moved_total - moved_nav) < DUST * 10**9
    # What it is worth moves with the net coins, and with nothing else.
    assert abs((moved_nav - nav) - before * MARK * (factor - 1)) < Decimal("1e-9")


# The survival line


def _spans(seen: Snapshot) -> dict[Asset | None, Span]:
    case = Case(plan=plan(seen), snapshot=seen, policy=policy(), context=context(), now=NOW)
    line = survival(case)
    assert not line.unmeasured
    return {span.asset: span for span in line.spans if span.place is Place.NOW}


@exactly
def _is_gone(held: CoinWallet, move: Decimal, *, times: Decimal = Decimal(1)) -> bool:
    """What the exchange would do of the wallet when the coin's price moves."""
    stakes = [stake_of(p, move=move) for p in held.positions]
    balance = held.pool.wallet_balance + sum((s.profit for s in stakes), Decimal(0))
    # Where both are the same number, the last digit that either was rounded at decides nothing.
    return balance + DUST < times * sum((s.maintained for s in stakes), Decimal(0))


def _agrees(edge: Edge | None, held: CoinWallet, sign: int) -> bool:
    """Whether the exchange liquidates where an edge says."""
    if edge is None:
        return not _is_gone(held, Decimal(9) if sign > 0 else Decimal("-0.999"))
    if edge.is_past:
        return _is_gone(held, Decimal(0))
    beyond = max(edge.move + sign * BASIS_POINT, Decimal("-0.9999999"))
    before = (_is_gone(held, edge.move), _is_gone(held, edge.move / 2))
    return not any(before) and _is_gone(held, beyond)


@given(wallets())
def test_the_exchange_liquidates_where_the_line_says_and_within_a_basis_point_of_it(
    held: CoinWallet,
) -> None:
    (span,) = _spans(holding("USDT 1, BTC @ 60000, wallet 1", held)).values()
    assert _agrees(span.liquidation_low, held, -1)
    assert _agrees(span.liquidation_high, held, 1)


LIMIT_CODES = {
    "max_leverage",
    "max_net",
    "max_gross",
    "max_synthetic_long",
    "min_margin_ratio",
    "shock",
    "min_liquidation_distance",
}


def _warned_at(seen: Snapshot, move: Decimal) -> set[str]:
    with exact_arithmetic():
        moved = moved_snapshot(seen, {BTC: 1 + move})
    return warned(ask(moved)) & LIMIT_CODES


@given(accounts())
def test_the_gate_warns_of_the_limit_that_the_line_names_one_step_beyond_it_and_not_at_it(
    seen: Snapshot,
) -> None:
    (span,) = _spans(seen).values()
    for sign, edge in ((-1, span.limit_low), (1, span.limit_high)):
        if edge is None:
            assert not _warned_at(seen, Decimal(9) if sign > 0 else Decimal("-0.99"))
            continue
        # Exactly at a limit, the last digit that either was rounded at decides nothing.
        assert edge.is_past or not _warned_at(seen, edge.move - sign * HAIR)
        beyond = Decimal(0) if edge.is_past else edge.move + sign * (STEP + HAIR)
        if beyond > -1:
            assert edge.check in _warned_at(seen, beyond)


@given(wallets())
def test_a_wallet_beyond_its_limits_is_told_and_holds_no_plan_up(held: CoinWallet) -> None:
    seen = holding("USDT 5000, BTC 0.1 @ 60000, wallet 5000", held)
    without = ask(replace(seen, coin_wallets={}), "buy 0.01 BTC")
    report = ask(seen, "buy 0.01 BTC")
    codes = {"min_margin_ratio", "shock", "min_liquidation_distance", "maintenance_agreement"}
    assert not refused(without) & codes
    assert not refused(report) & codes
    thin = _is_gone(held, Decimal(0), times=LIMITS.min_margin_ratio)
    assert ("min_margin_ratio" in warned(report)) is thin


# What a plan is made from


HAIR = Decimal("1e-6")


@given(wallets(), st.integers(1, 20), st.sampled_from(["1", "0.5"]), st.integers(5, 95))
def test_no_band_is_left_before_a_trigger_price_and_one_is_left_beyond_it(
    held: CoinWallet, coins: int, part: str, weight: int
) -> None:
    seen = holding(f"USDT 500000, BTC {coins} @ 60000, wallet 50000", held)
    target = Decimal(weight) / 100
    rules = policy(
        f"BTC {target}, USDT {1 - target}",
        hedge={"ratio": Decimal(part), "max_ratio": Decimal(1)},
        threshold=Threshold(width=Decimal("0.3"), relative=False),
        route=Route.FUTURES,
    )
    assume(exposure(seen).nav() > 0)
    found = _measured(seen, rules)
    (drift,) = (d for d in found.drifts if d.asset == BTC)
    if any(m.breached for m in found.measures):
        return
    for edge, sign in ((drift.trigger_low, -1), (drift.trigger_high, 1)):
        if edge is None or edge < MARK / 20:
            continue
        inside, beyond = (edge * (1 - sign * HAIR) / MARK, edge * (1 + sign * HAIR) / MARK)
        if exposure(_at(seen, beyond)).nav() <= 0:
            continue
        if _regime(seen, target, rules) != _regime(_at(seen, beyond), target, rules):
            continue  # What stays overweight on purpose is told in its present regime.
        assert not any(m.breached for m in _measured(_at(seen, inside), rules).measures)
        assert any(m.breached for m in _measured(_at(seen, beyond), rules).measures)


def _at(seen: Snapshot, factor: Decimal) -> Snapshot:
    return moved_snapshot(seen, {BTC: factor})


def _measured(seen: Snapshot, rules: Policy) -> Measurement:
    return stance_of(rules, seen, exposure(seen), occasion(), ()).found


def _regime(seen: Snapshot, target: Decimal, rules: Policy) -> tuple[bool, bool]:
    """Whether more is held than wanted, and whether a hedge of it is capped."""
    found = exposure(seen)
    over = found.value(BTC) - target * found.nav()
    return over > 0, rules.hedge.ratio * over > rules.hedge.max_ratio * found.value(BTC)
