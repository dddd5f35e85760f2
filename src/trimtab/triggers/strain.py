"""When the account is too near a limit: leverage, margin ratio, liquidation, drawdown, expiry.

Pure and exact. Thresholds are the gate's own limits, drawn in by ``early``. Ratios are fractions
or multiples, notionals quote units at mark. Source: strategy definitions 0, 2.3 and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.contracts import days_between
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, shown
from trimtab.domain.exposure import Exposure
from trimtab.domain.firings import ACCOUNT, Firing, TriggerKind
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.margin import (
    liquidation_distance,
    liquidation_price,
    maintenance,
    margin_ratio,
)
from trimtab.domain.policy import RiskLimits
from trimtab.domain.shared_wallet import backing
from trimtab.domain.snapshot import ContractState, Snapshot
from trimtab.domain.urgency import ExpiryAction, UrgencyPolicy, UrgentAction

SHOWN_PLACES = 4
"""Decimals of a figure in a sentence; what decides is not rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strain:
    """One condition that holds, and what would end it."""

    firing: Firing
    acts: bool
    """Whether it is to change the plan; else it is only told."""
    release: Decimal
    """Where a reduction ends, in the unit of what was measured; 0 for an expiry."""
    symbol: Symbol | None
    """The contract that it is about; None for the whole account."""
    rolls: bool = False
    """Whether acting on it moves hedges to another contract instead of taking them off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Futures:
    """One account's positions in the quote's futures wallet, at mark."""

    units: Mapping[Symbol, Decimal]
    """Signed base units by contract, by symbol; none is zero."""
    contracts: Mapping[Symbol, ContractState]
    balance: Decimal
    """Margin balance of the wallet, quote units, signed."""

    def notional(self, symbol: Symbol) -> Decimal:
        """Return |units| at mark, quote units."""
        with exact_arithmetic():
            return abs(self.units[symbol]) * self.contracts[symbol].mark

    def maintenance(self) -> Decimal:
        """Return the maintenance margin of all positions, quote units."""
        with exact_arithmetic():
            each = (maintenance(self.notional(s), self.contracts[s].brackets) for s in self.units)
            return sum(each, ZERO)

    def ratio(self) -> Decimal:
        """Return balance over maintenance; higher is safer, infinite when flat."""
        return margin_ratio(balance=self.balance, maintenance_margin=self.maintenance())

    def distances(self) -> Mapping[Symbol, Decimal]:
        """Return how far each mark may move against its position, fractions, signed, by symbol."""
        contracts = self.contracts
        with exact_arithmetic():
            own = {s: maintenance(self.notional(s), contracts[s].brackets) for s in self.units}
            spare = self.balance - sum(own.values(), ZERO)
            return {
                symbol: liquidation_distance(
                    units=units,
                    mark=contracts[symbol].mark,
                    price=liquidation_price(
                        units=units,
                        mark=contracts[symbol].mark,
                        cushion=spare + own[symbol],
                        brackets=contracts[symbol].brackets,
                    ),
                )
                for symbol, units in self.units.items()
            }


def futures_of(snapshot: Snapshot) -> Futures:
    """Return the positions that settle in the account's quote."""
    settled = {
        symbol: snapshot.instruments[symbol].units(position.lots)
        for symbol, position in sorted(snapshot.positions.items())
        if snapshot.instruments[symbol].settle == snapshot.quote
    }
    return Futures(
        units=settled,
        contracts={symbol: snapshot.contracts[symbol] for symbol in settled},
        balance=backing(snapshot, snapshot.quote),
    )


def strains(
    snapshot: Snapshot,
    exposed: Exposure,
    losses: Sequence[Decimal],
    *,
    limits: RiskLimits,
    rules: UrgencyPolicy,
) -> tuple[Strain, ...]:
    """Return every condition that holds: margin, liquidation, leverage, drawdown, expiry.

    *losses* are as the occasion has them: from the highest look, oldest first.
    """
    held = futures_of(snapshot)
    lost = tuple(_drawdown(losses, limits=limits, rules=rules))
    if not held.units:
        return lost
    return (
        *_margin(held, snapshot.quote, limits=limits, rules=rules),
        *_liquidation(held, limits=limits, rules=rules),
        *_leverage(exposed, limits=limits, rules=rules),
        *lost,
        *_expiry(snapshot, rules=rules),
    )


def _margin(
    held: Futures, quote: Asset, *, limits: RiskLimits, rules: UrgencyPolicy
) -> Iterator[Strain]:
    """Tell whether the margin ratio of the futures wallet is below its threshold."""
    if rules.margin is UrgentAction.OFF:
        return
    with exact_arithmetic():
        threshold = limits.min_margin_ratio * (ONE + rules.margin_early)
        release = threshold * (ONE + rules.hysteresis(TriggerKind.MARGIN))
    measured = held.ratio()
    if measured < threshold:
        reason = "margin ratio of the futures wallet is below its threshold"
        yield _strain(
            Firing(
                kind=TriggerKind.MARGIN,
                subject=quote,
                measured=measured,
                limit=threshold,
                reason=reason,
            ),
            acts=rules.margin is UrgentAction.REDUCE,
            release=release,
        )


def _liquidation(held: Futures, *, limits: RiskLimits, rules: UrgencyPolicy) -> Iterator[Strain]:
    """Tell which contracts are nearer to liquidation than their threshold."""
    if rules.liquidation is UrgentAction.OFF:
        return
    with exact_arithmetic():
        threshold = limits.min_liquidation_distance * (ONE + rules.liquidation_early)
        release = threshold * (ONE + rules.hysteresis(TriggerKind.MARGIN))
    for symbol, measured in held.distances().items():
        if measured < threshold:
            yield _strain(
                Firing(
                    kind=TriggerKind.MARGIN,
                    subject=symbol,
                    measured=measured,
                    limit=threshold,
                    reason="liquidation is nearer than its threshold",
                ),
                acts=rules.liquidation is UrgentAction.REDUCE,
                release=release,
                symbol=symbol,
            )


def _leverage(exposed: Exposure, *, limits: RiskLimits, rules: UrgencyPolicy) -> Iterator[Strain]:
    """Tell whether the leverage ratio is above its threshold, compared without rounding."""
    if rules.leverage is UrgentAction.OFF:
        return
    outside = exposed.value_outside(exposed.unpriced)
    with exact_arithmetic():
        threshold = limits.max_leverage * (ONE - rules.leverage_early)
        if exposed.gross_notional <= threshold * outside:
            return
        release = threshold * (ONE - rules.hysteresis(TriggerKind.LEVERAGE))
    yield _strain(
        Firing(
            kind=TriggerKind.LEVERAGE,
            subject="account",
            measured=exposed.leverage(),
            limit=threshold,
            reason="futures notional over the value outside futures wallets is above its threshold",
        ),
        acts=rules.leverage is UrgentAction.REDUCE,
        release=release,
    )


def _drawdown(
    losses: Sequence[Decimal], *, limits: RiskLimits, rules: UrgencyPolicy
) -> Iterator[Strain]:
    """Tell whether the loss passed its threshold and has not come back beyond it since."""
    if rules.drawdown is UrgentAction.OFF or not losses:
        return
    with exact_arithmetic():
        threshold = limits.max_drawdown * (ONE - rules.drawdown_early)
        release = threshold * (ONE - rules.hysteresis(TriggerKind.DRAWDOWN))
    if is_held(losses, threshold=threshold, release=release):
        yield _strain(
            Firing(
                kind=TriggerKind.DRAWDOWN,
                subject=ACCOUNT,
                measured=losses[-1],
                limit=threshold,
                reason="NAV is farther below its highest look than its threshold, or was and has"
                " not come back",
            ),
            acts=rules.drawdown is UrgentAction.REDUCE,
            release=rules.drawdown_leverage,
        )


def is_held(values: Iterable[Decimal], *, threshold: Decimal, release: Decimal) -> bool:
    """Say whether what rose above *threshold* at some time has not fallen to *release* since.

    *values* are oldest first, *release* <= *threshold*. Between the two it is as it was before.
    """
    held = False
    for value in values:
        held = value > threshold or (held and value > release)
    return held


def _expiry(snapshot: Snapshot, *, rules: UrgencyPolicy) -> Iterator[Strain]:
    """Tell which dated contracts have fewer days left than their threshold."""
    if rules.expiry is ExpiryAction.OFF:
        return
    for symbol in sorted(snapshot.positions):
        expires_at = snapshot.instruments[symbol].expires_at
        if expires_at is None:
            continue
        days = days_between(snapshot.venue_at, until=expires_at)
        if days < rules.expiry_days:
            yield _strain(
                Firing(
                    kind=TriggerKind.EXPIRY,
                    subject=symbol,
                    measured=days,
                    limit=Decimal(rules.expiry_days),
                    reason=f"is delivered in {shown(days, 1)} days",
                ),
                acts=rules.expiry in (ExpiryAction.CLOSE, ExpiryAction.ROLL),
                release=ZERO,
                symbol=symbol,
                rolls=rules.expiry is ExpiryAction.ROLL,
            )


def _strain(
    firing: Firing,
    *,
    acts: bool,
    release: Decimal,
    symbol: Symbol | None = None,
    rolls: bool = False,
) -> Strain:
    """Return one condition that holds."""
    return Strain(firing=firing, acts=acts, release=release, symbol=symbol, rolls=rolls)
