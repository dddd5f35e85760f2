"""Markets of Binance in which something may have happened: listed ones, and delivered contracts.

Not pure: it asks the venue. A delivered contract is listed no more, and the ledger still has to
know what happened in it: it is asked for by its name, and by its name it is known to be over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from trimtab.adapters.binance.instruments import Catalogue, market_id_of
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.domain.errors import Refused
from trimtab.domain.exact import ONE, ZERO
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol

_DELIVERED_AT: Final = timedelta(hours=8)
"""When, after midnight UTC, dated contracts are delivered on Binance."""
_SMALLEST: Final = Decimal("0.00000001")
ReadT = TypeVar("ReadT")


class PastMarkets:
    """The markets of an account's past."""

    def __init__(self, wire: Wire, catalogue: Catalogue) -> None:
        self._wire = wire
        self._catalogue = catalogue
        self._over: dict[Symbol, Instrument] = {}
        """Contracts that were delivered and are listed no more."""

    async def require(self, symbol: Symbol) -> None:
        """Read a market, so that what happened in it can be asked for.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue does not list it, and it was not delivered.

        """
        try:
            await self._catalogue.require(symbol)
        except Refused:
            over = delivered(symbol, self._wire.clock.now())
            if over is None:
                raise
            self._over[symbol] = over

    def market_id(self, symbol: Symbol) -> str:
        """Return the venue's name of a market that was required."""
        is_over = symbol in self._over
        return market_id_of(symbol) if is_over else self._catalogue.market_id(symbol)

    def instrument(self, symbol: Symbol) -> Instrument:
        """Return a market that was required, without its fee."""
        over = self._over.get(symbol)
        return self._catalogue.instrument(symbol, taker_fee=ZERO) if over is None else over

    async def read(
        self,
        symbol: Symbol,
        endpoint: Endpoint,
        asked: Mapping[str, Any],
        reader: Callable[[object], ReadT],
    ) -> ReadT:
        """Read a list of one market; a venue that forgot a delivered contract lists nothing.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        try:
            return await self._wire.read(endpoint, asked, reader)
        except Refused as error:
            codes = self._wire.profile.codes[desk_of(symbol)].unknown_symbol
            is_unknown = error.evidence is not None and error.evidence.code in codes
            if symbol not in self._over or not is_unknown:
                raise
            return reader([])


def delivered(symbol: Symbol, now: datetime) -> Instrument | None:
    """Return a contract whose name says that it was delivered before *now*, else None.

    Nothing can be ordered in it any more: of its grids only the size of a contract counts, which
    is one base unit on USD-M.
    """
    pair, _, settle = symbol.partition(":")
    (base, _, quote), (settled_in, _, expiry) = pair.partition("/"), settle.partition("-")
    try:
        day = datetime.strptime(f"20{expiry}", "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    ends_at = day + _DELIVERED_AT
    if now < ends_at:
        return None
    return Instrument(
        symbol=symbol,
        kind=MarketKind.FUTURE,
        base=Asset(base),
        quote=Asset(quote),
        settle=Asset(settled_in),
        lot_size=_SMALLEST,
        tick_size=_SMALLEST,
        lots_min=1,
        lots_max=1,
        notional_min=ZERO,
        notional_min_reduce_only=ZERO,
        contract_size=ONE,
        taker_fee=ZERO,
        tradable=False,
        expires_at=ends_at,
    )
