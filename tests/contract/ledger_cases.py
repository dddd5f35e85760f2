"""Values that the ledger tests share: a clock that stands, a plan, its report, orders, fills."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal

from tests.builders import NOW, account, plan, report_on
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.canonical import digest
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.orders import (
    ClientOrderId,
    Evidence,
    Fill,
    OrderIntent,
    OrderState,
    Side,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.plan import Plan
from trimtab.ports import Ledger, PlanStatus, Transition

Opener = Callable[..., AbstractAsyncContextManager[Ledger]]
BTC = Symbol("BTC/USDT")
LATER = NOW + timedelta(seconds=1)
SNAPSHOT = account("USDT 700, BTC 0.1 @ 60000, ETH 1 @ 3000, perp BTC -0.02, wallet 500")


class StandingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant

    async def sleep(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


def plan_of(*legs: str, second: int = 0) -> Plan:
    """Return a plan of *legs*; plans of different seconds have different digests."""
    return plan(SNAPSHOT, *legs, made_at=NOW + timedelta(seconds=second))


SELL = plan_of("sell 0.01 BTC @ 59900", "buy 0.1 ETH @ 3010")


def yes_to(proposal: Plan) -> Approval:
    return Approval(
        plan_digest=proposal.digest,
        gate_digest=digest(report_on(proposal)),
        kind=ApprovalKind.TYPED,
        by="ada on tty1",
        at=NOW,
        expires_at=NOW + timedelta(seconds=300),
    )


def intent(proposal: Plan = SELL, line: int = 1, attempt: int = 1) -> OrderIntent:
    """Return an intent for one line of *proposal*: line 1 sells 100 lots at 59,900."""
    leg = proposal.legs[line - 1]
    return OrderIntent(
        client_order_id=proposal.order_id(line, attempt=attempt),
        plan_digest=proposal.digest,
        line=line,
        attempt=attempt,
        instrument=leg.instrument,
        lots=leg.lots,
        limit=leg.limit,
        reduce_only=leg.reduce_only,
    )


def venue_order(
    order: OrderIntent, filled: int, *, ended: bool = True, name: str = "v1"
) -> VenueOrder:
    return VenueOrder(
        client_order_id=order.client_order_id,
        venue_order_id=VenueOrderId(name),
        symbol=order.instrument.symbol,
        lots=order.lots,
        filled_lots=Lots(filled),
        ended=ended,
        status="FILLED" if ended else "NEW",
    )


def step(
    order: OrderIntent, state: OrderState, told: VenueOrder | None = None, note: str = ""
) -> Transition:
    evidence = Evidence(
        sent_at=NOW,
        answered_at=LATER,
        http_status=200,
        code="",
        message="",
        handed_to_socket=True,
    )
    return Transition(
        client_order_id=order.client_order_id,
        state=state,
        order=told,
        evidence=evidence,
        note=note,
        at=LATER,
    )


def payment(units: str, number: int = 4711) -> Payment:
    """Return a funding payment of the BTC perpetual in USDT."""
    return Payment(
        kind=PaymentKind.FUNDING,
        word="FUNDING_FEE",
        symbol=Symbol("BTC/USDT:USDT"),
        asset=Asset("USDT"),
        units=Decimal(units),
        payment_id=PaymentId(str(number)),
        trade_id=None,
        paid_at=NOW,
    )


def fill(
    trade: int,
    quantity: str,
    *,
    of: str | None = None,
    venue_order_id: str = "v1",
    side: Side = Side.SELL,
) -> Fill:
    """Return an execution of BTC/USDT at 59,901.2 with a fee in USDT."""
    return Fill(
        symbol=BTC,
        trade_id=TradeId(str(trade)),
        venue_order_id=VenueOrderId(venue_order_id),
        client_order_id=None if of is None else ClientOrderId(of),
        side=side,
        quantity=Decimal(quantity),
        fill_price=Decimal("59901.2"),
        fee=Decimal("0.123456789012345678901234567890"),
        fee_asset=Asset("USDT"),
        filled_at=NOW + timedelta(milliseconds=trade),
    )


@asynccontextmanager
async def with_sell_begun(opener: Opener, *, dry_run: bool = False) -> AsyncIterator[Ledger]:
    """Open a ledger that holds the account, with line 1 of SELL as SUBMITTING."""
    async with opener(dry_run=dry_run) as ledger, ledger.holding_account(owner="test"):
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        await ledger.begin([intent()], at=NOW, halt_seen=None)
        yield ledger


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
