"""Whoever is asked, whoever watches, and whoever wants a run to stop.

See :mod:`trimtab.ports`, which has all of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent, OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import TransferIntent, TransferRecord


class Answer(StrEnum):
    """What a person said to a plan."""

    YES = "yes"
    NO = "no"
    NOBODY = "nobody"
    """End of input: the plan stays pending."""


class Approver(Protocol):
    """Whoever is asked before an order is sent."""

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        """Show what is asked for and wait for the typed words."""
        ...


class StopSignal(Protocol):
    """Somebody's wish that the run ends soon: an ``asyncio.Event`` set by SIGINT or SIGTERM."""

    def is_set(self) -> bool:
        """Whether it has been asked for."""
        ...

    async def wait(self) -> object:
        """Return once it has been asked for."""
        ...


class Progress(Protocol):
    """Whoever watches a run. Must not raise and must not block."""

    def proposed(self, plan: Plan, report: GateReport) -> None:
        """Tell what is proposed, before anybody is asked."""
        ...

    def leverage_set(self, symbol: Symbol, *, leverage: int) -> None:
        """Tell that a contract's leverage was set."""
        ...

    def order_sent(self, intent: OrderIntent) -> None:
        """Tell that an order left."""
        ...

    def order_moved(self, record: OrderRecord) -> None:
        """Tell that an order's state or fill changed."""
        ...

    def transfer_sent(self, intent: TransferIntent) -> None:
        """Tell that a transfer left."""
        ...

    def stop_moved(self, record: StopRecord) -> None:
        """Tell what became known of a stop."""
        ...

    def transfer_moved(self, record: TransferRecord) -> None:
        """Tell that a transfer's state changed."""
        ...

    def waiting(self, reason: str, *, seconds: float) -> None:
        """Tell that nothing happens for a while, and why."""
        ...

    def noted(self, text: str) -> None:
        """Tell what changes nothing, and is worth a look."""
        ...
