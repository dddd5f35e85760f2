"""What only WEEX's contracts have: orders that name a position, tiers by word, look-ups by list."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.floors import Waiting
from tests.conformance.line import Mishap
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import PORTFOLIO, Stage, from_the_start, staged
from tests.conformance.test_whole_run import differences, opened, refusals
from tests.conformance.trading import DAY_MS
from tests.conformance.weex_floor import WeexFloor
from tests.conformance.weex_linear import ContractDesk
from tests.wire.opened import intent
from trimtab.config import load
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import OrderIntent, OrderState
from trimtab.domain.payments import PaymentKind
from trimtab.domain.snapshot import MarginMode, PositionMode
from trimtab.ports import PlanStatus
from trimtab.venues.facts import Market
from trimtab.workflow.recover import recover
from trimtab.workflow.run import Consent, run

PERPETUAL = Symbol("BTC/USDT:USDT")
HISTORY, ONE = "/capi/v3/order/history", "/capi/v3/order"
Change = Callable[[ContractDesk], None]


def desk_of(stage: Stage) -> ContractDesk:
    assert isinstance(stage.floor, WeexFloor)
    return stage.floor.linear


def order(
    stage: Stage, units: str, limit: str = "60000.1", *, line: int = 1, closes: bool = False
) -> OrderIntent:
    lots = int(Decimal(units) / stage.instrument.lot_size)
    return intent(stage.instrument, lots, limit, line=line, reduce_only=closes)


def sent(stage: Stage) -> list[dict[str, Any]]:
    return [json.loads(a.body) for a in stage.line.asked if stage.floor.is_order(a)]


async def read(change: Change) -> Any:
    async with staged("weex", Market.LINEAR) as stage:
        change(desk_of(stage))
        return await stage.read_again()


# Orders and positions


@pytest.mark.parametrize(
    ("units", "limit", "held", "closes", "side"),
    [
        ("0.004", "60000.1", "-0.01", True, ("BUY", "SHORT")),
        ("0.004", "60000.1", "-0.01", False, ("BUY", "SHORT")),
        ("0.01", "60000.1", "-0.01", True, ("BUY", "SHORT")),
        ("-0.004", "59999.9", "-0.01", False, ("SELL", "SHORT")),
        ("-0.004", "59999.9", "0", False, ("SELL", "SHORT")),
        ("0.004", "60000.1", "0", False, ("BUY", "LONG")),
        ("0.004", "60000.1", "0.01", False, ("BUY", "LONG")),
        ("-0.004", "59999.9", "0.01", True, ("SELL", "LONG")),
    ],
)
async def test_an_order_names_the_position_that_it_opens_or_closes(
    units: str, limit: str, held: str, closes: bool, side: tuple[str, str]
) -> None:
    async with staged("weex", Market.LINEAR) as stage:
        desk_of(stage).trading.units = Decimal(held)
        await stage.opened.venue.submit(order(stage, units, limit, closes=closes))
        (said,) = sent(stage)
        assert (said["side"], said["positionSide"]) == side
        assert desk_of(stage).trading.taken[0].reduces is (Decimal(units) * Decimal(held) < 0)


@pytest.mark.parametrize(
    ("units", "limit", "held", "closes", "why"),
    [
        ("0.0101", "60000.1", "-0.01", True, "0.0100 are held, and more would open the other side"),
        ("0.0101", "60000.1", "-0.01", False, "more would open the other side"),
        ("0.004", "60000.1", "0", True, "no position is held that it could close"),
        ("-0.004", "59999.9", "-0.01", True, "no position is held that it could close"),
    ],
)
async def test_an_order_beyond_the_position_is_refused_before_a_byte_is_sent(
    units: str, limit: str, held: str, closes: bool, why: str
) -> None:
    async with staged("weex", Market.LINEAR) as stage:
        desk_of(stage).trading.units = Decimal(held).quantize(Decimal("0.0001"))
        with pytest.raises(Refused, match=why):
            await stage.opened.venue.submit(order(stage, units, limit, closes=closes))
        assert sent(stage) == []


async def test_an_order_is_not_sent_while_the_position_cannot_be_read() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        for _ in range(4):
            stage.line.spoil(Told(body=b"{}"), which=lambda a: "singlePosition" in a.path)
        with pytest.raises(NotDone):
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert sent(stage) == []


async def test_a_position_of_another_contract_is_no_word_on_this_one() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        other = {**desk_of(stage).positions()[0], "symbol": "ETHUSDT"}
        told = Told(body=json.dumps([other]).encode())
        stage.line.spoil(told, which=lambda a: "singlePosition" in a.path)
        with pytest.raises(NotDone, match="another contract"):
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert sent(stage) == []


@pytest.mark.parametrize(
    ("says", "units", "closes", "why"),
    [
        ({"reduceOnly": False}, "0.004", True, "SHORT, reduceOnly false .* to close SHORT"),
        ({"positionSide": "LONG"}, "0.004", True, "LONG, reduceOnly true .* to close SHORT"),
        (
            {"positionSide": "LONG", "reduceOnly": False},
            "0.004",
            False,
            "LONG, reduceOnly false .* to close SHORT",
        ),
        ({"reduceOnly": True}, "-0.004", False, "SHORT, reduceOnly true .* to open SHORT"),
        (
            {"positionSide": "LONG", "reduceOnly": True},
            "-0.004",
            False,
            "LONG, reduceOnly true .* to open SHORT",
        ),
    ],
)
async def test_an_order_that_is_told_otherwise_than_it_was_sent_is_a_contradiction(
    says: dict[str, Any], units: str, closes: bool, why: str
) -> None:
    async with staged("weex", Market.LINEAR) as stage:
        desk_of(stage).says = says
        limit = "59999.9" if units[0] == "-" else "60000.1"
        one = order(stage, units, limit, closes=closes)
        seen = await stage.opened.venue.submit(one)
        with pytest.raises(AssertionError, match=why):
            assert not seen.contradiction, seen.contradiction


async def test_of_an_older_order_only_what_reduces_is_known_to_close() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        venue: Any = stage.opened.venue
        closing, other = order(stage, "0.004", closes=True), order(stage, "0.004", line=2)
        for each in (closing, other):
            await venue.submit(each)
        venue._words.place.__self__._sent.clear()
        desk_of(stage).says = {"positionSide": "LONG", "reduceOnly": False}
        assert (await venue.look_up(closing)).contradiction
        assert not (await venue.look_up(other)).contradiction
        desk_of(stage).says = {"positionSide": "BOTH"}
        with pytest.raises(NotDone, match="neither LONG nor SHORT"):
            await venue.look_up(other)


# Looking for orders


async def test_an_order_is_asked_for_by_its_number_once_the_venue_has_told_it() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        desk_of(stage).late_s = 60  # No list shows it for a minute.
        seen = await stage.opened.venue.submit(stage.buy("0.004"))
        assert seen.ended
        assert {a.path for a in stage.line.asked if a.method == "GET"} & {HISTORY, ONE} == {ONE}


async def test_an_order_whose_answer_is_lost_is_found_in_the_list_and_then_by_number() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        one = stage.buy("0.004")
        stage.line.spoil(Mishap.LOST, which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(one)
        found = await stage.opened.venue.look_up(one)
        assert found is not None
        assert (found.filled_lots, found.ended) == (one.lots, True)
        begun = len(stage.line.asked)
        assert await stage.opened.venue.look_up(one) == found
        assert [a.path for a in stage.line.asked[begun:]] == [ONE]


async def test_an_order_that_its_number_does_not_find_is_still_looked_for_in_the_lists() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        one = stage.buy("0.004")
        seen = await stage.opened.venue.submit(one)
        gone = Told(status=400, body=b'{"code":-3200,"msg":"Order does not exist"}')
        stage.line.spoil(gone, which=lambda a: a.path == ONE)
        assert await stage.opened.venue.look_up(one) == seen


async def test_an_order_of_days_ago_is_found_by_who_looks_for_it_first() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        stage.unmetered()
        mine = order(stage, "0.004")
        stage.line.spoil(Mishap.LOST, which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(mine)
        trading = desk_of(stage).trading
        for each in (*trading.taken, *trading.executions):
            each.at_ms -= 5 * DAY_MS
        found = await stage.opened.venue.look_up(mine)
        assert found is not None
        assert (found.ended, found.filled_lots) == (True, mine.lots)


async def test_an_order_that_no_list_shows_yet_is_never_concluded_absent() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        one = stage.buy("0.004")
        desk_of(stage).late_s = 3600
        stage.line.spoil(Mishap.LOST, which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(one)
        assert await stage.opened.venue.look_up(one) is None
        stage.line.spoil(Told(body=b"[]"), which=lambda a: a.path == "/capi/v3/userTrades")
        evidence = await stage.opened.venue.evidence_of_absence(one)
        assert set(evidence.sightings.values()) == {"none"}
        assert not evidence.is_absent
        assert "its own number alone" in evidence.inconclusive


async def test_silence_about_an_order_of_coins_still_proves_its_absence() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        coins = stage.seen.instruments[Symbol("BTC/USDT")]
        evidence = await stage.opened.venue.evidence_of_absence(intent(coins, 4000, "60000.1"))
        assert evidence.is_absent


async def test_two_orders_of_one_name_are_no_answer() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        for _ in range(2):
            await stage.opened.venue.submit(stage.buy("0.004"))
        orders: Any = stage.opened.venue
        orders._orders._desks["linear"].names.clear()
        with pytest.raises(NotDone, match="two orders have this name"):
            await stage.opened.venue.look_up(stage.buy("0.004"))


async def test_an_unknown_hedge_is_left_to_a_person_and_nothing_is_sent_after_it(
    tmp_path: Path,
) -> None:
    floor = WeexFloor(Market.LINEAR)
    async with opened("weex", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, line):
        line.spoil(Mishap.NEVER, which=floor.is_order)
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        (record,) = await runner.desk.ledger.orders(plan_digest=None)
    assert result.status is not PlanStatus.EXECUTED
    assert record.state is OrderState.UNKNOWN
    assert sum(floor.is_order(asked) for asked in line.asked) == 1
    assert floor.orders() == []


# The account


def as_it_is(_: ContractDesk) -> None:
    return None


def kept_apart(desk: ContractDesk) -> None:
    desk.kept_apart = "SEPARATED"


def netted(desk: ContractDesk) -> None:
    desk.both_sides = False


def other_side(desk: ContractDesk) -> None:
    desk.more_positions = [{**desk.positions()[0], "side": "LONG"}]


def in_parts(desk: ContractDesk) -> None:
    desk.more_positions = [{**desk.positions()[0], "id": 5}]


def separated(desk: ContractDesk) -> None:
    row = {**desk.positions()[0], "separatedMode": "SEPARATED"}
    desk.trading.units, desk.more_positions = Decimal(0), [row]


def nearly_liquidated(desk: ContractDesk) -> None:
    desk.liquidated_at = Decimal(500_000)


@pytest.mark.parametrize(
    ("change", "why", "mend"),
    [
        (kept_apart, r"BTCUSDT: positions are kept apart \(SEPARATED\)", "close them and set"),
        (separated, "BTCUSDT: positions are kept apart", "close them and set"),
        (netted, "long and short are netted", "set two-way positions"),
        (other_side, "BTCUSDT: long and short are held side by side", "close all but one"),
        (in_parts, "or a position in parts", "close all but one"),
        (
            nearly_liquidated,
            "BTCUSDT: the venue liquidates at 500000, .* the tier up to 50000 says 0.005",
            "read that tier of BTCUSDT",
        ),
    ],
)
async def test_an_account_that_no_order_could_be_sure_of_is_not_read(
    change: Change, why: str, mend: str
) -> None:
    with pytest.raises(NotDone, match=why) as raised:
        await read(change)
    assert raised.value.next_step.startswith(mend)
    assert raised.value.next_step.endswith("trimtab doctor")


async def test_an_account_is_one_way_as_long_as_no_contract_has_two_sides() -> None:
    seen = await read(as_it_is)
    assert seen.position_mode is PositionMode.ONE_WAY


async def test_a_position_of_isolated_margin_is_refused_by_the_gate(tmp_path: Path) -> None:
    floor = WeexFloor(Market.LINEAR)
    row = {**floor.linear.positions()[0], "marginType": "ISOLATED"}
    floor.linear.trading.units, floor.linear.more_positions = Decimal(0), [row]
    async with opened("weex", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, line):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
    assert result.status is PlanStatus.REFUSED
    refused = {f.check for f in result.report.findings if f.verdict is Verdict.REFUSE}
    assert "position_mode" in refused
    assert not any(floor.is_order(asked) for asked in line.asked)


async def test_a_liquidation_price_that_the_tiers_allow_is_read() -> None:
    # Of 5,000 less the loss of 10 little is left where the value has eaten it.
    at = (Decimal(5_000) + Decimal("0.01") * 59_000) / (Decimal("0.01") * Decimal("1.005"))
    liquidated = round(at, 1)

    def allowed(desk: ContractDesk) -> None:
        desk.liquidated_at = liquidated

    position = (await read(allowed)).positions[PERPETUAL]
    assert position.liquidation_price == liquidated

    def nearer(desk: ContractDesk) -> None:
        desk.liquidated_at = round(at * Decimal("0.99"), 1)

    with pytest.raises(NotDone, match="the venue liquidates"):
        await read(nearer)


async def test_a_position_that_nobody_declares_tiers_for_is_not_read(tmp_path: Path) -> None:
    more = '\n[rebalance]\nroute = "spot"\n'
    async with opened("weex", tmp_path, market=Market.LINEAR, more=more) as (runner, _, _l):
        account: Any = runner.planner.market
        account._account._tiers = {}
        with pytest.raises(NotDone, match="nobody declares what it has to maintain") as raised:
            await account.snapshot(PORTFOLIO[Market.LINEAR])
        assert "write the tiers of BTC" in raised.value.next_step
        assert isinstance(runner.planner.market, type(account))


async def test_a_contract_without_declared_tiers_is_not_covered() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        desk_of(stage).trading.units = Decimal(0)
        account: Any = stage.opened.market
        account._account._tiers = {}
        assert PERPETUAL not in (await stage.read_again()).contracts


async def test_a_contract_that_keys_may_not_trade_is_not_tradable() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        desk_of(stage).for_keys = ["ETHUSDT"]
        market: Any = stage.opened.market
        market._markets._lists["linear"]._read_at = None
        seen = await stage.read_again()
        assert not seen.instruments[PERPETUAL].tradable
        assert stage.seen.instruments[PERPETUAL].tradable


async def test_the_wallet_is_what_is_there_without_unrealised_profit() -> None:
    seen = await read(as_it_is)
    pool = seen.pools[Asset("USDT")]
    assert (pool.wallet_balance, pool.unrealised_pnl, pool.balance) == (5000, -10, 4990)
    assert pool.initial_margin == 30
    assert pool.maintenance_margin == 3
    assert pool.free_margin == 4960
    assert set(seen.pools) == {Asset("USDT")}


async def test_a_flat_contract_of_isolated_margin_is_set_to_cross_before_its_leverage() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        assert stage.seen.contracts[PERPETUAL].margin_mode is MarginMode.ISOLATED
        await stage.opened.venue.set_leverage(PERPETUAL, leverage=5)
        writes = [json.loads(a.body) for a in stage.line.asked if a.method == "POST"]
        crossed, levered = writes
        assert (crossed["marginType"], crossed["separatedType"]) == ("CROSSED", "COMBINED")
        assert (levered["marginType"], levered["crossLeverage"]) == ("CROSSED", "5")
        state = (await stage.read_again()).contracts[PERPETUAL]
        assert (state.leverage, state.margin_mode) == (5, MarginMode.CROSS)


async def test_a_leverage_that_is_not_what_was_asked_for_is_not_set() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        await stage.opened.venue.set_leverage(PERPETUAL, leverage=5)
        told = Told(body=json.dumps({"symbol": "BTCUSDT", "crossLeverage": "7"}).encode())
        stage.line.spoil(told, which=lambda a: a.path == "/capi/v3/account/leverage")
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.set_leverage(PERPETUAL, leverage=6)


# Payments and waiting orders


async def test_what_executions_tell_is_not_booked_from_the_list_of_income_too() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        desk_of(stage).trading.come(Decimal("25.5"))
        stage.floor.pay_funding()
        stage.floor.pay_funding()
        since = from_the_start().not_before
        paid = await stage.opened.venue.payments(since)
        wallet = desk_of(stage).trading.wallet
        assert sum(payment.units for payment in paid) == wallet - 5000
        kinds = [payment.kind for payment in paid]
        assert kinds.count(PaymentKind.FUNDING) == 2
        assert kinds.count(PaymentKind.TRANSFER) == 1
        assert sum(a.path == "/capi/v3/account/income" for a in stage.line.asked) > 2


async def test_income_that_leads_to_itself_has_no_end() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        page = {
            "hasNextPage": True,
            "nextKey": {"nextKeyId": 5, "nextKeyTime": 7},
            "items": [],
        }
        for _ in range(3):
            told = Told(body=json.dumps(page).encode())
            stage.line.spoil(told, which=lambda a: a.path == "/capi/v3/account/income")
        with pytest.raises(NotDone, match="no end"):
            await stage.opened.venue.payments(from_the_start().not_before)


async def test_more_orders_wait_than_one_page_holds() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        waits = Waiting(
            name="by-hand",
            is_buy=True,
            quantity=Decimal("0.01"),
            trigger=Decimal(66_000),
            reduces=True,
            by_mark=True,
        )
        for number in range(101):
            stage.floor.let_wait(dataclasses.replace(waits, name=f"by-hand-{number}"))
        seen = (await stage.read_again()).open_orders
        assert len({each.client_order_id for each in seen}) == len(seen) == 101


# Whole runs


async def test_a_hedge_is_bought_back_by_orders_that_close_and_the_books_agree(
    tmp_path: Path,
) -> None:
    floor = WeexFloor(Market.LINEAR)
    said: list[dict[str, Any]] = []
    async with opened("weex", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, line):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        before = floor.truth().position
        assert before < Decimal("-0.01")
        said += [json.loads(a.body) for a in line.asked if floor.is_order(a)]
    assert {(each["side"], each["positionSide"]) for each in said} == {("SELL", "SHORT")}
    async with opened("weex", tmp_path, market=Market.LINEAR, floor=floor, target="0.09") as (
        runner,
        _,
        line,
    ):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status in {PlanStatus.EXECUTED, PlanStatus.PARTIAL}, refusals(result)
        assert await differences(runner) == []
        said = [json.loads(a.body) for a in line.asked if floor.is_order(a)]
    assert {(each["side"], each["positionSide"]) for each in said} == {("BUY", "SHORT")}
    assert before < floor.truth().position <= 0
    assert all(taken.reduces is taken.is_buy for taken in floor.linear.trading.taken)


async def test_an_order_that_is_told_otherwise_ends_a_run_and_not_the_account(
    tmp_path: Path,
) -> None:
    floor = WeexFloor(Market.LINEAR)
    async with opened("weex", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, line):
        floor.linear.says = {"reduceOnly": True}
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.UNKNOWN
        (record,) = await runner.desk.ledger.orders(plan_digest=None)
        assert (record.state, record.executed_lots) == (OrderState.SETTLING, record.intent.lots)
        async with runner.desk.ledger.holding_account(owner="ada"):
            assert (await recover(runner.desk, receive_window_ms=10_000)).exit_code == 0
        (record,) = await runner.desk.ledger.orders(plan_digest=None)
        assert record.state is OrderState.FILLED
        assert await differences(runner) == []
        assert sum(floor.is_order(asked) for asked in line.asked) == 1


async def test_every_plan_says_that_the_tiers_are_somebody_s_word(tmp_path: Path) -> None:
    async with opened("weex", tmp_path, market=Market.LINEAR) as (runner, _, _l):
        result = await run(runner, consent=Consent.DRY_RUN, slot_due=True)
    warned = [f for f in result.report.findings if f.check == "maintenance_agreement"]
    assert [(f.verdict, f.measured) for f in warned if f.subject == "account"] == [
        (Verdict.WARN, "declared")
    ]
    assert any("of BTC have to maintain is your word" in (f.reason or "") for f in warned)


async def test_a_hedge_beyond_the_last_tier_is_refused(tmp_path: Path) -> None:
    small = '\n[venue.maintenance]\nBTC = [{ up_to = 1500, rate = "0.005" }]\n'
    more = '\n[rebalance]\nroute = "futures"\n\n[hedge]\nmax_ratio = "1.0"\n'
    floor = WeexFloor(Market.LINEAR)
    async with opened("weex", tmp_path, market=Market.LINEAR, more=more, floor=floor) as at:
        runner, shell, line = at
        file = tmp_path / "trimtab.toml"
        text = file.read_text(encoding="utf-8")
        start = text.index("[venue.maintenance]")
        file.write_text(text[:start] + small, encoding="utf-8")
        tiers = load(file, environ={}, sets=(), home=tmp_path, cwd=tmp_path).policy.tiers
        market: Any = shell.market
        market._account._tiers = tiers
        result = await run(runner, consent=Consent.ASK, slot_due=True)
    assert result.status is PlanStatus.REFUSED
    refused = {f.check for f in result.report.findings if f.verdict is Verdict.REFUSE}
    assert "bracket_leverage" in refused
    assert not any(floor.is_order(asked) for asked in line.asked)


async def test_closes_of_a_contract_come_a_hundred_days_at_a_time() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        history: Any = stage.opened.history
        last = await history.ended_day()
        closes = await history.closes(PERPETUAL, first=last - timedelta(days=249), last=last)
        assert len(closes) == 250

        def is_past(asked: Asked) -> bool:
            return asked.path == "/capi/v3/market/historyKlines"

        assert sum(map(is_past, stage.line.asked)) == 3
