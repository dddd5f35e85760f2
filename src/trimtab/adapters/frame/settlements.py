"""Funding settlements in rows of a venue's answers, by what the venue calls their parts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import Unreadable, decimal_of, instant_of, text_of
from trimtab.domain.history import FundingSettlement


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementFields:
    """What a venue calls the parts of a settlement."""

    market: str
    at: str
    """When it was settled, in milliseconds."""
    rate: str
    """Signed fraction of notional that was paid."""


def settlements_in(
    rows: Iterable[Row], fields: SettlementFields, *, market_id: str
) -> Mapping[datetime, FundingSettlement]:
    """Read the settlements of one contract, by their instant.

    Raises:
        Unreadable: a field is missing or wrong, one is of another contract, or comes twice with
            two contents.

    """
    found: dict[datetime, FundingSettlement] = {}
    for row in rows:
        if text_of(row, fields.market) != market_id:
            raise Unreadable("settlements of another contract")
        at = instant_of(row, fields.at)
        told = FundingSettlement(settled_at=at, rate=decimal_of(row, fields.rate))
        if found.setdefault(at, told) != told:
            raise Unreadable(f"the settlement of {at} comes with two contents")
    return found
