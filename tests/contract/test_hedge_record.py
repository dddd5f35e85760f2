"""What the hedge book follows from, as every ledger tells it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tests.builders import KEY, plan
from tests.contract.ledger_cases import (
    SNAPSHOT,
    Opener,
    fill,
    intent,
    payment,
    report_on,
    yes_to,
)
from trimtab.domain.hedges import (
    DriftBack,
    HedgeCause,
    HedgeId,
    HedgeLine,
    HedgeOrigin,
    HedgeRecord,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import Fill, Side, VenueOrderId
from trimtab.domain.plan import Plan
from trimtab.ports import Ledger, PlanStatus

PERP = Symbol("BTC/USDT:USDT")
NOTHING = HedgeRecord(declared=(), fills=(), funding=())


def line(number: int, name: str) -> HedgeLine:
    return HedgeLine(
        line=number,
        hedge_id=HedgeId(name),
        asset=Asset("BTC"),
        symbol=PERP,
        origin=HedgeOrigin.DRIFT,
        cause=HedgeCause.DRIFT,
        drift_back=DriftBack.BAND,
        beside=Decimal("0.02"),
        beta=Decimal("1.5"),
    )


HEDGING = plan(
    SNAPSHOT,
    "sell 0.01 perp BTC @ 59900",
    "sell 0.02 perp BTC @ 59900",
    hedging=(line(1, "btc-1"), line(1, "btc-2"), line(2, "btc-3")),
)


def perp_fill(trade: int, *, of: str | None) -> Fill:
    return dataclasses.replace(fill(trade, "0.01", of=of, side=Side.SELL), symbol=PERP)


async def approved(ledger: Ledger, proposal: Plan) -> None:
    await ledger.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)
    await ledger.save_approval(yes_to(proposal))


async def test_a_ledger_without_hedges_tells_of_none(opener: Opener) -> None:
    async with opener() as ledger:
        assert await ledger.hedge_record() == NOTHING


async def test_a_declared_line_counts_once_it_has_a_fill(opener: Opener) -> None:
    async with opener() as ledger, ledger.holding_account(owner="test"):
        await ledger.save_plan(HEDGING, report_on(HEDGING), PlanStatus.PROPOSED)
        assert await ledger.hedge_record() == NOTHING
        await ledger.save_approval(yes_to(HEDGING))
        order = intent(HEDGING)
        await ledger.begin([order], at=HEDGING.made_at, halt_seen=None)
        ours = perp_fill(1, of=order.client_order_id)
        stranger = dataclasses.replace(perp_fill(2, of=None), venue_order_id=VenueOrderId("other"))
        await ledger.book_fills(PERP, [ours, stranger])
        await ledger.book_payments(
            [payment("1.5"), dataclasses.replace(payment("2", 2), symbol=Symbol("ETH/USDT:USDT"))]
        )
        record = await ledger.hedge_record()
    assert [d.line for d in record.declared] == [line(1, "btc-1"), line(1, "btc-2")]
    assert {d.plan_digest for d in record.declared} == {HEDGING.digest}
    assert [(f.fill, f.plan_digest, f.line) for f in record.fills] == [
        (ours, HEDGING.digest, 1),
        (stranger, "", 0),
    ]
    assert record.funding == (payment("1.5"),)


async def test_a_dry_runs_fills_open_no_hedge_and_a_dry_run_sees_the_real_ones(
    opener: Opener,
) -> None:
    async with opener(dry_run=True) as dry:
        await dry.save_plan(HEDGING, report_on(HEDGING), PlanStatus.PROPOSED)
        order = intent(HEDGING)
        await dry.begin([order], at=HEDGING.made_at, halt_seen=None)
        await dry.book_fills(PERP, [perp_fill(1, of=order.client_order_id)])
        assert await dry.hedge_record() == NOTHING
    async with opener() as ledger, ledger.holding_account(owner="test"):
        await ledger.save_approval(yes_to(HEDGING))
        await ledger.begin([intent(HEDGING)], at=HEDGING.made_at, halt_seen=None)
        await ledger.book_fills(PERP, [perp_fill(1, of=order.client_order_id)])
    async with opener(dry_run=True) as dry:
        assert len((await dry.hedge_record()).declared) == 2
    assert HEDGING.key == KEY
