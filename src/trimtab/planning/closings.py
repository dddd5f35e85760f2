"""Closings of futures positions as whole lots with a limit, whatever they are for. Pure, exact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.plan import LegReason, Role
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.costs import limit_ticks
from trimtab.planning.routes import Move
from trimtab.planning.sizes import Sized, book_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Closer:
    """Makes closings on one account."""

    snapshot: Snapshot
    exposed: Exposure
    max_slippage_bps: Decimal
    """How far beyond the book's mid a limit may lie, bps, >= 0."""

    def sized(self, symbol: Symbol, lots: int, reason: LegReason) -> Sized:
        """Return the closing of *lots* of a position, *lots* > 0, valued at mid.

        Raises:
            MissingMark: its market has no order book in the snapshot.

        """
        instrument = self.snapshot.instruments[symbol]
        signed = Lots(-lots if self.snapshot.positions[symbol].lots > 0 else lots)
        with exact_arithmetic():
            value = instrument.units(signed) * self.exposed.mid(instrument.base)
        move = Move(
            asset=instrument.base,
            instrument=instrument,
            value=value,
            slack=ZERO,
            role=Role.CLOSE,
            reason=reason,
        )
        limit = limit_ticks(
            instrument,
            book_of(move, self.snapshot),
            buys=signed > 0,
            max_slippage_bps=self.max_slippage_bps,
        )
        return Sized(move=move, lots=signed, limit=limit, reason=reason)
