"""What the ledger has of the account's past, for the limits that look back. Pure.

Quote units, fractions of NAV; instants aware UTC. NAV is adjusted for flows: what came in or
went out (deposits, withdrawals, transfers, conversions) is valued at the present mid and taken
off, so that it is no profit and no loss. Design: docs/design/0014-trading-states.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Fill, OrderRecord, OrderState, Side
from trimtab.domain.payments import Payment, PaymentKind
from trimtab.domain.shared_wallet import Holdings, holdings_of
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.trading import NavMark

DAY: Final = timedelta(hours=24)
MINUTE: Final = timedelta(minutes=1)


class UnmarkedNav(Exception):
    """What the account is worth cannot be compared with what it was. Says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The past, as the gate reads it. Each fact must be stated, none has a default."""

    reducing: str | None
    """Why only reductions are allowed; None when that is not latched."""
    released_at: datetime | None
    """When a person last released a latch; None before the first release."""
    own_plan: str
    """Digest that this run's orders are booked under; empty before it sent any."""
    sent: tuple[OrderRecord, ...]
    """Real orders begun in the last 24 hours, oldest first."""
    marks: tuple[NavMark, ...]
    """Earlier looks since the last release: those of 24 hours and the newest, oldest first."""
    mark: NavMark | None
    """This look; None when it cannot be measured."""
    mark_fault: str
    """Why not; empty when it could."""
    statement_at: datetime | None
    """When the last statement was taken, the venue's clock; None before the first."""
    targets: Mapping[Asset, Decimal] | None
    """Effective targets of the plan that was executed last, without hedges by hand; None before
    the first."""

    @property
    def rejects(self) -> tuple[OrderRecord, ...]:
        """Orders that the venue refused, of the last 24 hours and since the last release."""
        since = self.released_at
        return tuple(
            r
            for r in self.sent
            if r.state is OrderState.REFUSED and (since is None or r.submitted_at > since)
        )

    @property
    def seen(self) -> NavMark:
        """The present look.

        Raises:
            UnmarkedNav: it could not be measured.

        """
        if self.mark is None:
            raise UnmarkedNav(self.mark_fault)
        return self.mark

    @property
    def daily_loss(self) -> Decimal:
        """Loss from the highest look of 24 hours, this one among them, fraction, >= 0.

        Raises:
            UnmarkedNav: this look could not be measured.

        """
        seen = self.seen
        lately = (m.level for m in self.marks if m.taken_at >= seen.taken_at - DAY)
        return _loss(seen.level, best=max(lately, default=seen.level))

    @property
    def drawdown(self) -> Decimal:
        """Loss from the highest look since the last release, fraction, >= 0.

        Raises:
            UnmarkedNav: this look could not be measured.

        """
        return _loss(self.seen.level, best=self.seen.high)

    @property
    def nav_jump(self) -> Decimal:
        """Change since the look before, either way, fraction of it; 0 without one to hold against.

        That is the last of 24 hours, if no statement was taken since.

        Raises:
            UnmarkedNav: this look could not be measured.

        """
        seen = self.seen
        before = self.marks[-1] if self.marks else None
        if before is None or before.taken_at < seen.taken_at - DAY:
            return ZERO
        if self.statement_at is not None and self.statement_at >= before.taken_at:
            return ZERO
        with exact_arithmetic():
            return ratio(abs(seen.level - before.level), before.level)

    def sent_since(self, instant: datetime) -> tuple[OrderRecord, ...]:
        """Return the orders begun since *instant*."""
        return tuple(r for r in self.sent if r.submitted_at >= instant)


def _loss(level: Decimal, *, best: Decimal) -> Decimal:
    """Return how far *level* is below *best*, as a fraction of it, >= 0."""
    with exact_arithmetic():
        return max(ZERO, ratio(best - level, best))


# Marks


def mark_of(
    snapshot: Snapshot,
    before: NavMark | None,
    *,
    fills: Iterable[Fill],
    payments: Iterable[Payment],
) -> NavMark:
    """Return what the account is worth now, and how that compares with the look *before*.

    *fills* and *payments* are those since then. Without a look before, this one is level 1. What
    is coin-margined is left out: no book is kept of it, so that money moved there and money lost
    there could not be told apart.

    Raises:
        UnmarkedNav: there is nothing, or something that was valued has no price any more.

    """
    exposed = exposure(replace(snapshot, coin_wallets={}))
    with exact_arithmetic():
        priced = {a: exposed.mids[a] for a in exposed.assets if a in exposed.mids}
        held = holdings_of(snapshot)
        outside = {a: held.outside.get(a, ZERO) for a in priced}
        nav = exposed.nav(exposed.unpriced)
        level = ONE
        if before is not None:
            lost = sorted(exposed.unpriced & before.mids.keys())
            if lost:
                raise UnmarkedNav(f"{lost[0]} has no price any more; read the markets again")
            came_in = [p for p in payments if before.taken_at < p.paid_at <= snapshot.venue_at]
            flows = _flows(before, outside, fills=fills, moved=_crossed(came_in, held))
            mids = {**before.mids, **priced}
            came = sum((units * mids[a] for a, units in flows.items() if a in mids), ZERO)
            level = ratio(before.level * (nav - came), before.nav)
    if nav <= 0 or level <= 0:
        raise UnmarkedNav("nothing is left to measure a loss by; look at the account")
    return NavMark(
        taken_at=snapshot.venue_at,
        nav=nav,
        level=level,
        high=level if before is None else max(level, before.high),
        outside=outside,
        wallets={a: held.wallets.get(a, ZERO) for a in priced},
        mids=priced,
    )


def _flows(
    before: NavMark,
    outside: Mapping[Asset, Decimal],
    *,
    fills: Iterable[Fill],
    moved: Iterable[tuple[Asset, Decimal]],
) -> dict[Asset, Decimal]:
    """Return the units that came in since *before* and were neither traded nor earned, signed.

    *moved* are units that payments of contracts explain, as they change what is outside.
    """
    flows = {a: outside.get(a, ZERO) - before.outside.get(a, ZERO) for a in outside}
    flows |= {a: -units for a, units in before.outside.items() if a not in outside}
    for asset, units in _traded(fills).items():
        flows[asset] = flows.get(asset, ZERO) - units
    for asset, units in moved:
        flows[asset] = flows.get(asset, ZERO) + units
    return flows


def _crossed(payments: Iterable[Payment], held: Holdings) -> Iterator[tuple[Asset, Decimal]]:
    """Yield what payments take off the flows into what is outside, signed.

    A transfer into a futures wallet left the other one. In a wallet that is both, what contracts
    earned is outside too and no flow; there a transfer is one.
    """
    for payment in payments:
        transfer = payment.kind is PaymentKind.TRANSFER
        if payment.asset in held.shared:
            if not transfer:
                yield payment.asset, -payment.units
        elif transfer:
            yield payment.asset, payment.units


def _traded(fills: Iterable[Fill]) -> dict[Asset, Decimal]:
    """Return what executions of coins changed outside futures wallets, by asset, signed."""
    changed: dict[Asset, Decimal] = {}
    for fill in fills:
        pair, _, settled = fill.symbol.partition(":")
        if settled:
            continue
        base, _, quote = pair.partition("/")
        units = fill.quantity if fill.side is Side.BUY else -fill.quantity
        steps = ((base, units), (quote, -units * fill.fill_price), (fill.fee_asset, -fill.fee))
        for asset, step in steps:
            changed[Asset(asset)] = changed.get(Asset(asset), ZERO) + step
    return changed


def is_explained(snapshot: Snapshot, before: NavMark, payments: Iterable[Payment]) -> bool:
    """Say whether booked *payments* since *before* tell all that moved the futures wallets.

    A wallet that holds cash too is moved by trades as well: it is explained while it stands still.
    """
    now = holdings_of(snapshot)
    if any(now.outside[a] != before.outside.get(a, ZERO) for a in now.shared):
        return False
    expected = dict(before.wallets)
    with exact_arithmetic():
        for payment in payments:
            if payment.paid_at > before.taken_at:
                expected[payment.asset] = expected.get(payment.asset, ZERO) + payment.units
    named = expected.keys() | now.wallets.keys()
    return all(expected.get(a, ZERO) == now.wallets.get(a, ZERO) for a in named)
