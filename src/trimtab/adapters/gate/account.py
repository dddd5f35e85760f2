"""The spot markets of Gate, and one account's readers. Not pure: it asks.

Whether an account is a unified one is asked before anything is counted: there coins back each other
and orders are made in it whatever they say. Sources: Gate API v4 "Query personal trading fees",
"Get market depth information", "Query mode of the unified account", 2026.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.frame.raw_account import Holdings, ToldContract
from trimtab.adapters.gate.answers import balances_of, is_classic, taker_fee_of
from trimtab.adapters.gate.instruments import price_band_of, spot_instrument_of, spot_markets
from trimtab.adapters.gate.orders import GateQuestions
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicSpotGetCurrencyPairs")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicSpotGetOrderBook")
_FEE: Final = Endpoint(desk=Desk.SPOT, method="privateWalletGetFee")
_MODE: Final = Endpoint(desk=Desk.SPOT, method="privateUnifiedGetUnifiedMode")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateSpotGetAccounts")
_DEPTH: Final = 50


def gate_markets(wire: Wire) -> DeskMarkets:
    """Return the list of spot markets, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- the frame's shape.
        """Ask what a taker pays in a market."""
        return await wire.read(_FEE, {"currency_pair": name}, taker_fee_of)

    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, {}, spot_markets),
        instrument_of=spot_instrument_of,
        price_band_of=price_band_of,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


class GateAccount:
    """Readers of one account of coins, for ``frame.raw_account.RawMarketData``."""

    at_once = 10

    def __init__(
        self, wire: Wire, markets: DeskMarkets, orders: DeskOrders, asks: GateQuestions
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._asks = asks

    async def holdings(self) -> Holdings:
        """Read the mode of the account, the wallet, what rests and what waits for a trigger."""
        await self._require_classic()
        balances, resting, waiting = await together(
            self._wire.read(_WALLET, {}, balances_of),
            self._orders.all_resting(Desk.SPOT),
            self._asks.waiting(),
        )
        return Holdings(balances=balances, pools={}, positions=(), resting=(*resting, *waiting))

    async def _require_classic(self) -> None:
        """Refuse an account that is a unified one, or of which that is not told.

        Raises:
            NotDone: it is one, or the key may not read it.

        """
        try:
            await self._wire.read(_MODE, {}, is_classic)
        except Refused as refusal:
            raise NotDone(
                f"the account is not served: its mode is not told, {refusal}",
                next_step="let the key read the unified account (read only), then trimtab doctor",
                evidence=refusal.evidence,
            ) from refusal

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        asked = {"currency_pair": self._markets.market_id(instrument.symbol), "limit": _DEPTH}
        return await self._wire.read(
            _BOOK, asked, lambda told: book_of(told, instrument, read_at=read_at)
        )
