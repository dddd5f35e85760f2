"""What people are told: text of values, the same for the same event, ending with a command."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import KEY, NOW, report_on
from tests.contract.ledger_cases import SELL, fill, intent, plan_of
from tests.unit.risk.test_stops import rests
from trimtab import notices
from trimtab.accounting.tally import tally
from trimtab.domain.findings import Finding, GateReport, Tag, Verdict
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Asset, Lots
from trimtab.domain.notices import (
    ASKS_AT_ONCE,
    ATTEMPTS_MAX,
    LONGEST_PAUSE,
    NOT_TRIED,
    TRIES,
    WORTH_A_LOOK,
    Acknowledgement,
    Delivery,
    Notice,
    NoticeKind,
    NoticeRecord,
    Step,
)
from trimtab.domain.orders import ClientOrderId, OrderRecord, OrderState, Side
from trimtab.domain.plan import Drift, Plan
from trimtab.domain.replies import ReplyOutcome, ReplyRecord
from trimtab.domain.slots import Slot
from trimtab.domain.snapshot import Environment
from trimtab.domain.stops import FIRST_STOP_LINE, StopState
from trimtab.notices import Telling
from trimtab.reply_notices import replied

TELLING = Telling(key=KEY, at=NOW)
SLOT = Slot(name="2026Q4", begins_at=NOW, ends_at=NOW)
BTC_ABOVE = Drift(
    asset=Asset("BTC"),
    spot_weight=Decimal("0.58"),
    net_weight=Decimal("0.581"),
    strategic_target=Decimal("0.5"),
    target=Decimal("0.5"),
    drift=Decimal("0.081"),
    band_low=Decimal("0.45"),
    band_high=Decimal("0.55"),
    breached=True,
    alert_low=Decimal("51333.333333333333"),
    alert_high=None,
    trigger_low=None,
    trigger_high=None,
)


def order(line: int, filled: int, state: OrderState = OrderState.FILLED) -> OrderRecord:
    """Return an order of the plan that sells 0.01 BTC and buys 0.1 ETH."""
    return OrderRecord(
        intent=intent(SELL, line=line),
        state=state,
        venue_order_id=None,
        filled_lots=Lots(filled),
        executed_lots=Lots(filled),
        submitted_at=NOW,
        simulated=False,
    )


def finding(check: str, verdict: Verdict, subject: str = "account", **changed: object) -> Finding:
    """Return one finding."""
    fields: dict[str, object] = {
        "check": check,
        "verdict": verdict,
        "subject": subject,
        "measured": "2.1",
        "limit": "3",
        "unit": "ratio",
        "reason": "too low",
        "tag": Tag.EXPOSURE,
        "source": "account",
        "at": NOW,
    }
    return Finding(**fields | changed)


def report_of(*findings: Finding) -> GateReport:
    """Return a report of these findings."""
    return dataclasses.replace(report_on(SELL), findings=findings)


REPLY = ReplyRecord(
    channel="telegram",
    message_id="7",
    sender="42",
    plan_digest=SELL.digest,
    outcome=ReplyOutcome.LOCKED,
    code_step=0,
    at=NOW,
)


FIRED = dataclasses.replace(
    rests("0.05"), state=StopState.DONE, executed_lots=rests("0.04").intent.lots
)


def every_notice() -> list[Notice]:
    """Return one notice of each kind."""
    came = tally(SELL, [order(1, 0)], [], bare=())
    whole = dataclasses.replace(came, left=())
    warned = (finding("shock", Verdict.WARN),)
    return [
        notices.begun(TELLING),
        notices.tried(TELLING),
        notices.pending(TELLING, SELL, report_on(SELL), is_asked=True, how_to_reply=()),
        notices.pending(TELLING, SELL, report_on(SELL), is_asked=False, how_to_reply=()),
        notices.refused(TELLING, SELL, report_on(SELL, Verdict.REFUSE)),
        notices.executed(TELLING, SELL, came, following=None),
        notices.executed(TELLING, SELL, whole, following=None),
        notices.unresolved(TELLING, SELL.digest, [order(1, 0, OrderState.UNKNOWN)]),
        notices.halted(TELLING, "by hand", since=""),
        notices.reducing(TELLING, "a loss", since=""),
        notices.margin_warning(TELLING, warned),
        notices.stop_fired(TELLING, FIRED),
        notices.stop_doubted(TELLING, SELL),
        notices.price_crossed(TELLING, BTC_ABOVE),
        notices.monthly_review(TELLING, SELL, executed_plans=2),
        notices.slot_missed(TELLING, SLOT),
        notices.rehearsal(TELLING, SLOT, SELL, report_on(SELL)),
        notices.expired(TELLING, SELL, None),
        replied(TELLING, REPLY),
    ]


def test_every_kind_has_its_text_and_ends_with_the_command_that_comes_next() -> None:
    told = every_notice()
    assert {notice.kind for notice in told} == set(NoticeKind)
    for notice in told:
        assert notice.text.splitlines()[-1] == f"next: {notice.next_step}"
        assert notice.next_step.startswith("trimtab ")
        assert notice.subject.startswith("trimtab binance main (local): ")
        assert "\n" not in notice.subject + notice.short
        assert notice.short.endswith(f"next: {notice.next_step}")
        assert len(notice.id) == 12


def test_the_same_event_gives_the_same_id_and_another_one_another() -> None:
    later = Telling(key=KEY, at=NOW + timedelta(seconds=1))
    ids = [notice.id for notice in every_notice()]
    # A plan that is proposed, and one that is asked about; what of a plan is not known.
    assert len(set(ids)) == len(ids) - 2
    first = notices.halted(TELLING, "by hand", since="")
    assert notices.halted(later, "by hand", since="").id == first.id
    assert notices.halted(later, "by hand", since="2026").id != first.id
    assert notices.halted(later, "again", since="").id != first.id
    live = dataclasses.replace(KEY, environment=Environment.LIVE)
    elsewhere = Telling(key=live, at=NOW)
    assert notices.halted(elsewhere, "by hand", since="").id != first.id
    assert notices.tried(later).id != notices.tried(TELLING).id


def test_a_pending_plan_is_one_event_however_it_is_told() -> None:
    asked = notices.pending(TELLING, SELL, report_on(SELL), is_asked=True, how_to_reply=())
    proposed = notices.pending(TELLING, SELL, report_on(SELL), is_asked=False, how_to_reply=())
    assert asked.id == proposed.id
    assert (asked.kind, proposed.kind) == (NoticeKind.APPROVAL_NEEDED, NoticeKind.PLAN_PROPOSED)
    assert asked.next_step == f"trimtab approve {SELL.digest[:12]}"
    assert "1. sell 0.01 BTC/USDT at 59900 or better (600.00 USDT)" in asked.text
    assert "a plan needs your approval: 2 legs, 900.00 USDT" in asked.subject
    assert "Gate: pass." in asked.text


def test_the_shortfall_is_what_fills_cost_against_the_marks_at_planning() -> None:
    mine = fill(1, "0.01", of=intent().client_order_id)
    stranger = fill(2, "5", of=None)
    came = tally(SELL, [order(1, SELL.legs[0].lots), order(2, 0)], [mine, stranger], bare=())
    assert came.traded == Decimal("599.012")
    assert came.slipped == Decimal("0.988")  # Sold 98.8 below the mark of 60000.
    assert dict(came.fees) == {Asset("USDT"): mine.fee}
    assert came.left == (SELL.legs[1],)
    told = notices.executed(TELLING, SELL, came, following=None)
    assert told.kind is NoticeKind.PARTIAL
    assert "Shortfall against the marks at planning: 0.99 USDT (16.49 bps)." in told.text
    assert "2. buy 0.1 ETH/USDT" in told.text


def test_what_a_stop_of_a_plan_bought_back_is_not_what_its_legs_came_to() -> None:
    name = ClientOrderId("s-that-fired")
    stop = dataclasses.replace(intent(), client_order_id=name, line=FIRST_STOP_LINE)
    fired = dataclasses.replace(order(1, 0), intent=stop, filled_lots=stop.lots)
    booked = fill(1, "0.01", of=stop.client_order_id)
    came = tally(SELL, [order(1, 0), fired], [booked], bare=())
    assert (came.traded, dict(came.fees)) == (0, {})
    assert came.left == SELL.legs


def test_a_plan_whose_stop_was_not_put_was_not_executed_whole() -> None:
    done = [order(1, SELL.legs[0].lots), order(2, SELL.legs[1].lots)]
    came = tally(SELL, done, [], bare=(HedgeId("btc-1f09ac"),))
    told = notices.executed(TELLING, SELL, came, following=None)
    assert told.kind is NoticeKind.PARTIAL
    assert "executed in part" in told.subject
    assert "No stop was put on the venue for: btc-1f09ac." in told.text
    assert "Left undone" not in told.text
    assert told.next_step == "trimtab run"


def test_a_plan_for_a_slot_is_told_with_the_slot_that_follows() -> None:
    came = tally(SELL, [order(1, SELL.legs[0].lots), order(2, SELL.legs[1].lots)], [], bare=())
    after = Slot(name="2027Q1", begins_at=NOW, ends_at=NOW)
    told = notices.executed(TELLING, SELL, came, following=after).text
    assert f"The next slot, 2027Q1, begins at {NOW:%Y-%m-%d %H:%M} UTC." in told
    assert "next slot" not in notices.executed(TELLING, SELL, came, following=None).text


def test_what_was_bought_above_its_mark_is_a_shortfall_too() -> None:
    above = dataclasses.replace(
        fill(1, "0.1", of=intent(SELL, line=2).client_order_id),
        side=Side.BUY,
        fill_price=Decimal(3005),
    )
    came = tally(SELL, [order(1, SELL.legs[0].lots), order(2, SELL.legs[1].lots)], [above], bare=())
    assert came.slipped == Decimal("0.5")
    assert came.left == ()
    assert notices.executed(TELLING, SELL, came, following=None).kind is NoticeKind.EXECUTED


def test_without_a_fill_there_are_no_basis_points_and_no_fees() -> None:
    came = tally(SELL, [order(1, 0), order(2, 0)], [], bare=())
    told = notices.executed(TELLING, SELL, came, following=None).text
    assert "planning: 0.00 USDT." in told
    assert "Fees: none." in told


def test_a_refusal_names_each_check_once_and_its_reason() -> None:
    refused = report_of(
        finding("max_net", Verdict.REFUSE),
        finding("max_net", Verdict.REFUSE, "leg 2", reason=None),
        finding("shock", Verdict.REFUSE, reason=None, measured=None),
        finding("lot_size", Verdict.PASS),
    )
    told = notices.refused(TELLING, SELL, refused)
    assert told.subject.endswith("a plan was refused: max_net, shock")
    assert "max_net: too low\nmax_net: 2.1\nshock: refused\n" in told.text
    assert "nothing was checked" in notices.refused(TELLING, SELL, report_of()).subject
    assert told.next_step == "trimtab status"
    passed = notices.refused(TELLING, SELL, report_of(finding("lot_size", Verdict.PASS)))
    assert passed.subject.endswith("a plan was refused: by the last look before its first order")
    assert (passed.id, passed.next_step) == (told.id, "trimtab plan")
    bare = notices.refused(TELLING, SELL, refused, bare=("btc-1", "eth-1"))
    assert "the stop on the venue that is missing: btc-1, eth-1." in bare.text
    assert (bare.id, bare.next_step) == (told.id, "trimtab mend-stops")


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (finding("min_margin_ratio", Verdict.WARN), True),
        (finding("shock", Verdict.REFUSE, "sell 0.1 BTC"), True),
        (finding("min_liquidation_distance", Verdict.WARN), True),
        (finding("min_margin_ratio", Verdict.PASS), False),
        (finding("min_margin_ratio", Verdict.REFUSE, "prefix 1: all down"), False),
        (finding("min_margin_ratio", Verdict.REFUSE, measured=None), False),
        (finding("max_net", Verdict.WARN), False),
    ],
)
def test_only_margin_as_it_is_already_is_warned_of(found: Finding, *, counts: bool) -> None:
    assert notices.margin_findings(report_of(found)) == ((found,) if counts else ())


def test_a_margin_warning_and_a_crossing_are_told_once_a_day() -> None:
    found = (finding("shock", Verdict.WARN), finding("shock", Verdict.WARN))
    warned = notices.margin_warning(TELLING, found)
    assert warned.subject.endswith("margin is beyond its limit: shock")
    evening = Telling(key=KEY, at=NOW + timedelta(hours=8))
    tomorrow = Telling(key=KEY, at=NOW + timedelta(days=1))
    assert notices.margin_warning(evening, found).id == warned.id
    assert notices.margin_warning(tomorrow, found).id != warned.id
    crossed = notices.price_crossed(TELLING, BTC_ABOVE)
    assert notices.price_crossed(evening, BTC_ABOVE).id == crossed.id
    assert notices.price_crossed(tomorrow, BTC_ABOVE).id != crossed.id


def test_a_crossing_says_at_which_price_the_asset_returns() -> None:
    above = notices.price_crossed(TELLING, BTC_ABOVE)
    assert above.subject.endswith("BTC is above its band")
    assert "Its weight is 58.1 %, its target 50 %, the band 45 % to 55 %." in above.text
    assert "returns at a price of 51333.33, all others as they are." in above.text
    drift = dataclasses.replace(BTC_ABOVE, drift=Decimal("-0.08"))
    below = notices.price_crossed(TELLING, drift)
    assert below.subject.endswith("BTC is below its band")
    assert "returns" not in below.text
    back = dataclasses.replace(drift, alert_high=Decimal(70000))
    assert "returns at a price of 70000," in notices.price_crossed(TELLING, back).text


def test_a_review_tells_weights_and_what_the_month_did() -> None:
    seen: Plan = dataclasses.replace(SELL, drift=(BTC_ABOVE,))
    told = notices.monthly_review(TELLING, seen, executed_plans=1).text
    assert "BTC: 58.1 % of 50 %, outside its band" in told
    assert "1 plan executed in the month before." in told
    calm = dataclasses.replace(SELL, drift=(dataclasses.replace(BTC_ABOVE, breached=False),))
    told = notices.monthly_review(TELLING, calm, executed_plans=0).text
    assert "BTC: 58.1 % of 50 %\n" in told
    assert "0 plans executed" in told


def test_a_rehearsal_tells_what_would_be_sent_and_what_would_keep_it_from_that() -> None:
    fine = notices.rehearsal(TELLING, SLOT, SELL, report_on(SELL)).text
    assert f"slot 2026Q4 begins at {NOW:%Y-%m-%d %H:%M} UTC, rehearsed now" in fine
    assert "1. sell 0.01 BTC/USDT at " in fine
    assert "Gate: pass." in fine
    assert "Nothing was sent." in fine
    bad = notices.rehearsal(TELLING, SLOT, SELL, report_on(SELL, Verdict.REFUSE))
    assert "Gate: refuse." in bad.text
    assert bad.id == notices.rehearsal(TELLING, SLOT, SELL, report_on(SELL)).id


def test_long_lists_are_cut_and_counted() -> None:
    many = plan_of(*["buy 0.1 ETH @ 3010"] * 14)
    told = notices.pending(TELLING, many, report_on(many), is_asked=True, how_to_reply=()).text
    assert "12. buy 0.1" in told
    assert "13. buy" not in told
    assert "and 2 more" in told


def record(kind: NoticeKind = NoticeKind.HALTED, **deliveries: Delivery) -> NoticeRecord:
    """Return a notice with its deliveries."""
    notice = next(each for each in every_notice() if each.kind is kind)
    return NoticeRecord(notice=notice, deliveries=deliveries, read=None)


@pytest.mark.parametrize(
    ("delivery", "is_due"),
    [
        (NOT_TRIED, True),
        (Delivery(step=Step.NOT_SENT, attempts=1, note="", stepped_at=NOW), True),
        (Delivery(step=Step.NOT_SENT, attempts=ATTEMPTS_MAX, note="", stepped_at=NOW), False),
        (Delivery(step=Step.SENDING, attempts=1, note="", stepped_at=NOW), False),
        (Delivery(step=Step.UNKNOWN, attempts=1, note="", stepped_at=NOW), False),
        (Delivery(step=Step.REFUSED, attempts=1, note="", stepped_at=NOW), False),
        (Delivery(step=Step.DELIVERED, attempts=1, note="", stepped_at=NOW), False),
    ],
)
def test_only_what_certainly_did_not_arrive_is_due(delivery: Delivery, *, is_due: bool) -> None:
    assert record(webhook=delivery).is_due("webhook", at=NOW) is is_due


def test_what_is_old_or_only_a_test_or_for_others_is_not_due() -> None:
    waiting = record(webhook=NOT_TRIED)
    assert waiting.is_due("webhook", at=NOW + WORTH_A_LOOK)
    assert not waiting.is_due("webhook", at=NOW + WORTH_A_LOOK + timedelta(seconds=1))
    asking = record(NoticeKind.APPROVAL_NEEDED, webhook=NOT_TRIED)
    assert asking.is_due("webhook", at=NOW + ASKS_AT_ONCE)
    assert not asking.is_due("webhook", at=NOW + ASKS_AT_ONCE + timedelta(seconds=1))
    assert not waiting.is_due("email", at=NOW)
    assert not record(NoticeKind.TEST, webhook=NOT_TRIED).is_due("webhook", at=NOW)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(3, 0), (5, 0), (6, 1), (9, 2), (12, 4), (30, 240), (150, 240)]
)
def test_a_receiver_that_is_away_is_asked_ever_more_rarely(attempts: int, minutes: int) -> None:
    tried = Delivery(step=Step.NOT_SENT, attempts=attempts, note="", stepped_at=NOW)
    over, waiting = NOW + timedelta(minutes=minutes), record(webhook=tried)
    assert waiting.is_due("webhook", at=over)
    assert minutes == 0 or not waiting.is_due("webhook", at=over - timedelta(seconds=1))
    assert waiting.is_due("webhook", at=NOW - timedelta(seconds=1)), "A clock that was set back."


def test_an_outage_of_days_ends_with_the_notice_sent_and_not_with_it_given_up() -> None:
    """A watch looks every minute; each look that sends tries three times."""
    at, attempts, stepped_at = NOW, 0, None
    told = record(webhook=Delivery(step=Step.WAITING, attempts=0, note="", stepped_at=None))
    while at <= NOW + WORTH_A_LOOK:
        if told.is_due("webhook", at=at):
            attempts, stepped_at = attempts + TRIES, at
            tried = Delivery(step=Step.NOT_SENT, attempts=attempts, note="", stepped_at=at)
            told = record(webhook=tried)
        at += timedelta(minutes=1)
    assert attempts < ATTEMPTS_MAX
    assert stepped_at is not None
    assert at - stepped_at <= LONGEST_PAUSE + timedelta(minutes=1)


def test_a_notice_holds_unattended_runs_while_it_is_critical_and_unread() -> None:
    assert record().holds
    assert not record(NoticeKind.EXECUTED).holds
    read = dataclasses.replace(record(), read=Acknowledgement(by="ada", at=NOW))
    assert not read.holds


def test_a_notice_is_missed_until_it_arrived_was_read_or_is_old() -> None:
    waiting = record(webhook=NOT_TRIED)
    assert waiting.is_missed(at=NOW + WORTH_A_LOOK)
    assert not waiting.is_missed(at=NOW + WORTH_A_LOOK + timedelta(seconds=1))
    read = dataclasses.replace(waiting, read=Acknowledgement(by="ada", at=NOW))
    assert not read.is_missed(at=NOW)
    arrived = record(webhook=Delivery(step=Step.DELIVERED, attempts=1, note="", stepped_at=NOW))
    assert not arrived.is_missed(at=NOW)
    assert not record(NoticeKind.TEST, webhook=NOT_TRIED).is_missed(at=NOW)


def test_a_stop_that_fired_tells_what_it_bought_back_and_where_it_rested() -> None:
    told = notices.stop_fired(TELLING, FIRED)
    assert "hedge btc bought back 0.04 BTC" in told.subject
    assert "It rested at 66000 on BTC/USDT:USDT" in told.text
    assert notices.stop_fired(TELLING, FIRED).id == told.id
    assert not told.kind.is_critical
