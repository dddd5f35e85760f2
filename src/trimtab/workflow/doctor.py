"""What a doctor concludes from what was read: one examination per thing that a run needs. Pure.

An examination never raises: what is wrong with the world is a line with its fix. Milliseconds
and counts are integers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trimtab.domain.exact import exact_arithmetic, trimmed
from trimtab.domain.instruments import Asset, MarketKind, Symbol
from trimtab.domain.orders import ClientOrderId, OrderRecord
from trimtab.domain.policy import Policy, Route
from trimtab.domain.snapshot import (
    ContractState,
    MarginMode,
    PositionMode,
    Snapshot,
)
from trimtab.domain.standing_approval import Unproved
from trimtab.domain.stops import is_stop_name
from trimtab.domain.trading import Restraint, TradingState
from trimtab.domain.transfers import TransferRecord
from trimtab.workflow.bearings import Bearing
from trimtab.workflow.unattended import Standing

_SET_BY_A_RUN = "none needed: an approved run sets it before its first contract order"
NAMES_SHOWN_MAX = 4
"""Names listed in one line, the rest is counted."""
SMALL_BELOW = 100
"""Values below it are told with six decimals, others with two."""


class Outcome(StrEnum):
    """How an examination ended, from harmless to forbidding."""

    PASS = "pass"  # noqa: S105  an outcome, not a password
    NOT_CHECKED = "not_checked"
    """It could not be looked at; the line says why."""
    WARN = "warn"
    """A run works, but a person should know."""
    FAIL = "fail"
    """A run would be refused, could not begin, or would leave what a person has to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One thing that was looked at."""

    check: str
    """Stable code, such as ``clock_offset``."""
    outcome: Outcome
    found: str
    """What was seen, in a few words."""
    fix: str
    """What to do about it; empty on a pass."""


def passed(check: str, *, found: str) -> Examination:
    """Return that *check* found what a run needs."""
    return Examination(check=check, outcome=Outcome.PASS, found=found, fix="")


def warned(check: str, *, found: str, fix: str) -> Examination:
    """Return that a run works, but a person should know."""
    return Examination(check=check, outcome=Outcome.WARN, found=found, fix=fix)


def failed(check: str, *, found: str, fix: str) -> Examination:
    """Return that a run would be refused or could not begin."""
    return Examination(check=check, outcome=Outcome.FAIL, found=found, fix=fix)


def unchecked(check: str, *, why: str) -> Examination:
    """Return that *check* could not be looked at."""
    return Examination(check=check, outcome=Outcome.NOT_CHECKED, found=why, fix="")


ACCOUNT_CHECKS = (
    "clock_offset",
    "markets",
    "position_mode",
    "margin_mode",
    "leverage",
    "foreign_orders",
)
"""What :func:`account_examinations` looks at, in its order."""


def account_examinations(
    snapshot: Snapshot, policy: Policy, ours: Collection[ClientOrderId]
) -> Iterator[Examination]:
    """Yield what is said of the account as it was read, in the order of ACCOUNT_CHECKS.

    *ours* are the names of the orders and stops that the ledger has.
    """
    yield _clock(snapshot, policy)
    yield _markets(snapshot, policy)
    yield _position_mode(snapshot, policy)
    yield _margin_mode(snapshot, policy)
    yield _leverage(snapshot, policy)
    yield _foreign_orders(snapshot, ours)


def _clock(snapshot: Snapshot, policy: Policy) -> Examination:
    """Hold offset and its uncertainty against the limit, as the gate does."""
    clock, limit = snapshot.clock, policy.limits.max_clock_offset_ms
    found = f"{clock.offset_ms:+d} ms, sure to {clock.uncertainty_ms} ms, limit {limit} ms"
    if abs(clock.offset_ms) + clock.uncertainty_ms <= limit:
        return passed("clock_offset", found=found)
    return failed("clock_offset", found=found, fix="set this machine's clock by NTP")


def _markets(snapshot: Snapshot, policy: Policy) -> Examination:
    """Want every targeted asset priced and tradable, on the routes that it takes."""
    wanted = [s for asset in traded_assets(policy) for s in needed_markets(asset, snapshot, policy)]
    missing = [s for s in wanted if s not in snapshot.instruments]
    closed = [s for s in wanted if s not in missing and not snapshot.instruments[s].tradable]
    empty = [s for s in wanted if s not in (*missing, *closed) and s not in snapshot.books]
    faults = [
        f"{listed(symbols)} {what}"
        for symbols, what in ((missing, "not listed"), (closed, "not trading"), (empty, "no book"))
        if symbols
    ]
    if not faults:
        return passed("markets", found=f"{len(wanted)} of {len(wanted)} found and trading")
    fix = "take the asset out of portfolio.targets, or change its route"
    return failed("markets", found="; ".join(faults), fix=fix)


def traded_assets(policy: Policy) -> tuple[Asset, ...]:
    """Return every asset that a target, a sleeve or a hedge of another names."""
    return tuple(dict.fromkeys((*policy.rebalance.assets, *policy.beside_targets)))


def needed_markets(asset: Asset, snapshot: Snapshot, policy: Policy) -> Iterator[Symbol]:
    """Yield the markets that an asset needs: the coin to be valued, the contract to be hedged."""
    if asset == snapshot.quote:
        return
    if asset in (*policy.rebalance.assets, *policy.neutral_members):
        yield Symbol(f"{asset}/{snapshot.quote}")
    if policy.hedges(asset) and policy.rebalance.route_of(asset) is not Route.AUTO:
        yield Symbol(f"{asset}/{snapshot.quote}:{snapshot.quote}")


def uses_contracts(snapshot: Snapshot, policy: Policy) -> bool:
    """Whether contracts are held, or routed to."""
    return bool(snapshot.positions) or any(map(policy.hedges, traded_assets(policy)))


def _position_mode(snapshot: Snapshot, policy: Policy) -> Examination:
    """Want one-way positions, wherever contracts matter."""
    if snapshot.position_mode is PositionMode.ONE_WAY:
        return passed("position_mode", found="one way")
    fix = "set one-way mode on the venue (Binance: futures, preferences, position mode)"
    if uses_contracts(snapshot, policy):
        return failed("position_mode", found="hedge mode", fix=fix)
    return warned("position_mode", found="hedge mode; no contract is used", fix=fix)


def _margin_mode(snapshot: Snapshot, policy: Policy) -> Examination:
    """Want cross margin on positions; where none is open yet a run sets it."""
    if not uses_contracts(snapshot, policy):
        return passed("margin_mode", found="no contract is used")
    isolated = [
        s for s, p in sorted(snapshot.positions.items()) if p.margin_mode is MarginMode.ISOLATED
    ]
    if isolated:
        fix = "set cross margin on the venue; the gate refuses isolated positions"
        return failed("margin_mode", found=f"isolated margin: {listed(isolated)}", fix=fix)
    used = _used_contracts(snapshot, policy)
    other = [s for s, c in used if c.margin_mode is not MarginMode.CROSS]
    if other:
        return warned("margin_mode", found=f"{listed(other)} not cross", fix=_SET_BY_A_RUN)
    return passed("margin_mode", found="cross")


def _leverage(snapshot: Snapshot, policy: Policy) -> Examination:
    """Look at the leverage of the contracts that are held or routed to."""
    if not uses_contracts(snapshot, policy):
        return passed("leverage", found="no contract is used")
    wanted = policy.hedge.leverage
    used = _used_contracts(snapshot, policy)
    other = [s for s, c in used if c.takes_leverage and c.leverage != wanted]
    if other:
        found = f"{listed(other)} not at leverage {wanted}"
        return warned("leverage", found=found, fix=_SET_BY_A_RUN)
    if used and not any(c.takes_leverage for _, c in used):
        return passed("leverage", found=f"none is set here; openings count at {wanted}")
    return passed("leverage", found=f"leverage {wanted}")


def _used_contracts(snapshot: Snapshot, policy: Policy) -> list[tuple[Symbol, ContractState]]:
    """Return the state of contracts that are held or routed to, by symbol."""
    return [
        (symbol, state)
        for symbol, state in sorted(snapshot.contracts.items())
        if symbol in snapshot.positions or _is_routed(symbol, snapshot, policy)
    ]


def _is_routed(symbol: Symbol, snapshot: Snapshot, policy: Policy) -> bool:
    """Whether a contract is the perpetual that a target's route trades."""
    instrument = snapshot.instruments[symbol]
    routed = {asset for asset in traded_assets(policy) if policy.hedges(asset)}
    return instrument.kind is MarketKind.SWAP and instrument.base in routed


def _foreign_orders(snapshot: Snapshot, ours: Collection[ClientOrderId]) -> Examination:
    """Look for resting orders that somebody else placed; what bears a stop's name is told there."""
    foreign = [
        order
        for order in snapshot.open_orders
        if order.client_order_id not in ours and not is_stop_name(order.client_order_id)
    ]
    if not foreign:
        return passed("foreign_orders", found="none")
    names = listed(sorted({o.symbol for o in foreign}))
    found = f"{len(foreign)} open that Trimtab did not place: {names}"
    return warned("foreign_orders", found=found, fix="cancel them, or accept what they bind")


def halt_examination(latched: Restraint) -> Examination:
    """Say whether the kill switch is latched, or that only reductions are allowed."""
    if latched.state is TradingState.ACTIVE:
        return passed("halt", found="not halted")
    why = latched.halted if latched.halted is not None else latched.reducing
    return warned("halt", found=f"{latched.state}: {why}", fix="trimtab unhalt")


def standing_examination(seen: Sequence[Standing], *, is_wanted: bool) -> Examination:
    """Say which standing approvals are in force, and whether one that is wanted is missing."""
    unproved = [s for s in seen if isinstance(s.record.approval, Unproved)]
    if unproved:
        names = listed([s.record.digest[:12] for s in unproved])
        fix = "trimtab ledger verify; they cover nothing"
        return failed("standing_approvals", found=f"cannot be proved: {names}", fix=fix)
    ready = [s for s in seen if s.is_in_force]
    if not ready and is_wanted:
        fix = "trimtab standing grant, or run without --yes"
        return warned("standing_approvals", found="none in force; --yes sends nothing", fix=fix)
    names = listed([s.record.digest[:12] for s in ready])
    found = f"{len(ready)} in force: {names}" if ready else "none in force"
    if ready and not is_wanted:
        found += "; not used while approval.mode is confirm"
    return passed("standing_approvals", found=found)


def unresolved_examination(
    records: Sequence[OrderRecord], moved: Sequence[TransferRecord]
) -> Examination:
    """Say whether the end of an order or a transfer of ours is not known."""
    if not records and not moved:
        return passed("unresolved_orders", found="none")
    orders = [r.intent.client_order_id for r in records]
    names = [*orders, *(r.intent.transfer_id for r in moved)]
    found = f"{len(names)}: {listed(names)}"
    return warned("unresolved_orders", found=found, fix="trimtab recover")


def references_examination(bearings: Sequence[Bearing], policy: Policy) -> Examination:
    """Say what independent sources make of the quote and the targets, and who of them is silent."""
    if not bearings:
        return unchecked("references", why="nobody is asked; only live needs independent prices")
    bad = [b for b in bearings if b.value is None]
    if not bad:
        found, off = ", ".join(_told(b) for b in bearings), bearings[0].off_bps
        if off is not None and abs(off) > policy.limits.max_depeg_bps:
            fix = f"wait: no plan brings in {bearings[0].asset} while it is off its dollar"
            return warned("references", found=found, fix=fix)
        return passed("references", found=found)
    found = "; ".join(b.why.removesuffix("; see trimtab doctor") for b in bad[:NAMES_SHOWN_MAX])
    fix = "look at the network and at [references]: two sources must answer and agree"
    if policy.references.required:
        return failed("references", found=found, fix=fix)
    return warned("references", found=found, fix=f"{fix}; this environment runs without")


def _told(bearing: Bearing) -> str:
    """Return one asset's independent price in a few words."""
    assert bearing.value is not None, "Only what is measured is told."
    places = 2 if bearing.value >= SMALL_BELOW else 6
    count = len(bearing.quotations)
    return f"{bearing.asset} {trimmed(bearing.value, places)} {bearing.unit} by {count}"


def within(free_bytes: int, *, needed_bytes: int) -> Examination:
    """Say whether the ledger's disk has room."""
    with exact_arithmetic():
        found = f"{free_bytes // 1_000_000:,} MB free"
    if free_bytes >= needed_bytes:
        return passed("disk", found=found)
    return failed("disk", found=found, fix="make room on the ledger's disk")


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    shown = ", ".join(names[:NAMES_SHOWN_MAX])
    rest = len(names) - NAMES_SHOWN_MAX
    return f"{shown} and {rest} more" if rest > 0 else shown
