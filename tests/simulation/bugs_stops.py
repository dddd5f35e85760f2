"""Planted bugs about stops that rest on the venue."""

from __future__ import annotations

from typing import Final

from tests.simulation.planting import bug, edit

_BESIDE: Final = (
    edit(
        "workflow.execute:_stops_withdrawn",
        "unready = await withdrawn_first(approved, wiring)",
        "unready = None",
    ),
    edit("workflow.kept_stops:_placed", "if at.rests:", "if at.rests and not should.lots:"),
    edit(
        "adapters.ledger.stop_rules:refuse_stop",
        "if other.intent.place == intent.place:",
        "if other.intent.stop_id == intent.stop_id:",
    ),
)
"""A new stop while the old one rests, which the ledger does not mind."""

STOPS: Final = (
    bug(
        "stop-put-again",
        "I31",
        "stops:ALIVE:reset_before:4",
        edit(
            "workflow.stops:_sent",
            "        lost = await _moved(sending, StopEventKind.LOST, desk, news=_failed(error))\n",
            "        await desk.stops.place(intent)\n"
            "        lost = await _moved(sending, StopEventKind.LOST, desk, news=_failed(error))\n",
        ),
    ),
    bug(
        "stop-sent-before-it-is-kept",
        "I31",
        "stops:ALIVE:none:1",
        edit(
            "workflow.stops:placed",
            "    at = desk.clock.now()\n",
            "    await desk.stops.place(intent)\n    at = desk.clock.now()\n",
        ),
    ),
    bug("stop-beside-the-old-one", "I32", "stops:ALIVE:none:1", *_BESIDE),
    bug(
        "stop-larger-than-filled",
        "I32",
        "stops:ALIVE:at55_stop:1",
        edit("workflow.kept_stops:_intent", "lots=should.lots,", "lots=line.lots,"),
    ),
    bug(
        "stop-unknown-is-absent",
        "I33",
        "stops:ALIVE:reset_after:4",
        edit(
            "workflow.stops:_sent",
            "        lost = await _moved(sending, StopEventKind.LOST, desk, news=_failed(error))\n"
            "        return await _asked(lost, _questions(desk, desk.clock.now(),"
            " receive_window_ms))\n",
            "        return await _ended(sending, StopEventKind.NOT_SENT, error, desk)\n",
        ),
    ),
    bug(
        "stop-hidden-is-withdrawn",
        "I33",
        "stops:ALIVE:reset_after_hidden:4",
        edit(
            "workflow.stops:_asked",
            "if missing >= retry.MISSING_MIN and (end := await _absent(record, questions)):",
            "if missing and (end := await _ended(record, StopEventKind.WITHDRAWN,"
            " NotDone(note), desk)):",
        ),
    ),
    bug(
        "fired-stop-is-not-booked",
        "I34",
        "stops:ALIVE:at3_spike:1",
        edit("adapters.ledger.stops:advance", "if step.order is None or", "if step.order or"),
    ),
    bug(
        "fired-stop-is-withdrawn",
        "I33 I34",
        "stops:ALIVE:at3_spike:1",
        edit(
            "adapters.binance.stops:BinanceStops.look_up",
            "        if told.order_id is None:\n            return told.stop\n",
            "        return told.stop\n",
        ),
    ),
    bug(
        "fired-stop-left-to-recovery",
        "I32 L5",
        "stops:ALIVE:at49_spike:1",
        edit("workflow.kept_stops:_unread", "await desk.ledger.unresolved()", "()"),
    ),
)
