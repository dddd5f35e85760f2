"""Values that cannot be written down wrong: instruments, books, orders, reports, seals."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.builders import NOW, account, book, dec, plan, spot
from trimtab.domain.approved import SEAL, Approval, ApprovalKind, ApprovedPlan
from trimtab.domain.canonical import digest, to_document
from trimtab.domain.errors import Halted, NotDone, TrimtabError
from trimtab.domain.findings import Finding, GateReport, Tag, Verdict
from trimtab.domain.instruments import Lots, Ticks
from trimtab.domain.orders import OrderIntent, OrderState, Side, client_order_id
from trimtab.domain.plan import LegReason, LineOrder


@pytest.mark.parametrize(
    "wrong",
    [
        {"lot_size": dec(0)},
        {"tick_size": dec(-1)},
        {"contract_size": dec(0)},
        {"lots_min": 0},
        {"lots_max": 0},
    ],
)
def test_an_instrument_off_any_grid_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="BTC/USDT"):
        spot("BTC", **wrong)


def test_a_crossed_or_one_sided_book_cannot_be_made() -> None:
    good = book(100)
    for bids, asks in (((), good.asks), (good.bids, ()), (good.asks, good.bids)):
        with pytest.raises(ValueError, match="book"):
            replace(good, bids=bids, asks=asks)


def intent(lots: int, limit: int) -> OrderIntent:
    return OrderIntent(
        client_order_id=client_order_id(plan_digest="a" * 64, line=1, attempt=1),
        plan_digest="a" * 64,
        line=1,
        attempt=1,
        instrument=spot("BTC"),
        lots=Lots(lots),
        limit=Ticks(limit),
        reduce_only=False,
    )


def test_an_intent_has_a_size_and_a_limit() -> None:
    order = intent(-15, 6_000_000)
    assert (order.side, order.quantity, order.limit_price) == (
        Side.SELL,
        dec("0.0015"),
        dec(60_000),
    )
    for lots, limit in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="lots must not be 0"):
            intent(lots, limit)


def test_client_order_ids_are_portable_and_differ_by_line_and_attempt() -> None:
    made = {
        client_order_id(plan_digest=digest, line=line, attempt=attempt)
        for digest in ("a" * 64, "b" * 64)
        for line in range(1, 20)
        for attempt in range(1, 20)
    }
    assert len(made) == 2 * 19 * 19
    assert all(re.fullmatch(r"[a-su-z0-9][a-z0-9]{27}", name) for name in made)


def test_terminal_states_are_those_in_which_nothing_can_happen() -> None:
    assert [s for s in OrderState if s.is_terminal] == [
        OrderState.FILLED,
        OrderState.EXPIRED,
        OrderState.REFUSED,
        OrderState.ABSENT,
    ]


def finding(verdict: Verdict) -> Finding:
    return Finding(
        check="shock",
        verdict=verdict,
        subject="plan",
        measured="1",
        limit="2",
        unit="ratio",
        reason=None,
        tag=Tag.EXPOSURE,
        source="account",
        at=NOW,
    )


@pytest.mark.parametrize(
    ("verdicts", "strictest"),
    [
        ((), Verdict.REFUSE),
        ((Verdict.PASS,), Verdict.PASS),
        ((Verdict.PASS, Verdict.WARN), Verdict.WARN),
        ((Verdict.REFUSE, Verdict.WARN, Verdict.PASS), Verdict.REFUSE),
    ],
)
def test_a_report_is_as_strict_as_its_strictest_finding(
    verdicts: tuple[Verdict, ...], strictest: Verdict
) -> None:
    report = GateReport(
        plan_digest="a" * 64,
        snapshot_id="s",
        findings=tuple(finding(v) for v in verdicts),
        reviewed_at=NOW,
    )
    assert report.verdict is strictest


def test_an_approved_plan_cannot_be_forged() -> None:
    proposal = plan(account("BTC 0.1 @ 60000"), "sell 0.01 BTC")
    report = GateReport(
        plan_digest=proposal.digest,
        snapshot_id="s",
        findings=(finding(Verdict.PASS),),
        reviewed_at=NOW,
    )
    yes = Approval(
        plan_digest=proposal.digest,
        gate_digest="g",
        kind=ApprovalKind.TYPED,
        by="a person",
        at=NOW,
        expires_at=NOW,
    )
    with pytest.raises(TypeError, match="approval"):
        ApprovedPlan(plan=proposal, report=report, approval=yes, seal=object())
    refused = replace(report, findings=(finding(Verdict.REFUSE),))
    with pytest.raises(TypeError, match="not refused"):
        ApprovedPlan(plan=proposal, report=refused, approval=yes, seal=SEAL)
    other = replace(proposal, nav=dec(1))
    with pytest.raises(TypeError, match="one digest"):
        ApprovedPlan(plan=other, report=report, approval=yes, seal=SEAL)


def test_an_error_names_the_next_command() -> None:
    assert Halted("latched").next_step == "trimtab unhalt"
    assert TrimtabError("odd", next_step="trimtab status").next_step == "trimtab status"
    assert NotDone("slow down", retry_after_ms=1_500).retry_after_ms == 1_500


def test_a_leg_knows_its_own_notional_and_prices() -> None:
    [leg] = plan(account("BTC 0.1 @ 60000"), "sell 0.01 BTC @ 59900").legs
    assert (leg.side, leg.quantity, leg.limit_price, leg.notional) == (
        Side.SELL,
        dec("0.01"),
        dec(59_900),
        dec(600),
    )
    assert leg.reason is LegReason.TO_TARGET


def test_a_plan_without_transfers_and_mids_in_the_usual_order_has_the_name_it_had_before() -> None:
    snapshot = account("USDT 1000, BTC 0.1 @ 60000")
    early = plan(snapshot, "sell 0.01 BTC", mids={})
    document = to_document(early)
    del document["transfers"], document["order"], document["mids"], document["stops"]
    assert early.digest == digest(document)
    moving = plan(snapshot, "move 100 in", "then sell 0.01 BTC", order=LineOrder.SEARCHED)
    document = to_document(moving)
    del document["stops"]
    assert moving.digest == digest(document)
