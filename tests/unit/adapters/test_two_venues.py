"""Two venues told as one account: clocks, keys, what is left out."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, account
from trimtab.adapters.frame.daily_lists import Markets
from trimtab.adapters.two_histories import TwoHistories
from trimtab.adapters.two_venues import (
    TwoMarkets,
    joined_clock,
    joined_rights,
    joined_snapshot,
    names_of,
)
from trimtab.domain.errors import NotDone, VenueError
from trimtab.domain.exposure import exposure
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.rights import KeyRights, KeyUse, UntoldRights
from trimtab.domain.snapshot import AccountKey, ClockReading, Environment, Snapshot
from trimtab.ports import Portfolio
from trimtab.risk.key_powers import KeyFaults, KeyNeeds, key_faults

KEY = AccountKey(venue="bybit+bitget", account="main", environment=Environment.TESTNET)
NAMES = ("bybit", "bitget")
RIGHTS = KeyRights(
    use=KeyUse.SEND,
    reads=True,
    trades_spot=True,
    trades_futures=True,
    withdraws=False,
    transfers_out=False,
    transfers_within=False,
    borrows=False,
    trades_options=False,
    is_bound_to_ip=True,
)
"""A key that may trade everything, and no more."""


def reading(offset_ms: int, uncertainty_ms: int) -> ClockReading:
    return ClockReading(offset_ms=offset_ms, uncertainty_ms=uncertainty_ms)


@pytest.mark.parametrize(
    ("coins", "hedges"),
    [
        (reading(0, 5), reading(120, 10)),
        (reading(-400, 30), reading(20, 5)),
        (reading(7, 3), reading(-7, 3)),
    ],
)
def test_the_clock_is_that_of_the_hedges_and_as_far_off_as_the_worse(
    coins: ClockReading, hedges: ClockReading
) -> None:
    told = joined_clock(coins=coins, hedges=hedges)
    assert told.offset_ms == hedges.offset_ms
    off = [abs(each.offset_ms) + each.uncertainty_ms for each in (coins, hedges)]
    assert abs(told.offset_ms) + told.uncertainty_ms == max(off)
    assert told.uncertainty_ms >= hedges.uncertainty_ms


@pytest.mark.parametrize(
    "power", ["withdraws", "transfers_out", "transfers_within", "borrows", "trades_options"]
)
@pytest.mark.parametrize("is_hedges", [False, True])
def test_a_danger_in_either_key_is_told(power: str, *, is_hedges: bool) -> None:
    bad = dataclasses.replace(RIGHTS, **{power: True})
    coins, hedges = (RIGHTS, bad) if is_hedges else (bad, RIGHTS)
    told = joined_rights(coins=coins, hedges=hedges, names=NAMES)
    assert isinstance(told, KeyRights)
    assert getattr(told, power)


def test_each_key_answers_for_its_own_market() -> None:
    no_spot = dataclasses.replace(RIGHTS, trades_spot=False)
    no_futures = dataclasses.replace(RIGHTS, trades_futures=False)
    told = joined_rights(coins=no_futures, hedges=no_spot, names=NAMES)
    assert isinstance(told, KeyRights)
    assert told.trades_spot
    assert told.trades_futures
    lacking = joined_rights(coins=no_spot, hedges=no_futures, names=NAMES)
    assert isinstance(lacking, KeyRights)
    assert not lacking.trades_spot
    assert not lacking.trades_futures


ONLY_READS = dataclasses.replace(RIGHTS, use=KeyUse.READ, trades_spot=False, trades_futures=False)


@pytest.mark.parametrize("is_hedges", [False, True])
def test_one_key_that_only_reads_is_enough_to_plan_and_nothing_is_held_against_the_other(
    *, is_hedges: bool
) -> None:
    coins, hedges = (RIGHTS, ONLY_READS) if is_hedges else (ONLY_READS, RIGHTS)
    told = joined_rights(coins=coins, hedges=hedges, names=NAMES)
    assert isinstance(told, KeyRights)
    needs = KeyNeeds(spot=True, futures=True, topups=False, transfers=False)
    assert told.use is KeyUse.READ
    assert key_faults(told, needs) == KeyFaults(dangerous=(), missing=(), careless=())


@pytest.mark.parametrize("power", ["trades_spot", "trades_futures"])
@pytest.mark.parametrize("is_hedges", [False, True])
def test_a_key_that_is_meant_to_read_and_may_trade_is_told_at_either_venue(
    power: str, *, is_hedges: bool
) -> None:
    loose = dataclasses.replace(ONLY_READS, **{power: True})
    coins, hedges = (ONLY_READS, loose) if is_hedges else (loose, ONLY_READS)
    told = joined_rights(coins=coins, hedges=hedges, names=NAMES)
    assert isinstance(told, KeyRights)
    needs = KeyNeeds(spot=True, futures=True, topups=False, transfers=False)
    assert key_faults(told, needs).careless == ("it is meant to read only and may trade",)


def test_two_accounts_at_one_venue_have_names_that_tell_them_apart() -> None:
    assert names_of(KEY) == NAMES
    twice = dataclasses.replace(KEY, venue="binance+binance")
    assert names_of(twice) == ("binance coins", "binance hedges")


@pytest.mark.parametrize("power", ["reads", "is_bound_to_ip"])
def test_what_both_must_have_is_missing_when_one_lacks_it(power: str) -> None:
    lacking = dataclasses.replace(RIGHTS, **{power: False})
    for coins, hedges in ((RIGHTS, lacking), (lacking, RIGHTS)):
        told = joined_rights(coins=coins, hedges=hedges, names=NAMES)
        assert isinstance(told, KeyRights)
        assert not getattr(told, power)


def test_one_key_that_does_not_tell_makes_both_untold_and_is_named() -> None:
    silent = UntoldRights(why="no answer", is_absent=False)
    absent = UntoldRights(why="sandbox", is_absent=True)
    told = joined_rights(coins=RIGHTS, hedges=silent, names=NAMES)
    assert told == UntoldRights(why="bitget: no answer", is_absent=False)
    told = joined_rights(coins=absent, hedges=silent, names=NAMES)
    assert told == UntoldRights(why="bybit: sandbox; bitget: no answer", is_absent=False)
    assert joined_rights(coins=absent, hedges=RIGHTS, names=NAMES) == UntoldRights(
        why="bybit: sandbox", is_absent=True
    )


def test_two_keys_of_one_wallet_are_refused_since_its_cash_would_count_twice() -> None:
    mine, other = (dataclasses.replace(RIGHTS, wallet=owner) for owner in ("7", "8"))
    told = joined_rights(coins=mine, hedges=mine, names=NAMES)
    assert isinstance(told, UntoldRights)
    assert not told.is_absent
    assert "both keys are of one account (7)" in told.why
    for pair in ((mine, other), (RIGHTS, RIGHTS)):
        told = joined_rights(coins=pair[0], hedges=pair[1], names=NAMES)
        assert isinstance(told, KeyRights)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"withdraws": True}, "may withdraw"),
        ({"transfers_out": True}, "may move funds to another account"),
        ({"borrows": True}, "may borrow"),
        ({"trades_options": True}, "may trade options"),
        ({"reads": False}, "may not read"),
        ({"trades_futures": False}, "may not trade"),
    ],
)
def test_who_does_not_tell_hides_nothing_that_the_other_tells(
    changed: dict[str, bool], fault: str
) -> None:
    absent = UntoldRights(why="no question", is_absent=True)
    hedges = dataclasses.replace(RIGHTS, use=KeyUse.SEND, **changed)
    told = joined_rights(coins=absent, hedges=hedges, names=NAMES)
    assert told == UntoldRights(why=f"bitget: the key {fault}; bybit: no question", is_absent=False)


COINS = account(
    "BTC 1 @ 60000, USDT 100, wallet 900, perp BTC 0.5, order BTC 1 @ 50000,"
    " order perp BTC 1 @ 50000",
    taken_at=NOW,
)
HEDGES = account(
    "BTC 3 @ 61000, USDT 5, wallet 50, perp BTC -0.01, order BTC 2 @ 50000,"
    " order perp BTC -0.1 @ 70000",
    taken_at=NOW - timedelta(seconds=2),
)
SPOT, PERPETUAL = Symbol("BTC/USDT"), Symbol("BTC/USDT:USDT")


def test_coins_are_of_the_one_and_contracts_of_the_other_and_nothing_is_mixed() -> None:
    told = joined_snapshot(coins=COINS, hedges=HEDGES, key=KEY)
    assert told.key == KEY
    assert told.balances == COINS.balances
    assert (told.pools, told.positions, told.contracts) == (
        HEDGES.pools,
        HEDGES.positions,
        HEDGES.contracts,
    )
    assert told.books == {SPOT: COINS.books[SPOT], PERPETUAL: HEDGES.books[PERPETUAL]}
    assert {*told.instruments} == {*told.price_bands} == {SPOT, PERPETUAL}
    assert [(o.symbol, o.limit_price) for o in told.open_orders] == [
        (SPOT, Decimal(50_000)),
        (PERPETUAL, Decimal(70_000)),
    ]


def test_it_is_as_old_as_the_older_look() -> None:
    assert joined_snapshot(coins=COINS, hedges=HEDGES, key=KEY).taken_at == HEDGES.taken_at
    assert joined_snapshot(coins=HEDGES, hedges=COINS, key=KEY).taken_at == HEDGES.taken_at


class Read:
    """A venue that shows of an account the markets that it is asked for, or does not answer."""

    def __init__(self, seen: Snapshot, *, fault: VenueError | None = None) -> None:
        self.seen, self.fault = seen, fault
        self.asked: list[Portfolio] = []

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        self.asked.append(portfolio)
        if self.fault is not None:
            raise self.fault
        wanted = {*portfolio.assets, *portfolio.with_contracts}
        shown = {s: i for s, i in self.seen.instruments.items() if i.base in wanted}
        books = {s: b for s, b in self.seen.books.items() if s in shown}
        return dataclasses.replace(self.seen, instruments=shown, books=books)


PORTFOLIO = Portfolio(assets=(Asset("BTC"), Asset("USDT")), with_contracts=(Asset("BTC"),))


async def test_a_coin_that_lies_as_margin_is_priced_at_the_venue_of_the_coins() -> None:
    coins = Read(account("BTC 1 @ 60000, BNB 0 @ 600, USDT 100", taken_at=NOW))
    margin = dataclasses.replace(HEDGES.pools[Asset("USDT")], wallet_balance=Decimal(2))
    pools = {**HEDGES.pools, Asset("BNB"): dataclasses.replace(margin, unrealised_pnl=Decimal(0))}
    hedges = Read(dataclasses.replace(HEDGES, pools=pools))
    both = TwoMarkets(coins=coins, hedges=hedges, key=KEY)
    for looks in (2, 3):
        told = exposure(await both.snapshot(PORTFOLIO))
        assert told.value(Asset("BNB")) == 1200
        assert told.unpriced == frozenset()
        assert len(coins.asked) == looks
    assert all(each.assets == () for each in hedges.asked)


@pytest.mark.parametrize("is_hedges", [False, True])
async def test_a_venue_that_does_not_answer_is_named(*, is_hedges: bool) -> None:
    silent = Read(COINS, fault=NotDone("no route", retry_after_ms=7))
    first, second = (Read(COINS), silent) if is_hedges else (silent, Read(HEDGES))
    with pytest.raises(NotDone, match=f"^{NAMES[is_hedges]}: no route$") as told:
        await TwoMarkets(coins=first, hedges=second, key=KEY).snapshot(PORTFOLIO)
    assert told.value.retry_after_ms == 7
    assert told.value.next_step == NotDone.next_step


class Listed:
    """A venue that lists some markets."""

    def __init__(self, name: str, *assets: str, until: date) -> None:
        self.name, self.assets, self.until = name, assets, until
        self.asked: list[str] = []

    async def ended_day(self) -> date:
        return self.until

    async def markets(self, need: HistoryNeed) -> Markets:
        listed = {a: Symbol(f"{a}/USDT") for a in need.assets if a in self.assets}
        perpetuals = {a: Symbol(f"{a}/USDT:USDT") for a in need.perpetuals if a in self.assets}
        return Markets(closes=listed, perpetuals=perpetuals)

    async def closes(self, market: Symbol, *, first: date, last: date) -> tuple[()]:
        self.asked.append(f"{market} {first} {last}")
        return ()

    async def funding(self, perpetual: Symbol, *, since: datetime, until: datetime) -> tuple[()]:
        self.asked.append(f"funding {perpetual} {since:%H} {until:%H}")
        return ()

    async def open_interest(self, perpetual: Symbol, *, until: date) -> tuple[()]:
        self.asked.append(f"interest {perpetual} {until}")
        return ()


async def test_the_past_of_a_coin_is_the_coins_own_and_of_what_has_no_coin_the_contracts() -> None:
    day = date(2026, 11, 20)
    coins, hedges = (
        Listed("coins", "BTC", until=day),
        Listed("hedges", "BTC", "SOL", until=day - timedelta(days=1)),
    )
    both = TwoHistories(coins=coins, hedges=hedges)
    assert await both.ended_day() == hedges.until
    btc, sol, ada = Asset("BTC"), Asset("SOL"), Asset("ADA")
    told = await both.markets(HistoryNeed(assets=(btc, sol, ada), days=3, perpetuals=(btc,)))
    assert told.closes == {btc: "BTC/USDT", sol: "SOL/USDT:USDT"}
    assert told.perpetuals == {btc: "BTC/USDT:USDT"}
    for market in told.closes.values():
        await both.closes(market, first=day, last=day)
    await both.funding(PERPETUAL, since=NOW, until=NOW)
    await both.open_interest(PERPETUAL, until=day)
    assert coins.asked == [f"BTC/USDT {day} {day}"]
    assert [text.split()[0] for text in hedges.asked] == ["SOL/USDT:USDT", "funding", "interest"]
