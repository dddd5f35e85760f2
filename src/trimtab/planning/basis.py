"""Basis: which hedges stand in a contract that trades far below its index. Pure and exact.

A short gains what its contract falls below the coin; bought back there, that is kept, and none is
opened there until the discount is gone by its hysteresis. How far is in bps of the index, as
``risk.max_basis_bps`` has it. Source: strategy definitions 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import trimmed
from trimtab.domain.exposure import contract_symbols
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.policy import Route
from trimtab.domain.readings import Reading
from trimtab.domain.urgency import BasisAction
from trimtab.hedging.discounts import Discount, below_index
from trimtab.planning.contracts import Contracts

RULE = "triggers.on_basis"
_SHOWN_PLACES = 1
"""Decimals of bps in a sentence; what decides is not rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounts:
    """How far contracts with hedges trade below their indices."""

    closing: Mapping[Symbol, Decimal]
    """Those that are to be bought back, bps."""
    told: tuple[Firing, ...]
    """Of those that are far below and are only told, by contract."""
    readings: tuple[Reading, ...]
    """Of every contract with a hedge, by first hedge; empty where nobody looks."""


NO_DISCOUNT = Discounts(closing={}, told=(), readings=())
"""Nobody looks."""


def discounts_of(contracts: Contracts) -> Discounts:
    """Return how far the contracts of open hedges trade below their indices."""
    rules = contracts.policy.urgency
    if rules.basis is BasisAction.OFF:
        return NO_DISCOUNT
    states = contracts.snapshot.contracts
    below: dict[Symbol, Decimal] = {}
    for symbol in dict.fromkeys(h.symbol for h in contracts.book.open if h.symbol in states):
        below[symbol] = below_index(states[symbol])
    far = {s: bps for s, bps in below.items() if bps >= rules.basis_bps}
    rests = TriggerKind.BASIS in contracts.occasion.cooling
    closes = rules.basis is BasisAction.CLOSE and not rests
    return Discounts(
        closing=far if closes else {},
        told=() if closes else tuple(_told(s, b, limit=rules.basis_bps) for s, b in far.items()),
        readings=tuple(
            _reading(s, b, limit=rules.basis_bps, holds=s in far) for s, b in below.items()
        ),
    )


def shut_of(contracts: Contracts) -> Mapping[Asset, Discount]:
    """Return the assets on which no hedge is opened for the discount of its contract, by target."""
    if not any(contracts.shut_by(symbol) for symbol in contracts.snapshot.contracts):
        return {}
    rules = contracts.policy.rebalance
    hedged = (a for a in rules.assets if rules.route_of(a) is not Route.SPOT)
    found = ((asset, _where(asset, contracts)) for asset in hedged)
    there = ((a, contracts.shut_by(i.symbol)) for a, i in found if i is not None)
    return {asset: discount for asset, discount in there if discount is not None}


def _where(asset: Asset, contracts: Contracts) -> Instrument | None:
    """Return the contract of a hedge of *asset*, that of another where its route says so."""
    snapshot, cross = contracts.snapshot, contracts.policy.hedge.cross
    if cross is None or contracts.policy.rebalance.route_of(asset) is not Route.CROSS:
        return contracts.where_hedged(asset)
    listed = contract_symbols(snapshot, cross.by[asset])
    found = (snapshot.instruments[symbol] for symbol in listed)
    return next((i for i in found if i.kind is MarketKind.SWAP), None)


def why_shut(discount: Discount) -> str:
    """Return why no hedge is opened, one line for the operator."""
    below, release = (trimmed(each, _SHOWN_PLACES) for each in (discount.bps, discount.release))
    return (
        f"{discount.symbol} trades {below} bps below its index; "
        f"a hedge is opened in it again from {release} bps down"
    )


def shut_readings(shut: Mapping[Asset, Discount], contracts: Contracts) -> tuple[Reading, ...]:
    """Return the discounts for which no hedge is opened, each contract once.

    Those that hold a hedge have their reading already.
    """
    held = {h.symbol for h in contracts.book.open}
    each = {d.symbol: d for d in shut.values() if d.symbol not in held}
    return tuple(
        Reading(
            rule=RULE,
            subject=d.symbol,
            name="discount_bps",
            measured=d.bps,
            limit=d.release,
            holds=True,
            text="bps below its index; no hedge is opened in it until it is back at the limit",
        )
        for d in each.values()
    )


def _told(symbol: Symbol, below: Decimal, *, limit: Decimal) -> Firing:
    """Return that a contract trades far below its index."""
    return Firing(
        kind=TriggerKind.BASIS,
        subject=symbol,
        measured=below,
        limit=limit,
        reason="trades so many bps below its index, and a hedge is short in it",
    )


def _reading(symbol: Symbol, below: Decimal, *, limit: Decimal, holds: bool) -> Reading:
    """Return the figure of one contract."""
    return Reading(
        rule=RULE,
        subject=symbol,
        name="discount_bps",
        measured=below,
        limit=limit,
        holds=holds,
        text="bps below its index; a hedge that is bought back there keeps them",
    )
