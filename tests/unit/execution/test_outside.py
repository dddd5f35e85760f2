"""What somebody else did on the account is told apart from what our orders explain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOW, account
from tests.unit.execution.cases import fill
from trimtab.domain.instruments import Lots, Symbol
from trimtab.execution.outside import BookedSince, outside_of_plans

PERP, SPOT = Symbol("BTC/USDT:USDT"), Symbol("BTC/USDT")
HEDGED = account("BTC 0.2 @ 60000, USDT 1000, wallet 500, perp BTC -0.1")
FLAT = account("BTC 0.2 @ 60000, USDT 1000, wallet 500")
CONTRACT = HEDGED.instruments[PERP]


def booked(**changes: Any) -> BookedSince:
    fields: dict[str, Any] = {"positions": {}, "ours": {}, "older": (), "external": (), "late": ()}
    return BookedSince(**fields | changes)


def seen(since: BookedSince, **changes: Any) -> dict[Symbol, str]:
    asked: dict[str, Any] = {
        "positions": HEDGED.positions,
        "instruments": HEDGED.instruments,
        "open_in": (),
    }
    asked |= changes
    return dict(
        outside_of_plans(since, asked["positions"], asked["instruments"], open_in=asked["open_in"])
    )


HELD = HEDGED.positions[PERP].lots


@pytest.mark.parametrize(
    ("positions", "ours"),
    [({PERP: HELD}, {}), ({}, {PERP: HELD}), ({PERP: Lots(HELD - 7)}, {PERP: Lots(7)})],
)
def test_a_position_that_statement_and_our_fills_explain_is_nobodys_else(
    positions: dict[Symbol, Lots], ours: dict[Symbol, Lots]
) -> None:
    assert seen(booked(positions=positions, ours=ours)) == {}


@pytest.mark.parametrize("off", [-1, 1])
def test_a_position_that_is_a_lot_off_is_told_with_both_numbers(off: int) -> None:
    told = seen(booked(positions={PERP: Lots(HELD + off)}))
    assert told == {PERP: f"a position of {HELD} lots, booked are {HELD + off}"}


def test_a_position_that_is_gone_is_told() -> None:
    told = seen(booked(positions={PERP: Lots(-3)}), positions={}, instruments=HEDGED.instruments)
    assert told == {PERP: "a position of 0 lots, booked are -3"}


def test_while_an_order_of_ours_is_open_in_a_market_its_position_proves_nothing() -> None:
    assert seen(booked(), open_in={PERP}) == {}


def test_a_booked_fill_of_somebody_else_is_told_though_the_position_agrees() -> None:
    first = fill(-2, 1, instrument=CONTRACT, price=59_000)
    last = fill(3, 2, instrument=CONTRACT, price=61_000, filled_at=NOW + timedelta(seconds=1))
    told = seen(booked(positions={PERP: Lots(HELD - 1)}, external=(last, first)))
    size = CONTRACT.units(Lots(3))
    assert told == {PERP: f"buy {size} at 61000 by no order of ours"}


def test_fills_of_our_orders_from_before_the_statement_count() -> None:
    older = fill(3, 1, instrument=CONTRACT, client_order_id="ours")
    assert seen(booked(positions={PERP: Lots(HELD - 3)}, older=(older,))) == {}


def test_somebody_elses_spot_fills_and_coins_are_their_own_matter() -> None:
    assert seen(booked(positions={PERP: HELD}, external=(fill(5),))) == {}
    assert seen(booked(), positions=FLAT.positions, instruments=FLAT.instruments) == {}
