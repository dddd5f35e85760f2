"""Futures wallets against the payments that moved them, and payments against executions. Pure.

A wallet is compared to the last digit: statement plus payments. A commission is the fee of its
execution, to the last digit. Realised profit is recomputed at average entry, and may differ by
what rounding can do: one step of :data:`GRID` for each execution since the position was flat,
and one for each unit that is closed, since the venue keeps a rounded entry price. Units are
signed: positive is received.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, plain
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import Fill, Side, TradeId
from trimtab.domain.payments import Payment, PaymentKind
from trimtab.execution.reconcile import Actor, Difference, Subject

GRID: Final = Fraction(1, 10**8)
"""On which the venue books money and keeps an entry price, quote units."""

TradeKey = tuple[Symbol, TradeId]
_OF_TRADES: Final = frozenset({PaymentKind.COMMISSION, PaymentKind.REALISED_PROFIT})


def compare_wallets(
    payments: Iterable[Payment],
    *,
    opening: Mapping[Asset, Decimal],
    actual: Mapping[Asset, Decimal],
) -> tuple[Difference, ...]:
    """Return wallets whose units are not what *opening* and *payments* since then make, by name.

    Either side may not have read the futures account at all: then nothing can be said.
    """
    if not opening or not actual:
        return ()
    expected = dict(opening)
    with exact_arithmetic():
        for payment in payments:
            expected[payment.asset] = expected.get(payment.asset, ZERO) + payment.units
    return tuple(
        Difference(
            subject=Subject.WALLET,
            name=asset,
            expected=plain(expected.get(asset, ZERO)),
            actual=plain(actual.get(asset, ZERO)),
            who=Actor.PERSON,
        )
        for asset in sorted(expected.keys() | actual.keys())
        if expected.get(asset, ZERO) != actual.get(asset, ZERO)
    )


def compare_payments(
    booked: Iterable[Payment], *, listed: Iterable[Payment], since: datetime
) -> tuple[Difference, ...]:
    """Return booked payments from *since* on that the venue lists otherwise, or not any more.

    Those that are not booked yet are no difference: funding comes by itself.
    """
    told = {payment.key: payment for payment in listed}
    return tuple(
        Difference(
            subject=Subject.PAYMENT,
            name=f"{mine.kind} {mine.payment_id}",
            expected=_described(mine),
            actual="not listed" if other is None else _described(other),
            who=Actor.PERSON,
        )
        for mine in booked
        if mine.paid_at >= since and (other := told.get(mine.key)) != mine
    )


def _described(payment: Payment) -> str:
    """Return a payment in words."""
    for_what = f" for {payment.symbol}" if payment.symbol else ""
    return f"{plain(payment.units)} {payment.asset}{for_what} at {payment.paid_at:%Y-%m-%d %H:%M}"


def unlisted_trades(
    payments: Iterable[Payment], *, fills: Iterable[Fill], markets: Collection[Symbol]
) -> tuple[Difference, ...]:
    """Return executions that *payments* speak of and that no list shows, by symbol and trade.

    In *markets* every execution was listed; of others nothing can be said.
    """
    known = {(fill.symbol, fill.trade_id) for fill in fills}
    named = {key for p in payments if (key := _execution(p)) is not None and key[0] in markets}
    return tuple(
        Difference(
            subject=Subject.FILL,
            name=" ".join(key),
            expected="an execution, as a payment is for it",
            actual="not listed",
            who=Actor.PERSON,
        )
        for key in sorted(named - known)
    )


def compare_commissions(
    fills: Iterable[Fill], *, payments: Iterable[Payment]
) -> tuple[Difference, ...]:
    """Return executions of contracts whose fee is not what was paid for them, by symbol and trade.

    *payments* reach at least as far back as *fills*.
    """
    paid: dict[TradeKey, dict[Asset, Decimal]] = defaultdict(dict)
    with exact_arithmetic():
        for payment in payments:
            key = _execution(payment)
            if key is not None and payment.kind is PaymentKind.COMMISSION:
                before = paid[key].get(payment.asset, ZERO)
                paid[key][payment.asset] = before - payment.units
    found = []
    for fill in sorted(fills, key=_order):
        told = {a: units for a, units in paid.get(_key(fill), {}).items() if units != 0}
        if _is_contract(fill.symbol) and told != ({fill.fee_asset: fill.fee} if fill.fee else {}):
            expected = f"fee {plain(fill.fee)} {fill.fee_asset}"
            actual = ", ".join(f"paid {plain(u)} {a}" for a, u in sorted(told.items()))
            found.append(_payment(_key(fill), expected=expected, actual=actual or "nothing paid"))
    return tuple(found)


def compare_profits(
    fills: Iterable[Fill], *, payments: Iterable[Payment], flat: Collection[Symbol]
) -> tuple[Difference, ...]:
    """Return executions of contracts that realised another profit than was paid for them.

    *flat* are the contracts that had no position before *fills*, which are all there were since.
    Only for accounts in which long and short of a contract net out.
    """
    paid: dict[TradeKey, Fraction] = defaultdict(Fraction)
    for payment in payments:
        key = _execution(payment)
        if key is not None and payment.kind is PaymentKind.REALISED_PROFIT:
            paid[key] += Fraction(payment.units)
    whole = [f for f in fills if f.symbol in flat and _is_contract(f.symbol)]
    found = []
    for realised in _realised(sorted(whole, key=_order)):
        told = paid.get(realised.key, Fraction(0))
        if abs(told - realised.profit) > realised.tolerance:
            found.append(
                _payment(
                    realised.key,
                    expected=f"profit {_shown(realised.profit)}",
                    actual=f"paid {_shown(told)}",
                )
            )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Realised:
    """What one execution realised."""

    key: TradeKey
    profit: Fraction
    """Quote units, signed, before its fee."""
    tolerance: Fraction
    """How far the venue's figure may be from it by rounding, quote units."""


def _realised(fills: Sequence[Fill]) -> list[_Realised]:
    """Return what each execution realised at average entry, by symbol and trade."""
    found: list[_Realised] = []
    symbol, units, cost, count = Symbol(""), Fraction(0), Fraction(0), 0
    for fill in fills:
        if fill.symbol != symbol or units == 0:
            symbol, units, cost, count = fill.symbol, Fraction(0), Fraction(0), 0
        signed = Fraction(fill.quantity) * (1 if fill.side is Side.BUY else -1)
        price, count = Fraction(fill.fill_price), count + 1
        closed, profit = Fraction(0), Fraction(0)
        if units * signed < 0:
            closed = min(abs(units), abs(signed))
            released = cost * closed / abs(units)
            profit = -(closed if signed > 0 else -closed) * price - released
            rest = abs(signed) - closed
            cost = (rest if signed > 0 else -rest) * price if rest else cost - released
        else:
            cost += signed * price
        units += signed
        tolerance = GRID * (count + closed)
        found.append(_Realised(key=_key(fill), profit=profit, tolerance=tolerance))
    return found


def _execution(payment: Payment) -> TradeKey | None:
    """Return the execution that a payment is for; None for what is for none."""
    if payment.kind not in _OF_TRADES or payment.symbol is None or payment.trade_id is None:
        return None
    return payment.symbol, payment.trade_id


def _key(fill: Fill) -> tuple[Symbol, TradeId]:
    """Return what names an execution."""
    return fill.symbol, fill.trade_id


def _order(fill: Fill) -> tuple[Symbol, int, TradeId]:
    """Return where an execution stands in its market: ids are numbers that count up."""
    return fill.symbol, int(fill.trade_id) if fill.trade_id.isdecimal() else 0, fill.trade_id


def _is_contract(symbol: Symbol) -> bool:
    """Say whether a market settles in a futures wallet."""
    return ":" in symbol


def _shown(amount: Fraction) -> str:
    """Return an amount to eight places."""
    scaled = round(amount * 10**8)
    with exact_arithmetic():
        return plain(Decimal(scaled).scaleb(-8))


def _payment(key: TradeKey, *, expected: str, actual: str) -> Difference:
    """Tell of a payment that is not what its execution says."""
    return Difference(
        subject=Subject.PAYMENT,
        name=" ".join(key),
        expected=expected,
        actual=actual,
        who=Actor.PERSON,
    )
