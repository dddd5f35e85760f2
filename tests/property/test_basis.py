"""A discount that goes anywhere: what it opens and closes, and that a hovering one does neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import event, example, given
from hypothesis import strategies as st

from tests.builders import NOW, URGENCY, account, contract, dec, occasion, policy
from tests.hedge_cases import PERP, hedges
from tests.property.test_planning import filled
from trimtab.domain.firings import TriggerKind
from trimtab.domain.policy import Policy, Route
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import BasisAction, Tempo
from trimtab.planning.compose import make_plan

BARE = account("BTC 0.8 @ 10000, USDT 0, wallet 4000")
"""2000 more than its target, which a short of 0.2 takes off."""
HEDGED = account("BTC 0.8 @ 10000, USDT 0, wallet 4000, perp BTC -0.2")
OPENED = "open a 0.2 @ 10000 at band"
CLOSED = "close a 0.2 @ 9900 for basis"
FROM, DOWN = 100, 60
"""Bps from which a hedge is bought back, and from which down one is opened again."""


def rules(hysteresis: str = "0.4") -> Policy:
    tempo = Tempo(hysteresis=dec(hysteresis), cooldown_s=0)
    urgency = replace(
        URGENCY,
        basis=BasisAction.CLOSE,
        basis_bps=dec(FROM),
        tempos=URGENCY.tempos | {TriggerKind.BASIS: tempo},
    )
    return policy(
        "BTC 0.5, USDT 0.5", route=Route.FUTURES, urgency=urgency, hedge={"cooldown_days": 0}
    )


def walked(path: list[int], snapshot: Snapshot, *events: str, wanted: Policy) -> list[int]:
    """Return at which steps of *path*, bps below the index, a plan trades: sells < 0 < buys.

    Each plan fills whole before the next is made; steps count from 1.
    """
    told, turns = list(events), list[int]()
    for step, bps in enumerate(path, start=1):
        mark = Decimal(10_000 - bps)
        seen = replace(snapshot, contracts={PERP: contract(mark, index=dec(10_000))})
        at = occasion(hedges=hedges(*told), now=NOW + timedelta(hours=step))
        plan = make_plan(seen, wanted, at)
        for leg in plan.legs:
            assert (leg.symbol, leg.quantity) == (PERP, dec("0.2"))
            name = chr(ord("a") + len(told))
            last = told[-1].split()[1] if told else ""
            sells = leg.lots < 0
            told.append(
                f"open {name} 0.2 @ {mark} at band"
                if sells
                else f"close {last} 0.2 @ {mark} for basis"
            )
            turns.append(-step if sells else step)
        snapshot = filled(snapshot, plan)
    return turns


hovering = st.lists(st.integers(DOWN + 1, FROM - 1), min_size=1, max_size=8)
anywhere = st.lists(st.integers(-50, 200), min_size=1, max_size=10)


@given(hovering)
@example([99, 61, 99, 61])
def test_a_discount_that_wanders_between_both_thresholds_changes_nothing(path: list[int]) -> None:
    assert walked(path, HEDGED, OPENED, wanted=rules()) == []
    assert walked(path, BARE, OPENED, CLOSED, wanted=rules()) == []


@given(anywhere)
@example([0, 100, 99, 61, 60, 100])
def test_hedges_are_bought_back_at_the_one_and_opened_again_at_the_other(path: list[int]) -> None:
    turns = walked(path, BARE, wanted=rules())
    event(f"turns: {len(turns)}")
    for step in turns:
        at = path[abs(step) - 1]
        assert at < FROM if step < 0 else at >= FROM
    for before, after in pairwise(turns):
        assert (before < 0) != (after < 0), "what was opened is closed, and the other way round"
        if after < 0:
            assert path[-after - 1] <= DOWN
            assert all(bps > DOWN for bps in path[before : -after - 1]), "and no later than that"
    is_open = bool(turns) and turns[-1] < 0
    assert not is_open or max(path[-turns[-1] :], default=0) < FROM


@given(st.lists(st.integers(FROM - 1, FROM), min_size=2, max_size=8))
def test_without_a_hysteresis_a_hovering_discount_turns_with_every_plan(path: list[int]) -> None:
    turns = walked([0, *path], BARE, wanted=rules("0"))
    crossed = sum(1 for a, b in pairwise([0, *path]) if (a < FROM) != (b < FROM))
    assert len(turns) == 1 + crossed
