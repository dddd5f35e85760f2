"""The ledger for other programs: JSON documents, CSV, and beancount text. Pure.

Quantities, prices and fees are exact decimals as text, instants RFC 3339 UTC. The documents
are the ones of ``ledger orders|fills|payments|transfers|slots|events|plans --json``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from trimtab.adapters.ledger.rows import LedgerEvent
from trimtab.domain.canonical import instant_text, to_document
from trimtab.domain.exact import exact_arithmetic, plain
from trimtab.domain.orders import Fill, OrderRecord, Side
from trimtab.domain.payments import Payment, PaymentKind
from trimtab.domain.slots import SlotMove
from trimtab.domain.snapshot import AccountKey
from trimtab.domain.transfers import TransferRecord, side_of
from trimtab.ports import SavedPlan

_FORMULA_STARTS: Final = ("=", "+", "@", "\t", "\r")
"""What a spreadsheet would run; a leading minus is a number here and stays."""


def fill_document(key: AccountKey, fill: Fill) -> dict[str, Any]:
    """Return one fill in the form of ``ledger fills --json``."""
    return {
        "venue": key.venue,
        "account": key.account,
        "symbol": fill.symbol,
        "trade_id": fill.trade_id,
        "client_order_id": fill.client_order_id,
        "side": fill.side.value,
        "quantity": plain(fill.quantity),
        "price": plain(fill.fill_price),
        "fee": plain(fill.fee),
        "fee_asset": fill.fee_asset,
        "filled_at": instant_text(fill.filled_at),
    }


def payment_document(key: AccountKey, payment: Payment) -> dict[str, Any]:
    """Return one payment in the form of ``ledger payments --json``."""
    return {
        "venue": key.venue,
        "account": key.account,
        "kind": payment.kind.value,
        "word": payment.word,
        "symbol": payment.symbol,
        "asset": payment.asset,
        "amount": plain(payment.units),
        "payment_id": payment.payment_id,
        "trade_id": payment.trade_id,
        "paid_at": instant_text(payment.paid_at),
    }


def order_document(record: OrderRecord) -> dict[str, Any]:
    """Return one order; ``filled`` is what is booked, in base units."""
    intent = record.intent
    return {
        "client_order_id": intent.client_order_id,
        "venue_order_id": record.venue_order_id,
        "plan_digest": intent.plan_digest,
        "line": intent.line,
        "attempt": intent.attempt,
        "symbol": intent.instrument.symbol,
        "side": intent.side.value,
        "quantity": plain(intent.quantity),
        "limit_price": plain(intent.limit_price),
        "reduce_only": intent.reduce_only,
        "status": record.state.value,
        "filled": plain(intent.instrument.units(record.filled_lots).copy_abs()),
        "submitted_at": instant_text(record.submitted_at),
        "dry_run": record.simulated,
    }


def transfer_document(record: TransferRecord) -> dict[str, Any]:
    """Return one transfer; a buy went into the futures wallet."""
    intent = record.intent
    return {
        "transfer_id": intent.transfer_id,
        "venue_transfer_id": record.venue_transfer_id,
        "plan_digest": intent.plan_digest,
        "line": intent.line,
        "symbol": intent.asset,
        "side": side_of(intent.units).value,
        "quantity": plain(intent.units.copy_abs()),
        "status": record.state.value,
        "begun_at": instant_text(record.begun_at),
        "dry_run": record.simulated,
    }


def slot_document(move: SlotMove) -> dict[str, Any]:
    """Return one step of a calendar slot; the plan is null where it is about none."""
    return {
        "slot": move.slot,
        "state": move.state.value,
        "plan_digest": move.plan_digest or None,
        "by": move.by,
        "at": instant_text(move.at),
    }


def plan_document(saved: SavedPlan) -> dict[str, Any]:
    """Return one plan by its headline; ``plan --json`` shows the whole of it."""
    plan, approval = saved.plan, saved.approval
    return {
        "digest": plan.digest,
        "status": saved.status.value,
        "verdict": saved.report.verdict.value,
        "trigger": plan.trigger,
        "nav": plain(plan.nav),
        "quote": plan.quote,
        "legs": len(plan.legs),
        "made_at": instant_text(plan.made_at),
        "expires_at": instant_text(plan.expires_at),
        "approved_by": None if approval is None else approval.by,
    }


def event_document(event: LedgerEvent) -> dict[str, Any]:
    """Return one entry of the chain with its body."""
    document: dict[str, Any] = to_document(event)
    return document


def as_csv(documents: Sequence[Mapping[str, Any]]) -> str:
    """Return documents as CSV with a header; no documents give no text.

    Text that a spreadsheet would take for a formula is led by an apostrophe.
    """
    if not documents:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(documents[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in d.items()} for d in documents)
    return text.getvalue()


def _cell(value: object) -> object:
    """Return a value as a cell that is only ever read."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value


def as_beancount(key: AccountKey, fills: Iterable[Fill], payments: Iterable[Payment]) -> str:
    """Return spot fills, then payments, as beancount transactions, each in the order given.

    Contracts move no coins and are left out: what they bring and cost is in the payments. The
    fee is its own posting, so that a fee in a third asset balances too.
    """
    wallet = f"Assets:{_name(key.venue)}:{_name(key.account)}"
    spot = (fill for fill in fills if ":" not in fill.symbol)
    paid = (_paid(f"{wallet}:Futures", payment) for payment in payments)
    return "\n".join((*(_transaction(wallet, fill) for fill in spot), *paid))


_SOURCES: Final[Mapping[PaymentKind, str]] = {
    PaymentKind.FUNDING: "Income:Funding",
    PaymentKind.REALISED_PROFIT: "Income:Trading",
    PaymentKind.COMMISSION: "Expenses:Fees",
    PaymentKind.TRANSFER: "Equity:Transfers",
    PaymentKind.LIQUIDATION_CLEARANCE: "Expenses:Liquidation",
    PaymentKind.OTHER: "Income:Other",
}
"""Where a futures wallet's money comes from, or goes to."""


def _paid(wallet: str, payment: Payment) -> str:
    """Return one payment as a balanced transaction."""
    asset = _commodity(payment.asset)
    with exact_arithmetic():
        back = -payment.units
    about = f" {payment.symbol}" if payment.symbol else ""
    word = re.sub(r"[^A-Za-z0-9_ -]", "-", payment.word)
    lines = [
        f'{payment.paid_at:%Y-%m-%d} * "{word}{about}"',
        f'  payment: "{payment.payment_id}"',
        f"  {wallet}:{asset}  {plain(payment.units)} {asset}",
        f"  {_SOURCES[payment.kind]}:{asset}  {plain(back)} {asset}",
    ]
    return "\n".join(lines) + "\n"


def _transaction(wallet: str, fill: Fill) -> str:
    """Return one fill as a balanced transaction."""
    base, quote = (_commodity(asset) for asset in fill.symbol.split("/"))
    fee_asset = _commodity(fill.fee_asset)
    sign = 1 if fill.side is Side.BUY else -1
    with exact_arithmetic():
        units, value = sign * fill.quantity, -sign * fill.quantity * fill.fill_price
        fee = -fill.fee
    lines = [
        f'{fill.filled_at:%Y-%m-%d} * "{fill.side} {base}" ^{fill.venue_order_id}',
        f'  trade: "{fill.trade_id}"',
        f"  {wallet}:{base}  {plain(units)} {base} @ {plain(fill.fill_price)} {quote}",
        f"  {wallet}:{quote}  {plain(value)} {quote}",
    ]
    if fee != 0:
        lines += [
            f"  {wallet}:{fee_asset}  {plain(fee)} {fee_asset}",
            f"  Expenses:Fees:{fee_asset}  {plain(fill.fee)} {fee_asset}",
        ]
    return "\n".join(lines) + "\n"


def _name(text: str) -> str:
    """Return *text* as a part of a beancount account: a capital first, then letters, digits."""
    plain_text = re.sub(r"[^A-Za-z0-9-]", "-", text).strip("-") or "Main"
    return plain_text[0].upper() + plain_text[1:]


def _commodity(asset: str) -> str:
    """Return an asset as a beancount commodity, which begins with a letter (1INCH: X1INCH)."""
    text = re.sub(r"[^A-Z0-9._'-]", "", asset.upper())
    return text if text[:1].isalpha() else f"X{text}"
