"""What the entries of resting stops do to the tables. Pure; see :mod:`.projection`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.adapters.ledger.changes import Change, new_row, set_row, step_row, stored


def stop_begun(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a stop of an intent, before its bytes are sent."""
    told = body["stop"]
    key = {"stop_id": told["stop_id"]}
    yield new_row(
        "stops",
        key,
        seq=seq,
        plan_digest=told["plan_digest"],
        line=told["line"],
        hedge_id=told["hedge_id"],
        symbol=told["instrument"]["symbol"],
        instrument=stored(told["instrument"]),
        lots=told["lots"],
        trigger_ticks=told["trigger"],
        trigger_price=body["trigger_price"],
        epoch=body["epoch"],
        begun_at=body["at"],
        state="sending",
        venue_stop_id=None,
        venue_order_id=None,
        executed_lots=0,
    )
    begun = {"at": body["at"], "state": "sending", "order": None, "evidence": None, "note": ""}
    yield step_row("stop_events", seq, key, begun)


def stop_moved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Move a stop."""
    step = body["step"]
    key = {"stop_id": step["stop_id"]}
    yield set_row("stops", key, **body["after"])
    yield step_row("stop_events", seq, key, step)
