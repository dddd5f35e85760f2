"""Stops that rest on OKX, the whole way, where its own words decide what becomes of a run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.conformance.okx_floor import OkxFloor
from tests.conformance.test_whole_stops import Account, hedged
from trimtab.domain.stops import StopState


def floor_of(account: Account) -> OkxFloor:
    assert isinstance(account.floor, OkxFloor)
    return account.floor


async def test_a_stop_that_found_nothing_to_close_is_withdrawn_and_its_hedge_stays(
    tmp_path: Path,
) -> None:
    account = await hedged(tmp_path, "okx")
    (stop,), (hedge,) = account.stops, account.book.open
    floor = floor_of(account)
    floor._trading.units = Decimal(0)
    floor.reach(stop.intent.trigger_price)
    assert await account.recover() == 0
    assert (account.states, account.book.open) == ([StopState.WITHDRAWN], (hedge,))
    assert stop.intent.stop_id not in account.filled


async def test_a_stop_that_became_several_orders_stays_unresolved_and_no_other_is_put(
    tmp_path: Path,
) -> None:
    account = await hedged(tmp_path, "okx")
    floor = floor_of(account)
    floor.stops.splits_at = Decimal("0.020")
    floor.reach(account.stops[0].intent.trigger_price)
    await account.run()
    assert (account.states, account.asked) == ([StopState.RESTING], 0)
    assert len(account.book.open) == 1
    assert len([order for order in floor.orders() if not order.is_buy]) == 1
