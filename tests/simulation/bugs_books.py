"""Planted bugs in the ledger, in the books, and in what must hold before an order may leave."""

from __future__ import annotations

from typing import Final

from tests.simulation.planting import ShownBy, bug, edit

BOOKS: Final = (
    bug(
        "fill-left-out",
        "I5 I16 I6 I7",
        "spot:ALIVE:none:1",
        edit(
            "adapters.ledger.writes:book_fills",
            "for f, b in zip(fresh, booked, strict=True)",
            "for f, b in list(zip(fresh, booked, strict=True))[1:]",
        ),
    ),
    bug(
        "cursor-ahead-of-its-fills",
        "I16",
        "spot:ALIVE:none:1",
        edit("adapters.ledger.writes:book_fills", "last.trade_id)", "str(int(last.trade_id) + 1))"),
    ),
    bug(
        "key-marked-before-its-fill",
        "I25 L1 L2 I5",
        "spot:ALIVE:none:1",
        edit(
            "adapters.ledger.rules:fresh_fills",
            "seen, fresh = dict(known), []",
            "seen, fresh = dict(known) | {f.trade_id: f for f in told}, []",
        ),
    ),
    bug(
        "row-told-twice-counts-twice",
        "I25",
        "futures:ALIVE:row_missing:2",
        edit("adapters.ledger.rules:fresh_fills", "if fill.trade_id not in seen:", "if True:"),
    ),
    bug(
        "fill-of-another-order",
        "I6 I7 I25",
        "spot:ALIVE:at73_person:1",
        edit(
            "adapters.ledger.rules:is_of",
            "return same_market and record.venue_order_id == fill.venue_order_id",
            "return same_market",
        ),
        edit(
            "adapters.ledger.reads:order_of",
            "return None if row is None else record_of(row)",
            "orders = order_records(connection, plan_digest=None, dry_run=dry_run)\n"
            "    there = [o for o in orders if o.intent.instrument.symbol == fill.symbol]\n"
            "    return there[-1] if there else None",
        ),
    ),
    bug(
        "external-fill-is-ours",
        "I6 I7 I25",
        "spot:ALIVE:at73_person:1",
        edit(
            "adapters.ledger.rules:whose",
            "by_ours = record.intent.client_order_id == fill.client_order_id",
            "by_ours = True",
        ),
        edit(
            "adapters.ledger.reads:order_of",
            "return None if row is None else record_of(row)",
            "orders = order_records(connection, plan_digest=None, dry_run=dry_run)\n"
            "    there = [o for o in orders if o.intent.instrument.symbol == fill.symbol]\n"
            "    return record_of(row) if row else there[0] if there else None",
        ),
    ),
    bug(
        "sum-of-the-last-page",
        "I25 I7",
        "futures:ALIVE:row_missing:2",
        edit("adapters.ledger.rules:filled_by", "booked = record.filled_lots", "booked = 0"),
    ),
    bug(
        "fee-in-quote-always",
        "I6",
        "spot:ALIVE:none:1",
        edit(
            "adapters.binance.orders:fill_of",
            'Asset(text_of(row, "commissionAsset"))',
            'Asset("USDT")',
        ),
    ),
    bug(
        "fill-through-a-float",
        "I6",
        "spot:ALIVE:none:1",
        edit(
            "adapters.binance.orders:fill_of",
            'fill_price=decimal_of(row, "price")',
            'fill_price=(told := decimal_of(row, "price")).from_float(float(told))',
        ),
    ),
    bug(
        "external-fills-ignored",
        "I5",
        "spot:ALIVE:at3_person:1",
        edit(
            "workflow.statements:book_listed",
            "fills += await ledger.book_fills(symbol, whose)",
            "fills += await ledger.book_fills(symbol, [f for f in whose if not f.client_order_id])",
        ),
    ),
    bug(
        "late-acceptance-ignored",
        "I28 I5 L1",
        "spot:ALIVE:after_the_fence:1",
        edit(
            "workflow.recover:leftovers",
            "absent=absent,",
            "absent=(),",
        ),
        edit(
            "workflow.naming:named",
            "nameless = {f.venue_order_id for f in fills if f.client_order_id is None}",
            "fills = [f for f in fills if f.client_order_id]; nameless = set()",
        ),
        shown_by=ShownBy.AFTER_THE_FENCE,
    ),
    bug(
        "markets-in-the-order-of-their-hashes",
        "I24",
        3,
        edit(
            "workflow.statements:_listed",
            "for symbol in sorted(markets):",
            "for symbol in set(markets):",
        ),
        shown_by=ShownBy.DETERMINISM,
    ),
    bug(
        "venue-keeps-more-than-it-tells",
        "I8",
        "spot:ALIVE:none:1",
        edit(
            "testnet.spot_desk:fill",
            "state.spot.move(asset, -commission)",
            "state.spot.move(asset, -commission * 2)",
        ),
    ),
    bug(
        "intent-not-kept-and-sent",
        "I3 I16",
        "spot:ALIVE:disk15:1",
        edit(
            "workflow.execute:_Driver._submit",
            "        except Halted as latched:\n",
            "        except LedgerError as latched:\n"
            "            pass\n"
            "        except Halted as latched:\n",
        ),
    ),
    bug(
        "on-after-a-failed-write",
        "I16 I25 L1 L2 L5 I7",
        "spot:ALIVE:disk17:1",
        edit(
            "workflow.execute:_Driver._tell",
            "            await self._desk.ledger.advance(rows)\n",
            "            with contextlib.suppress(LedgerError):\n"
            "                await self._desk.ledger.advance(rows)\n",
        ),
    ),
    bug(
        "head-not-kept",
        "I20",
        "spot:ALIVE:none:1",
        edit("adapters.ledger.writer:Writer._commit", "if head != before:", "if False:"),
    ),
    bug(
        "hash-without-the-content",
        "I20",
        "spot:ALIVE:none:1",
        edit("adapters.ledger.chain:entry_hash", "{kind}\\n{body}", "{kind}\\n"),
    ),
    bug(
        "two-runs-at-once",
        "I19 I25 I1 I2 I3 I10",
        "spot:ALIVE:twin:1",
        edit(
            "adapters.ledger.lease:_lock",
            "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)",
            "pass",
        ),
        edit(
            "adapters.ledger.pen:Pen.append_fenced",
            "if change.table not in _FENCED or hand.dry_run != 0:",
            "if True:",
        ),
        edit("adapters.ledger.writes:must_hold", "if hand.dry_run != 0:", "if True:"),
    ),
    bug(
        "gate-that-always-passes",
        "I11 L6",
        2,
        edit(
            "risk.gate:review",
            "findings=findings_of(case)",
            "findings=tuple(f for f in findings_of(case) if f.verdict is not Verdict.REFUSE)",
        ),
    ),
    bug(
        "clock-behind-is-no-offset",
        "I23",
        5,
        edit(
            "adapters.wire.venue_clock:VenueClocks._apart",
            "offset_ms=round((anchor.now() - self.clock.now()) / _MS)",
            "offset_ms=max(0, round((anchor.now() - self.clock.now()) / _MS))",
        ),
    ),
    bug(
        "shorts-not-counted",
        "I9",
        "futures:ALIVE:none:1",
        edit(
            "domain.exposure:exposure",
            "futures[instrument.base] = futures.get(instrument.base, ZERO) + units",
            "futures[instrument.base] = ZERO",
        ),
        edit(
            "risk.asset_rules:max_ratio",
            "ONE if is_neutral else case.policy.hedge.max_ratio",
            "ONE if is_neutral else case.policy.hedge.max_ratio * 9",
        ),
        edit(
            "risk.asset_rules:naked_short",
            "return tuple(_naked_short_of(asset, state, case) for asset in state.risky)",
            "return ()",
        ),
    ),
    bug(
        "halt-not-latched",
        "I14",
        "spot:ALIVE:at34_halt:1",
        edit("adapters.ledger.writes:set_halt", "pen.append(EntryKind.HALT, body)", "pass"),
    ),
    bug(
        "halt-unheard",
        "I14",
        "spot:ALIVE:at33_halt:1",
        edit(
            "workflow.propose:gate_context", "halt_reason=await ledger.halted()", "halt_reason=None"
        ),
    ),
    bug(
        "stop-unheard",
        "I14",
        "spot:ALIVE:at74_stop:1",
        edit(
            "execution.machine:_move_on",
            "if state.stop is not RestReason.NONE or not open_stages:",
            "if not open_stages:",
        ),
        edit("workflow.execute:_Driver._gate", "if self._desk.stop.is_set():", "if False:"),
    ),
    bug(
        "expired-approval-honoured",
        "I11",
        "hedged:ALIVE:reset_before:1",
        edit("execution.machine:_reviewed", "if event.at >= state.terms.expires_at:", "if False:"),
    ),
    bug(
        "approval-used-again",
        "I11 I25 I1",
        "spot:ALIVE:saved:1",
        # Three walls keep a yes from being used again; all must be gone.
        edit("workflow.run:run_saved", "if saved.status is PlanStatus.APPROVED and", "if"),
        edit("workflow.run:_not_used_yet", "if saved.status is not PlanStatus.APPROVED or", "if"),
        edit("adapters.ledger.writes:set_plan_status", "if hand.dry_run == 0:", "if False:"),
    ),
    bug(
        "account-change-ignored",
        "I11",
        "spot:ALIVE:at18_person:1",
        edit(
            "workflow.preflight:_fresh",
            "if changed := account_changed(approved.plan, snapshot):",
            "if changed := None:",
        ),
    ),
    bug(
        "digest-not-compared",
        "I22 I25",
        "spot:ALIVE:none:1",
        edit(
            "workflow.execute:_carried_out",
            "    plan = approved.plan\n",
            "    plan = approved.plan\n"
            "    more = [\n"
            "        dataclasses.replace(g, lots=g.lots + (1 if g.lots > 0 else -1))\n"
            "        for g in approved.plan.legs\n"
            "    ]\n",
            "machine.begin(plan.legs,",
            "machine.begin(more,",
        ),
    ),
    bug(
        "buys-first",
        "I26",
        "spot:ALIVE:none:1",
        edit(
            "planning.legs:_rank",
            "return _FREEING",
            "return _RAISING",
            "else _RAISING",
            "else _FREEING",
        ),
    ),
    bug(
        "all-stages-at-once",
        "I26",
        "spot:ALIVE:none:1",
        edit(
            "execution.machine:_priced",
            "if leg.stage != state.stage or not work.is_workable:",
            "if not work.is_workable:",
        ),
    ),
)
"""Bugs in the books and before an order."""
