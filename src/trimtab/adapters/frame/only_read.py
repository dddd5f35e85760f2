"""What stands in the place of orders at a venue that is only read. Pure but for its shape."""

from __future__ import annotations

from datetime import datetime

from trimtab.domain.payments import Payment
from trimtab.ports import PaymentList


class OnlyRead:
    """Has no call that places, cancels or looks up an order, so that none can be asked for."""

    def __init__(self, payments: PaymentList | None = None) -> None:
        """Take who lists payments; None for an account of coins alone, which has none."""
        self._payments = payments

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        """Return payments from *since* on; see :meth:`trimtab.ports.PaymentList.payments`."""
        return () if self._payments is None else await self._payments.payments(since)
