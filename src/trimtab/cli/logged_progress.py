"""Logs each step of a run beside telling whoever watches."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.cli.logs import PLAN_DIGITS, said, working_on
from trimtab.domain.exact import plain
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent, OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import TransferIntent, TransferRecord
from trimtab.ports import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedProgress:
    """Logs each step of a run, and hands it on to whoever watches."""

    watcher: Progress

    def proposed(self, plan: Plan, report: GateReport) -> None:
        """Log a proposal; from here on every line names the plan."""
        working_on(plan.digest)
        said("plan proposed", verdict=report.verdict.value, legs=str(len(plan.legs)))
        self.watcher.proposed(plan, report)

    def leverage_set(self, symbol: Symbol, *, leverage: int) -> None:
        """Log that a contract's leverage was set."""
        said("leverage set", symbol=symbol, leverage=str(leverage))
        self.watcher.leverage_set(symbol, leverage=leverage)

    def order_sent(self, intent: OrderIntent) -> None:
        """Log that an order left."""
        said("order sent", **_order(intent))
        self.watcher.order_sent(intent)

    def order_moved(self, record: OrderRecord) -> None:
        """Log where an order stands."""
        filled = plain(record.intent.instrument.units(record.filled_lots).copy_abs())
        said("order moved", **_order(record.intent), state=record.state.value, filled=filled)
        self.watcher.order_moved(record)

    def transfer_sent(self, intent: TransferIntent) -> None:
        """Log that a transfer left."""
        said("transfer sent", line=str(intent.line), asset=intent.asset)
        self.watcher.transfer_sent(intent)

    def transfer_moved(self, record: TransferRecord) -> None:
        """Log where a transfer stands."""
        said("transfer moved", line=str(record.intent.line), state=record.state.value)
        self.watcher.transfer_moved(record)

    def stop_moved(self, record: StopRecord) -> None:
        """Log where a stop stands."""
        said("stop moved", hedge=record.intent.hedge_id, state=record.state.value)
        self.watcher.stop_moved(record)

    def waiting(self, reason: str, *, seconds: float) -> None:
        """Log that nothing happens for a while."""
        said("waiting", reason=reason, seconds=f"{seconds:g}")
        self.watcher.waiting(reason, seconds=seconds)

    def noted(self, text: str) -> None:
        """Log what changes nothing."""
        said("noted", what=text)
        self.watcher.noted(text)


def _order(intent: OrderIntent) -> dict[str, str]:
    """Return what a line about an order names."""
    return {
        "plan": intent.plan_digest[:PLAN_DIGITS],
        "client_order_id": intent.client_order_id,
        "symbol": intent.instrument.symbol,
        "side": intent.side.value,
        "quantity": plain(intent.quantity),
    }
