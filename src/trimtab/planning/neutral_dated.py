"""The neutral yield sleeve in dated contracts: in which one a member is short, and where it goes.

Pure and exact but for divisions. The basis of a contract, F/S - 1, is what a short in it earns
until its delivery; by the year it is that x 365 / days. A short that is about to be delivered is
rolled as a hedge is, both sides in one plan, where the next contract still pays. Source: strategy
definitions 1.11; docs/design/0062-neutral-dated.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.contracts import days_between
from trimtab.domain.errors import MissingMark
from trimtab.domain.exact import exact_arithmetic, ratio, shown
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.neutral import NEUTRAL, NeutralPolicy
from trimtab.domain.plan import LegReason
from trimtab.domain.readings import Reading
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.carry import DAYS_A_YEAR, Offer
from trimtab.planning.contracts import Contracts
from trimtab.planning.rolling import Passage
from trimtab.planning.sleeves import sleeve_symbols

RULE: Final = f"portfolio.{NEUTRAL}"
EACH_WAY: Final = 2
"""Trades of each market: in and out."""
PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What is decided of one member."""

    asset: Asset
    is_to_be_held: bool
    reading: Reading
    short: Symbol | None
    """The dated contract in which it is to be short; None where that is its perpetual, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shorts:
    """Where one member is short, and where it could be."""

    held: Instrument | None
    """The dated contract in which it is short, the last to end where there are two."""
    is_due: bool
    """Whether that one is about to be delivered."""
    offered: Offer | None
    """What the contract brings that it stays in, goes on to or would be opened in."""

    @property
    def short(self) -> Symbol | None:
        """The contract in which it is to be short if it is to be held."""
        return None if self.offered is None else self.offered.symbol


def dated_stand(
    asset: Asset, spot_cost: Decimal, contracts: Contracts, neutral: NeutralPolicy
) -> Stand:
    """Return what is decided of one member whose short stands in a dated contract.

    *spot_cost* is fee and half spread of an order for its coins, a fraction.

    Raises:
        MissingMark: the contract in which it is short has no order book in the snapshot.

    """
    shorts = _shorts(asset, contracts)
    is_held, offer = shorts.held is not None, shorts.offered
    limit = neutral.exit_carry if is_held else neutral.min_carry
    name = "carry_while_held" if is_held else "carry_after_costs"
    measured, text = None, _untold(shorts, contracts)
    if offer is not None:
        year, costs = _year(offer, contracts), _costs(offer, spot_cost, contracts)
        with exact_arithmetic():
            measured = year if is_held else year - costs
        text = _told(offer, contracts, year=year, costs=costs)
    holds = measured is not None and (measured >= limit if is_held else measured > limit)
    leaves = shorts.held is not None and not holds
    return Stand(
        asset=asset,
        is_to_be_held=holds,
        reading=Reading(
            rule=RULE,
            subject=asset,
            name=name,
            measured=measured,
            limit=limit,
            holds=holds,
            text=text,
        ),
        short=shorts.held.symbol if shorts.held and leaves else shorts.short,
    )


def passages_of(symbols: Sequence[Symbol], contracts: Contracts) -> Iterator[Passage]:
    """Yield how the sleeve's shorts in *symbols* go on to the contracts that they are to stand in.

    What is left instead, coins and all, has none: that is a correction.
    """
    neutral, snapshot = contracts.policy.neutral, contracts.snapshot
    if neutral is None:
        return
    for symbol in symbols:
        near, lots = snapshot.instruments[symbol], snapshot.positions[symbol].lots
        far = neutral.shorts.get(near.base)
        if near.base not in neutral.entered or far is None or far == symbol or lots > 0:
            continue
        yield Passage(
            hedges=(),
            beside=abs(near.units(lots)),
            near=near,
            far=snapshot.instruments[far],
            reason=LegReason.ROLL,
        )


def _shorts(asset: Asset, contracts: Contracts) -> _Shorts:
    """Return where a member is short, and what brings what."""
    snapshot, rules = contracts.snapshot, contracts.policy.urgency
    held = _held(asset, snapshot)
    is_due = held is not None and _days(held, snapshot) < rules.expiry_days
    if held is not None and not is_due:
        if held.symbol not in snapshot.books:
            raise MissingMark(f"{held.symbol}: no order book was read")
        return _Shorts(held=held, is_due=False, offered=contracts.offer(held))
    able = (i for i in contracts.dated(asset) if i.symbol in snapshot.books)
    found = next(able, None)  # Never what is due: that has too few days to be opened in.
    offered = None if found is None else contracts.offer(found)
    return _Shorts(held=held, is_due=is_due, offered=offered)


def _held(asset: Asset, snapshot: Snapshot) -> Instrument | None:
    """Return the dated contract in which a member is short, the last to end; None without one."""
    symbols = sleeve_symbols(snapshot, (), dated=(asset,))
    short = (s for s in symbols if s in snapshot.positions and snapshot.positions[s].lots < 0)
    found = [i for s in short if (i := snapshot.instruments[s]).kind is MarketKind.FUTURE]
    return max(found, key=lambda i: _days(i, snapshot), default=None)


def _days(instrument: Instrument, snapshot: Snapshot) -> Decimal:
    """Return the days to the delivery of a dated contract, signed."""
    assert instrument.expires_at is not None, "Invariant: it is dated."
    return days_between(snapshot.venue_at, until=instrument.expires_at)


def _year(offer: Offer, contracts: Contracts) -> Decimal:
    """Return the basis by the year, fraction, signed; 0 once it is delivered."""
    return offer.year(contracts.snapshot.venue_at)


def _costs(offer: Offer, spot_cost: Decimal, contracts: Contracts) -> Decimal:
    """Return what four trades cost, a fraction a year over the days to delivery, at least one."""
    days = max(Decimal(1), _days(contracts.snapshot.instruments[offer.symbol], contracts.snapshot))
    with exact_arithmetic():
        return ratio(EACH_WAY * (spot_cost + offer.cost) * DAYS_A_YEAR, days)


def _told(offer: Offer, contracts: Contracts, *, year: Decimal, costs: Decimal) -> str:
    """Return the figures of one contract in words."""
    days = _days(contracts.snapshot.instruments[offer.symbol], contracts.snapshot)
    with exact_arithmetic():
        figures = (offer.premium, year, costs, year - costs)
        basis, by_year, paid, left = (shown(part * PERCENT, 2) for part in figures)
    over = f"basis of {offer.symbol} {basis} % in {shown(days, 1)} days, {by_year} % a year"
    return f"fraction a year; {over}, less {paid} % for four trades leaves {left} %"


def _untold(shorts: _Shorts, contracts: Contracts) -> str:
    """Return that there is no contract to stand in."""
    then = "it is left" if shorts.is_due else "it stays in the quote"
    return f"no other dated contract with {contracts.least_days} days is listed: {then}"
