"""What one entry does to the tables. Pure: the writer applies it, ``ledger verify`` replays it.

An entry's body holds results, not instructions (the filled lots after, not the lots to add),
so that a replay needs no table to read from. A kind or key is never renamed: old entries are
replayed by new programs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

_ENTRY_ONLY: Final = frozenset({"source", "at"})
"""What a finding says in its entry alone: the table is of the first schema."""

_SUBJECTS: Final = (
    "client_order_id",
    "transfer_id",
    "digest",
    "slot",
    "plan_digest",
    "standing",
    "notice",
    "symbol",
    "account",
)
"""What names the subject of an entry, the nearest first."""

Row = Mapping[str, Any]
"""Column to stored value: text, whole number, boolean or None."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that is made, or changed where it stands."""

    table: str
    key: Row
    """Primary key."""
    values: Row
    """The other columns: all of a new row, those that change of an old one."""
    is_new: bool


def _new(table: str, key: Row, **values: object) -> Change:
    """Return a row that is made."""
    return Change(table=table, key=key, values=values, is_new=True)


def _set(table: str, key: Row, **values: object) -> Change:
    """Return a row that is changed."""
    return Change(table=table, key=key, values=values, is_new=False)


def stored(document: object) -> str:
    """Return a document as the canonical text of one column."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _stored_or_none(document: object) -> str | None:
    """Return a document as canonical text; None stays None."""
    return None if document is None else stored(document)


def subject_of(body: Mapping[str, Any]) -> str:
    """Return the order, plan, slot, symbol or account that an entry is about; may be empty."""
    parts = ("step", "intent", "transfer", "approval", "setting")
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
    yield _new("stamp", {"id": 1}, **body)
    nobody = {"epoch": 0, "owner": "", "host": "", "pid": 0, "held": False}
    yield _new("leases", {"account": body["account"]}, seq=seq, **nobody)


def _plan_saved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a plan and its findings; the documents themselves stay in the entry."""
    plan, report = body["plan"], body["report"]
    yield _new(
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
        yield _new("findings", key, seq=seq, **columns)
    for position, told in enumerate(plan.get("hedging", ())):  # Not said before schema 0006.
        rest = {"beta": "1"} | dict(told)  # Not said before schema 0009.
        key = {"plan_digest": body["digest"], "line": rest.pop("line"), "position": position}
        yield _new("hedge_lines", key, seq=seq, **rest)


def _approved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a yes; that of a dry run leaves the plan's status alone."""
    approval = dict(body["approval"])
    digest = approval.pop("plan_digest")
    key = {"dry_run": body["dry_run"], "plan_digest": digest}
    yield _new("approvals", key, seq=seq, **approval)
    if body["dry_run"] == 0:
        yield _set("plans", {"digest": digest}, status="approved")
    if "rests_on" in body:
        rests_on = body["rests_on"]
        yield _new("standing_uses", {"plan_digest": digest}, seq=seq, at=approval["at"], **rests_on)


def _order_begun(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make an order of an intent, before its bytes are sent."""
    intent = body["intent"]
    key = {"dry_run": body["dry_run"], "client_order_id": intent["client_order_id"]}
    yield _new(
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
    nothing = {"told": None, "evidence": None, "note": ""}
    yield _new("order_events", {"seq": seq}, **key, at=body["at"], state="submitting", **nothing)


def _order_moved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Move an order, and give it the fills that it takes over now that it has a name."""
    step = body["step"]
    key = {"dry_run": body["dry_run"], "client_order_id": step["client_order_id"]}
    yield _set("orders", key, **body["after"])
    for trade_id in body["claimed"]:
        fill = {"dry_run": body["dry_run"], "symbol": body["symbol"], "trade_id": trade_id}
        yield _set("fills", fill, client_order_id=step["client_order_id"])
    yield _new(
        "order_events",
        {"seq": seq},
        **key,
        at=step["at"],
        state=step["state"],
        told=_stored_or_none(step["order"]),
        evidence=_stored_or_none(step["evidence"]),
        note=step["note"],
    )


def _fills_booked(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a page of executions, fill their orders, and move the cursor behind them."""
    run, symbol = body["dry_run"], body["symbol"]
    for position, booked in enumerate(body["fills"]):
        told = booked["fill"]
        key = {"dry_run": run, "symbol": symbol, "trade_id": told["trade_id"]}
        rest = {k: v for k, v in told.items() if k not in ("symbol", "trade_id")}
        rest |= {"seq": seq, "position": position, "client_order_id": booked["order"]}
        yield _new("fills", key, **rest)
    for client_order_id, after in body["orders"].items():
        yield _set("orders", {"dry_run": run, "client_order_id": client_order_id}, **after)
    cursor = {"dry_run": run, "symbol": symbol}
    make = _new if body["first"] else _set
    yield make("fill_cursors", cursor, seq=seq, **body["cursor"])


def _plan_status(_seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Move a plan; a dry run's word does not."""
    if body["dry_run"] == 0:
        yield _set("plans", {"digest": body["digest"]}, status=body["status"])


def _balances_saved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one row per asset of a wallet, and per position; then what it was held against."""
    taken = {"snapshot_id": body["snapshot_id"], "taken_at": body["taken_at"]}
    for row in body["rows"]:
        rest = dict(row)
        key = {"seq": seq, "wallet": rest.pop("wallet"), "name": rest.pop("name")}
        yield _new("balances", key, **taken, **rest)
    if "marks" not in body:  # Written before schema 0002.
        return
    taken["taken_at"] = body["venue_at"]
    yield _new("statements", {"seq": seq}, **taken, is_bracketed=body["is_bracketed"])
    for symbol, trade_id in body["marks"].items():
        yield _new("statement_marks", {"seq": seq, "symbol": symbol}, after_trade_id=trade_id)
    for flow in body["flows"]:
        key = {"seq": seq, "asset": flow["asset"]}
        yield _new("external_flows", key, units=flow["units"], adopted_at=body["venue_at"])


def _payments_booked(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a list of payments, and move the cursor behind them."""
    for position, told in enumerate(body["payments"]):
        rest = dict(told)
        key = {name: rest.pop(name) for name in ("asset", "kind", "payment_id")}
        yield _new("payments", key, seq=seq, position=position, **rest)
    make = _new if body["first"] else _set
    yield make("payment_cursors", {"account": body["account"]}, seq=seq, **body["cursor"])


def _leverage(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one step of a leverage setting."""
    yield _new("leverage_settings", {"seq": seq}, dry_run=body["dry_run"], **body["setting"])


def _transfer_begun(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a transfer of an intent, before its bytes are sent."""
    told = dict(body["transfer"])
    key = {"dry_run": body["dry_run"], "transfer_id": told.pop("transfer_id")}
    rest = {"epoch": body["epoch"], "begun_at": body["at"], "state": "sending"}
    yield _new("transfers", key, seq=seq, **told, **rest, venue_transfer_id=None)
    nothing = {"evidence": None, "note": ""}
    yield _new("transfer_events", {"seq": seq}, **key, at=body["at"], state="sending", **nothing)


def _transfer_moved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Move a transfer."""
    step = body["step"]
    key = {"dry_run": body["dry_run"], "transfer_id": step["transfer_id"]}
    yield _set("transfers", key, **body["after"])
    yield _new(
        "transfer_events",
        {"seq": seq},
        **key,
        at=step["at"],
        state=step["state"],
        evidence=_stored_or_none(step["evidence"]),
        note=step["note"],
    )


def _halt(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one turn of the kill switch."""
    yield _new("halts", {"seq": seq}, **body)


def _restraint(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one turn of the latch that allows only reductions."""
    yield _new("restraints", {"seq": seq}, **body)


def _nav_marked(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one look at what the account was worth."""
    held = {name: body[name] for name in ("outside", "wallets", "mids")}
    worth = {name: body[name] for name in ("taken_at", "nav", "level", "high")}
    yield _new("nav_marks", {"seq": seq}, held=stored(held), **worth)


def _standing_granted(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a standing approval; its document stays in the entry."""
    times = {name: body["given"][name] for name in ("granted_at", "expires_at")}
    yield _new("standings", {"digest": body["standing"]}, seq=seq, **times)


def _standing_revoked(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a revocation."""
    key = {"standing": body["standing"]}
    yield _new("standing_revocations", key, seq=seq, by=body["by"], at=body["at"])


def _slot_moved(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one step of a calendar slot."""
    yield _new("slot_moves", {"seq": seq}, **body)


def _notice_posted(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a notice; what it says stays in the entry."""
    told = {name: body["given"][name] for name in ("kind", "at")}
    yield _new("notices", {"id": body["notice"]}, seq=seq, **told)


def _notice_step(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make one step of a notice's way over a channel."""
    yield _new("notice_steps", {"seq": seq}, **body)


def _notice_read(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make that somebody has read a notice."""
    key = {"notice": body["notice"]}
    yield _new("notice_reads", key, seq=seq, by=body["by"], at=body["at"])


def _reply_taken(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Make a reply; what it decides is an entry of its own."""
    rest = dict(body)
    key = {name: rest.pop(name) for name in ("channel", "message_id")}
    yield _new("replies", key, seq=seq, **rest)


def _lease_taken(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Give the account to its new holder."""
    rest = {k: body[k] for k in ("epoch", "owner", "host", "pid")}
    yield _set("leases", {"account": body["account"]}, seq=seq, held=True, **rest)


def _lease_released(seq: int, body: Mapping[str, Any]) -> Iterator[Change]:
    """Leave the account to nobody."""
    yield _set("leases", {"account": body["account"]}, seq=seq, held=False)


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
