"""What every ledger keeps: run on the one in memory, the one on disk and the one on a server."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.builders import KEY, NOW, account
from tests.contract.ledger_cases import (
    BTC,
    LATER,
    SELL,
    SNAPSHOT,
    Opener,
    StandingClock,
    fill,
    intent,
    plan_of,
    report_on,
    step,
    venue_order,
    yes_to,
)
from tests.contract.server_cases import needs_server, own_schema
from tests.fakes.memory_ledger import MemoryStore, open_memory_ledger
from trimtab.adapters.ledger.sql_ledger import open_ledger
from trimtab.domain.errors import AccountHeld, ApprovalError, ConfigError, Halted, LedgerError
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.leverage import LeverageSetting, SettingOutcome
from trimtab.domain.orders import OrderState, TradeId, VenueOrderId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.snapshot import AccountKey, ClockReading, Environment
from trimtab.domain.statement import ExternalFlow, Statement
from trimtab.domain.trading import NavMark, TradingState
from trimtab.ports import AbsenceEvidence, Ledger, PlanStatus

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


def _in_memory(_: Path) -> Opener:
    store = MemoryStore(key=KEY, began_at=NOW)

    def opened(
        *, dry_run: bool = False, key: AccountKey = KEY
    ) -> AbstractAsyncContextManager[Ledger]:
        return open_memory_ledger(store, key, dry_run=dry_run, clock=StandingClock())

    return opened


def _at(url: str) -> Opener:
    def opened(
        *, dry_run: bool = False, key: AccountKey = KEY
    ) -> AbstractAsyncContextManager[Ledger]:
        return open_ledger(url, key, dry_run=dry_run, clock=StandingClock())

    return opened


def _on_disk(folder: Path) -> Opener:
    return _at(f"sqlite:///{folder / 'state' / 'ledger.db'}")


@pytest.fixture(params=["memory", "disk", pytest.param("server", marks=needs_server)])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    match request.param:
        case "memory":
            yield _in_memory(tmp_path)
        case "disk":
            yield _on_disk(tmp_path)
        case _:
            with own_schema() as url:
                yield _at(url)


@pytest.fixture
async def ledger(opener: Opener) -> AsyncIterator[Ledger]:
    async with opener() as opened:
        yield opened


@asynccontextmanager
async def with_sell_begun(opener: Opener, *, dry_run: bool = False) -> AsyncIterator[Ledger]:
    """Open a ledger that holds the account, with line 1 of SELL as SUBMITTING."""
    async with opener(dry_run=dry_run) as ledger, ledger.holding_account(owner="test"):
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        await ledger.begin([intent()], at=NOW, halt_seen=None)
        yield ledger


# Plans


async def test_a_plan_is_read_back_as_it_was_saved(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    saved = await ledger.plan(SELL.digest[:8])
    assert (saved.plan, saved.report, saved.status) == (
        SELL,
        report_on(SELL),
        PlanStatus.PROPOSED,
    )
    assert saved.approval is None
    assert saved.plan.digest == SELL.digest


async def test_plans_come_oldest_first(ledger: Ledger) -> None:
    plans = [plan_of("sell 0.01 BTC", second=n) for n in (3, 1, 2)]
    for proposal in plans:
        await ledger.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)
    assert [saved.plan for saved in await ledger.plans()] == plans


@pytest.mark.parametrize("prefix", [SELL.digest[:7], "0" * 64, ""])
async def test_a_prefix_that_names_no_single_plan_is_refused(ledger: Ledger, prefix: str) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    with pytest.raises(LedgerError):
        await ledger.plan(prefix)


async def test_a_plan_is_saved_once(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    with pytest.raises(LedgerError, match="saved already"):
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)


async def test_findings_on_another_plan_are_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="another plan"):
        await ledger.save_plan(SELL, report_on(plan_of()), PlanStatus.PROPOSED)


async def test_a_plan_of_another_account_is_refused(ledger: Ledger) -> None:
    foreign = dataclasses.replace(SELL, key=OTHER_KEY)
    with pytest.raises(LedgerError, match="another account"):
        await ledger.save_plan(foreign, report_on(foreign), PlanStatus.PROPOSED)


async def test_the_status_of_a_plan_moves(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    await ledger.set_plan_status(SELL.digest, PlanStatus.DECLINED)
    assert (await ledger.plan(SELL.digest)).status is PlanStatus.DECLINED


DECIDED = [PlanStatus.DECLINED, PlanStatus.EXPIRED]
TAKEN = [PlanStatus.EXECUTING, PlanStatus.EXECUTED, PlanStatus.PARTIAL, PlanStatus.UNKNOWN]


@pytest.mark.parametrize("status", [*DECIDED, *TAKEN])
@pytest.mark.parametrize("to", [*DECIDED, PlanStatus.EXECUTING])
async def test_a_plan_that_was_begun_or_declined_is_neither_begun_nor_declined_again(
    ledger: Ledger, status: PlanStatus, to: PlanStatus
) -> None:
    await ledger.save_plan(SELL, report_on(SELL), status)
    with pytest.raises(LedgerError, match=f"is {status}, cannot become {to}"):
        await ledger.set_plan_status(SELL.digest, to)
    assert (await ledger.plan(SELL.digest)).status is status


async def test_only_an_approved_plan_is_begun_and_only_once(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    with pytest.raises(LedgerError, match="is proposed, cannot become executing"):
        await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)
    await ledger.save_approval(yes_to(SELL))
    await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)
    with pytest.raises(LedgerError, match="is executing, cannot become executing"):
        await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)


async def test_the_status_of_a_plan_that_is_not_there_cannot_move(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="not in the ledger"):
        await ledger.set_plan_status(SELL.digest, PlanStatus.DECLINED)


async def test_a_plan_takes_one_approval_once(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    await ledger.save_approval(yes_to(SELL))
    saved = await ledger.plan(SELL.digest)
    assert (saved.approval, saved.status) == (yes_to(SELL), PlanStatus.APPROVED)
    with pytest.raises(ApprovalError, match="approved already"):
        await ledger.save_approval(yes_to(SELL))


async def test_of_two_that_approve_at_once_one_is_told_that_it_was_late(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    both = (ledger.save_approval(yes_to(SELL)), ledger.save_approval(yes_to(SELL)))
    told = await asyncio.gather(*both, return_exceptions=True)
    assert [type(answer) for answer in told] == [type(None), ApprovalError]
    assert (await ledger.plan(SELL.digest)).approval == yes_to(SELL)


@pytest.mark.parametrize("status", [PlanStatus.DECLINED, PlanStatus.REFUSED, PlanStatus.EXECUTED])
async def test_a_plan_that_was_decided_takes_no_approval(
    ledger: Ledger, status: PlanStatus
) -> None:
    await ledger.save_plan(SELL, report_on(SELL, Verdict.REFUSE), status)
    with pytest.raises(ApprovalError, match="cannot be approved"):
        await ledger.save_approval(yes_to(SELL))


# Orders


async def test_an_intent_is_there_as_submitting_with_its_instrument(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        (record,) = await ledger.orders(plan_digest=SELL.digest)
        assert record.intent == intent()
        assert record.state is OrderState.SUBMITTING
        assert (record.venue_order_id, record.filled_lots, record.executed_lots) == (None, 0, 0)
        assert (record.submitted_at, record.simulated) == (NOW, False)
        assert await ledger.unresolved() == (record,)
        assert await ledger.orders(plan_digest="0" * 64) == ()
        assert await ledger.orders(plan_digest=None) == (record,)


async def test_an_order_id_is_begun_once_and_nothing_of_its_batch_stays(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        with pytest.raises(LedgerError, match="already"):
            await ledger.begin([intent(line=2), intent(line=1)], at=NOW, halt_seen=None)
        assert len(await ledger.orders(plan_digest=None)) == 1
        await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)


async def test_an_order_of_a_plan_that_is_not_saved_is_refused(opener: Opener) -> None:
    async with opener() as ledger, ledger.holding_account(owner="test"):
        with pytest.raises(LedgerError, match="not in the ledger"):
            await ledger.begin([intent()], at=NOW, halt_seen=None)


async def test_orders_survive_the_process(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        before = await ledger.orders(plan_digest=None)
    async with opener() as ledger:
        assert await ledger.unresolved() == before


async def test_an_order_fills_and_closes(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), -100)
        await ledger.advance([step(intent(), OrderState.SETTLING, told)])
        await ledger.book_fills(BTC, [fill(1, "0.006"), fill(2, "0.004")])
        await ledger.advance([step(intent(), OrderState.FILLED, told)])
        (record,) = await ledger.orders(plan_digest=None)
        assert (record.state, record.filled_lots, record.executed_lots) == ("filled", -100, -100)
        assert record.venue_order_id == "v1"
        assert await ledger.unresolved() == ()


@pytest.mark.parametrize(
    ("state", "executed", "booked"),
    [
        (OrderState.FILLED, -100, "0.006"),
        (OrderState.EXPIRED, -100, "0.006"),
        (OrderState.FILLED, -60, "0.006"),
        (OrderState.ABSENT, 0, "0.006"),
    ],
)
async def test_an_order_does_not_close_on_other_fills_than_the_venue_executed(
    opener: Opener, state: OrderState, executed: int, booked: str
) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), executed)
        await ledger.book_fills(BTC, [fill(1, booked, of=intent().client_order_id)])
        with pytest.raises(LedgerError, match="cannot become"):
            await ledger.advance([step(intent(), state, told)])
        assert (await ledger.orders(plan_digest=None))[0].state is OrderState.SUBMITTING


async def test_a_step_that_the_life_cycle_does_not_know_is_refused_with_its_batch(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        absent = AbsenceEvidence(asked_at=NOW, venue_now=NOW, sightings={"fills": "none"})
        gone = dataclasses.replace(step(intent(), OrderState.ABSENT), evidence=absent)
        await ledger.advance([step(intent(), OrderState.UNKNOWN), gone])
        await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)
        with pytest.raises(LedgerError, match="cannot become"):
            await ledger.advance(
                [step(intent(line=2), OrderState.OPEN), step(intent(), OrderState.OPEN)]
            )
        states = [r.state for r in await ledger.orders(plan_digest=None)]
        assert states == [OrderState.ABSENT, OrderState.SUBMITTING]


async def test_an_order_that_is_not_there_does_not_advance(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        with pytest.raises(LedgerError, match="not in the ledger"):
            await ledger.advance([step(intent(line=2), OrderState.OPEN)])


async def test_a_report_of_another_order_is_refused(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        other = venue_order(intent(line=2), 0, ended=False)
        with pytest.raises(LedgerError, match="another order"):
            await ledger.advance([step(intent(), OrderState.OPEN, other)])


async def test_an_order_keeps_the_name_that_the_venue_gave_it(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.OPEN, venue_order(intent(), 0))])
        renamed = venue_order(intent(), 0, name="v2")
        with pytest.raises(LedgerError, match="on the venue"):
            await ledger.advance([step(intent(), OrderState.OPEN, renamed)])


async def test_an_older_report_does_not_lower_what_was_executed(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        for filled in (-60, -10):
            told = venue_order(intent(), filled, ended=False)
            await ledger.advance([step(intent(), OrderState.OPEN, told)])
        assert (await ledger.orders(plan_digest=None))[0].executed_lots == -60


# Fills


async def test_fills_are_booked_once_and_the_cursor_moves(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        before = await ledger.fill_cursor(BTC)
        assert before.after is None
        assert NOW - timedelta(minutes=1) <= before.not_before <= NOW
        ours = intent().client_order_id
        first, second, third = (fill(n, "0.001", of=ours) for n in (9, 10, 11))
        assert await ledger.book_fills(BTC, [first, second]) == (first, second)
        assert await ledger.book_fills(BTC, [first, second, third, third]) == (third,)
        assert await ledger.fills() == (first, second, third)
        assert (await ledger.fill_cursor(BTC)).after == TradeId("11")
        assert (await ledger.orders(plan_digest=None))[0].filled_lots == -30


async def test_the_cursor_does_not_move_back_for_a_late_fill(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.book_fills(BTC, [fill(10, "0.001")])
        await ledger.book_fills(BTC, [fill(9, "0.001")])
        assert (await ledger.fill_cursor(BTC)).after == TradeId("10")
        assert [f.trade_id for f in await ledger.fills()] == ["9", "10"]


async def test_an_empty_page_books_nothing(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        assert await ledger.book_fills(BTC, []) == ()
        assert (await ledger.fill_cursor(BTC)).after is None


async def test_a_fill_that_contradicts_a_booked_one_is_refused_with_its_page(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.book_fills(BTC, [fill(1, "0.001")])
        with pytest.raises(LedgerError, match="is booked as"):
            await ledger.book_fills(BTC, [fill(2, "0.001"), fill(1, "0.002")])
        assert [f.trade_id for f in await ledger.fills()] == ["1"]
        assert (await ledger.fill_cursor(BTC)).after == TradeId("1")


async def test_a_fill_of_another_symbol_is_refused(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        with pytest.raises(LedgerError, match="not of"):
            await ledger.book_fills(intent(line=2).instrument.symbol, [fill(1, "0.001")])


@pytest.mark.parametrize(
    "odd", [{"quantity": Decimal("0.00015")}, {"side": "buy"}], ids=["half a lot", "other side"]
)
async def test_a_fill_that_cannot_be_of_its_order_is_refused(
    opener: Opener, odd: dict[str, object]
) -> None:
    async with with_sell_begun(opener) as ledger:
        wrong = dataclasses.replace(fill(1, "0.001", of=intent().client_order_id), **odd)
        with pytest.raises(LedgerError, match="fill 1 of BTC/USDT"):
            await ledger.book_fills(BTC, [wrong])
        assert await ledger.fills() == ()


async def test_a_fill_without_our_id_is_attributed_by_the_venues(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), -100, ended=False)
        await ledger.advance([step(intent(), OrderState.OPEN, told)])
        (booked,) = await ledger.book_fills(BTC, [fill(1, "0.001")])
        assert booked.client_order_id == intent().client_order_id
        assert await ledger.fills() == (booked,)


async def test_a_fill_of_nobody_we_know_is_external(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        theirs = fill(1, "0.001", of="web_4711", venue_order_id="v9")
        (booked,) = await ledger.book_fills(BTC, [theirs])
        assert booked.client_order_id is None
        assert (await ledger.orders(plan_digest=None))[0].filled_lots == 0


async def test_a_fill_booked_before_its_order_was_named_is_claimed_by_it(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        (booked,) = await ledger.book_fills(BTC, [fill(1, "0.01")])
        assert booked.client_order_id is None
        found = step(intent(), OrderState.FILLED, venue_order(intent(), -100))
        await ledger.advance([found])
        (record,) = await ledger.orders(plan_digest=None)
        assert (record.state, record.filled_lots) == (OrderState.FILLED, -100)
        assert (await ledger.fills())[0].client_order_id == intent().client_order_id
        assert await ledger.book_fills(BTC, [fill(1, "0.01")]) == ()


async def test_a_late_fill_is_booked_on_a_closed_order_without_reopening_it(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), 0)
        await ledger.advance([step(intent(), OrderState.EXPIRED, told)])
        await ledger.book_fills(BTC, [fill(1, "0.001")])
        (record,) = await ledger.orders(plan_digest=None)
        assert (record.state, record.filled_lots, record.executed_lots) == ("expired", -10, -10)


# Caps


async def test_committed_notional_counts_what_was_or_may_be_spent(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.begin([intent(line=2), intent(line=2, attempt=2)], at=LATER, halt_seen=None)
        refused = intent(line=2, attempt=2)
        await ledger.advance([step(refused, OrderState.REFUSED)])
        assert await ledger.committed_notional(since=NOW) == {"BTC/USDT": 599, "ETH/USDT": 301}
        assert await ledger.committed_notional(since=LATER) == {"ETH/USDT": 301}
        await ledger.book_fills(BTC, [fill(1, "0.002", of=intent().client_order_id)])
        await ledger.advance([step(intent(), OrderState.EXPIRED, venue_order(intent(), -20))])
        spent = await ledger.committed_notional(since=NOW)
        assert spent == {"BTC/USDT": Decimal("119.8"), "ETH/USDT": 301}


async def test_an_order_that_ended_unfilled_counts_for_nothing_and_one_in_doubt_for_all(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        assert await ledger.committed_notional(since=NOW) == {"BTC/USDT": 599}
        await ledger.advance([step(intent(), OrderState.EXPIRED, venue_order(intent(), 0))])
        assert await ledger.committed_notional(since=NOW) == {}


async def test_reduce_only_orders_do_not_count_against_caps(opener: Opener) -> None:
    proposal = plan_of("buy 0.01 perp BTC reduce")
    async with opener() as ledger, ledger.holding_account(owner="test"):
        await ledger.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)
        await ledger.begin([intent(proposal)], at=NOW, halt_seen=None)
        assert await ledger.committed_notional(since=NOW) == {}


# Leverage and balances


async def test_leverage_is_recorded_by_who_holds_the_account_for_a_saved_plan(
    opener: Opener,
) -> None:
    setting = LeverageSetting(
        plan_digest=SELL.digest,
        symbol=Symbol("BTC/USDT:USDT"),
        leverage=2,
        outcome=SettingOutcome.SENDING,
        note="",
        at=NOW,
    )
    async with opener() as ledger:
        with pytest.raises(AccountHeld):
            await ledger.record_leverage(setting)
        async with ledger.holding_account(owner="test"):
            with pytest.raises(LedgerError, match="not in the ledger"):
                await ledger.record_leverage(setting)
            await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
            await ledger.record_leverage(setting)


AHEAD = dataclasses.replace(
    SNAPSHOT, taken_at=LATER, clock=ClockReading(offset_ms=20_000, uncertainty_ms=5)
)
"""An account read by a clock that is twenty seconds behind the venue's."""


async def test_the_last_statement_is_given_back_at_the_venues_instant(opener: Opener) -> None:
    async with opener() as ledger:
        assert await ledger.statement() is None
        await ledger.save_balances(account("USDT 1"))
        await ledger.save_balances(AHEAD)
        assert await ledger.statement() == Statement(
            taken_at=LATER + timedelta(seconds=20),
            marks={},
            is_bracketed=False,
            balances={Asset("USDT"): Decimal(700), Asset("BTC"): Decimal("0.1"), Asset("ETH"): 1},
            wallets={Asset("USDT"): Decimal(500)},
            positions={Symbol("BTC/USDT:USDT"): -200},
        )


async def test_a_statement_keeps_what_it_was_held_against(opener: Opener) -> None:
    marks = {BTC: TradeId("7"), Symbol("ETH/USDT"): None}
    flow = ExternalFlow(asset=Asset("USDT"), units=Decimal("-12.5"))
    async with opener() as ledger:
        await ledger.save_statement(SNAPSHOT, marks=marks, flows=[flow])
        statement = await ledger.statement()
    assert statement is not None
    assert (statement.marks, statement.is_bracketed) == (marks, True)


async def test_an_empty_account_has_a_statement_too(opener: Opener) -> None:
    empty = dataclasses.replace(SNAPSHOT, balances={}, pools={}, positions={})
    async with opener() as ledger:
        await ledger.save_statement(SNAPSHOT, marks={}, flows=[])
        await ledger.save_statement(empty, marks={}, flows=[])
        statement = await ledger.statement()
    assert statement is not None
    assert (statement.balances, statement.wallets, statement.positions) == ({}, {}, {})


async def test_what_was_booked_after_a_statement_is_told_apart_from_what_was_before(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.book_fills(BTC, [fill(2, "0.001")])
        await ledger.book_payments([PAID])
        assert await ledger.fills_after_statement() == await ledger.fills()
        assert await ledger.payments_after_statement() == (PAID,)
        await ledger.save_statement(SNAPSHOT, marks={}, flows=[])
        assert await ledger.fills_after_statement() == ()
        assert await ledger.payments_after_statement() == ()
        await ledger.book_fills(BTC, [fill(1, "0.001"), fill(2, "0.001")])
        await ledger.book_payments([PAID, EARLIER])
        assert [f.trade_id for f in await ledger.fills_after_statement()] == ["1"]
        assert await ledger.payments_after_statement() == (EARLIER,)


# Payments

PAID = Payment(
    kind=PaymentKind.FUNDING,
    word="FUNDING_FEE",
    symbol=Symbol("BTC/USDT:USDT"),
    asset=Asset("USDT"),
    units=Decimal("-0.123456789012345678901234567890"),
    payment_id=PaymentId("4711-BTCUSDT"),
    trade_id=None,
    paid_at=LATER,
)
EARLIER = dataclasses.replace(
    PAID,
    kind=PaymentKind.OTHER,
    word="WELCOME_BONUS",
    symbol=None,
    units=Decimal(10),
    trade_id=TradeId("9"),
    paid_at=NOW,
)


@pytest.fixture
async def held(opener: Opener) -> AsyncIterator[Ledger]:
    """Return a ledger whose account is held."""
    async with opener() as ledger, ledger.holding_account(owner="test"):
        yield ledger


async def test_payments_are_booked_once_exactly_and_listed_by_age(held: Ledger) -> None:
    assert await held.book_payments([PAID, EARLIER]) == (PAID, EARLIER)
    assert await held.book_payments([EARLIER, PAID, PAID]) == ()
    assert await held.payments() == (EARLIER, PAID)
    assert (await held.payments())[1].units == Decimal("-0.12345678901234567890123456789")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": PaymentKind.COMMISSION},
        {"asset": Asset("BNB")},
        {"payment_id": PaymentId("4712-BTCUSDT")},
    ],
)
async def test_payments_are_told_apart_by_asset_kind_and_id(
    held: Ledger, change: dict[str, Any]
) -> None:
    other = dataclasses.replace(PAID, **change)
    assert await held.book_payments([PAID, other]) == (PAID, other)


@pytest.mark.parametrize(
    "change", [{"units": Decimal(1)}, {"symbol": None}, {"paid_at": NOW}, {"word": "OTHER"}]
)
async def test_a_payment_that_is_told_otherwise_is_an_error_and_nothing_is_booked(
    held: Ledger, change: dict[str, Any]
) -> None:
    await held.book_payments([PAID])
    with pytest.raises(LedgerError, match="4711"):
        await held.book_payments([EARLIER, dataclasses.replace(PAID, **change)])
    assert await held.payments() == (PAID,)


async def test_reading_payments_goes_on_an_hour_before_the_newest(held: Ledger) -> None:
    begun = await held.payments_from()
    assert begun == await held.begins_at() == NOW - timedelta(seconds=5)
    await held.book_payments([PAID])
    assert await held.payments_from() == LATER - timedelta(hours=1)
    await held.book_payments([EARLIER])  # It came late; the cursor never goes back.
    assert await held.payments_from() == LATER - timedelta(hours=1)


async def test_payments_are_booked_by_who_holds_the_account_and_never_by_a_dry_run(
    opener: Opener,
) -> None:
    async with opener() as ledger, opener(dry_run=True) as dry:
        with pytest.raises(AccountHeld):
            await ledger.book_payments([PAID])
        async with dry.holding_account(owner="dry"):
            assert await dry.book_payments([PAID]) == ()
            await dry.save_statement(SNAPSHOT, marks={}, flows=[])
        assert (await ledger.payments(), await ledger.statement()) == ((), None)


# Halt


async def test_a_halt_latches_until_it_is_released(opener: Opener) -> None:
    async with opener() as ledger:
        assert await ledger.halted() is None
        await ledger.set_halt("exchange on fire", by="ada", at=NOW)
    async with opener() as ledger:
        assert await ledger.halted() == "exchange on fire"
        await ledger.set_halt(None, by="ada", at=LATER)
        assert await ledger.halted() is None


@pytest.mark.parametrize("seen", [None, "another halt"])
async def test_a_round_does_not_begin_under_a_halt_that_the_gate_did_not_see(
    opener: Opener, seen: str | None
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.set_halt("enough", by="ada", at=NOW)
        with pytest.raises(Halted, match="enough"):
            await ledger.begin([intent(line=2)], at=NOW, halt_seen=seen)
        assert len(await ledger.orders(plan_digest=None)) == 1
        await ledger.begin([intent(line=2)], at=NOW, halt_seen="enough")
        await ledger.set_halt(None, by="ada", at=LATER)
        await ledger.begin([intent(line=2, attempt=2)], at=NOW, halt_seen="enough")
        assert len(await ledger.orders(plan_digest=None)) == 3


# What is not explained


@asynccontextmanager
async def statement_then_begun(opener: Opener) -> AsyncIterator[Ledger]:
    """Open a ledger with a statement, and line 1 of SELL begun after it."""
    async with opener() as ledger, ledger.holding_account(owner="test"):
        assert await ledger.booked_since_statement() is None
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        await ledger.save_balances(SNAPSHOT)
        await ledger.begin([intent()], at=NOW, halt_seen=None)
        yield ledger


async def test_what_is_booked_since_the_statement_tells_ours_from_others(opener: Opener) -> None:
    async with statement_then_begun(opener) as ledger:
        await ledger.book_fills(
            BTC,
            [
                fill(1, "0.004", of=intent().client_order_id),
                fill(2, "0.001", venue_order_id="v9"),
            ],
        )
        since = await ledger.booked_since_statement()
    assert since is not None
    assert since.positions == {s: p.lots for s, p in SNAPSHOT.positions.items()}
    assert since.ours == {BTC: -40}
    assert [f.trade_id for f in since.external] == ["2"]
    assert since.late == ()


async def test_a_later_statement_leaves_behind_what_came_before_it(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.book_fills(BTC, [fill(2, "0.001", venue_order_id="v9")])
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        await ledger.advance([step(intent(), OrderState.ABSENT)])
        await ledger.save_balances(SNAPSHOT)
        since = await ledger.booked_since_statement()
        assert since is not None
        assert (since.ours, since.external, since.older) == ({}, (), ())
        assert await ledger.absent_lately(since=NOW) == ()


async def test_fills_that_come_after_a_statement_on_orders_from_before_it_are_told_apart(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.save_balances(SNAPSHOT)
        await ledger.save_balances(SNAPSHOT)
        named = fill(1, "0.004", of=intent().client_order_id)
        await ledger.book_fills(BTC, [named])
        since = await ledger.booked_since_statement()
    assert since is not None
    assert (since.ours, since.older, since.external) == ({}, (named,), ())


async def test_a_fill_on_an_order_that_was_proved_absent_is_late(opener: Opener) -> None:
    async with statement_then_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        await ledger.advance([step(intent(), OrderState.ABSENT)])
        assert [r.state for r in await ledger.absent_lately(since=NOW)] == [OrderState.ABSENT]
        assert await ledger.absent_lately(since=LATER) == ()
        named = fill(1, "0.01", of=intent().client_order_id)
        assert await ledger.book_fills(BTC, [named]) == (named,)
        since = await ledger.booked_since_statement()
        assert since is not None
        assert [(r.state, r.filled_lots) for r in since.late] == [(OrderState.ABSENT, -100)]


async def test_a_dry_run_counts_its_own_orders_and_the_real_ones(opener: Opener) -> None:
    async with statement_then_begun(opener) as real:
        ours = intent().client_order_id
        await real.book_fills(BTC, [fill(1, "0.004", of=ours)])
        async with opener(dry_run=True) as dry:
            await dry.begin([intent()], at=NOW, halt_seen=None)
            await dry.book_fills(BTC, [fill(1, "0.001", of=ours)])
            seen = await dry.booked_since_statement()
        truth = await real.booked_since_statement()
    assert seen is not None
    assert truth is not None
    assert (seen.ours, truth.ours) == ({BTC: -50}, {BTC: -40})


async def test_the_venues_names_of_our_orders_are_known(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), -100)
        await ledger.advance([step(intent(), OrderState.SETTLING, told)])
        asked = [told.venue_order_id, VenueOrderId("v77")]
        assert await ledger.unknown_orders(BTC, asked) == {"v77"}
        assert await ledger.unknown_orders(Symbol("ETH/USDT"), asked) == set(asked)


async def test_a_plan_is_executing_until_its_run_says_how_it_ended(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.save_approval(yes_to(SELL))
        assert await ledger.executing() == ()
        await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)
        assert [saved.plan for saved in await ledger.executing()] == [SELL]
        await ledger.set_plan_status(SELL.digest, PlanStatus.PARTIAL)
        assert await ledger.executing() == ()


# One writer


async def test_nothing_is_begun_advanced_or_booked_without_holding_the_account(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener):
        pass
    async with opener() as ledger:
        with pytest.raises(AccountHeld):
            await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)
        with pytest.raises(AccountHeld):
            await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        with pytest.raises(AccountHeld):
            await ledger.book_fills(BTC, [fill(1, "0.001")])
        (record,) = await ledger.orders(plan_digest=None)
        assert (record.state, record.filled_lots) == (OrderState.SUBMITTING, 0)


async def test_who_holds_the_account_is_told_without_keeping_anybody_out(opener: Opener) -> None:
    async with opener() as first, opener() as second:
        assert await second.holder() is None
        async with first.holding_account(owner="first run"):
            assert "first run" in (await second.holder() or "")
        assert await second.holder() is None
        async with second.holding_account(owner="second run"):
            assert "second run" in (await first.holder() or "")


async def test_one_run_holds_the_account_at_a_time(opener: Opener) -> None:
    async with opener() as first, opener() as second:
        async with first.holding_account(owner="first run"):
            with pytest.raises(AccountHeld, match="first run"):
                async with second.holding_account(owner="second run"):
                    pytest.fail("two runs hold one account")
        async with second.holding_account(owner="second run"):
            pass


async def test_the_account_is_given_back_when_a_run_fails(opener: Opener) -> None:
    async with opener() as ledger:
        with pytest.raises(ZeroDivisionError):
            async with ledger.holding_account(owner="first"):
                raise ZeroDivisionError
        async with ledger.holding_account(owner="second"):
            pass


async def test_plans_are_decided_while_another_run_holds_the_account(opener: Opener) -> None:
    async with opener() as running, opener() as terminal:
        await running.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        async with running.holding_account(owner="run"):
            await terminal.save_approval(yes_to(SELL))
            await terminal.set_halt("enough", by="ada", at=NOW)
            assert await running.halted() == "enough"
            assert (await running.plan(SELL.digest)).approval == yes_to(SELL)


# Latches, and what the account was worth


def look(hours: int, level: str = "1", *, high: str | None = None) -> NavMark:
    """Return a look so many hours after NOW."""
    return NavMark(
        taken_at=NOW + timedelta(hours=hours),
        nav=Decimal(level) * 10_000,
        level=Decimal(level),
        high=Decimal(high or level),
        outside={Asset("USDT"): Decimal("700.000000000000000001"), Asset("BTC"): Decimal("0.1")},
        wallets={Asset("USDT"): Decimal("-0.5"), Asset("BTC"): Decimal(0)},
        mids={Asset("USDT"): Decimal(1), Asset("BTC"): Decimal("60000.01")},
    )


REDUCING = TradingState.REDUCING


async def test_a_new_account_is_active_and_nothing_was_ever_released(ledger: Ledger) -> None:
    found = await ledger.restraint()
    assert (found.state, found.halted, found.reducing) == (TradingState.ACTIVE, None, None)
    assert found.released_at is None


async def test_a_latch_holds_until_a_person_releases_and_survives_the_process(
    opener: Opener,
) -> None:
    async with opener() as ledger:
        await ledger.latch(REDUCING, "lost 0.25", by="run", at=NOW)
    async with opener() as ledger:
        found = await ledger.restraint()
        assert (found.state, found.reducing, found.halted) == (REDUCING, "lost 0.25", None)
        assert await ledger.halted() is None
        await ledger.set_halt(None, by="ada", at=LATER)
        found = await ledger.restraint()
        assert (found.state, found.reducing) == (TradingState.ACTIVE, None)
        assert found.released_at == LATER


async def test_the_first_reason_of_a_latch_is_kept_and_the_stricter_state_counts(
    ledger: Ledger,
) -> None:
    await ledger.latch(REDUCING, "first", by="run", at=NOW)
    await ledger.latch(REDUCING, "second", by="run", at=LATER)
    assert (await ledger.restraint()).reducing == "first"
    await ledger.latch(TradingState.HALTED, "refused", by="run", at=LATER)
    await ledger.latch(TradingState.HALTED, "refused again", by="run", at=LATER)
    found = await ledger.restraint()
    assert (found.state, found.halted) == (TradingState.HALTED, "refused")
    assert await ledger.halted() == "refused"


async def test_one_release_releases_both_latches_and_each_may_fall_again(ledger: Ledger) -> None:
    await ledger.latch(REDUCING, "a loss", by="run", at=NOW)
    await ledger.latch(TradingState.HALTED, "refused", by="run", at=NOW)
    await ledger.set_halt(None, by="ada", at=LATER)
    assert (await ledger.restraint()).state is TradingState.ACTIVE
    await ledger.latch(REDUCING, "another", by="run", at=LATER)
    assert (await ledger.restraint()).reducing == "another"


async def test_a_halt_by_hand_leaves_the_latch_of_a_loss_alone(ledger: Ledger) -> None:
    await ledger.latch(REDUCING, "a loss", by="run", at=NOW)
    await ledger.set_halt("by hand", by="ada", at=LATER)
    found = await ledger.restraint()
    assert (found.halted, found.reducing, found.released_at) == ("by hand", "a loss", None)


async def test_active_is_never_latched(opener: Opener) -> None:
    for dry_run in (False, True):
        async with opener(dry_run=dry_run) as ledger:
            with pytest.raises(LedgerError, match="trimtab unhalt"):
                await ledger.latch(TradingState.ACTIVE, "better", by="run", at=NOW)


async def test_a_look_is_read_back_to_the_last_digit(ledger: Ledger) -> None:
    assert await ledger.nav_marks(since=NOW) == ()
    await ledger.mark_nav(look(0, "0.123456789012345678901234567890", high="1"))
    assert await ledger.nav_marks(since=NOW) == (
        look(0, "0.123456789012345678901234567890", high="1"),
    )


async def test_looks_since_an_instant_come_oldest_first_and_the_newest_always(
    ledger: Ledger,
) -> None:
    for hours in (0, 1, 2):
        await ledger.mark_nav(look(hours))
    assert await ledger.nav_marks(since=NOW + timedelta(hours=1)) == (look(1), look(2))
    assert await ledger.nav_marks(since=NOW + timedelta(hours=9)) == (look(2),)


async def test_looks_from_before_a_release_are_no_baseline_any_more(ledger: Ledger) -> None:
    await ledger.mark_nav(look(0))
    await ledger.latch(REDUCING, "a loss", by="run", at=NOW)
    await ledger.mark_nav(look(1))
    assert await ledger.nav_marks(since=NOW) == (look(0), look(1))
    await ledger.set_halt(None, by="ada", at=LATER)
    assert await ledger.nav_marks(since=NOW) == ()
    await ledger.mark_nav(look(2))
    assert await ledger.nav_marks(since=NOW) == (look(2),)


async def test_a_dry_run_reads_latches_and_looks_and_leaves_none(opener: Opener) -> None:
    async with opener() as real, opener(dry_run=True) as dry:
        await real.mark_nav(look(0))
        await dry.mark_nav(look(1))
        await dry.latch(REDUCING, "a loss", by="dry", at=NOW)
        await dry.latch(TradingState.HALTED, "refused", by="dry", at=NOW)
        assert await dry.nav_marks(since=NOW) == await real.nav_marks(since=NOW) == (look(0),)
        assert (await real.restraint()).state is TradingState.ACTIVE
        await real.latch(REDUCING, "a loss", by="run", at=NOW)
        assert (await dry.restraint()).state is REDUCING


async def test_payments_after_an_instant_come_oldest_first(held: Ledger) -> None:
    await held.book_payments([PAID, EARLIER])
    assert await held.payments_since(EARLIER.paid_at) == (PAID,)
    assert await held.payments_since(EARLIER.paid_at - timedelta(seconds=1)) == (EARLIER, PAID)


async def test_orders_since_an_instant_are_the_real_ones_oldest_first(opener: Opener) -> None:
    async with with_sell_begun(opener) as real:
        await real.begin([intent(line=2)], at=LATER, halt_seen=None)
        both = await real.orders_since(NOW)
        assert [r.intent.line for r in both] == [1, 2]
        assert [r.intent.line for r in await real.orders_since(LATER)] == [2]
        async with opener(dry_run=True) as dry:
            await dry.begin([intent()], at=LATER, halt_seen=None)
            assert await dry.orders_since(NOW) == both


async def test_executions_after_an_instant_come_oldest_first_a_dry_runs_own_beside_them(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as real:
        ours = intent().client_order_id
        first, second = (fill(n, "0.001", of=ours) for n in (1, 2))
        await real.book_fills(BTC, [second])
        await real.book_fills(BTC, [first])
        assert await real.fills_since(NOW) == (first, second)
        assert await real.fills_since(first.filled_at) == (second,)
        async with opener(dry_run=True) as dry:
            await dry.begin([intent()], at=NOW, halt_seen=None)
            own = fill(3, "0.002", of=ours)
            await dry.book_fills(BTC, [own])
            assert await dry.fills_since(NOW) == (first, second, own)
        assert await real.fills_since(NOW) == (first, second)


async def test_the_plan_executed_last_is_the_one_made_last_of_those_that_went_out(
    opener: Opener,
) -> None:
    plans = [plan_of("sell 0.01 BTC", second=n) for n in (2, 1, 3)]
    ends = (PlanStatus.EXECUTED, PlanStatus.PARTIAL, None)
    async with opener() as ledger, ledger.holding_account(owner="run"):
        assert await ledger.last_executed() is None
        for proposal, end in zip(plans, ends, strict=True):
            await ledger.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)
            if end is not None:
                await ledger.save_approval(yes_to(proposal))
                await ledger.set_plan_status(proposal.digest, PlanStatus.EXECUTING)
                await ledger.set_plan_status(proposal.digest, end)
        found = await ledger.last_executed()
    assert found == plans[1]


# Stamp and dry runs


@pytest.mark.parametrize(
    "change", [{"account": "other"}, {"venue": "bybit"}, {"environment": Environment.LIVE}]
)
async def test_a_ledger_of_another_stamp_is_a_configuration_error(
    opener: Opener, change: dict[str, object]
) -> None:
    async with opener():
        pass
    with pytest.raises(ConfigError):
        async with opener(key=dataclasses.replace(KEY, **change)):
            pytest.fail("opened a ledger of another account")


async def test_a_dry_run_leaves_no_trace_that_the_real_run_counts(opener: Opener) -> None:
    async with with_sell_begun(opener, dry_run=True) as dry:
        await dry.save_approval(yes_to(SELL))
        await dry.set_plan_status(SELL.digest, PlanStatus.EXECUTED)
        told = venue_order(intent(), -100)
        await dry.advance([step(intent(), OrderState.SETTLING, told)])
        await dry.book_fills(BTC, [fill(1, "0.01")])
        await dry.advance([step(intent(), OrderState.FILLED, told)])
        await dry.save_balances(SNAPSHOT)
        (record,) = await dry.orders(plan_digest=SELL.digest)
        assert (record.simulated, record.state) == (True, OrderState.FILLED)
        assert len(await dry.fills()) == 1
        assert await dry.committed_notional(since=NOW) == {}
    async with opener() as real:
        saved = await real.plan(SELL.digest)
        assert (saved.status, saved.approval) == (PlanStatus.PROPOSED, None)
        assert await real.orders(plan_digest=None) == ()
        assert await real.unresolved() == ()
        assert await real.fills() == ()
        assert (await real.fill_cursor(BTC)).after is None
        assert await real.committed_notional(since=NOW) == {}
        await real.save_approval(yes_to(SELL))
        async with real.holding_account(owner="run"):
            await real.begin([intent()], at=NOW, halt_seen=None)


async def test_a_dry_run_needs_no_lease_and_sees_what_is_really_unresolved(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as real:
        await real.set_halt("enough", by="ada", at=NOW)
        async with opener(dry_run=True) as dry, dry.holding_account(owner="dry"):
            assert await dry.unresolved() == await real.unresolved() != ()
            assert await dry.committed_notional(since=NOW) == {"BTC/USDT": 599}
            assert await dry.halted() == "enough"
            assert await dry.orders(plan_digest=None) == ()
            with pytest.raises(LedgerError):
                await dry.set_halt(None, by="dry", at=NOW)
            await dry.begin([intent()], at=NOW, halt_seen="enough")
            assert [r.simulated for r in await dry.orders(plan_digest=None)] == [True]


async def test_one_plan_can_be_run_dry_many_times(opener: Opener) -> None:
    async with with_sell_begun(opener, dry_run=True):
        pass
    for _ in range(2):
        async with opener(dry_run=True) as dry:
            assert await dry.orders(plan_digest=None) == ()
            await dry.begin([intent()], at=NOW, halt_seen=None)
