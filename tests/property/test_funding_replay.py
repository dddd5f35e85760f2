"""Funding of years through a neutral sleeve: coins with an equal short, week after week."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from tests.builders import LIMITS, NOW, URGENCY, account, dec, occasion, policy, spot, swap
from tests.fakes.told_history import history_of
from tests.property.past_closes import market
from tests.property.test_planning import filled
from tests.unit.risk.cases import context
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import traded_units
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.neutral import NeutralPolicy
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import UrgentAction
from trimtab.planning.compose import make_plan
from trimtab.risk.case import Case
from trimtab.risk.gate import review
from trimtab.risk.ordering import ordered

MARKET = market()
WEEK, PAID_DAYS = 7, 14
WITHIN = 40
"""Settlements of eight hours that are younger than that at noon of the day after the last."""
ENTERED_ABOVE, LEFT_BELOW = dec("0.08"), dec("0.02")
"""Of a year's funding: the mean of the days before, by the year."""
COINS = ("BTC", "ETH")
CASH = dec(50_000)
MEMBER = Asset("ETH")
SHORT_IN = Symbol("ETH/USDT:USDT")
FREE = {"taker_fee": ZERO, "notional_min": ZERO, "lots_max": 10**12}
LISTED = {i.symbol: i for a in COINS for i in (spot(a, **FREE), swap(a, **FREE))}
ROOMY = replace(
    LIMITS,
    fee_reserve=ZERO,
    max_order_notional=dec(10**9),
    max_asset_notional=dec(10**9),
    max_run_notional=dec(10**9),
    max_day_notional=dec(10**9),
    max_orders=200,
)
CALM = replace(
    URGENCY, leverage=UrgentAction.OFF, margin=UrgentAction.OFF, liquidation=UrgentAction.OFF
)
RULES = replace(
    policy("BTC 0.5, USDT 0.4", limits=ROOMY, urgency=CALM),
    neutral=NeutralPolicy(
        weight=dec("0.1"),
        members=(MEMBER,),
        min_carry=ENTERED_ABOVE,
        exit_carry=LEFT_BELOW,
        funding_days=PAID_DAYS,
        horizon_days=90,
        band=dec("0.2"),
    ),
)


@dataclass(kw_only=True)
class Held:
    """What the account has, brought from one week to the next."""

    coins: dict[str, Decimal]
    short: Decimal = ZERO
    """Units of the perpetual, signed."""
    quote: Decimal = CASH
    """In both wallets; half of it is margin, moved by hand where that has changed."""

    def snapshot(self, number: int) -> Snapshot:
        """The account in the morning of a day, at the closes before it."""
        margin = (self.quote / 2).quantize(dec("0.01"))
        items = [f"{c} {self.coins[c]} @ {_close(c, number)}" for c in COINS]
        items += [f"perp {MEMBER} {self.short}"] if self.short else []
        text = ", ".join([*items, f"USDT {self.quote - margin}", f"wallet {margin}"])
        return account(text, instruments=LISTED)

    def take(self, after: Snapshot) -> None:
        """Take over what a plan has left."""
        positions, balances = after.positions, after.balances
        with exact_arithmetic():
            spent = after.balances[after.quote].held - self.quote
            self.quote += spent + sum((p.balance for p in after.pools.values()), ZERO)
            self.coins = {c: balances[Asset(c)].held if c in balances else ZERO for c in COINS}
            lots = positions[SHORT_IN].lots if SHORT_IN in positions else 0
            self.short = LISTED[SHORT_IN].units(lots)

    def pass_a_week(self, number: int, rates: list[str]) -> None:
        """Have the short earn what a week from *number* on moves and pays."""
        with exact_arithmetic():
            was, now = _close(MEMBER, number), _close(MEMBER, number + WEEK)
            paid = -self.short * was * sum(map(dec, rates), ZERO)
            self.quote += self.short * (now - was) + paid


def _close(coin: str, number: int) -> Decimal:
    return dec(MARKET.coins[coin][number - 1].close)


def test_the_sleeve_is_exposed_to_nothing_and_is_held_while_its_funding_pays() -> None:
    half = (CASH / _close("BTC", PAID_DAYS)).quantize(dec("0.0001"))
    held, weeks, entries, exits = Held(coins={"BTC": half, "ETH": ZERO}), 0, 0, 0
    for number in range(PAID_DAYS, MARKET.days - WEEK, WEEK):
        rates = MARKET.settled(MEMBER, range(number - PAID_DAYS, number))
        ahead = MARKET.settled(MEMBER, range(number, number + WEEK))
        if not (rates and ahead):
            continue
        weeks += 1
        on = occasion(history=history_of({}, funding={MEMBER: rates}))
        snapshot, was_short = held.snapshot(number), bool(held.short)
        made = make_plan(snapshot, RULES, on)
        case = Case(plan=made, snapshot=snapshot, policy=RULES, context=context(), now=NOW)
        usual = review(made, snapshot, policy=RULES, context=case.context, now=NOW)
        plan, report = ordered(case, usual)
        assert report.verdict is not Verdict.REFUSE, (number, report.findings)
        after = filled(snapshot, plan)
        held.take(after)
        with exact_arithmetic():
            off = abs(traded_units(after, MEMBER)) * _close(MEMBER, number)
            paid = sum(map(dec, rates[-WITHIN:]), ZERO) * 3 * 365
            value = held.coins[MEMBER] * _close(MEMBER, number)
        assert off <= max(dec(5), dec("0.002") * value), (number, plan.legs)
        is_short = bool(held.short)
        if was_short:
            assert is_short == (paid >= LEFT_BELOW * WITHIN), (number, paid)
        elif is_short:
            assert paid > ENTERED_ABOVE * WITHIN, (number, paid)
        assert make_plan(after, RULES, on).legs == (), (number, plan.legs)
        entries, exits = entries + (is_short > was_short), exits + (is_short < was_short)
        held.pass_a_week(number, ahead)
    assert weeks >= 50
    assert entries >= 2
    assert exits >= 1
