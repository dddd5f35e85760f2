"""What one may change to turn the gate's answer: limits and their grids, deposits. Pure.

A lever is counted in whole steps away from where it stands, up to the end that the configuration
allows. What a check compares with no number of the configuration has no lever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from trimtab.domain.exact import ZERO, ceil_times, floor_times
from trimtab.domain.instruments import Asset
from trimtab.domain.margin import spare_margin
from trimtab.domain.policy import Policy, Target
from trimtab.domain.shared_wallet import shared_wallet_of, with_shared_wallet
from trimtab.domain.snapshot import Balance, MarginPool, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where a limit may be set, looser and looser."""

    step: Decimal
    """One tick, in the limit's unit, > 0."""
    loosest: Decimal
    """The last value that the configuration takes."""


def _grid(*, step: str, loosest: str) -> Grid:
    return Grid(step=Decimal(step), loosest=Decimal(loosest))


_MULTIPLE: Final = _grid(step="0.01", loosest="1000")
_VALUE: Final = _grid(step="1", loosest="1000000000000")
_BPS: Final = _grid(step="1", loosest="10000")
_FRACTION: Final = _grid(step="0.0001", loosest="1")

GRIDS: Final[Mapping[str, Grid]] = MappingProxyType(
    {
        "risk.max_leverage": _MULTIPLE,
        "risk.max_net": _MULTIPLE,
        "risk.max_gross": _MULTIPLE,
        "risk.max_synthetic_long": _MULTIPLE,
        "risk.max_order_notional": _VALUE,
        "risk.max_asset_notional": _VALUE,
        "risk.max_run_notional": _VALUE,
        "risk.max_day_notional": _VALUE,
        "risk.max_unhedged_notional": _VALUE,
        "risk.max_orders": _grid(step="1", loosest="1000"),
        "risk.min_margin_ratio": _grid(step="0.01", loosest="1"),
        "risk.min_liquidation_distance": _grid(step="0.0001", loosest="0"),
        "risk.shock": _grid(step="0.0001", loosest="0"),
        "risk.shock_kappa": _grid(step="0.01", loosest="1"),
        "risk.max_slippage_bps": _BPS,
        "risk.price_collar_bps": _BPS,
        "risk.max_depeg_bps": _BPS,
        "risk.max_snapshot_age_s": _grid(step="1", loosest="3600"),
        "risk.max_clock_offset_ms": _grid(step="1", loosest="10000"),
        "risk.fee_reserve": _grid(step="0.0001", loosest="0"),
        "risk.max_daily_loss": _FRACTION,
        "risk.max_drawdown": _FRACTION,
        "risk.max_nav_jump": _MULTIPLE,
        "risk.max_minute_orders": _grid(step="1", loosest="10000"),
        "risk.max_day_orders": _grid(step="1", loosest="100000"),
        "risk.max_spread_bps": _BPS,
        "risk.max_depth_share": _FRACTION,
        "risk.max_funding_bps": _BPS,
        "risk.max_basis_bps": _BPS,
        "risk.min_expiry_days": _grid(step="1", loosest="0"),
        "risk.max_turnover": _MULTIPLE,
        "risk.max_target_move": _FRACTION,
        "risk.max_statement_age_days": _grid(step="1", loosest="3650"),
        "hedge.max_ratio": _grid(step="0.01", loosest="1"),
        "hedge.max_topup": _VALUE,
    }
)
"""By the configuration's key."""


SPOT_WALLET: Final = "spot"
FUTURES_WALLET: Final = "futures"
WALLETS: Final = (SPOT_WALLET, FUTURES_WALLET)
"""Where quote can be brought to."""


def limit_of(policy: Policy, key: str) -> Decimal:
    """Return the value of a limit by its configuration key."""
    section, _, name = key.partition(".")
    owner = policy.hedge if section == "hedge" else policy.limits
    return Decimal(getattr(owner, name))


def with_limit(policy: Policy, key: str, *, value: Decimal) -> Policy:
    """Return *policy* with another value of one limit."""
    section, _, name = key.partition(".")
    if section == "hedge":
        changed: dict[str, Any] = {name: value}
        return replace(policy, hedge=replace(policy.hedge, **changed))
    was: Decimal | int = getattr(policy.limits, name)
    number: dict[str, Any] = {name: int(value) if isinstance(was, int) else value}
    return replace(policy, limits=replace(policy.limits, **number))


def ticks_to(key: str, *, present: Decimal, wanted: Decimal) -> int:
    """Return how many looser ticks *wanted* lies from *present*, at least 1."""
    grid = GRIDS[key]
    rises = grid.loosest > present
    times = ceil_times if rises else floor_times
    start = floor_times(grid.step, present) if rises else ceil_times(grid.step, present)
    return max(1, (times(grid.step, wanted) - start) * (1 if rises else -1))


def tick_at(key: str, *, present: Decimal, count: int) -> Decimal:
    """Return the limit *count* ticks looser than the last tick at or before *present*."""
    grid = GRIDS[key]
    rises = grid.loosest > present
    start = floor_times(grid.step, present) if rises else ceil_times(grid.step, present)
    return (start + (count if rises else -count)) * grid.step


def deposited(snapshot: Snapshot, wallet: str, *, units: Decimal) -> Snapshot:
    """Return the account with *units* of quote more in one of its WALLETS.

    They are the same where cash and margin are one.
    """
    quote = snapshot.quote
    if (whole := shared_wallet_of(snapshot, quote)) is not None:
        return with_shared_wallet(snapshot, quote, replace(whole, units=whole.units + units))
    if wallet == SPOT_WALLET:
        had = snapshot.balances.get(quote, Balance(free=ZERO, locked=ZERO))
        now = replace(had, free=had.free + units)
        return replace(snapshot, balances={**snapshot.balances, quote: now})
    pool = snapshot.pools.get(quote, _no_pool())
    grown = replace(
        pool,
        wallet_balance=pool.wallet_balance + units,
        free_margin=max(ZERO, spare_margin(pool) + units),
    )
    return replace(snapshot, pools={**snapshot.pools, quote: grown})


def _no_pool() -> MarginPool:
    """Return a futures wallet that nothing was ever moved into."""
    return MarginPool(
        wallet_balance=ZERO,
        unrealised_pnl=ZERO,
        free_margin=ZERO,
        initial_margin=ZERO,
        maintenance_margin=ZERO,
    )


def with_target(policy: Policy, asset: Asset, weight: Decimal, *, quote: Asset) -> Policy | None:
    """Return *policy* with another target of *asset*, the quote taking the difference, or None.

    None when one of the two would leave [0, 1].
    """
    weights = {t.asset: t.weight for t in policy.rebalance.targets}
    rest = weights.get(quote, ZERO) + weights[asset] - weight
    if not (0 <= weight <= 1 and 0 <= rest <= 1):
        return None
    weights |= {asset: weight, quote: rest}
    targets = tuple(Target(asset=a, weight=w) for a, w in weights.items())
    return replace(policy, rebalance=replace(policy.rebalance, targets=targets))
