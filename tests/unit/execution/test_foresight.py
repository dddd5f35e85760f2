"""What the gate is shown of later stages once a leg before them has come short."""

from __future__ import annotations

import dataclasses

from tests.builders import NOW, account, legs_of, transfers_of
from tests.unit.execution.test_machine import OPENING, PASSED, TERMS, ended_unfilled
from tests.unit.execution.test_machine_pairs import filled
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Snapshot
from trimtab.execution.events import Review, Submit, Surveyed, WasRefused
from trimtab.execution.machine import begin, step
from trimtab.execution.state import RunState


def begun(*texts: str, opening: Snapshot = OPENING) -> tuple[RunState, tuple[Leg, ...]]:
    """Return a run at its start, and what the gate is shown then."""
    legs, moves = legs_of(opening, *texts), transfers_of(opening, *texts)
    state, [command] = begin(legs, moves, TERMS, opening)
    assert isinstance(command, Review)
    return state, command.legs


def short(*texts: str, opening: Snapshot = OPENING) -> tuple[Leg, ...]:
    """Return what the gate is shown after line 1 was refused and line 2 filled nothing yet."""
    state, _ = begun(*texts, opening=opening)
    state, [sent] = step(state, PASSED)
    assert isinstance(sent, Submit)
    first, second = sent.intents
    refused = WasRefused(client_order_id=first.client_order_id, reason="no", at=NOW)
    state, _ = step(state, refused)
    state, _ = step(state, ended_unfilled(second))
    _, [command] = step(state, Surveyed(snapshot=opening, at=NOW))
    assert isinstance(command, Review)
    return command.legs


def lots(legs: tuple[Leg, ...]) -> dict[int, int]:
    return {leg.line: leg.lots for leg in legs}


TWO_SELLS = ("sell 0.1 BTC @ 59000", "sell 1 ETH @ 2900", "then buy 0.14 BTC @ 60000")


def test_what_nothing_came_short_of_is_shown_as_approved() -> None:
    _, legs = begun(*TWO_SELLS)
    assert legs == legs_of(OPENING, *TWO_SELLS)


def test_a_rest_that_is_to_be_sent_whole_is_not_short() -> None:
    state, _ = begun("sell 0.1 BTC @ 59000", "then buy 1.9 ETH @ 3000")
    state, [sent] = step(state, PASSED)
    assert isinstance(sent, Submit)
    state = filled(state, sent.intents[0], -400)
    sold = dataclasses.replace(OPENING, snapshot_id="later")
    _, [command] = step(state, Surveyed(snapshot=sold, at=NOW))
    assert isinstance(command, Review)
    assert lots(command.legs) == {1: -600, 2: 19_000}


def test_buys_are_shown_as_what_the_sells_that_are_left_can_pay() -> None:
    """100 USDT and 2,900 of ETH, less the fee each time, buy 0.0499 BTC and not 0.14."""
    assert lots(short(*TWO_SELLS)) == {2: -10_000, 3: 499}


def test_a_buy_in_a_stage_after_next_has_what_the_one_before_it_leaves() -> None:
    buys = ("then buy 0.02 BTC @ 60000", "then buy 0.02 BTC @ 60000", "then buy 0.02 BTC @ 60000")
    assert lots(short(*TWO_SELLS[:2], *buys)) == {2: -10_000, 3: 200, 4: 200, 5: 99}


def test_what_a_transfer_brings_is_there_for_the_buys_after_it() -> None:
    opening = account("BTC 1 @ 60000, ETH 10 @ 3000, USDT 100, wallet 90000")
    texts = (*TWO_SELLS[:2], "then move 6000 out", "then buy 0.2 BTC @ 60000")
    assert lots(short(*texts, opening=opening)) == {2: -10_000, 4: 1_498}


def test_a_hedge_is_shown_as_large_as_the_coins_that_were_bought_for_it() -> None:
    opening = account("BTC 1 @ 60000, ETH 10 @ 3000, USDT 9000, perp BTC -0.1, wallet 90000")
    texts = ("buy 0.1 BTC @ 60100", "sell 1 ETH @ 2900", "then sell 0.1 perp BTC")
    assert lots(short(*texts, opening=opening)) == {2: -10_000}
