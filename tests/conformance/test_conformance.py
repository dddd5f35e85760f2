"""Every case that a venue is written down as having passed is passed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.conformance import reading, resting, sending
from tests.conformance.stage import FLOORS, Stage, staged
from trimtab.venues.cases import CASES, Outcome
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.facts import Market
from trimtab.venues.shown import SHOWN

RUNS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "VC-01": reading.markets_are_read,
    "VC-02": reading.balances_are_read,
    "VC-03": reading.positions_are_read,
    "VC-04": reading.the_book_is_read,
    "VC-05": reading.contracts_are_read,
    "VC-06": reading.an_unreadable_account_is_no_empty_one,
    "VC-07": sending.an_order_goes_out_as_planned,
    "VC-08": sending.an_order_is_found_by_our_name,
    "VC-09": sending.a_duplicate_is_proof_of_the_first,
    "VC-10": sending.a_lost_answer_leaves_an_order_that_is_found,
    "VC-11": sending.a_refusal_says_why,
    "VC-12": sending.a_partial_fill_says_how_much,
    "VC-13": sending.a_late_cancel_is_no_error,
    "VC-14": sending.fills_come_once_each,
    "VC-15": sending.the_fence_is_in_every_order,
    "VC-16": sending.an_order_that_never_came_is_absent_everywhere,
    "VC-17": sending.too_fast_is_not_done,
    "VC-18": sending.a_wrong_time_is_not_done,
    "VC-19": sending.an_unreadable_answer_leaves_an_order_unknown,
    "VC-20": sending.sizes_are_base_units_both_ways,
    "VC-21": sending.leverage_is_set_once,
    "VC-22": reading.payments_are_listed,
    "VC-23": reading.rights_are_told,
    "VC-24": sending.requests_stay_in_their_place,
    "VC-25": sending.a_move_between_wallets_is_found,
    "VC-26": resting.a_stop_rests_as_planned,
    "VC-27": resting.what_became_of_a_stop_is_told,
    "VC-28": reading.what_waits_is_an_open_order,
}
PASSED = [
    pytest.param(venue_id, market, number, id=f"{venue_id}-{market}-{number}")
    for (venue_id, market), shown in SHOWN.items()
    for number, showing in shown.items()
    if showing.outcome is Outcome.PASS
]


def test_every_case_has_its_run_and_every_run_its_case() -> None:
    assert list(RUNS) == list(CASES)


def test_what_is_shown_is_of_venues_that_an_adapter_opens() -> None:
    assert {venue_id for venue_id, _ in SHOWN} == set(PROFILES) == set(FLOORS)


def test_stops_rest_where_both_cases_of_them_were_passed_and_nowhere_else() -> None:
    passed = {
        venue_id
        for (venue_id, market), shown in SHOWN.items()
        if market is Market.LINEAR
        and all(shown[number].outcome is Outcome.PASS for number in ("VC-26", "VC-27"))
    }
    assert passed == {venue_id for venue_id, profile in PROFILES.items() if profile.rests_stops}


@pytest.mark.parametrize(("venue_id", "market", "number"), PASSED)
async def test_the_case_is_passed_as_it_is_written_down(
    venue_id: str, market: Market, number: str
) -> None:
    async with staged(venue_id, market) as stage:
        assert len(stage.line.asked) > 0
        await RUNS[number](stage)
