"""Planted bugs in finding out: look-ups, fences, proofs of absence, fills, recovery."""

from __future__ import annotations

from typing import Final

from tests.simulation.planting import bug, edit, value

FINDING: Final = (
    bug(
        "no-fence",
        "I4",
        "spot:ALIVE:reset_before:1",
        value("execution.retry:PROCESSING_LIMIT_S", -10),
    ),
    bug(
        "fence-without-margin",
        "I4",
        "spot:ALIVE:reset_before:1",
        value("execution.retry:CLOCK_MARGIN_S", 0),
    ),
    bug(
        "fence-without-the-window",
        "I4",
        "spot:ALIVE:reset_before:1",
        edit(
            "execution.retry:fence_at",
            "return sent_by + window + timedelta",
            "return sent_by + timedelta",
        ),
    ),
    bug(
        "recovery-does-not-wait",
        "I4",
        "spot:ORDER:reset_before:1",
        edit(
            "execution.retry:recovery_fence_at",
            "return fence_at(latest, receive_window_ms=receive_window_ms)",
            "return submitted_at",
        ),
    ),
    bug(
        "proof-by-our-clock-alone",
        "I4",
        "unknown:ALIVE:at5_clock:1",
        edit(
            "workflow.inquiry:Inquiry._prove_absence",
            "if min(evidence.asked_at, evidence.venue_now) < command.fence_at:",
            "if evidence.asked_at < command.fence_at:",
        ),
    ),
    bug(
        "proof-without-open-orders",
        "I4",
        "spot:ALIVE:reset_before:1",
        edit(
            "adapters.frame.absence:asked_everywhere",
            '"open_orders": f',
            '"resting": f',
        ),
    ),
    bug(
        "proof-without-the-lists",
        "I4",
        "spot:ALIVE:reset_before:1",
        edit("adapters.frame.absence:asked_everywhere", "            **others,\n", ""),
    ),
    bug(
        "contradiction-accepted",
        "I4",
        "futures:ALIVE:reset_after_hidden:1",
        edit(
            "ports:AbsenceEvidence.shows_nothing",
            'set(self.sightings.values()) == {"none"}',
            '"none" in set(self.sightings.values())',
        ),
    ),
    bug(
        "not-found-is-the-end",
        "I4",
        "spot:ALIVE:reset_after_hidden:2",
        edit(
            "execution.tracking:_unseen",
            "    order = dataclasses.replace(order, missing=order.missing + 1)\n",
            "    if order.state is OrderState.UNKNOWN:\n"
            "        state = next_state(order.state, EventKind.ABSENCE_PROVED)\n"
            "        return dataclasses.replace(order, state=state), ()\n",
        ),
    ),
    bug(
        "fills-from-the-summary",
        "I25",
        "spot:ALIVE:none:1",
        edit("execution.tracking:_closed", "booked=order.booked)", "booked=order.reported)"),
    ),
    bug(
        "empty-list-settles",
        "I25",
        "spot:ALIVE:none:1",
        edit(
            "execution.lifecycle:settled",
            "if booked != executed:",
            "if booked and booked != executed:",
        ),
    ),
    bug(
        "fills-never-read-again",
        "L1",
        "futures:ALIVE:row_missing:2",
        edit(
            "execution.tracking:_ask_fills", "from_start=order.fill_reads > 0", "from_start=False"
        ),
    ),
    bug(
        "fills-read-once",
        "L1 L2",
        "spot:ALIVE:missing_page:1",
        value("execution.retry:FILL_READS_MAX", 1),
    ),
    bug(
        "killed-means-not-sent",
        "I7 I18 I17 L2",
        "spot:ORDER:none:1",
        edit("execution.tracking:resume", "EventKind.LOST", "EventKind.NOT_SENT"),
    ),
    bug(
        "killed-re-opens",
        "I10",
        "spot:STEP_KEPT:none:1",
        edit(
            "execution.tracking:resume",
            "case OrderState.SUBMITTING:",
            "case OrderState.SUBMITTING | OrderState.SETTLING:",
            "lost = next_state(order.state, EventKind.LOST)",
            "lost = OrderState.UNKNOWN",
        ),
        edit(
            "adapters.ledger.rules:moved",
            "if not is_allowed(record.state, after=step.state):",
            "if False:",
        ),
    ),
    bug(
        "recovery-skipped",
        "I27 L1 L2",
        "unknown:ALIVE:none:1",
        edit("workflow.run:resolved_first", ".is_nothing:", ".is_nothing or True:"),
    ),
    bug(
        "recovery-forgets-settling-orders",
        "L1 L2 I27",
        "spot:STEP_KEPT:none:1",
        edit(
            "workflow.recover:leftovers",
            "if not r.simulated)",
            'if not r.simulated and r.state != "settling")',
        ),
    ),
    bug(
        "recovery-says-all-is-well",
        "L1 L2 I27",
        "spot:STEP_KEPT:missing_page_always:1",
        edit(
            "workflow.recover:RecoveryReport.unresolved",
            "return tuple(each for each in self.orders if not each.is_resolved)",
            "return ()",
        ),
    ),
    bug(
        "conclusions-not-recorded",
        "L1 L2 L5",
        "spot:ALIVE:none:1",
        edit(
            "workflow.execute:_Driver._tell",
            "            await self._desk.ledger.advance(rows)\n",
            "            pass\n",
        ),
    ),
    bug(
        "rest-forgets-what-was-filled",
        "I1",
        "hedged:ALIVE:none:1",
        edit(
            "execution.state:LegWork.rest",
            "self.leg.lots - self.done",
            "self.leg.lots",
        ),
    ),
    bug(
        "partial-is-called-executed",
        "L5",
        "spot:ALIVE:refused_connection_always:1",
        edit("execution.report:_outcome", "if not has_rest:", "if orders:"),
    ),
    bug(
        "unresolved-is-called-partial",
        "L5",
        "spot:ALIVE:missing_page_always:1",
        edit(
            "execution.report:_outcome",
            "if any(map(_is_unknown, orders)) or any(each.is_unknown for each in transfers):",
            "if False:",
        ),
    ),
    bug(
        "question-that-crashes",
        "I29",
        "futures:ALIVE:banned:1",
        edit(
            "workflow.inquiry:_told",
            'return str(error) if isinstance(error, VenueError) else "no answer in time"',
            "return error.evidence.message",
        ),
    ),
)
"""Bugs in finding out."""
