"""Sleeves of an account: what is theirs, how far they are from their size, what brings them back.

Pure and exact. A sleeve owns the perpetuals of its members whole, a neutral one their dated
contracts too where it stands there: nothing else opens or reduces them. What is left is the account
by itself, which the targets are measured on. Sizes are whole lots toward less: what is opened is
rounded down, what is cut is rounded up. Source: strategy definitions 1.4, 1.11 and 2.3;
docs/design/0032-sleeves.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, floor_times, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.instruments import Asset, Instrument, Lots, MarketKind, Symbol
from trimtab.domain.plan import LegReason, Role
from trimtab.domain.policy import DriftSide, RebalancePolicy, Scope
from trimtab.domain.sleeves import Sleeve, SleeveDrift, SleeveMember, SleeveScale
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.routes import Move, market_of

ALIKE: Final = Decimal("0.002")
"""By which share the coins of a neutral sleeve may differ from its short: fees in coins do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What the sizes of sleeves are shares of, quote units."""

    nav: Decimal
    """Of the account without what is ignored, > 0."""
    outside: Decimal
    """Value outside futures wallets, once a transfer of the same plan is through."""

    def of(self, sleeve: Sleeve) -> Decimal:
        """Return what the size of *sleeve* is a share of."""
        return self.outside if sleeve.scale is SleeveScale.MULTIPLE else self.nav


def without_sleeves(
    snapshot: Snapshot, sleeved: Collection[Asset], *, dated: Collection[Asset] = ()
) -> Snapshot:
    """Return the account without the contracts that are sleeves'.

    Their profit stays: the wallet is the account's.
    """
    theirs = sleeve_symbols(snapshot, sleeved, dated=dated)
    kept = {s: p for s, p in snapshot.positions.items() if s not in theirs}
    return replace(snapshot, positions=kept) if theirs else snapshot


def sleeve_symbols(
    snapshot: Snapshot, sleeved: Collection[Asset], *, dated: Collection[Asset] = ()
) -> frozenset[Symbol]:
    """Return the perpetuals that are sleeves', and dated contracts of *dated*, as far as read."""
    if not sleeved and not dated:
        return frozenset()
    return frozenset(
        i.symbol
        for i in snapshot.instruments.values()
        if i.settle == snapshot.quote
        and i.base in (sleeved if i.kind is MarketKind.SWAP else dated)
        and i.is_contract
    )


def measured(
    sleeves: Sequence[Sleeve], snapshot: Snapshot, scale: Scale, *, dust: Decimal
) -> tuple[SleeveDrift, ...]:
    """Return how far each sleeve is from its size; less than *dust*, quote units, breaches none."""
    return tuple(_measured(sleeve, snapshot, scale, dust=dust) for sleeve in sleeves)


def _measured(sleeve: Sleeve, snapshot: Snapshot, scale: Scale, *, dust: Decimal) -> SleeveDrift:
    """Return one sleeve, contract by contract."""
    whole, sign = scale.of(sleeve), sleeve.direction.sign
    with exact_arithmetic():
        members = tuple(
            SleeveMember(
                asset=asset,
                notional=_notional(asset, sleeve, snapshot),
                wanted=_wanted(asset, sleeve, snapshot, share_of=whole),
            )
            for asset, share in sleeve.members.items()
        )
        value = sign * sum((m.notional for m in members), ZERO) + ZERO  # Never below 0 by its sign.
        off = abs(value - sleeve.size * whole) >= dust
        breached = value < sleeve.low * whole or value > sleeve.high * whole
        unlike = any(_differ(member, sleeve, snapshot, dust=dust) for member in members)
    size = ratio(value, whole) if whole > 0 else ZERO
    return SleeveDrift(
        sleeve=sleeve.name,
        scale=sleeve.scale,
        direction=sleeve.direction,
        members=members,
        measured=size,
        target=sleeve.size,
        band_low=sleeve.low,
        band_high=sleeve.high,
        breached=(off and breached) or unlike,
        after=size,
    )


def _wanted(asset: Asset, sleeve: Sleeve, snapshot: Snapshot, *, share_of: Decimal) -> Decimal:
    """Return the signed notional that one contract should have; a neutral one, that of its coins.

    *share_of* is what the sleeve's size is a share of, quote units.
    """
    if sleeve.scale is not SleeveScale.NEUTRAL:
        return sleeve.direction.sign * sleeve.members[asset] * sleeve.size * share_of
    balance = snapshot.balances.get(asset)
    symbol = _market(asset, sleeve, snapshot).symbol
    return ZERO if balance is None else -balance.held * snapshot.contracts[symbol].mark


def _differ(member: SleeveMember, sleeve: Sleeve, snapshot: Snapshot, *, dust: Decimal) -> bool:
    """Whether coins and short of a neutral member differ by more than a lot, fees and dust."""
    if sleeve.scale is not SleeveScale.NEUTRAL:
        return False
    instrument = _market(member.asset, sleeve, snapshot)
    lot = instrument.lot_size * snapshot.contracts[instrument.symbol].mark
    least = max(dust, lot, ALIKE * abs(member.wanted))
    there = _notional_in(instrument.symbol, snapshot)  # What stands elsewhere is to come here.
    return max(abs(member.wanted - each) for each in (member.notional, there)) >= least


def _market(asset: Asset, sleeve: Sleeve, snapshot: Snapshot) -> Instrument:
    """Return the contract in which a member is to stand."""
    symbol = sleeve.contracts.get(asset)
    if symbol is None:
        return market_of(asset, snapshot, contract=True)
    return snapshot.instruments[symbol]


def _notional(asset: Asset, sleeve: Sleeve, snapshot: Snapshot) -> Decimal:
    """Return the signed notional of the contracts on *asset* at their marks; 0 when flat."""
    perpetual = market_of(asset, snapshot, contract=True).symbol
    dated = (asset,) if asset in sleeve.contracts else ()
    symbols = sleeve_symbols(snapshot, (), dated=dated) | {perpetual}
    with exact_arithmetic():
        return sum((_notional_in(symbol, snapshot) for symbol in symbols), ZERO)


def _notional_in(symbol: Symbol, snapshot: Snapshot) -> Decimal:
    """Return the signed notional of one contract at its mark; 0 when flat."""
    position = snapshot.positions.get(symbol)
    if position is None:
        return ZERO
    with exact_arithmetic():
        units = snapshot.instruments[symbol].units(position.lots)
        return units * snapshot.contracts[symbol].mark


def firings_of(drifts: Sequence[SleeveDrift]) -> Iterator[Firing]:
    """Yield every sleeve outside its band."""
    for drift in drifts:
        if not drift.breached:
            continue
        above, below = drift.measured > drift.band_high, drift.measured < drift.band_low
        reason = f"is {'above' if above else 'below'} its band"
        yield Firing(
            kind=TriggerKind.DRIFT,
            subject=drift.sleeve,
            measured=drift.measured,
            limit=drift.band_high if above else drift.band_low,
            reason=reason if above or below else "is not as short as its coins",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of sleeves on an occasion."""

    rules: RebalancePolicy
    is_called: bool
    """Whether a slot or a step trades to target inside the bands too."""


def sleeve_moves(
    drifts: Sequence[SleeveDrift], snapshot: Snapshot, exposed: Exposure, asked: Asked
) -> tuple[Move, ...]:
    """Return what brings sleeves to their sizes, in their order, when something acts."""
    everyone = asked.is_called or asked.rules.scope is Scope.ALL
    sized = [d for d in drifts if d.scale is not SleeveScale.NEUTRAL]  # That one follows its coins.
    chosen = [d for d in sized if everyone or d.breached]
    return tuple(m for d in chosen for m in _moves(d, snapshot, exposed, asked))


def _moves(
    drift: SleeveDrift, snapshot: Snapshot, exposed: Exposure, asked: Asked
) -> Iterator[Move]:
    """Yield the moves of one sleeve, each member the same part of its way."""
    raises = asked.rules.side is not DriftSide.OVERWEIGHT
    going = [m for m in drift.members if raises or _way(m, drift.direction.sign) <= 0]
    part, reason = _part(drift, going, asked)
    sizes = _sizes(drift, going, snapshot, part=part, reason=reason)
    for member in going if part else ():
        instrument = market_of(member.asset, snapshot, contract=True)
        lots = sizes[member.asset]
        yield from _to_lots(lots, snapshot, exposed, instrument=instrument, reason=reason)


def _sizes(
    drift: SleeveDrift,
    going: Sequence[SleeveMember],
    snapshot: Snapshot,
    *,
    part: Decimal,
    reason: LegReason,
) -> dict[Asset, int]:
    """Return the signed lots of each member that is *going*, after *part* of its way.

    To the edge of its band the sleeve goes whole: what lots leave of one member's way is taken by
    those that go the sleeve's own way, the farthest from its size last and none beyond it.
    """
    sign, whither = drift.direction.sign, 1 if drift.measured < drift.target else -1
    sizes, short = {}, ZERO
    for member in sorted(going, key=lambda m: (whither * _way(m, sign), m.asset)):
        instrument = market_of(member.asset, snapshot, contract=True)
        takes = reason is LegReason.TO_BAND and whither * _way(member, sign) > 0
        with exact_arithmetic():
            aim = sign * member.notional + part * _way(member, sign)
            wanted = sign * member.wanted
            if takes and whither < 0:
                aim = max(aim + short, wanted)
            elif takes:
                aim += short
        most = wanted if takes and whither > 0 and aim > 0 else None
        lots = _lots(aim, snapshot, instrument, most=most)
        with exact_arithmetic():
            left = aim - lots * _lot_value(snapshot, instrument)
            short = left if takes else short + left
        sizes[member.asset] = sign * lots
    return sizes


def _way(member: SleeveMember, sign: int) -> Decimal:
    """Return by how much a member is to be raised, quote units; below 0 it is to be cut."""
    with exact_arithmetic():
        return (member.wanted - member.notional) * sign


def _part(
    drift: SleeveDrift, going: Sequence[SleeveMember], asked: Asked
) -> tuple[Decimal, LegReason]:
    """Return which part of its way each member that is *going* goes, and why; 0 stays.

    Those that stay where they are leave the whole way to the edge of the band to the others.
    """
    destination = asked.rules.destination
    if asked.is_called or (not destination.to_band and destination.fraction == ONE):
        return ONE, LegReason.TO_TARGET
    if not destination.to_band:
        return destination.fraction, LegReason.PART_OF_THE_WAY
    with exact_arithmetic():
        edge = max(ZERO, drift.band_low - drift.measured)
        edge -= max(ZERO, drift.measured - drift.band_high)
        way, sign = drift.target - drift.measured, drift.direction.sign
        theirs = sum((_way(m, sign) for m in going), ZERO)
        all_ways = sum((_way(m, sign) for m in drift.members), ZERO)
        if edge * theirs <= 0:  # Inside its band, or nobody goes toward it.
            return ZERO, LegReason.TO_BAND
        return ratio(edge * all_ways, way * theirs), LegReason.TO_BAND


def _lots(aim: Decimal, snapshot: Snapshot, instrument: Instrument, *, most: Decimal | None) -> int:
    """Return the whole lots that a position of value *aim* comes to, signed, toward less.

    One that is raised to the edge of its band goes a part of a lot beyond it, up to *most*.
    """
    lot_value = _lot_value(snapshot, instrument)
    lots = floor_times(lot_value, abs(aim))
    if most is not None:
        lots = min(ceil_times(lot_value, abs(aim)), floor_times(lot_value, most))
    return lots * (1 if aim > 0 else -1)


def _lot_value(snapshot: Snapshot, instrument: Instrument) -> Decimal:
    """Return what one lot is worth at its mark, quote units."""
    with exact_arithmetic():
        return instrument.units(Lots(1)) * snapshot.contracts[instrument.symbol].mark


def _to_lots(
    lots: int, snapshot: Snapshot, exposed: Exposure, *, instrument: Instrument, reason: LegReason
) -> Iterator[Move]:
    """Yield what takes a position to *lots*: what is the other way is closed first."""
    position = snapshot.positions.get(instrument.symbol)
    for part, role in parts_to(lots, held=0 if position is None else int(position.lots)):
        with exact_arithmetic():
            value = instrument.units(Lots(part)) * exposed.mid(instrument.base)
        yield Move(
            asset=instrument.base,
            instrument=instrument,
            value=value,
            slack=ZERO,
            role=role,
            reason=reason,
        )


def parts_to(lots: int, *, held: int) -> Iterator[tuple[int, Role]]:
    """Yield what takes a position from *held* to *lots*, none of it zero, closings first."""
    rest, closing = lots - held, 0
    if held * rest < 0:
        closing = rest if abs(rest) <= abs(held) else -held
    parts = ((closing, Role.CLOSE), (rest - closing, Role.HEDGE))
    return ((part, role) for part, role in parts if part)
