"""The gate's question where nothing is planned: an account as it stands. Pure.

For what is asked of the account itself, such as the survival line. Orders and transfers that are
out count; what only a plan is held against (prices of others, the past, the key) is left out, so
that no verdict may be taken from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trimtab.domain.canonical import digest
from trimtab.domain.exact import ONE, ZERO
from trimtab.domain.firings import TriggerKind
from trimtab.domain.orders import OrderRecord
from trimtab.domain.plan import After, Plan
from trimtab.domain.policy import Policy
from trimtab.domain.references import NO_REFERENCES
from trimtab.domain.rights import UntoldRights
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import TransferRecord
from trimtab.risk.case import Case
from trimtab.risk.context import GateContext
from trimtab.risk.record import Record

WHY = "nothing is planned"
"""What is said of everything that only a plan is held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """What of ours is out and may still change the account, oldest first."""

    orders: tuple[OrderRecord, ...]
    """Those that are not terminal."""
    transfers: tuple[TransferRecord, ...]
    """Likewise."""
    stops: tuple[StopRecord, ...]
    """Those that may fill."""


def unplanned(snapshot: Snapshot, policy: Policy, *, out: Out, now: datetime) -> Case:
    """Return the question about *snapshot* with nothing planned, and with what is out."""
    context = GateContext(
        halt_reason=None,
        unresolved=out.orders,
        unresolved_transfers=out.transfers,
        stops=out.stops,
        concurrent_holder=None,
        key=UntoldRights(why=WHY, is_absent=True),
        ledger_fault=None,
        run_notional={},
        run_orders=0,
        day_notional={},
        references=NO_REFERENCES,
        outside={},
        late=(),
        record=_no_past(),
        net_bounds={},
        begun=None,
    )
    plan = _nothing(snapshot, policy, now)
    return Case(plan=plan, snapshot=snapshot, policy=policy, context=context, now=now)


def _no_past() -> Record:
    """Return that nobody looked back."""
    return Record(
        reducing=None,
        released_at=None,
        own_plan="",
        sent=(),
        marks=(),
        mark=None,
        mark_fault=WHY,
        statement_at=None,
        targets=None,
    )


def _nothing(snapshot: Snapshot, policy: Policy, now: datetime) -> Plan:
    """Return the plan that has no line."""
    return Plan(
        key=snapshot.key,
        snapshot_id=snapshot.snapshot_id,
        policy_digest=digest(policy),
        made_at=now,
        expires_at=now,
        quote=snapshot.quote,
        nav=ONE,
        trigger=TriggerKind.NONE,
        firings=(),
        alerts=(),
        overlays=(),
        readings=(),
        drift=(),
        groups=(),
        routes=(),
        legs=(),
        transfers=(),
        hedging=(),
        allocation="",
        units_before={},
        untraded=(),
        tactical=(),
        after=After(weights={}, leverage=ZERO, tracking_error=ZERO),
    )
