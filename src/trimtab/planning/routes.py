"""Route: which market carries which part of a correction.

Pure and exact. An opposite futures position is reduced first, up to its size less what is
short by hand; only the rest goes by the asset's route, split between coin and contract. Values
are quote units at the spot mid, positive buys. Source: strategy definitions 3.0 to 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.cross import Protection
from trimtab.domain.errors import MissingInstrument
from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure, contract_symbols
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.plan import LegReason, Role
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.decision import Correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A part of a correction, in one market."""

    asset: Asset
    instrument: Instrument
    value: Decimal
    """Quote units, positive buys, never zero."""
    slack: Decimal
    """How much further it may go in the same direction and still serve, quote units, >= 0."""
    role: Role
    reason: LegReason
    protects: Protection | None = None
    """The other asset that it is for; None where it is for its own."""
    kept: Decimal = ZERO
    """What a close has to leave of its position, base units, >= 0."""


def routed(
    corrections: tuple[Correction, ...],
    snapshot: Snapshot,
    *,
    exposed: Exposure,
    kept: Mapping[Symbol, Decimal],
    short_in: Callable[[Asset], Instrument],
) -> tuple[Move, ...]:
    """Split each correction over markets, offsets first, in the order of *corrections*.

    *exposed* is of *snapshot*; *kept* is what no correction may buy back, base units by contract,
    >= 0; *short_in* tells which contract carries a hedge. What is bought by futures is bought in
    the perpetual.

    Raises:
        MissingInstrument: the route needs a market that the snapshot does not have.

    """
    moves = list[Move]()
    for correction in corrections:
        offsets, rest = _offsets(correction, snapshot, exposed=exposed, kept=kept)
        moves += offsets
        if rest:
            moves += _by_route(correction, rest, snapshot, kept=kept, short_in=short_in)
    return tuple(moves)


def _offsets(
    correction: Correction,
    snapshot: Snapshot,
    *,
    exposed: Exposure,
    kept: Mapping[Symbol, Decimal],
) -> tuple[list[Move], Decimal]:
    """Reduce opposite positions on the asset; return what is left of the correction."""
    rest, moves = correction.value, list[Move]()
    mid = exposed.mid(correction.asset)
    for symbol in contract_symbols(snapshot, correction.asset):
        position = snapshot.positions.get(symbol)
        if position is None or (position.lots > 0) == (rest > 0):
            continue
        instrument = snapshot.instruments[symbol]
        with exact_arithmetic():
            held = abs(instrument.units(position.lots)) - kept.get(symbol, ZERO)
            room = max(ZERO, held) * mid
            part = min(abs(rest), room) * (1 if rest > 0 else -1)
            rest -= part
        if not part:
            continue
        moves.append(
            Move(
                asset=correction.asset,
                instrument=instrument,
                value=part,
                slack=correction.slack,
                role=Role.CLOSE,
                reason=correction.reason,
                kept=kept.get(symbol, ZERO),
            )
        )
        if not rest:
            break
    return moves, rest


def _by_route(
    correction: Correction,
    rest: Decimal,
    snapshot: Snapshot,
    *,
    kept: Mapping[Symbol, Decimal],
    short_in: Callable[[Asset], Instrument],
) -> Iterator[Move]:
    """Yield the moves of what is left: the coin's part first, then the contract's.

    Where contracts are short by hand coins alone are bought: a perpetual that is bought would buy
    that back, or stand against it in another contract, as if nothing were short.
    """
    with exact_arithmetic():
        by_spot = rest * correction.by_spot
        if rest > 0 and by_spot < rest and _is_kept(correction.asset, snapshot, kept):
            by_spot = rest
        parts = ((by_spot, Role.SPOT), (rest - by_spot, Role.HEDGE))
    for value, role in parts:
        if value:
            with exact_arithmetic():
                slack = correction.slack * ratio(value, rest)
            is_hedge = role is Role.HEDGE
            market = (
                short_in(correction.asset)
                if is_hedge and value < 0
                else market_of(correction.asset, snapshot, contract=is_hedge)
            )
            yield Move(
                asset=correction.asset,
                instrument=market,
                value=value,
                slack=slack,
                role=role,
                reason=correction.reason,
            )


def _is_kept(asset: Asset, snapshot: Snapshot, kept: Mapping[Symbol, Decimal]) -> bool:
    """Whether a contract on *asset* is short of what no correction may buy back.

    Not where its coin has no market: nothing else could be bought.
    """
    pair = Symbol(f"{asset}/{snapshot.quote}")
    shorts = (kept.get(symbol) for symbol in contract_symbols(snapshot, asset))
    return pair in snapshot.instruments and any(shorts)


def market_of(asset: Asset, snapshot: Snapshot, *, contract: bool) -> Instrument:
    """Return the perpetual or the spot pair of *asset* against the quote.

    Raises:
        MissingInstrument: the venue lists none, or none was read.

    """
    wanted = MarketKind.SWAP if contract else MarketKind.SPOT
    for instrument in snapshot.instruments.values():
        fits = instrument.base == asset and instrument.quote == snapshot.quote
        if fits and instrument.kind is wanted:
            return instrument
    raise MissingInstrument(
        f"{asset}: the venue lists no {wanted} market against {snapshot.quote}; "
        "drop the target or change its route",
        next_step="trimtab config show",
    )
