"""What the gate must have looked at before an order leaves, written down a second time."""

from __future__ import annotations

from typing import Final

CHECKS: Final = frozenset(
    {
        "finite",
        "environment",
        "ledger",
        "concurrent_run",
        "kill_switch",
        "unresolved_orders",
        "clock_offset",
        "data_age",
        "max_orders",
        "max_order_notional",
        "notional_agreement",
        "lot_size",
        "min_notional",
        "market_status",
        "position_mode",
        "bracket_leverage",
        "reduce_only",
        "max_slippage_bps",
        "price_collar",
        "stable_depeg",
        "max_asset_notional",
        "max_run_notional",
        "max_day_notional",
        "free_quote",
        "free_units",
        "free_margin",
        "max_leverage",
        "max_net",
        "max_gross",
        "max_synthetic_long",
        "naked_short",
        "max_ratio",
        "net_overshoot",
        "max_unhedged_notional",
        "min_margin_ratio",
        "shock",
        "min_liquidation_distance",
        "maintenance_agreement",
    }
)
"""Names of checks, as findings have them."""
