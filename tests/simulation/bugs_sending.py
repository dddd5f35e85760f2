"""Planted bugs on the way of an order to the venue, and in the reading of its answer."""

from __future__ import annotations

from typing import Final

from tests.simulation.planting import bug, edit, value

SENDING: Final = (
    bug(
        "transfer-sent-again",
        "I30",
        "topup:ALIVE:reset_before:1",
        edit(
            "workflow.transfers:sent",
            "        lost = TransferLost(transfer_id=name, reason=str(error), at=now())\n",
            "        number = await desk.wallets.transfer(intent)\n"
            "        made = TransferMade(transfer_id=name, venue_transfer_id=number, at=now())\n"
            "        return TransferNews(event=made, evidence=None)\n"
            "        lost = TransferLost(transfer_id=name, reason=str(error), at=now())\n",
        ),
    ),
    bug(
        "transfer-called-absent-at-once",
        "I30",
        "topup:ALIVE:late_at_the_fence:1",
        edit(
            "execution.transfers:_missed",
            "if event.at >= missed.fence_at and missed.missing >= retry.MISSING_MIN:",
            "if missed.missing:",
        ),
    ),
    bug(
        "transfer-sent-before-it-is-kept",
        "I30",
        "topup:ALIVE:none:1",
        edit(
            "workflow.transfers:begun",
            "    at = desk.clock.now()\n",
            "    await desk.wallets.transfer(intent)\n    at = desk.clock.now()\n",
        ),
    ),
    bug(
        "resend-on-timeout",
        "I2",
        "spot:ALIVE:reset_before:1",
        edit(
            "workflow.execute:_sent",
            "        lost = WasLost(client_order_id=name, reason=str(error), at=now())\n",
            "        again = await desk.venue.submit(intent)\n"
            "        seen = Shown(client_order_id=name, order=again, at=now())\n"
            "        return OrderNews(event=seen, evidence=None)\n",
        ),
    ),
    bug(
        "resend-when-throttled",
        "I2 I15",
        "spot:ALIVE:throttled:1",
        edit(
            "workflow.execute:_sent",
            "        silence = error.retry_after_ms\n",
            "        silence = error.retry_after_ms\n"
            "        if silence:\n"
            "            await desk.clock.sleep(silence / 1000)\n"
            "            again = await desk.venue.submit(intent)\n"
            "            seen = Shown(client_order_id=name, order=again, at=now())\n"
            "            return OrderNews(event=seen, evidence=None)\n",
        ),
    ),
    bug(
        "writes-are-repeated",
        "I2",
        "spot:ALIVE:reset_before:1",
        edit(
            "adapters.wire.calls:Wire.write",
            "                await call()\n",
            "                try:\n"
            "                    await call()\n"
            "                except self.ccxt_error:\n"
            "                    await call()\n",
        ),
    ),
    bug(
        "ccxt-repeats",
        "I2",
        "spot:ALIVE:reset_before:1",
        edit(
            "adapters.open_venue:_exchange", '"maxRetriesOnFailure": 0', '"maxRetriesOnFailure": 2'
        ),
    ),
    bug(
        "settings-are-repeated",
        "I2",
        "futures:ALIVE:none:1",
        edit(
            "adapters.frame.order_sending:setting_made",
            "    judgement = await wire.write(desk, call, read=read, rank=Rank.ORDER)\n",
            "    await wire.write(desk, call, read=read, rank=Rank.ORDER)\n"
            "    judgement = await wire.write(desk, call, read=read, rank=Rank.ORDER)\n",
        ),
    ),
    bug(
        "setting-before-its-record",
        "I3",
        "futures:ALIVE:none:1",
        edit(
            "workflow.preflight:_set_leverage",
            'await record(SettingOutcome.SENDING, "")\n',
            "pass\n",
        ),
    ),
    bug(
        "send-before-commit",
        "I3",
        "spot:ALIVE:none:1",
        edit(
            "workflow.execute:_Driver._submit",
            "await ledger.begin(intents, at=at, halt_seen=self._halt_seen)",
            "asyncio.get_running_loop().create_task("
            "ledger.begin(intents, at=at, halt_seen=self._halt_seen))",
        ),
    ),
    bug(
        "window-not-sent",
        "I3",
        "spot:ALIVE:none:1",
        edit(
            "adapters.open_venue:_exchange",
            '"recvWindow": settings.execution.receive_window_ms',
            '"recvWindow": 60_000',
        ),
    ),
    bug(
        "reduce-only-forgotten",
        "I3",
        3,
        edit(
            "adapters.binance.venue:BinanceVenue.submit",
            "if intent.reduce_only and instrument.is_contract:",
            "if False:",
        ),
    ),
    bug(
        "reduce-only-dropped",
        "I13",
        3,
        edit(
            "execution.state:LegWork.intent",
            "reduce_only=self.leg.reduce_only",
            "reduce_only=False",
        ),
    ),
    bug(
        "reduce-only-not-obeyed",
        "I3",
        3,
        edit(
            "adapters.binance.venue:_as_text",
            "    if sent != ",
            '    if intent.reduce_only:\n        quantity = "9"\n    if False and sent != ',
        ),
    ),
    bug(
        "size-changed-on-the-way",
        "I3",
        "spot:ALIVE:none:1",
        edit(
            "adapters.binance.venue:_as_text",
            "return quantity, limit_price",
            "return str(Decimal(quantity) * 2), limit_price",
        ),
    ),
    bug(
        "size-through-a-float",
        "I3 L6",
        "spot:ALIVE:none:1",
        edit(
            "domain.orders:OrderIntent.quantity",
            "self.instrument.units(self.lots).copy_abs()",
            "abs(Decimal(float(self.lots) * float(self.instrument.lot_size)))",
        ),
    ),
    bug(
        "limit-beyond-the-bound",
        "I22",
        "spot:ALIVE:none:1",
        edit(
            "execution.pricing:limit_of",
            "return Ticks(touch + sign * min(depth, room))",
            "return Ticks(touch + sign * (room + 5))",
        ),
    ),
    bug(
        "limit-rounded-up",
        "I3",
        "spot:ALIVE:none:1",
        edit(
            "adapters.binance.venue:_as_text",
            "return quantity, limit_price",
            'return quantity, str(round(Decimal(limit_price) + Decimal("0.5")))',
        ),
    ),
    bug(
        "one-name-for-all-attempts",
        "I25",
        "spot:ALIVE:none:1",
        edit("domain.orders:client_order_id", '{line}:{attempt}"', '{line}:1"'),
    ),
    bug(
        "two-names-for-one-attempt",
        "I2",
        "spot:ALIVE:none:1",
        edit(
            "execution.state:LegWork.intent",
            "            attempt=attempt,\n            instrument",
            "            attempt=1,\n            instrument",
        ),
    ),
    bug(
        "unknown-is-not-sent",
        "I18",
        "spot:ALIVE:reset_after:1",
        edit("adapters.wire.verdict:_declined", "return Verdict.UNKNOWN", "return Verdict.UNDONE"),
    ),
    bug(
        "server-error-is-a-refusal",
        "I18",
        "spot:ALIVE:reset_after:1",
        edit("adapters.wire.verdict:_declined", "return Verdict.UNKNOWN", "return Verdict.REFUSED"),
    ),
    bug(
        "unknown-code-is-a-refusal",
        "I18",
        "futures:ALIVE:unsure_status:2",
        edit(
            "adapters.wire.verdict:_declined",
            "return Verdict.REFUSED if code in codes.refused else Verdict.UNKNOWN",
            "return Verdict.REFUSED",
        ),
    ),
    bug(
        "timeout-is-a-refusal",
        "I18",
        "spot:ALIVE:reset_after:1",
        edit(
            "workflow.execute:_sent",
            "lost = WasLost(client_order_id=name, reason=str(error), at=now())",
            "lost = WasRefused(client_order_id=name, reason=str(error), at=now())",
        ),
    ),
    bug(
        "answer-of-any-kind-accepted",
        "I18",
        "spot:ALIVE:bare:1",
        edit(
            "adapters.wire.verdict:_verdict",
            "    if not capture.handed_to_socket:\n",
            "    if capture.http_status == 200 or not capture.handed_to_socket:\n",
        ),
    ),
    bug(
        "answer-without-an-id-accepted",
        "I18",
        "spot:ALIVE:bare:1",
        edit(
            "adapters.binance.orders:order_of",
            "    row = mapping_of(answer)\n",
            "    row = mapping_of(answer)\n"
            '    row = {"side": intent.side.name, "clientOrderId": intent.client_order_id, '
            '"symbol": market_id, "status": "EXPIRED", "orderId": 1, "executedQty": "0", '
            '"origQty": str(intent.quantity), **row}\n',
        ),
    ),
    bug(
        "refused-and-reset-are-one",
        "I18",
        "spot:ALIVE:reset_after:1",
        edit(
            "adapters.wire.verdict:_verdict",
            "if not capture.handed_to_socket:",
            "if capture.cause:",
        ),
    ),
    bug(
        "any-status-ends-an-order",
        "I1 I7 I25",
        "spot:ALIVE:stale:1",
        edit("adapters.binance.orders:order_of", "ended=status in ended", 'ended=status != "NEW"'),
    ),
    bug(
        "ban-ignored",
        "I15",
        "spot:ALIVE:banned_always:1",
        edit(
            "adapters.wire.budget:Budget._refuse_while_silent",
            "if left_ms := self.silent_ms():",
            "if (left_ms := self.silent_ms()) > 1e12:",
        ),
    ),
    bug(
        "ban-that-is-no-throttling",
        "I15",
        "spot:ALIVE:banned_always:1",
        edit(
            "adapters.wire.budget:Budget.after",
            "if wish:",
            "if wish and status == 429:",
        ),
    ),
    bug(
        "orders-wait-for-ever",
        "L4",
        "spot:ALIVE:silent_before:1",
        edit(
            "adapters.open_venue:_gate",
            "float(settings.execution.order_timeout_s)",
            "1e6",
        ),
        value("workflow.execute:SUBMIT_WITHIN_S", 1e6),
    ),
    bug(
        "signature-in-the-evidence",
        "I21",
        "spot:ALIVE:reset_after:1",
        edit(
            "adapters.wire.transport:Courier._send",
            'flight.cause = scrubbed(f"{type(error).__name__}: {error}")',
            "flight.cause = f\"{error} {options.get('data')}\"",
        ),
        edit(
            "adapters.wire.verdict:evidence_of", "scrubbed(capture.cause or text)", "capture.cause"
        ),
    ),
    bug(
        "dry-run-sends",
        "I12",
        4,
        edit(
            "adapters.paper.venue:PaperVenue.submit",
            "        symbol = intent.instrument.symbol\n",
            "        symbol = intent.instrument.symbol\n"
            "        await self._market._wire.exchange.create_order(\n"
            '            symbol, "limit", intent.side.value, str(intent.quantity), "1"\n'
            "        )\n",
        ),
    ),
    bug(
        "attempts-without-end",
        "L3",
        "spot:ALIVE:refused_connection_always:1",
        edit("execution.retry:resend_wait_s", "came_to_nothing > RESENDS_MAX or", ""),
    ),
)
"""Bugs in sending."""
