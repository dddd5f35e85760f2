"""What an account held at an instant, and what came or went without an execution or a payment.

Units are those of the asset, positions signed lots. Instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.orders import TradeId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalFlow:
    """Units outside futures wallets that came or went, and that no list of ours explains.

    A deposit, a withdrawal, a conversion, a transfer, interest; a person adopted it.
    """

    asset: Asset
    units: Decimal
    """Signed, never zero: positive came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the account held at an instant: where reconciliation starts to add up."""

    taken_at: datetime
    """When it was read, by the venue's clock."""
    marks: Mapping[Symbol, TradeId | None]
    """The last execution that it contains, by market, as listed before and after it alike; None
    where none was listed. Of other markets only the instant tells."""
    is_bracketed: bool
    """Whether payments, too, were listed before and after it alike: then it contains those
    that were booked when it was saved, and no other."""
    balances: Mapping[Asset, Decimal]
    """Units outside futures wallets, free and locked, by asset."""
    wallets: Mapping[Asset, Decimal]
    """Units in futures wallets without unrealised profit, signed; empty when none were read."""
    positions: Mapping[Symbol, Lots]
    """Signed lots of open positions; a flat one is not listed."""
