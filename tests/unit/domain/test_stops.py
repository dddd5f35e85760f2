"""Resting stops as values."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW, dec, spot, swap
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Lots, Symbol, Ticks
from trimtab.domain.orders import ClientOrderId, VenueOrderId, client_order_id
from trimtab.domain.snapshot import OpenOrder
from trimtab.domain.stops import (
    FiredOrder,
    SeenStop,
    StopId,
    StopIntent,
    StopRecord,
    StopState,
    VenueStop,
    VenueStopId,
    is_stop_name,
    order_of,
    stop_id,
    unseen,
    venue_order_of,
)

BTC = HedgeId("btc-1f09ac")
DIGEST = "ab" * 32


def _intent() -> StopIntent:
    """Return a stop that buys back half a coin at 70,000."""
    instrument = swap("BTC", lot_size=dec("0.001"), tick_size=dec("0.1"))
    return StopIntent(
        stop_id=stop_id(plan_digest=DIGEST, line=3),
        plan_digest=DIGEST,
        hedge_id=BTC,
        line=3,
        instrument=instrument,
        lots=Lots(500),
        trigger=Ticks(700_000),
    )


def test_a_stop_has_one_name_for_each_plan_and_line() -> None:
    names = {
        stop_id(plan_digest=digest, line=line) for digest in (DIGEST, "cd" * 32) for line in (1, 2)
    }

    assert len(names) == 4
    assert stop_id(plan_digest=DIGEST, line=1) in names
    assert all(re.fullmatch("s[a-z0-9]{27}", name) for name in names)


def test_the_name_of_a_stop_is_told_from_that_of_an_order_and_from_a_strangers() -> None:
    name = stop_id(plan_digest=DIGEST, line=1)
    assert is_stop_name(name)
    order = client_order_id(plan_digest=DIGEST, line=1, attempt=1)
    for other in (order, name[:-1], name + "a", name[:-1] + "1", "S" + name[1:], ""):
        assert not is_stop_name(other)


@pytest.mark.parametrize("state", list(StopState))
def test_only_a_stop_that_rests_by_the_ledger_can_be_missed(state: StopState) -> None:
    record = StopRecord(
        intent=_intent(),
        state=state,
        venue_stop_id=VenueStopId("9"),
        venue_order_id=None,
        executed_lots=Lots(0),
        begun_at=NOW,
    )
    other = OpenOrder(
        symbol=Symbol("BTC/USDT:USDT"),
        client_order_id=ClientOrderId("by-hand"),
        venue_order_id=VenueOrderId("1"),
        lots=Lots(500),
        limit_price=dec(70_000),
        reduce_only=True,
    )
    shown = replace(other, client_order_id=ClientOrderId(_intent().stop_id))
    assert unseen([record], [other]) == ((record,) if state is StopState.RESTING else ())
    assert unseen([record], [other, shown]) == ()


def test_a_stop_that_fired_is_an_order_of_its_own_name_and_line() -> None:
    order = order_of(_intent())
    fired = FiredOrder(venue_order_id=VenueOrderId("77"), filled_lots=Lots(400), ended=True)
    told = venue_order_of(_intent(), fired)

    assert (order.client_order_id, order.line, order.lots) == (_intent().stop_id, 3, 500)
    assert (order.limit_price, order.reduce_only) == (dec(70_000), True)
    assert (told.client_order_id, told.venue_order_id) == (order.client_order_id, "77")
    assert (told.lots, told.filled_lots, told.ended) == (500, 400, True)


def test_a_stop_tells_its_size_and_trigger_in_units() -> None:
    assert _intent().quantity == dec("0.5")
    assert _intent().trigger_price == dec(70_000)


@pytest.mark.parametrize("wrong", [{"lots": 0}, {"trigger": 0}, {"instrument": spot("BTC")}])
def test_a_stop_of_nothing_or_at_no_price_or_on_coins_cannot_be_written_down(
    wrong: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match=_intent().stop_id):
        replace(_intent(), **wrong)


@pytest.mark.parametrize("state", list(SeenStop))
def test_only_a_stop_that_fired_became_an_order(state: SeenStop) -> None:
    became = FiredOrder(venue_order_id=VenueOrderId("77"), filled_lots=Lots(500), ended=True)
    has_order = state is SeenStop.FIRED

    def seen(order: FiredOrder | None) -> VenueStop:
        """Return the venue's word of the stop."""
        return VenueStop(
            stop_id=StopId("s1"),
            venue_stop_id=VenueStopId("9"),
            symbol=Symbol("BTC/USDT:USDT"),
            lots=Lots(500),
            trigger_price=dec(70_000),
            state=state,
            order=order,
            status="X",
        )

    assert seen(became if has_order else None).state is state
    with pytest.raises(ValueError, match="s1"):
        seen(None if has_order else became)


def test_a_stop_may_fill_until_it_is_known_to_have_ended() -> None:
    assert {s for s in StopState if s.may_fill} == {s for s in StopState if not s.is_terminal}
