"""The venue of dry runs: real reads, simulated orders, nothing sent.

Orders walk the books of the last snapshot and take what they fill out of them, so a second
order finds what the first has left; a new snapshot brings new books. What was simulated is
added to the funds and positions that were read, so that buys can spend what sells brought,
and fees of contracts leave the futures wallet and transfers go from one wallet to the other;
the snapshots that are handed on show both, so that a later stage is sized by them. Orders
and fills live in memory and are numbered by their client order id, which no two runs share.

Not modelled: margin, profit of positions, funding, rate limits, and other people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.paper.account import PaperFunds
from trimtab.adapters.paper.matching import Match, walk
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    Side,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.snapshot import Level, OpenOrder, Snapshot
from trimtab.ports import AbsenceEvidence, Clock, FillCursor, MarketData, Portfolio

_LISTS: Final = ("by_client_id", "open_orders", "all_orders", "fills")


class PaperVenue:
    """Both ports over a real :class:`~trimtab.ports.MarketData`: reads pass, writes stay here."""

    def __init__(self, market: MarketData, *, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self.funds = PaperFunds()
        """Shared with the wallets of the same dry run."""
        self._levels: dict[tuple[Symbol, Side], tuple[Level, ...]] = {}
        self._orders: dict[ClientOrderId, VenueOrder] = {}
        self._fills: dict[Symbol, list[Fill]] = {}
        self._cancelled: set[VenueOrderId] = set()

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read the account, take its books, add what was simulated; see ``MarketData``."""
        seen = await self._market.snapshot(portfolio)
        self.funds.seen = seen
        self._levels = {(s, Side.BUY): book.asks for s, book in seen.books.items()}
        self._levels |= {(s, Side.SELL): book.bids for s, book in seen.books.items()}
        return self.funds.shown(seen)

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        """Simulate *intent*; see :meth:`trimtab.ports.Venue.submit`."""
        if intent.client_order_id in self._orders:
            raise OutcomeUnknown(f"{intent.client_order_id}: simulated before; look it up")
        symbol = intent.instrument.symbol
        if (symbol, intent.side) not in self._levels:
            raise NotDone(f"{symbol}: no book was read to simulate against")
        self._refuse_what_the_venue_would(intent)
        matches, left = walk(self._levels[symbol, intent.side], intent)
        self._levels[symbol, intent.side] = left
        filled = sum(match.lots for match in matches)
        order = VenueOrder(
            client_order_id=intent.client_order_id,
            venue_order_id=VenueOrderId(f"paper-{intent.client_order_id}"),
            symbol=symbol,
            lots=intent.lots,
            filled_lots=_signed(filled, intent),
            ended=True,
            status="FILLED" if filled == abs(intent.lots) else "EXPIRED",
        )
        self._orders[intent.client_order_id] = order
        self._book(intent, order, matches)
        return order

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the simulated order of *intent*, if there is one."""
        return self._orders.get(intent.client_order_id)

    async def cancel(self, order: OpenOrder) -> None:
        """Take a real resting order out of what is shown; on the venue it stays."""
        self._cancelled.add(order.venue_order_id)

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rested on the venue at the last snapshot; simulated orders never rest."""
        resting = () if self.funds.seen is None else self.funds.seen.open_orders
        return tuple(
            order
            for order in resting
            if order.symbol in symbols and order.venue_order_id not in self._cancelled
        )

    async def fills(self, symbol: Symbol, *, since: FillCursor) -> tuple[Fill, ...]:
        """Return simulated executions after *since*, oldest first."""
        found = self._fills.get(symbol, [])
        booked = [n for n, fill in enumerate(found) if fill.trade_id == since.after]
        return tuple(found[booked[0] + 1 :] if booked else found)

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return the client ids of simulated orders; there are no others."""
        mine = [order for order in self._orders.values() if order.symbol == symbol]
        return {o.venue_order_id: o.client_order_id for o in mine if o.venue_order_id in orders}

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        """Return the fees of simulated executions of contracts since then, oldest first."""
        return tuple(payment for payment in self.funds.paid if payment.paid_at >= since)

    async def evidence_of_absence(self, intent: OrderIntent) -> AbsenceEvidence:
        """Tell from memory, which is complete."""
        now, order = self._clock.now(), self._orders.get(intent.client_order_id)
        seen = "none" if order is None else f"order {order.venue_order_id}"
        return AbsenceEvidence(asked_at=now, venue_now=now, sightings=dict.fromkeys(_LISTS, seen))

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Set nothing: a dry run has no settings."""

    def _refuse_what_the_venue_would(self, intent: OrderIntent) -> None:
        """Apply the rules that the venue states for every order.

        Raises:
            Refused: the venue would say no.

        """
        _refuse_off_limits(intent)
        if intent.reduce_only and not _reduces(intent, self._held(intent.instrument.symbol)):
            raise Refused(f"{intent.instrument.symbol}: not a reduction of the position")
        if not intent.instrument.is_contract and not self._is_funded(intent):
            raise Refused(f"{intent.instrument.symbol}: insufficient balance")

    def _held(self, symbol: Symbol) -> int:
        """Return the position with what was simulated, lots."""
        position = None if self.funds.seen is None else self.funds.seen.positions.get(symbol)
        return (0 if position is None else position.lots) + self.funds.moved.get(symbol, 0)

    def _is_funded(self, intent: OrderIntent) -> bool:
        """Say whether a spot order can be paid: at its limit, as the venue reserves it."""
        buys = intent.side is Side.BUY
        asset = intent.instrument.quote if buys else intent.instrument.base
        balance = None if self.funds.seen is None else self.funds.seen.balances.get(asset)
        with exact_arithmetic():
            free = (ZERO if balance is None else balance.free) + self.funds.gained.get(asset, ZERO)
        return (_at_limit(intent) if buys else intent.quantity) <= free

    def _book(self, intent: OrderIntent, order: VenueOrder, matches: Sequence[Match]) -> None:
        """Write fills down and carry funds and position forward."""
        instrument, now = intent.instrument, self._clock.now()
        for number, match in enumerate(matches, start=1):
            fill = Fill(
                symbol=instrument.symbol,
                trade_id=TradeId(f"{order.venue_order_id}-{number}"),
                venue_order_id=order.venue_order_id,
                client_order_id=intent.client_order_id,
                side=intent.side,
                quantity=match.quantity,
                fill_price=match.price,
                fee=match.fee,
                fee_asset=match.fee_asset,
                filled_at=now,
            )
            self._fills.setdefault(instrument.symbol, []).append(fill)
            if instrument.is_contract:
                self.funds.paid.append(_commission(fill))
            else:
                _settle(self.funds.gained, intent, match)
        if instrument.is_contract:
            moved = self.funds.moved.get(instrument.symbol, 0)
            self.funds.moved[instrument.symbol] = moved + order.filled_lots


def _commission(fill: Fill) -> Payment:
    """Return what a futures wallet pays for one simulated execution."""
    with exact_arithmetic():
        units = -fill.fee
    return Payment(
        kind=PaymentKind.COMMISSION,
        word="simulated",
        symbol=fill.symbol,
        asset=fill.fee_asset,
        units=units,
        payment_id=PaymentId(fill.trade_id),
        trade_id=fill.trade_id,
        paid_at=fill.filled_at,
    )


def _settle(gained: dict[Asset, Decimal], intent: OrderIntent, match: Match) -> None:
    """Move coins and money of one spot fill, fee included."""
    sign = 1 if intent.side is Side.BUY else -1
    base, quote = intent.instrument.base, intent.instrument.quote
    with exact_arithmetic():
        value = match.quantity * match.price
        for asset, units in (
            (base, sign * match.quantity),
            (quote, -sign * value),
            (match.fee_asset, -match.fee),
        ):
            gained[asset] = gained.get(asset, ZERO) + units


def _reduces(intent: OrderIntent, held: int) -> bool:
    """Say whether an order makes the position smaller and does not turn it around."""
    return held * intent.lots < 0 and abs(intent.lots) <= abs(held)


def _signed(lots: int, intent: OrderIntent) -> Lots:
    """Return *lots* with the sign of the order."""
    return Lots(lots if intent.lots > 0 else -lots)


def _at_limit(intent: OrderIntent) -> Decimal:
    """Return an order's value at its limit, quote units."""
    with exact_arithmetic():
        return intent.quantity * intent.limit_price


def _refuse_off_limits(intent: OrderIntent) -> None:
    """Check an order against its instrument.

    Raises:
        Refused: not tradable, too small or too large.

    """
    instrument, lots = intent.instrument, abs(intent.lots)
    least = instrument.notional_min_reduce_only if intent.reduce_only else instrument.notional_min
    if not instrument.tradable:
        raise Refused(f"{instrument.symbol}: not tradable now")
    if not instrument.lots_min <= lots <= instrument.lots_max:
        raise Refused(f"{instrument.symbol}: {lots} lots are outside the venue's bounds")
    if _at_limit(intent) < least:
        raise Refused(f"{instrument.symbol}: {_at_limit(intent)} is below the least value {least}")
