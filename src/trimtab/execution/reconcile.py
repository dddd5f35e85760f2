"""Ledger against venue: orders, fills, balances, positions. Pure and exact.

Futures wallets and payments are in :mod:`trimtab.execution.wallets`.

Every difference names what it is about, what the ledger leads to expect, what the venue
shows, and who must act. Balances are those outside futures wallets: statement, plus booked
fills, less fees. Signs: buys and long positive.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import ZERO, exact_arithmetic, plain
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderRecord, Side
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import OpenOrder, Position
from trimtab.domain.statement import Statement
from trimtab.domain.stops import StopIntent, StopRecord, StopState, moved, unseen
from trimtab.domain.transfers import TransferRecord, TransferState
from trimtab.execution.tracking import lots_of


class Subject(StrEnum):
    """What a difference is about."""

    ORDER = "order"
    FILL = "fill"
    BALANCE = "balance"
    POSITION = "position"
    WALLET = "wallet"
    """Units of one asset in a futures wallet."""
    PAYMENT = "payment"
    """A payment that is not what its execution says."""
    TRANSFER = "transfer"
    """A transfer of ours whose outcome is not known."""


class Actor(StrEnum):
    """Who must act on a difference."""

    RECOVER = "recover"
    """``trimtab recover`` resolves it."""
    ADOPT = "adopt"
    """``trimtab reconcile --adopt`` takes it over, once a person knows where it came from."""
    PERSON = "person"
    """A person must look: the two contradict each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing on which ledger and venue disagree."""

    subject: Subject
    name: str
    """Client order id, ``symbol trade id``, asset or symbol."""
    expected: str
    """What the ledger leads to expect."""
    actual: str
    """What the venue shows."""
    who: Actor


def compare_orders(
    records: Iterable[OrderRecord],
    resting: Iterable[OpenOrder],
    stops: Iterable[StopRecord],
) -> tuple[Difference, ...]:
    """Return orders that the ledger has not closed, then those that rest and should not.

    Those of *stops* that may fill rest by right. One that has ended is told with its state: it
    showed only after its absence was proved.
    """
    lives = {ClientOrderId(s.intent.stop_id): s.state for s in stops}
    known = {r.intent.client_order_id: r for r in records}
    left = tuple(
        Difference(
            subject=Subject.ORDER,
            name=name,
            expected="closed",
            actual=record.state,
            who=Actor.RECOVER,
        )
        for name, record in known.items()
        if not record.state.is_terminal
    )
    rightly = {name for name, state in lives.items() if state.may_fill}
    odd = (o for o in resting if o.client_order_id not in rightly and _is_odd(o, known))
    return left + tuple(_resting(each, known, lives) for each in odd)


def compare_stops(
    stops: Iterable[StopRecord], resting: Iterable[OpenOrder], *, read: Collection[Symbol]
) -> tuple[Difference, ...]:
    """Return stops that do not rest as the ledger has it, and those of which it does not know.

    What rests in a contract that was not *read* could not show. One that was moved is a person's.
    """
    shown = tuple(resting)
    records = [record for record in stops if record.state.may_fill]
    gone = [r for r in unseen(records, shown) if r.intent.instrument.symbol in read]
    found = [
        Difference(
            subject=Subject.ORDER,
            name=record.intent.stop_id,
            expected="resting" if record in gone else "closed, or resting",
            actual="rests no more" if record in gone else record.state,
            who=Actor.RECOVER,
        )
        for record in records
        if record in gone or record.state is not StopState.RESTING
    ]
    return (*found, *(_moved(record.intent, order) for record, order in moved(records, shown)))


def _moved(intent: StopIntent, order: OpenOrder) -> Difference:
    """Tell of a stop that rests elsewhere than it was put."""
    put = f"{intent.lots} lots rest at {plain(intent.trigger_price)}"
    return Difference(
        subject=Subject.ORDER,
        name=intent.stop_id,
        expected=f"{intent.instrument.symbol}: {put}",
        actual=f"{order.symbol}: {order.lots} lots rest at {plain(order.limit_price)}",
        who=Actor.PERSON,
    )


def _is_odd(order: OpenOrder, known: Mapping[ClientOrderId, OrderRecord]) -> bool:
    """Whether an order rests that is not ours, or that is closed by the ledger."""
    record = known.get(order.client_order_id)
    return record is None or record.state.is_terminal


def _resting(
    order: OpenOrder,
    known: Mapping[ClientOrderId, OrderRecord],
    stops: Mapping[ClientOrderId, StopState],
) -> Difference:
    """Tell of an order that rests on the venue."""
    record, stop = known.get(order.client_order_id), stops.get(order.client_order_id)
    expected = "no such order" if stop is None else f"stop {stop.value}"
    return Difference(
        subject=Subject.ORDER,
        name=order.client_order_id,
        expected=record.state if record else expected,
        actual=f"{order.symbol}: {order.lots} lots rest at {plain(order.limit_price)}",
        who=Actor.PERSON,
    )


def compare_fills(
    *,
    booked: Iterable[Fill],
    seen: Iterable[Fill],
    since: datetime,
    unresolved: frozenset[ClientOrderId],
) -> tuple[Difference, ...]:
    """Return executions that one side has and the other has not, or tells otherwise.

    *seen* is everything that the venue lists from *since* on; older booked ones do not count.
    *unresolved* are the orders whose fills recovery will book. By symbol and trade id.
    """
    ours = {(f.symbol, f.trade_id): f for f in booked}
    theirs = {(f.symbol, f.trade_id): f for f in seen}
    found = []
    for key in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(key), theirs.get(key)
        if mine is None and other is not None:
            who = Actor.RECOVER if other.client_order_id in unresolved else Actor.ADOPT
            found.append(_fill(key, expected="not booked", actual=_told(other), who=who))
        elif mine is not None and other is None:
            if mine.filled_at >= since:
                found.append(
                    _fill(key, expected=_told(mine), actual="not listed", who=Actor.PERSON)
                )
        elif mine is not None and other is not None and not _is_same(mine, seen=other):
            found.append(_fill(key, expected=_told(mine), actual=_told(other), who=Actor.PERSON))
    return tuple(found)


def _is_same(booked: Fill, *, seen: Fill) -> bool:
    """Whether both tell one execution; whose order it is may have been found out since."""
    return booked == dataclasses.replace(seen, client_order_id=booked.client_order_id)


def _fill(key: tuple[Symbol, str], *, expected: str, actual: str, who: Actor) -> Difference:
    """Tell of an execution."""
    return Difference(
        subject=Subject.FILL, name=" ".join(key), expected=expected, actual=actual, who=who
    )


def _told(fill: Fill) -> str:
    """Return an execution in words."""
    return (
        f"{fill.side} {plain(fill.quantity)} at {plain(fill.fill_price)}, "
        f"fee {plain(fill.fee)} {fill.fee_asset}"
    )


def compare_balances(
    fills: Sequence[Fill],
    *,
    opening: Mapping[Asset, Decimal],
    actual: Mapping[Asset, Decimal],
    instruments: Mapping[Symbol, Instrument],
) -> tuple[Difference, ...]:
    """Return assets whose units are not what *opening* and *fills* since then make, by name.

    Fills of contracts are settled in futures wallets and move nothing here.
    """
    expected = dict(opening)
    with exact_arithmetic():
        for fill in fills:
            instrument = instruments[fill.symbol]
            if instrument.is_contract:
                continue
            sign = 1 if fill.side is Side.BUY else -1
            for asset, units in (
                (instrument.base, sign * fill.quantity),
                (instrument.quote, -sign * fill.quantity * fill.fill_price),
                (fill.fee_asset, -fill.fee),
            ):
                expected[asset] = expected.get(asset, ZERO) + units
    return tuple(
        Difference(
            subject=Subject.BALANCE,
            name=asset,
            expected=plain(expected.get(asset, ZERO)),
            actual=plain(actual.get(asset, ZERO)),
            who=Actor.ADOPT,
        )
        for asset in sorted(expected.keys() | actual.keys())
        if expected.get(asset, ZERO) != actual.get(asset, ZERO)
    )


def compare_positions(
    fills: Sequence[Fill],
    *,
    opening: Mapping[Symbol, int],
    actual: Mapping[Symbol, Position],
    instruments: Mapping[Symbol, Instrument],
    who: Actor,
) -> tuple[Difference, ...]:
    """Return contracts whose position is not what *opening* and *fills* make, by symbol."""
    expected = {symbol: int(lots) for symbol, lots in opening.items()}
    for fill in fills:
        instrument = instruments[fill.symbol]
        if instrument.is_contract:
            expected[fill.symbol] = expected.get(fill.symbol, 0) + lots_of(fill, instrument)
    real = {symbol: int(position.lots) for symbol, position in actual.items()}
    return tuple(
        Difference(
            subject=Subject.POSITION,
            name=symbol,
            expected=f"{expected.get(symbol, 0)} lots",
            actual=f"{real.get(symbol, 0)} lots",
            who=who,
        )
        for symbol in sorted(expected.keys() | real.keys())
        if expected.get(symbol, 0) != real.get(symbol, 0)
    )


def later_fills(statement: Statement, fills: Iterable[Fill]) -> tuple[Fill, ...]:
    """Return which of *fills*, not booked when *statement* was saved, it does not contain.

    Where it has a mark, those behind that. Elsewhere ours, whose orders were all begun later,
    and others by when they happened; both instants are the venue's.
    """
    return tuple(fill for fill in fills if _is_later(fill, statement))


def _is_later(fill: Fill, statement: Statement) -> bool:
    """Say whether a statement does not contain an execution that was not booked then."""
    if fill.symbol in statement.marks:
        mark = statement.marks[fill.symbol]
        return mark is None or int(fill.trade_id) > int(mark)
    return fill.client_order_id is not None or fill.filled_at >= statement.taken_at


def later_payments(statement: Statement, payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """Return which of *payments*, not booked when *statement* was saved, it does not contain."""
    return tuple(p for p in payments if statement.is_bracketed or p.paid_at >= statement.taken_at)


def compare_transfers(records: Iterable[TransferRecord]) -> tuple[Difference, ...]:
    """Return transfers that the ledger has not closed."""
    return tuple(
        Difference(
            subject=Subject.TRANSFER,
            name=record.intent.transfer_id,
            expected="closed",
            actual=record.state.value,
            who=Actor.RECOVER,
        )
        for record in records
        if not record.state.is_terminal
    )


def after_payments(
    opening: Mapping[Asset, Decimal], payments: Iterable[Payment], *, shared: frozenset[Asset]
) -> Mapping[Asset, Decimal]:
    """Return units outside futures wallets after what contracts paid where that is one wallet."""
    held = dict(opening)
    with exact_arithmetic():
        for payment in payments:
            if payment.asset in shared:
                held[payment.asset] = held.get(payment.asset, ZERO) + payment.units
    return held


def after_transfers(
    opening: Mapping[Asset, Decimal], moved: Iterable[TransferRecord]
) -> Mapping[Asset, Decimal]:
    """Return units outside futures wallets after what transfers of ours took out of them."""
    held = dict(opening)
    with exact_arithmetic():
        for record in moved:
            if record.state is TransferState.DONE:
                asset = record.intent.asset
                held[asset] = held.get(asset, ZERO) - record.intent.units
    return held
