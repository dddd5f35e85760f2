"""A statement as a ledger in memory keeps it: what the real one has in rows of tables."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import TradeId
from trimtab.domain.shared_wallet import holdings_of
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.statement import Statement


def statement_of(
    snapshot: Snapshot, *, marks: Mapping[Symbol, TradeId | None], is_bracketed: bool
) -> Statement:
    """Return what of a snapshot the fills and payments that follow are added to."""
    held = holdings_of(snapshot)
    return Statement(
        taken_at=snapshot.venue_at,
        marks=marks,
        is_bracketed=is_bracketed,
        balances=held.outside,
        wallets=held.wallets,
        positions={symbol: position.lots for symbol, position in snapshot.positions.items()},
    )
