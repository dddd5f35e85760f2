"""Every check of the gate, in the order in which it reports. docs/checks.md is made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from trimtab.domain.findings import Tag
from trimtab.risk import asset_rules, exposure_rules, margin_rules, past_checks, wallet_rules
from trimtab.risk.checks import (
    account,
    independent,
    key,
    markets,
    orders,
    rescue,
    stops,
    transfers,
)
from trimtab.risk.checks.frame import Judge, on_prefixes, once, per_leg, standing
from trimtab.risk.judgement import QUOTE, Check, RuleMaker
from trimtab.risk.numbers import FINITE

HARD: Final = frozenset(
    {
        FINITE.code,
        "environment",
        "ledger",
        "concurrent_run",
        "unresolved_orders",
        "key_rights",
        "max_order_notional",
        "notional_agreement",
    }
)
"""Checks that no approval may ever override."""

EXPOSURE: Final = frozenset(
    {
        "max_asset_notional",
        "max_run_notional",
        "max_day_notional",
        "max_leverage",
        "max_net",
        "max_gross",
        "max_synthetic_long",
    }
)
"""Caps that a pure reduction is exempt from. All other checks guard integrity."""

VENUE = "the venue"
NONE = "none"


def _check(code: str, judge: Judge, *, limit: str, unit: str, guards: str) -> Check:
    return Check(
        code=code,
        guards=guards,
        limit=limit,
        unit=unit,
        tag=Tag.EXPOSURE if code in EXPOSURE else Tag.INTEGRITY,
        hard=code in HARD,
        judge=judge,
    )


def _prefix(rules: RuleMaker, *, limit: str, unit: str, guards: str) -> Check:
    code = rules.__name__
    tag = Tag.EXPOSURE if code in EXPOSURE else Tag.INTEGRITY
    check = _check(code, on_prefixes(rules, tag), limit=limit, unit=unit, guards=guards)
    return replace(check, rules=rules)


_STATE: Final = (
    FINITE,
    _check(
        "environment",
        once(account.environment),
        limit=NONE,
        unit="",
        guards="The plan was made for this venue, account and environment.",
    ),
    _check(
        "ledger",
        once(account.ledger),
        limit=NONE,
        unit="",
        guards="An intent can be written down before it is sent.",
    ),
    _check(
        "concurrent_run",
        once(account.concurrent_run),
        limit=NONE,
        unit="",
        guards="No other run holds the account.",
    ),
    _check(
        "kill_switch",
        standing(account.kill_switch),
        limit=NONE,
        unit="",
        guards="While the account is halted, only provable reductions pass.",
    ),
    _check(
        "margin_rescue",
        standing(rescue.margin_rescue),
        limit="the present",
        unit="ratio",
        guards="A margin rescue only takes futures off or tops margin up, for a wallet in danger,"
        " and by no fill a margin ratio is lower or a margin excess worse; a warning tells the"
        " ratio at the worst stop against the present one, and the exposure that returns.",
    ),
    _check(
        "unresolved_orders",
        standing(account.unresolved_orders),
        limit=NONE,
        unit="",
        guards="While an order of ours is unresolved, only reductions in other markets pass; while"
        " a transfer is, only reductions.",
    ),
    _check(
        "external_fills",
        standing(account.external_fills),
        limit=NONE,
        unit="",
        guards="Contracts hold what was booked: after a liquidation, a deleveraging or a trade by"
        " hand, no futures are opened; after an order that turned up late, only reductions pass.",
    ),
    _check(
        "key_rights",
        once(key.key_rights),
        limit=NONE,
        unit="",
        guards="The key can neither withdraw, move funds to another account, borrow nor trade"
        " options, and may do what the plan needs; a warning when no IP address binds it. Where"
        " a sandbox does not tell it is not checked; in live it must tell, or, where a venue has no"
        " question for it, you vouch for the key: a warning in every plan.",
    ),
    _check(
        "clock_offset",
        once(markets.clock_offset),
        limit="risk.max_clock_offset_ms",
        unit="ms",
        guards="|Offset| to the venue's clock plus its uncertainty.",
    ),
    _check(
        "data_age",
        once(markets.data_age),
        limit="risk.max_snapshot_age_s",
        unit="s",
        guards="Age of the snapshot, of the books traded in and of all contracts concerned.",
    ),
    _check(
        "maintenance_agreement",
        standing(account.maintenance_agreement),
        limit="0.05",
        unit="ratio",
        guards="Our maintenance margin against the venue's own figure; a warning unless futures"
        " are opened, and in every plan where you declare the tiers, because a venue tells none.",
    ),
)

_ORDERS: Final = (
    _check(
        "max_orders",
        once(account.max_orders),
        limit="risk.max_orders",
        unit="orders",
        guards="Lines of the run, sent and planned, whatever orders each takes.",
    ),
    _check(
        "max_order_notional",
        per_leg(orders.max_order_notional),
        limit="risk.max_order_notional",
        unit=QUOTE,
        guards="Notional of one order at the planned mark, reductions too.",
    ),
    _check(
        "notional_agreement",
        per_leg(orders.notional_agreement),
        limit="0.001",
        unit="ratio",
        guards="Notional from lots against notional from the venue's contracts.",
    ),
    _check(
        "lot_size",
        per_leg(orders.lot_size),
        limit=VENUE,
        unit="lots",
        guards="The venue's grid has not changed; size between its smallest and largest order.",
    ),
    _check(
        "min_notional",
        per_leg(orders.min_notional),
        limit=VENUE,
        unit=QUOTE,
        guards="Order value at mark or limit, the lesser, against the venue's least.",
    ),
    _check(
        "market_status",
        per_leg(markets.market_status),
        limit=NONE,
        unit="",
        guards="The market trades and has not expired.",
    ),
    _check(
        "position_mode",
        per_leg(markets.position_mode),
        limit=NONE,
        unit="",
        guards="One-way positions and cross margin wherever a contract is traded.",
    ),
    _check(
        "bracket_leverage",
        per_leg(orders.bracket_leverage),
        limit=VENUE,
        unit="ratio",
        guards="Leverage to be set against the most that the filled position's bracket allows.",
    ),
    _check(
        "reduce_only",
        per_leg(orders.reduce_only),
        limit="the position",
        unit="lots",
        guards="Reduce-only legs together take no more than the position off; closings are such.",
    ),
    _check(
        "max_slippage_bps",
        per_leg(markets.max_slippage_bps),
        limit="risk.max_slippage_bps",
        unit="bps",
        guards="Average price of a walk through the book against its mid; depth within the limit.",
    ),
    _check(
        "price_collar",
        per_leg(markets.price_collar),
        limit="risk.price_collar_bps",
        unit="bps",
        guards="Limit, planned mark and book mid against mark, index and independent references,"
        " of which live needs two that agree; a coin against the index of a contract that is to be"
        " opened for it on another venue.",
    ),
    _check(
        "stable_depeg",
        per_leg(independent.stable_depeg),
        limit="risk.max_depeg_bps",
        unit="bps",
        guards="Distance of the quote, and of a stable that is bought, from its dollar; stops what"
        " brings it in.",
    ),
)

_FLOW: Final = (
    _check(
        "transfer",
        once(transfers.transfer),
        limit=NONE,
        unit="",
        guards="At most one transfer between the own wallets, of the quote, whole, alone in its"
        " stage, and for orders of the same plan.",
    ),
    _check(
        "resting_stop",
        standing(stops.resting_stop),
        limit="the liquidation",
        unit="ratio",
        guards="Stops are no larger than what their contract is short afterwards, and beyond the"
        " mark; a warning when it would be liquidated before. All count as open orders do.",
    ),
    _check(
        "max_topup",
        once(transfers.max_topup),
        limit="hedge.max_topup",
        unit=QUOTE,
        guards="What the plan moves between the own wallets, either way.",
    ),
    _check(
        "max_asset_notional",
        standing(account.max_asset_notional),
        limit="risk.max_asset_notional",
        unit=QUOTE,
        guards="Sent in 24 hours and planned in one asset, the plan's reductions left out.",
    ),
    _check(
        "max_run_notional",
        standing(account.max_run_notional),
        limit="risk.max_run_notional",
        unit=QUOTE,
        guards="Sent in this run and planned, reductions left out.",
    ),
    _check(
        "max_day_notional",
        standing(account.max_day_notional),
        limit="risk.max_day_notional",
        unit=QUOTE,
        guards="Sent in 24 hours and planned, the plan's reductions left out.",
    ),
)

_PREFIXES: Final = (
    _prefix(
        wallet_rules.free_quote,
        limit="risk.fee_reserve",
        unit=QUOTE,
        guards="Free quote less buys in flight, against the fee reserve.",
    ),
    _prefix(
        wallet_rules.free_units,
        limit="0",
        unit="units",
        guards="Free coins less sells in flight.",
    ),
    _prefix(
        wallet_rules.free_margin,
        limit="0",
        unit=QUOTE,
        guards="Free margin less initial margin of openings at the policy's leverage.",
    ),
    _prefix(
        exposure_rules.max_leverage,
        limit="risk.max_leverage",
        unit="ratio",
        guards="Σ|notional| over the value outside futures wallets.",
    ),
    _prefix(
        exposure_rules.max_net,
        limit="risk.max_net",
        unit="ratio",
        guards="Σ|net exposure| of all but the quote over NAV.",
    ),
    _prefix(
        exposure_rules.max_gross,
        limit="risk.max_gross",
        unit="ratio",
        guards="Σ(risky holdings + |notional|) over NAV.",
    ),
    _prefix(
        exposure_rules.max_synthetic_long,
        limit="risk.max_synthetic_long",
        unit="ratio",
        guards="Long futures, netted by asset, over NAV.",
    ),
    _prefix(
        asset_rules.naked_short,
        limit="one lot",
        unit=QUOTE,
        guards="No asset is net short by more than a lot.",
    ),
    _prefix(
        asset_rules.max_ratio,
        limit="hedge.max_ratio",
        unit="ratio",
        guards="Short futures over the holdings that they protect.",
    ),
    _prefix(
        asset_rules.net_overshoot,
        limit="one lot",
        unit=QUOTE,
        guards="|Net exposure| passes neither its start nor its end by more than a lot.",
    ),
    _prefix(
        asset_rules.max_unhedged_notional,
        limit="risk.max_unhedged_notional",
        unit=QUOTE,
        guards="The same where legs of one asset oppose each other, a hedge among them.",
    ),
    _prefix(
        margin_rules.min_margin_ratio,
        limit="risk.min_margin_ratio",
        unit="ratio",
        guards="Margin balance over maintenance margin per futures wallet; higher is safer.",
    ),
    _prefix(
        margin_rules.shock,
        limit="risk.shock, risk.shock_kappa",
        unit=QUOTE,
        guards="Balance less κ x maintenance after each underlying alone, and all, move by the"
        " shock, at the moved notional and bracket.",
    ),
    _prefix(
        margin_rules.min_liquidation_distance,
        limit="risk.min_liquidation_distance",
        unit="ratio",
        guards="How far a contract's mark may move against its position before liquidation.",
    ),
)

CHECKS: Final = (
    *_STATE,
    *past_checks.STATE,
    *_ORDERS,
    *past_checks.ORDERS,
    *_FLOW,
    *past_checks.FLOW,
    *_PREFIXES,
)
"""The whole gate."""
PREFIX_CODES: Final = frozenset(check.code for check in _PREFIXES)
"""Checks that hold at every prefix of the plan, not only at its end."""
