"""What each check takes its value from, and when that was read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from trimtab.domain.instruments import Symbol
from trimtab.risk.case import Case


class Source(StrEnum):
    """Where a measured value comes from. In the JSON; never renamed."""

    ACCOUNT = "account"
    """Wallets, positions and orders as the venue told them, with the prices of that look."""
    ORDER_BOOK = "order_book"
    CONTRACT = "contract"
    """Mark, index, funding and brackets."""
    MARKET = "market"
    """What the venue says of its markets: grids, limits, status, ends."""
    REFERENCES = "references"
    """What independent public sources quote."""
    KEY = "key"
    """What the venue says of the key in use."""
    CLOCK = "clock"
    LEDGER = "ledger"
    """What we sent, booked and saw before."""
    PLAN = "plan"
    """The plan itself, and the configuration."""


_CODES: Final[Mapping[Source, tuple[str, ...]]] = MappingProxyType(
    {
        Source.ORDER_BOOK: (
            "max_slippage_bps",
            "price_collar",
            "data_age",
            "max_spread_bps",
            "max_depth_share",
        ),
        Source.CONTRACT: (
            "max_funding_bps",
            "max_basis_bps",
            "bracket_leverage",
        ),
        Source.MARKET: (
            "lot_size",
            "min_notional",
            "market_status",
            "notional_agreement",
            "price_band",
            "min_expiry_days",
        ),
        Source.REFERENCES: ("stable_depeg",),
        Source.KEY: ("key_rights",),
        Source.CLOCK: ("clock_offset",),
        Source.LEDGER: (
            "ledger",
            "concurrent_run",
            "kill_switch",
            "reducing",
            "unresolved_orders",
            "external_fills",
            "max_rejects",
            "max_orders",
            "max_minute_orders",
            "max_day_orders",
            "max_asset_notional",
            "max_run_notional",
            "max_day_notional",
            "max_daily_loss",
            "max_drawdown",
            "max_nav_jump",
            "duplicate_intent",
            "statement_age",
            "max_target_move",
        ),
        Source.PLAN: (
            "finite",
            "environment",
            "max_order_notional",
            "symbols",
            "max_turnover",
            "transfer",
            "max_topup",
        ),
    }
)
_SOURCES: Final = MappingProxyType({code: s for s, codes in _CODES.items() for code in codes})


def source_of(code: str) -> Source:
    """Return what the check *code* takes its value from: the account, unless it says otherwise."""
    return _SOURCES.get(code, Source.ACCOUNT)


def read_at(source: Source, subject: str, case: Case) -> datetime:
    """Return when the value behind a finding was read: of its leg, else the oldest of the plan."""
    if source in (Source.LEDGER, Source.PLAN, Source.KEY):
        return case.now
    if source is Source.REFERENCES:
        return min((q.quoted_at for q in case.context.references.quotations), default=case.now)
    legs = [leg for leg in case.plan.legs if subject == f"leg {leg.line}"] or case.plan.legs
    symbols = [leg.symbol for leg in legs]
    read = [at for at in (_of(source, symbol, case) for symbol in symbols) if at is not None]
    return min(read, default=case.snapshot.taken_at)


def _of(source: Source, symbol: Symbol, case: Case) -> datetime | None:
    """Return when the book or the contract of *symbol* was read; None for another source."""
    if source is Source.ORDER_BOOK:
        book = case.snapshot.books.get(symbol)
        return None if book is None else book.read_at
    contract = case.snapshot.contracts.get(symbol) if source is Source.CONTRACT else None
    return None if contract is None else contract.read_at
