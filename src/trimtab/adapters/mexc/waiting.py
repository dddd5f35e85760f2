"""What waits for a trigger in contracts of one MEXC account. Not pure: it asks the venue.

Such orders are in three lists of their own, which tell no name of ours, and one that protects a
position may open the opposite. None can be counted for sure: an account in which one waits is not
read, by name. Sources: MEXC "Futures" API "Get Plan Order List", "Get Current TP/SL Orders", "Query
Trailing Orders", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from trimtab.adapters.mexc.contracts import rows_told
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable, Unserved, integer_of, milliseconds, text_of
from trimtab.venues.profile import Desk

_PLANS: Final = Endpoint(desk=Desk.LINEAR, method="contractPrivateGetPlanorderListOrders")
_STOPS: Final = Endpoint(desk=Desk.LINEAR, method="contractPrivateGetStoporderOpenOrders")
_TRAILS: Final = Endpoint(desk=Desk.LINEAR, method="contractPrivateGetTrackorderListOrders")
_ENDED: Final = frozenset({2, 3, 4, 5})
"""States of plans and stops: cancelled, executed, invalid, failed."""
_TRAILS_ENDED: Final = frozenset({2, 3, 4})
"""States of trailing orders: executed, failed, cancelled."""
_UNFINISHED: Final = 0
_PAGE: Final = 100
_SPAN: Final = timedelta(days=90)
"""A question about past orders may span so much (ccxt 4.5.90); older plans are not asked for."""


async def require_nothing_waits(wire: Wire) -> None:
    """Refuse an account in which an order waits for a trigger.

    Raises:
        NotDone: one waits, or the venue does not answer.
        Refused: the venue denies the read.

    """
    now = await wire.venue_now(Desk.LINEAR)
    span = {"start_time": milliseconds(now - _SPAN), "end_time": milliseconds(now)}
    pages = {"page_num": 1, "page_size": _PAGE}
    await together(
        _require(wire, _PLANS, {"states": "1", **span, **pages}, ended=_ENDED),
        _require(wire, _STOPS, {}, ended=_ENDED),
        _require(wire, _TRAILS, {"states": "0,1"}, ended=_TRAILS_ENDED),
    )


async def _require(
    wire: Wire, endpoint: Endpoint, asked: Mapping[str, object], *, ended: frozenset[int]
) -> None:
    """Ask for one list."""
    await wire.read(endpoint, asked, partial(require_none, ended=ended))


def require_none(answer: object, *, ended: frozenset[int]) -> None:
    """Read a list in which everything has to be of a state of *ended*.

    A state that is not known proves no end, and neither does one of a stop that says itself that it
    is not finished: half of it may have fired.

    Raises:
        Unreadable: a row has no state, or there may be more of them.
        Unserved: one waits, or may.

    """
    rows = rows_told(answer)
    for row in rows:
        has_ended = integer_of(row, "state") in ended
        if not has_ended or row.get("isFinished") == _UNFINISHED:
            name = text_of(row, "symbol")
            raise Unserved(
                f"{name}: an order waits for a trigger, which cannot be counted here",
                mend="cancel it",
            )
    if len(rows) >= _PAGE:
        raise Unreadable("there may be more orders that wait for a trigger than are told")
