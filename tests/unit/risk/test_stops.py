"""Stops on the venue before the gate: never larger than the short, and counted at any time."""

from __future__ import annotations

import dataclasses

import pytest

from tests.builders import NOW, account, dated, dec, plan, policy
from tests.unit.risk.cases import ask, context, found, refused, verdict, warned
from trimtab.domain.findings import Verdict
from trimtab.domain.hedges import DriftBack, HedgeCause, HedgeId, HedgeLine, HedgeOrigin
from trimtab.domain.instruments import Asset, Lots, Symbol, Ticks
from trimtab.domain.orders import ClientOrderId, VenueOrderId
from trimtab.domain.snapshot import OpenOrder, Snapshot
from trimtab.domain.stops import (
    FIRST_STOP_LINE,
    StopAct,
    StopId,
    StopIntent,
    StopLine,
    StopRecord,
    StopState,
    VenueStopId,
)
from trimtab.risk.case import Case
from trimtab.risk.state import account_state
from trimtab.risk.unplanned import Out, unplanned

PERP = Symbol("BTC/USDT:USDT")
RULES = policy(hedge={"stop": dec("0.10"), "rests_stop": True})
HELD = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05 from 60000, wallet 5000")
FLAT = account("USDT 5000, BTC 0.1 @ 60000, perp BTC 0, wallet 5000")


def put(
    units: str = "0.05",
    at: str = "66000",
    *,
    act: StopAct = StopAct.PUT,
    of: str = "btc",
    withdraws: str = "",
) -> StopLine:
    """Return what a plan does about the stop of a hedge."""
    instrument = HELD.instruments[PERP]
    return StopLine(
        hedge=HedgeLine(
            line=FIRST_STOP_LINE,
            hedge_id=HedgeId(of),
            asset=Asset("BTC"),
            symbol=PERP,
            origin=HedgeOrigin.BY_HAND,
            cause=HedgeCause.STOP,
            drift_back=DriftBack.NEVER,
            beside=dec(0),
        ),
        instrument=instrument,
        act=act,
        lots=Lots(int(dec(units) / instrument.lot_size)),
        trigger=Ticks(int(dec(at) / instrument.tick_size)),
        withdraws=StopId(withdraws),
    )


def rests(
    units: str = "0.05", *, of: str = "btc", state: StopState = StopState.RESTING
) -> StopRecord:
    """Return a stop of ours at 66,000."""
    instrument = HELD.instruments[PERP]
    intent = StopIntent(
        stop_id=StopId(f"s-{of}"),
        plan_digest="0" * 64,
        line=FIRST_STOP_LINE,
        hedge_id=HedgeId(of),
        instrument=instrument,
        lots=Lots(int(dec(units) / instrument.lot_size)),
        trigger=Ticks(int(dec(66_000) / instrument.tick_size)),
    )
    return StopRecord(
        intent=intent,
        state=state,
        venue_stop_id=VenueStopId("1"),
        venue_order_id=None,
        executed_lots=Lots(0),
        begun_at=NOW,
    )


def units_out(
    snapshot: Snapshot, *stops: StopRecord, put_too: tuple[StopLine, ...] = ()
) -> dict[str, str]:
    """Return what each stop would buy back, by name, as the gate counts it."""
    proposal = plan(snapshot, stops=put_too)
    facts = context(stops=stops)
    case = Case(plan=proposal, snapshot=snapshot, policy=RULES, context=facts, now=NOW)
    return {m.name: f"{m.units.normalize():f}" for m in account_state(case).moves if m.is_stop}


def test_a_plan_without_stops_has_nothing_to_guard() -> None:
    finding = found(ask(HELD, "sell 0.01 BTC"), "resting_stop")
    assert (finding.verdict, finding.measured) == (Verdict.PASS, "none")


def test_a_stop_as_large_as_the_short_passes_and_a_lot_more_does_not() -> None:
    assert refused(ask(HELD, rules=RULES, stops=(put(),))) == set()
    report = ask(HELD, rules=RULES, stops=(put("0.051"),))
    assert refused(report) == {"resting_stop"}
    assert "0.051" not in str(found(report, "resting_stop").reason)
    assert "lots that BTC/USDT:USDT is short afterwards" in str(
        found(report, "resting_stop").reason
    )


def test_a_stop_is_held_against_what_is_short_when_every_leg_filled() -> None:
    opening = ask(FLAT, "sell 0.05 perp BTC", rules=RULES, stops=(put(),))
    assert refused(opening) == set()
    more = ask(FLAT, "sell 0.04 perp BTC", rules=RULES, stops=(put(),))
    assert refused(more) == {"resting_stop"}
    cut = ask(HELD, "buy 0.01 perp BTC reduce", rules=RULES, stops=(put(),))
    assert "resting_stop" in refused(cut)
    assert "resting_stop" in refused(ask(FLAT, rules=RULES, stops=(put(),)))


def test_stops_that_stay_count_beside_those_that_are_put() -> None:
    facts = context(stops=(rests("0.03", of="other"),))
    assert refused(ask(HELD, rules=RULES, facts=facts, stops=(put("0.02"),))) == set()
    assert refused(ask(HELD, rules=RULES, facts=facts, stops=(put("0.021"),))) == {"resting_stop"}


def test_a_stop_that_is_withdrawn_counts_no_more() -> None:
    facts = context(stops=(rests(),))
    changed = put("0.04", act=StopAct.CHANGE, withdraws="s-btc")
    assert refused(ask(HELD, rules=RULES, facts=facts, stops=(changed,))) == set()
    gone = dataclasses.replace(
        put(act=StopAct.WITHDRAW, withdraws="s-btc"), lots=Lots(0), trigger=Ticks(0)
    )
    assert refused(ask(HELD, rules=RULES, facts=facts, stops=(gone,))) == set()


@pytest.mark.parametrize(("at", "passes"), [("60000", False), ("60000.01", True)])
def test_a_stop_has_to_be_on_the_losing_side_of_the_mark(at: str, *, passes: bool) -> None:
    report = ask(HELD, rules=RULES, stops=(put(at=at),))
    assert (refused(report) == set()) is passes


def test_a_stop_that_sells_is_none_of_a_short() -> None:
    sells = dataclasses.replace(put(), lots=Lots(-50))
    assert refused(ask(HELD, rules=RULES, stops=(sells,))) == {"resting_stop"}


def test_a_stop_that_no_rule_wants_is_refused() -> None:
    report = ask(HELD, stops=(put(),))
    assert "is wanted by no rule" in str(found(report, "resting_stop").reason)


def test_a_stop_beyond_the_liquidation_is_a_warning_with_both_distances() -> None:
    thin = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05 from 60000, wallet 700")
    near, far = put(at="66000"), put(at="90000")
    assert "resting_stop" not in warned(ask(thin, rules=RULES, stops=(near,)))
    finding = found(ask(thin, rules=RULES, stops=(far,)), "resting_stop")
    assert (finding.verdict, finding.measured) == (Verdict.WARN, "0.5")
    assert finding.limit is not None
    assert 0 < dec(finding.limit) < dec("0.5")


@pytest.mark.parametrize("state", [StopState.SENDING, StopState.UNKNOWN, StopState.FIRED])
def test_while_a_stop_is_not_known_to_rest_only_reductions_elsewhere_pass(
    state: StopState,
) -> None:
    facts = context(stops=(rests(state=state),))
    assert "unresolved_orders" in refused(ask(HELD, "buy 0.01 BTC", facts=facts))
    told = found(ask(HELD, "buy 0.01 BTC", facts=facts), "unresolved_orders").reason
    assert "s-btc" in str(told)
    cut = ask(HELD, "buy 0.01 perp BTC reduce", facts=facts)
    assert verdict(cut, "unresolved_orders") is Verdict.REFUSE
    assert verdict(ask(HELD, "sell 0.01 BTC", facts=facts), "unresolved_orders") is Verdict.WARN
    resting, seen = context(stops=(rests(),)), showing(HELD, rests())
    assert verdict(ask(seen, "buy 0.01 BTC", facts=resting), "unresolved_orders") is Verdict.PASS


def test_a_stop_that_the_account_no_longer_shows_holds_back_like_an_unresolved_one() -> None:
    facts = context(stops=(rests(), rests("0.03", of="two")))
    told = found(ask(showing(HELD, rests()), "buy 0.01 BTC", facts=facts), "unresolved_orders")
    assert told.verdict is Verdict.REFUSE
    assert "(s-two); the stop of two has fired or was withdrawn" in str(told.reason)
    assert "s-btc" not in str(told.reason)
    assert "trimtab recover" in str(told.reason)


def test_a_stop_may_fill_at_any_time_up_to_what_is_short() -> None:
    assert units_out(HELD, rests()) == {"stop of btc": "0.05"}
    assert units_out(HELD, rests("0.08")) == {"stop of btc": "0.05"}
    assert units_out(HELD, rests("0.03"), rests("0.03", of="two")) == {
        "stop of btc": "0.03",
        "stop of two": "0.02",
    }
    assert units_out(FLAT, rests()) == {}
    assert units_out(dataclasses.replace(FLAT, positions={}), rests()) == {}


def test_a_hedge_that_is_half_way_counts_in_each_of_its_contracts() -> None:
    both = account(
        "USDT 5000, BTC 0.1 @ 60000, wallet 5000,"
        " perp BTC -0.02 from 60000, dated BTC -0.03 at 60300"
    )
    near, far = rests("0.02"), rests("0.03")
    moved = dataclasses.replace(
        far.intent, stop_id=StopId("s-far"), instrument=dated("BTC"), lots=Lots(300)
    )
    facts = context(stops=(near, dataclasses.replace(far, intent=moved)))
    case = Case(plan=plan(both), snapshot=both, policy=RULES, context=facts, now=NOW)
    found = {m.instrument.symbol: m.units for m in account_state(case).moves if m.is_stop}
    assert found == {PERP: dec("0.02"), dated("BTC").symbol: dec("0.03")}


def showing(snapshot: Snapshot, *stops: StopRecord) -> Snapshot:
    """Return an account among whose open orders the stops are."""
    return dataclasses.replace(snapshot, open_orders=tuple(map(shown, stops)))


def shown(stop: StopRecord) -> OpenOrder:
    """Return a stop as a snapshot shows it among the open orders."""
    return OpenOrder(
        symbol=PERP,
        client_order_id=ClientOrderId(stop.intent.stop_id),
        venue_order_id=VenueOrderId("1"),
        lots=stop.intent.lots,
        limit_price=stop.intent.trigger_price,
        reduce_only=True,
    )


def test_a_stop_that_the_snapshot_shows_counts_once_and_one_that_nobody_knows_as_an_order() -> None:
    snapshot = dataclasses.replace(HELD, open_orders=(shown(rests()), shown(rests(of="lost"))))
    facts = context(stops=(rests(),))
    case = Case(plan=plan(snapshot), snapshot=snapshot, policy=RULES, context=facts, now=NOW)
    moves = account_state(case).moves
    assert [(m.name, m.is_stop) for m in moves] == [("order s-lost", False), ("stop of btc", True)]


def test_a_stop_that_the_plan_withdrew_since_the_account_was_read_is_no_order() -> None:
    snapshot = dataclasses.replace(HELD, open_orders=(shown(rests()),))
    assert units_out(snapshot, put_too=(put("0.04", withdraws="s-btc"),)) == {"stop of btc": "0.04"}
    proposal = plan(snapshot, stops=(put("0.04", withdraws="s-btc"),))
    case = Case(plan=proposal, snapshot=snapshot, policy=RULES, context=context(), now=NOW)
    assert len(account_state(case).moves) == 1


def test_a_stop_that_is_put_counts_as_far_as_there_is_a_short_now() -> None:
    assert units_out(HELD, put_too=(put("0.04"),)) == {"stop of btc": "0.04"}
    assert units_out(FLAT, put_too=(put("0.04"),)) == {}
    both = units_out(HELD, rests("0.02"), put_too=(put("0.04", withdraws="s-btc"),))
    assert both == {"stop of btc": "0.04"}
    gone = dataclasses.replace(put(withdraws="s-btc"), lots=Lots(0), trigger=Ticks(0))
    assert units_out(HELD, rests("0.02"), put_too=(gone,)) == {"stop of btc": "0.02"}


def test_the_plans_own_reductions_leave_a_stop_the_rest_of_the_position() -> None:
    proposal = plan(HELD, "buy 0.04 perp BTC reduce")
    facts = context(stops=(rests(),))
    case = Case(plan=proposal, snapshot=HELD, policy=RULES, context=facts, now=NOW)
    [stop] = [m for m in account_state(case).moves if m.is_stop]
    assert stop.units == dec("0.01")


def test_the_exposure_that_a_fired_stop_gives_back_is_held_against_the_caps() -> None:
    rich = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05 from 60000, wallet 5000")
    rules = policy(
        hedge={"stop": dec("0.10"), "rests_stop": True},
        limits=dataclasses.replace(RULES.limits, max_net=dec("0.32")),
    )
    without = ask(rich, "buy 0.03 BTC", rules=rules)
    beside = ask(rich, "buy 0.03 BTC", rules=rules, facts=context(stops=(rests(),)))
    assert "max_net" not in refused(without)
    assert "max_net" in refused(beside)


def test_a_stop_is_no_detour_of_a_plan() -> None:
    facts, held = context(stops=(rests(),)), showing(HELD, rests())
    assert refused(ask(held, "buy 0.01 BTC", rules=RULES, facts=facts)) == set()
    assert refused(ask(held, "sell 0.01 perp BTC", rules=RULES, facts=facts)) == set()


def test_the_survival_line_counts_a_stop_as_far_as_it_hurts() -> None:
    out = Out(orders=(), transfers=(), stops=(rests(),))
    case = unplanned(HELD, RULES, out=out, now=NOW)
    assert [m.name for m in account_state(case).moves] == ["stop of btc"]


def test_nothing_is_reduced_in_the_market_of_a_stop_that_is_not_known_to_rest() -> None:
    long = account("USDT 5000, BTC 0.1 @ 60000, perp BTC 0.05 from 60000, wallet 5000")
    facts = context(stops=(rests(state=StopState.UNKNOWN),))
    cut = ask(long, "sell 0.01 perp BTC reduce", facts=facts)
    assert verdict(cut, "unresolved_orders") is Verdict.REFUSE
