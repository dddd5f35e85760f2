"""From when on a person's word about an order is taken, and what is told before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.builders import NOW
from tests.unit.execution.test_reconcile import record
from trimtab.cli.said_absent import refuse_a_word_too_soon
from trimtab.domain.errors import ConfigError, OutcomeUnknown
from trimtab.domain.orders import OrderRecord, OrderState

LEFT = record(OrderState.UNKNOWN)
NAME = LEFT.intent.client_order_id
WINDOW_MS = 120_000
BEFORE_S = 60 + 120 + 10 + 2 + 300
"""Sending, the window, the venue's work, two clocks, and the venue's own pages."""


def taken(at: datetime, *left: OrderRecord) -> OrderRecord:
    return refuse_a_word_too_soon(left, NAME, receive_window_ms=WINDOW_MS, now=at)


@pytest.mark.parametrize("passed_s", [0, 10, 59, 60, 300, BEFORE_S - 1])
def test_when_a_word_will_be_taken_is_told_the_same_whenever_it_comes_too_early(
    passed_s: int,
) -> None:
    from_then = NOW + timedelta(seconds=BEFORE_S)
    with pytest.raises(OutcomeUnknown, match=f"until {from_then:%Y-%m-%d %H:%M:%S} UTC") as told:
        taken(NOW + timedelta(seconds=passed_s), LEFT)
    assert told.value.next_step == f"trimtab recover --absent {NAME}, after that"


def test_a_word_is_taken_from_the_instant_that_was_told() -> None:
    assert taken(NOW + timedelta(seconds=BEFORE_S), LEFT) == LEFT


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.UNKNOWN}))
def test_of_an_order_that_nobody_looked_for_in_vain_no_word_is_taken(state: OrderState) -> None:
    with pytest.raises(ConfigError, match=f"is {state.value}: nobody has looked for it in vain"):
        taken(NOW + timedelta(days=1), replace(LEFT, state=state))


def test_no_word_is_taken_of_an_order_that_the_ledger_does_not_have() -> None:
    with pytest.raises(ConfigError, match="no open order of the ledger has the name"):
        taken(NOW + timedelta(days=1))
