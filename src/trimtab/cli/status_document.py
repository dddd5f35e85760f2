"""What ``status`` found, as the document that users script against. Prints nothing."""

from __future__ import annotations

from typing import Any

from trimtab.adapters.ledger.export import transfer_document
from trimtab.cli.bearings import bearing_document
from trimtab.cli.coin_margin_document import coin_margin_document
from trimtab.cli.documents import (
    Document,
    drift_document,
    finite,
    group_document,
    net_document,
    overlay_document,
    reading_document,
    sleeve_document,
    tactical_document,
    value,
)
from trimtab.cli.hedge_document import hedge_document
from trimtab.cli.standing_document import standing_document
from trimtab.cli.survival_document import survival_document
from trimtab.domain.canonical import to_document
from trimtab.domain.exact import plain
from trimtab.domain.orders import OrderRecord, Side
from trimtab.ports import SavedPlan
from trimtab.workflow.status import AccountStatus, HeldPosition, PoolMargin, RestingOrder


def status_document(status: AccountStatus, *, next_slot: Document | None) -> Document:
    """Return the document of ``status``; the margin ratio is null without a position.

    *next_slot* is null where the calendar is off.
    """
    key = status.snapshot.key
    return {
        "account": key.account,
        "venue": key.venue,
        "environment": key.environment.value,
        "taken_at": to_document(status.taken_at),
        "nav": value(status.nav),
        "quote": status.snapshot.quote,
        "assets": [drift_document(d) for d in status.drifts],
        "groups": [group_document(g) for g in status.groups],
        "overlays": [overlay_document(o) for o in status.overlays],
        "readings": [reading_document(r) for r in status.readings],
        "remarks": list(status.remarks),
        "tactical": [tactical_document(part) for part in status.tactical],
        "sleeves": [sleeve_document(s) for s in status.sleeves],
        "nets": [net_document(n) for n in status.nets],
        "unmeasured": status.unmeasured or None,
        "holdings": [
            {
                "asset": h.asset,
                "units": plain(h.units),
                "locked": plain(h.locked),
                "futures_margin": plain(h.margin),
                "mid": None if h.mid is None else plain(h.mid),
                "value": None if h.value is None else value(h.value),
            }
            for h in status.holdings
        ],
        "positions": [_position_document(p) for p in status.positions],
        "leverage": finite(status.leverage),
        "margin_ratio": finite(status.margin_ratio),
        "pools": [_pool_document(p) for p in status.pools],
        "coin_margined": [coin_margin_document(margin) for margin in status.coins],
        "survival": survival_document(status.survival),
        "hedges": [hedge_document(h) for h in status.hedges],
        "pot": value(status.pot),
        "open_orders": [_resting_document(r) for r in status.resting],
        "unresolved_orders": [unresolved_document(r) for r in status.unresolved],
        "unresolved_transfers": [transfer_document(r) for r in status.unresolved_transfers],
        "references": [bearing_document(b) for b in status.bearings],
        "state": status.restraint.state.value,
        "halted": status.restraint.halted is not None,
        "halt_reason": status.restraint.halted,
        "reducing_reason": status.restraint.reducing,
        "last_plan": None if status.last_plan is None else _plan_document(status.last_plan),
        "standing": [standing_document(s) for s in status.standing],
        "notices": {
            "unread": [record.notice.id for record in status.unread],
            "undelivered": [record.notice.id for record in status.missed],
        },
        "next_slot": next_slot,
    }


def _position_document(held: HeldPosition) -> dict[str, Any]:
    """Return one position; quantity and profit are signed."""
    liquidation = held.position.liquidation_price
    return {
        "symbol": held.position.symbol,
        "kind": held.instrument.kind.value,
        "side": "long" if held.position.lots > 0 else "short",
        "quantity": plain(held.units),
        "notional": value(held.notional),
        "entry_price": plain(held.position.entry_price),
        "mark": plain(held.contract.mark),
        "unrealised_pnl": value(held.profit),
        "leverage_set": held.contract.leverage,
        "margin_mode": held.position.margin_mode.value,
        "liquidation_price": None if liquidation is None else plain(liquidation),
    }


def _pool_document(margin: PoolMargin) -> dict[str, Any]:
    """Return one futures wallet."""
    return {
        "asset": margin.asset,
        "balance": plain(margin.balance),
        "free_margin": plain(margin.free),
        "maintenance_margin": plain(margin.maintenance),
        "margin_ratio": finite(margin.ratio),
        "shares_cash": margin.shares_cash,
    }


def _resting_document(resting: RestingOrder) -> dict[str, Any]:
    """Return one resting order."""
    order = resting.order
    return {
        "symbol": order.symbol,
        "client_order_id": order.client_order_id,
        "side": Side.of(order.lots).value,
        "quantity": plain(resting.quantity),
        "limit_price": plain(order.limit_price),
        "reduce_only": order.reduce_only,
        "ours": resting.is_ours,
    }


def unresolved_document(record: OrderRecord) -> dict[str, Any]:
    """Return one order whose end is not known yet."""
    intent = record.intent
    return {
        "client_order_id": intent.client_order_id,
        "symbol": intent.instrument.symbol,
        "side": intent.side.value,
        "quantity": plain(intent.quantity),
        "limit_price": plain(intent.limit_price),
        "status": record.state.value,
        "submitted_at": to_document(record.submitted_at),
    }


def _plan_document(saved: SavedPlan) -> dict[str, Any]:
    """Return the last plan by its headline."""
    plan = saved.plan
    return {
        "digest": plan.digest,
        "status": saved.status.value,
        "made_at": to_document(plan.made_at),
        "expires_at": to_document(plan.expires_at),
        "legs": len(plan.legs),
    }
