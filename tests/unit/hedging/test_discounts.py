"""How far contracts are below their indices, and which of them are shut for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import URGENCY, contract, dec
from tests.hedge_cases import FAR, PERP, hedges
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import HedgeBook
from trimtab.domain.urgency import BasisAction, Tempo, UrgencyPolicy
from trimtab.hedging.discounts import below_index, shutting

LEFT = ("open one 0.2 @ 100 at band", "close one 0.2 @ 99 for basis")


def rules(hysteresis: str = "0.5", action: BasisAction = BasisAction.CLOSE) -> UrgencyPolicy:
    tempo = Tempo(hysteresis=dec(hysteresis), cooldown_s=0)
    return replace(URGENCY, basis=action, basis_bps=dec(80), tempos={TriggerKind.BASIS: tempo})


def is_shut(mark: str, book: HedgeBook, wanted: UrgencyPolicy | None = None) -> bool:
    state = contract(mark, index=dec(100))
    return shutting(PERP, state, rules=wanted or rules(), book=book) is not None


@pytest.mark.parametrize(("mark", "bps"), [("99", 100), ("100", 0), ("101", -100)])
def test_a_discount_is_bps_of_the_index(mark: str, bps: int) -> None:
    assert below_index(contract(mark, index=dec(100))) == bps


def test_a_release_is_the_threshold_less_the_hysteresis_of_its_own_kind() -> None:
    assert rules("0.25").basis_release_bps == 60
    assert replace(rules(), tempos=URGENCY.tempos).basis_release_bps == 80
    found = shutting(PERP, contract("99", index=dec(100)), rules=rules(), book=hedges())
    assert found is not None
    assert (found.symbol, found.bps, found.release) == (PERP, 100, 40)


def test_what_is_at_the_threshold_is_shut_and_what_was_left_is_until_it_has_come_back() -> None:
    assert [is_shut(m, hedges()) for m in ("99.2", "99.21", "99.6", "100")] == [True, *[False] * 3]
    assert [is_shut(m, hedges(*LEFT)) for m in ("99.21", "99.59", "99.6")] == [True, True, False]
    assert not is_shut("99.3", hedges(*LEFT), rules("0"))


def test_only_a_close_for_the_discount_in_that_contract_with_none_opened_since_counts() -> None:
    others = (
        ("open one 0.2 @ 100 at band",),
        ("open one 0.2 @ 100 at band", "close one 0.2 @ 99 for stop"),
        ("open one 0.2 @ 100 at band in far", "close one 0.2 @ 99 for basis in far"),
        ("open one 0.2 @ 100 at band", "close one 0.1 @ 99 for basis"),
        (*LEFT, "open two 0.2 @ 100 at band"),
        (*LEFT, "open two 0.2 @ 100 at band", "close two 0.2 @ 99 for stop"),
    )
    for events in others:
        assert not is_shut("99.3", hedges(*events)), events
    assert is_shut("99.3", hedges(*LEFT, "open two 0.2 @ 100 at band in far"))
    assert is_shut(
        "99.3", hedges(*LEFT, "open two 0.2 @ 100 at band", "close two 0.2 @ 99 for basis")
    )
    far = contract("99.3", index=dec(100))
    left = hedges("open one 0.2 @ 100 at band in far", "close one 0.2 @ 99 for basis in far")
    assert shutting(FAR, far, rules=rules(), book=left) is not None


@pytest.mark.parametrize("action", [BasisAction.ALERT, BasisAction.OFF])
def test_a_discount_that_closes_nothing_shuts_nothing(action: BasisAction) -> None:
    assert not is_shut("90", hedges(*LEFT), rules(action=action))
