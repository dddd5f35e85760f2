"""How far back an order is looked for: all the way at first, and every fourth time."""

from __future__ import annotations

from datetime import timedelta

from trimtab.adapters.frame.look_back import LookBack
from trimtab.adapters.frame.timed_fills import RECENT
from trimtab.domain.orders import ClientOrderId

FAR = timedelta(days=90)
ONE, OTHER = ClientOrderId("one"), ClientOrderId("other")


def test_the_first_look_at_a_name_goes_all_the_way_back_and_every_fourth_after_it() -> None:
    back = LookBack(FAR)
    looks = [back.of(ONE) for _ in range(9)]
    assert [look == FAR for look in looks] == [True, *([False] * 3), True, *([False] * 3), True]
    assert set(looks) == {FAR, RECENT}
    assert back.of(OTHER) == FAR
