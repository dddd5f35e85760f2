"""What one entry does to the tables. Pure: the writer applies it, ``ledger verify`` replays it.

An entry's body holds results, not instructions (the filled lots after, not the lots to add),
so that a replay needs no table to read from. A kind or key is never renamed: old entries are
replayed by new programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from trimtab.adapters.ledger.changes import (
    Change,
    new_row,
    set_row,
    step_row,
    stored,
)
from trimtab.adapters.ledger.projection_stops import stop_begun, stop_moved

_ENTRY_ONLY: Final = frozenset({"source", "at"})
"""What a finding says in its entry alone: the table is of the first schema."""

_SUBJECTS: Final = (
    "client_order_id",
    "transfer_id",
    "stop_id",
    "digest",
    "slot",
    "plan_digest",
    "standing",
    "notice",
    "symbol",
    "account",
)
"""What names the subject of an entry, the nearest first."""


class EntryKind(StrEnum):
    """What an entry records. Stored; never renamed."""

    STAMPED = "stamped"
    DRY_RUN_BEGAN = "dry_run_began"
    PLAN_SAVED = "plan_saved"
    PLAN_STATUS = "plan_status"
    APPROVED = "approved"
    ORDER_BEGUN = "order_begun"
    ORDER_MOVED = "order_moved"
    FILLS_BOOKED = "fills_booked"
    BALANCES_SAVED = "balances_saved"
    PAYMENTS_BOOKED = "payments_booked"
    LEVERAGE = "leverage"
    TRANSFER_BEGUN = "transfer_begun"
    TRANSFER_MOVED = "transfer_moved"
    STOP_BEGUN = "stop_begun"
    STOP_MOVED = "stop_moved"
    HALT = "halt"
    RESTRAINT = "restraint"
    NAV_MARKED = "nav_marked"
    STANDING_GRANTED = "standing_granted"
    STANDING_REVOKED = "standing_revoked"
    SLOT_MOVED = "slot_moved"
    NOTICE_POSTED = "notice_posted"
    NOTICE_STEP = "notice_step"
    NOTICE_READ = "notice_read"
    REPLY_TAKEN = "reply_taken"
    LEASE_TAKEN = "lease_taken"
    LEASE_RELEASED = "lease_released"


def subject_of(body: Mapping[str, Any]) -> str:
    """Return the order, plan, slot, symbol or account that an entry is about; may be empty."""
    parts = ("step", "intent", "transfer", "stop", "approval", "setting")
    inner = [body[k] for k in parts if k in body]
    for place in (*inner, body):
        for name in _SUBJECTS:
            if name in place:
                return str(place[name])
    return ""


def changes_of(kind: EntryKind, seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Return what entry *seq* does to the tables, parents before children.

    Raises:
        KeyError: the body lacks what its kind needs.
        TypeError: a part of the body has another shape.

    """
    return _PROJECTIONS[kind](seq, body)


def _stamped(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Say whose ledger it is, and begin with a lease that nobody holds."""
    yield new_row("stamp", {"id": 1}, **body)
    nobody = {"epoch": 0, "owner": "", "host": "", "pid": 0, "held": False}
    yield new_row("leases", {"account": body["account"]}, seq=seq, **nobody)


def _plan_saved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a plan and its findings; the documents themselves stay in the entry."""
    plan, report = body["plan"], body["report"]
    yield new_row(
        "plans",
        {"digest": body["digest"]},
        seq=seq,
        dry_run=body["dry_run"],
        status=body["status"],
        verdict=body["verdict"],
        made_at=plan["made_at"],
        expires_at=plan["expires_at"],
    )
    for position, finding in enumerate(report["findings"]):
        key = {"plan_digest": body["digest"], "position": position}
        columns = {name: part for name, part in finding.items() if name not in _ENTRY_ONLY}
        yield new_row("findings", key, seq=seq, **columns)
    stops = (stop["hedge"] for stop in plan.get("stops", ()))  # Not said before schema 0011.
    hedging = (*plan.get("hedging", ()), *stops)  # Not said before schema 0006.
    for position, told in enumerate(hedging):
        rest = {"beta": "1"} | dict(told)  # Not said before schema 0009.
        key = {"plan_digest": body["digest"], "line": rest.pop("line"), "position": position}
        yield new_row("hedge_lines", key, seq=seq, **rest)


def _approved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a yes; that of a dry run leaves the plan's status alone."""
    approval = dict(body["approval"])
    digest = approval.pop("plan_digest")
    key = {"dry_run": body["dry_run"], "plan_digest": digest}
    yield new_row("approvals", key, seq=seq, **approval)
    if body["dry_run"] == 0:
        yield set_row("plans", {"digest": digest}, status="approved")
    if "rests_on" in body:
        rests_on = body["rests_on"]
        yield new_row(
            "standing_uses", {"plan_digest": digest}, seq=seq, at=approval["at"], **rests_on
        )


def _order_begun(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make an order of an intent, before its bytes are sent."""
    intent = body["intent"]
    key = {"dry_run": body["dry_run"], "client_order_id": intent["client_order_id"]}
    yield new_row(
        "orders",
        key,
        seq=seq,
        plan_digest=intent["plan_digest"],
        line=intent["line"],
        attempt=intent["attempt"],
        symbol=intent["instrument"]["symbol"],
        instrument=stored(intent["instrument"]),
        lots=intent["lots"],
        quantity=body["quantity"],
        limit_ticks=intent["limit"],
        limit_price=body["limit_price"],
        reduce_only=intent["reduce_only"],
        epoch=body["epoch"],
        submitted_at=body["at"],
        state="submitting",
        venue_order_id=None,
        filled_lots=0,
        executed_lots=0,
    )
    begun = {"at": body["at"], "state": "submitting", "order": None, "evidence": None, "note": ""}
    yield step_row("order_events", seq, key, begun)


def _order_moved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Move an order, and give it the fills that it takes over now that it has a name."""
    step = body["step"]
    key = {"dry_run": body["dry_run"], "client_order_id": step["client_order_id"]}
    yield set_row("orders", key, **body["after"])
    for trade_id in body["claimed"]:
        fill = {"dry_run": body["dry_run"], "symbol": body["symbol"], "trade_id": trade_id}
        yield set_row("fills", fill, client_order_id=step["client_order_id"])
    yield step_row("order_events", seq, key, step)


def _fills_booked(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a page of executions, fill their orders, and move the cursor behind them."""
    run, symbol = body["dry_run"], body["symbol"]
    for position, booked in enumerate(body["fills"]):
        told = booked["fill"]
        key = {"dry_run": run, "symbol": symbol, "trade_id": told["trade_id"]}
        rest = {k: v for k, v in told.items() if k not in ("symbol", "trade_id")}
        rest |= {"seq": seq, "position": position, "client_order_id": booked["order"]}
        yield new_row("fills", key, **rest)
    for client_order_id, after in body["orders"].items():
        yield set_row("orders", {"dry_run": run, "client_order_id": client_order_id}, **after)
    cursor = {"dry_run": run, "symbol": symbol}
    make = new_row if body["first"] else set_row
    yield make("fill_cursors", cursor, seq=seq, **body["cursor"])


def _plan_status(_seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Move a plan; a dry run's word does not."""
    if body["dry_run"] == 0:
        yield set_row("plans", {"digest": body["digest"]}, status=body["status"])


def _balances_saved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one row per asset of a wallet, and per position; then what it was held against."""
    taken = {"snapshot_id": body["snapshot_id"], "taken_at": body["taken_at"]}
    for row in body["rows"]:
        rest = dict(row)
        key = {"seq": seq, "wallet": rest.pop("wallet"), "name": rest.pop("name")}
        yield new_row("balances", key, **taken, **rest)
    if "marks" not in body:  # Written before schema 0002.
        return
    taken["taken_at"] = body["venue_at"]
    yield new_row("statements", {"seq": seq}, **taken, is_bracketed=body["is_bracketed"])
    for symbol, trade_id in body["marks"].items():
        yield new_row("statement_marks", {"seq": seq, "symbol": symbol}, after_trade_id=trade_id)
    for flow in body["flows"]:
        key = {"seq": seq, "asset": flow["asset"]}
        yield new_row("external_flows", key, units=flow["units"], adopted_at=body["venue_at"])


def _payments_booked(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a list of payments, and move the cursor behind them."""
    for position, told in enumerate(body["payments"]):
        rest = dict(told)
        key = {name: rest.pop(name) for name in ("asset", "kind", "payment_id")}
        yield new_row("payments", key, seq=seq, position=position, **rest)
    make = new_row if body["first"] else set_row
    yield make("payment_cursors", {"account": body["account"]}, seq=seq, **body["cursor"])


def _leverage(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one step of a leverage setting."""
    yield new_row("leverage_settings", {"seq": seq}, dry_run=body["dry_run"], **body["setting"])


def _transfer_begun(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a transfer of an intent, before its bytes are sent."""
    told = dict(body["transfer"])
    key = {"dry_run": body["dry_run"], "transfer_id": told.pop("transfer_id")}
    rest = {"epoch": body["epoch"], "begun_at": body["at"], "state": "sending"}
    yield new_row("transfers", key, seq=seq, **told, **rest, venue_transfer_id=None)
    begun = {"at": body["at"], "state": "sending", "evidence": None, "note": ""}
    yield step_row("transfer_events", seq, key, begun)


def _transfer_moved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Move a transfer."""
    step = body["step"]
    key = {"dry_run": body["dry_run"], "transfer_id": step["transfer_id"]}
    yield set_row("transfers", key, **body["after"])
    yield step_row("transfer_events", seq, key, step)


def _halt(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one turn of the kill switch."""
    yield new_row("halts", {"seq": seq}, **body)


def _restraint(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one turn of the latch that allows only reductions."""
    yield new_row("restraints", {"seq": seq}, **body)


def _nav_marked(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one look at what the account was worth."""
    held = {name: body[name] for name in ("outside", "wallets", "mids")}
    worth = {name: body[name] for name in ("taken_at", "nav", "level", "high")}
    yield new_row("nav_marks", {"seq": seq}, held=stored(held), **worth)


def _standing_granted(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a standing approval; its document stays in the entry."""
    times = {name: body["given"][name] for name in ("granted_at", "expires_at")}
    yield new_row("standings", {"digest": body["standing"]}, seq=seq, **times)


def _standing_revoked(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a revocation."""
    key = {"standing": body["standing"]}
    yield new_row("standing_revocations", key, seq=seq, by=body["by"], at=body["at"])


def _slot_moved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one step of a calendar slot."""
    yield new_row("slot_moves", {"seq": seq}, **body)


def _notice_posted(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a notice; what it says stays in the entry."""
    told = {name: body["given"][name] for name in ("kind", "at")}
    yield new_row("notices", {"id": body["notice"]}, seq=seq, **told)


def _notice_step(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one step of a notice's way over a channel."""
    yield new_row("notice_steps", {"seq": seq}, **body)


def _notice_read(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make that somebody has read a notice."""
    key = {"notice": body["notice"]}
    yield new_row("notice_reads", key, seq=seq, by=body["by"], at=body["at"])


def _reply_taken(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a reply; what it decides is an entry of its own."""
    rest = dict(body)
    key = {name: rest.pop(name) for name in ("channel", "message_id")}
    yield new_row("replies", key, seq=seq, **rest)


def _lease_taken(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Give the account to its new holder."""
    rest = {k: body[k] for k in ("epoch", "owner", "host", "pid")}
    yield set_row("leases", {"account": body["account"]}, seq=seq, held=True, **rest)


def _lease_released(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Leave the account to nobody."""
    yield set_row("leases", {"account": body["account"]}, seq=seq, held=False)


_PROJECTIONS: Final[Mapping[EntryKind, Callable[[int, Mapping[str, Any]], Iterator[Change]]]] = (
    MappingProxyType(
        {
            EntryKind.STAMPED: _stamped,
            EntryKind.DRY_RUN_BEGAN: lambda _seq, _body: iter(()),
            EntryKind.PLAN_SAVED: _plan_saved,
            EntryKind.PLAN_STATUS: _plan_status,
            EntryKind.APPROVED: _approved,
            EntryKind.ORDER_BEGUN: _order_begun,
            EntryKind.ORDER_MOVED: _order_moved,
            EntryKind.FILLS_BOOKED: _fills_booked,
            EntryKind.BALANCES_SAVED: _balances_saved,
            EntryKind.PAYMENTS_BOOKED: _payments_booked,
            EntryKind.LEVERAGE: _leverage,
            EntryKind.TRANSFER_BEGUN: _transfer_begun,
            EntryKind.TRANSFER_MOVED: _transfer_moved,
            EntryKind.STOP_BEGUN: stop_begun,
            EntryKind.STOP_MOVED: stop_moved,
            EntryKind.HALT: _halt,
            EntryKind.RESTRAINT: _restraint,
            EntryKind.NAV_MARKED: _nav_marked,
            EntryKind.STANDING_GRANTED: _standing_granted,
            EntryKind.STANDING_REVOKED: _standing_revoked,
            EntryKind.SLOT_MOVED: _slot_moved,
            EntryKind.NOTICE_POSTED: _notice_posted,
            EntryKind.NOTICE_STEP: _notice_step,
            EntryKind.NOTICE_READ: _notice_read,
            EntryKind.REPLY_TAKEN: _reply_taken,
            EntryKind.LEASE_TAKEN: _lease_taken,
            EntryKind.LEASE_RELEASED: _lease_released,
        }
    )
)
