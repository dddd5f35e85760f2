"""Where an account stands as Prometheus reads it: gauges in the text format. Prints nothing.

Weights and ratios are fractions, values quote units, instants seconds since 1970. Prometheus
knows floats only; nothing is reckoned with them. What is not known has no sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from trimtab.domain.exact import ratio
from trimtab.ports import BudgetUse
from trimtab.workflow.status import AccountStatus

_ACCOUNT = ("venue", "account", "environment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read for one exposition."""

    status: AccountStatus
    usage: Sequence[BudgetUse]
    executed_at: datetime | None
    """When the last plan was made that was executed whole or in part; None before it."""
    slot_at: datetime | None
    """When the last slot began that was done; None where there is none."""


class _Sheet:
    """Gauges of one account."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.registry = CollectorRegistry()
        self._names = dict(names)

    def gauge(
        self,
        name: str,
        *,
        text: str,
        samples: Iterable[tuple[Mapping[str, str], Decimal | int]],
    ) -> None:
        """Add one gauge with its samples, each with labels of its own."""
        rows = list(samples)
        if not rows:
            return
        labels = (*_ACCOUNT, *rows[0][0])
        made = Gauge(f"trimtab_{name}", text, labels, registry=self.registry)
        for own, sample in rows:
            made.labels(**self._names, **own).set(float(sample))


def exposition(reading: Reading) -> str:
    """Return every metric as text; its last line is whole."""
    made: bytes = generate_latest(gauges(reading))
    return made.decode()


def gauges(reading: Reading) -> CollectorRegistry:
    """Return every metric."""
    status, key = reading.status, reading.status.snapshot.key
    names = {
        "venue": key.venue,
        "account": key.account,
        "environment": key.environment.value,
    }
    sheet = _Sheet(names)
    _account(sheet, status)
    _assets(sheet, status)
    _trouble(sheet, status)
    if (at := reading.executed_at) is not None:
        text = "When the last plan was made that was executed, seconds since 1970."
        sheet.gauge("last_executed_timestamp_seconds", text=text, samples=[({}, _seconds(at))])
    if (at := reading.slot_at) is not None:
        text = "When the last slot began that was done, seconds since 1970."
        sheet.gauge("last_done_slot_timestamp_seconds", text=text, samples=[({}, _seconds(at))])
    sheet.gauge(
        "budget_used_ratio",
        text="Request weight and orders used of the venue's limits, by its own headers.",
        samples=(
            ({"desk": use.desk, "counts": use.counts}, ratio(Decimal(use.used), Decimal(use.limit)))
            for use in reading.usage
            if use.used is not None
        ),
    )
    return sheet.registry


def _account(sheet: _Sheet, status: AccountStatus) -> None:
    """Add what the account is worth and how much it may bear."""
    sheet.gauge("nav", text="Net asset value, quote units.", samples=[({}, status.nav)])
    text = "Futures notional over the value outside futures wallets."
    sheet.gauge("leverage", text=text, samples=[({}, status.leverage)])
    sheet.gauge(
        "margin_ratio",
        text="Margin balance over maintenance margin by futures wallet; 1 is liquidation.",
        samples=(({"asset": pool.asset}, pool.ratio) for pool in status.pools),
    )
    text = "When the account was read, seconds since 1970."
    sheet.gauge("read_timestamp_seconds", text=text, samples=[({}, _seconds(status.taken_at))])


def _assets(sheet: _Sheet, status: AccountStatus) -> None:
    """Add weights and drifts."""
    drifts = status.drifts
    sheet.gauge(
        "weight",
        text="Net exposure over NAV.",
        samples=(({"asset": d.asset}, d.net_weight) for d in drifts),
    )
    sheet.gauge(
        "drift",
        text="Weight less target, fraction of the basis.",
        samples=(({"asset": d.asset}, d.drift) for d in drifts),
    )
    sheet.gauge(
        "outside_band",
        text="1 where an asset is outside its band.",
        samples=(({"asset": d.asset}, int(d.breached)) for d in drifts),
    )


def _trouble(sheet: _Sheet, status: AccountStatus) -> None:
    """Add what a person must look at."""
    latched = status.restraint
    counts = {
        "unresolved_orders": ("Orders whose end is not known.", len(status.unresolved)),
        "halted": ("1 while the kill switch is latched.", int(latched.halted is not None)),
        "reducing": ("1 while only reductions pass.", int(latched.reducing is not None)),
        "notices_unread": ("Critical notices that nobody has read.", len(status.unread)),
        "notices_missed": ("Notices that did not arrive everywhere.", len(status.missed)),
    }
    for name, (text, count) in counts.items():
        sheet.gauge(name, text=text, samples=[({}, count)])


def _seconds(at: datetime) -> int:
    """Return an instant as whole seconds since 1970."""
    return int(at.timestamp())
