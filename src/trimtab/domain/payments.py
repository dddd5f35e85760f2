"""What moved a futures wallet, as the venue's own list tells it.

Units are those of the asset, signed: positive is received, negative is paid. Instants are
the venue's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import TradeId

PaymentId = NewType("PaymentId", str)
"""Unique per (account, asset, kind)."""


class PaymentKind(StrEnum):
    """Why a futures wallet moved. Stored; never renamed."""

    FUNDING = "funding"
    """Between longs and shorts of a perpetual, at each settlement."""
    REALISED_PROFIT = "realised_profit"
    """What closing a position, or a part of it, brought."""
    COMMISSION = "commission"
    """The fee of an execution."""
    TRANSFER = "transfer"
    """Between this wallet and another of the same owner, or a deposit."""
    LIQUIDATION_CLEARANCE = "liquidation_clearance"
    """The insurance fund's share in a liquidation."""
    OTHER = "other"
    """Whatever else the venue lists; its own word tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One movement of a futures wallet."""

    kind: PaymentKind
    word: str
    """The venue's own word, such as ``FUNDING_FEE``; for the record, never decided on."""
    symbol: Symbol | None
    """The contract; None for what is about none."""
    asset: Asset
    units: Decimal
    """Units of ``asset``, signed: positive is received."""
    payment_id: PaymentId
    trade_id: TradeId | None
    """The execution behind it; None for what has none."""
    paid_at: datetime
    """The venue's clock."""

    @property
    def key(self) -> tuple[Asset, PaymentKind, PaymentId]:
        """What no two payments of an account share."""
        return self.asset, self.kind, self.payment_id
