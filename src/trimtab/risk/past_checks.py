"""The entries of the catalogue about losses, repetition and terms; the registry takes them in.

A module of its own, so that neither it nor :mod:`trimtab.risk.registry` grows beyond a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trimtab.domain.findings import Tag
from trimtab.risk.checks import history, losses, terms
from trimtab.risk.checks.frame import Judge, once, per_leg, standing
from trimtab.risk.judgement import Check

_LIMITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reducing": "none",
        "statement_age": "risk.max_statement_age_days",
        "duplicate_intent": "risk.duplicate_window_s",
        "price_band": "the venue",
    }
)
"""Where a limit comes from that is not the key of its check."""
_EXPOSURE: Final = frozenset({"max_daily_loss", "max_drawdown", "max_turnover"})
"""Caps that a pure reduction is exempt from."""


def _check(judge: Judge, *, code: str, guards: str, unit: str) -> Check:
    """Return one entry."""
    return Check(
        code=code,
        guards=guards,
        limit=_LIMITS.get(code, f"risk.{code}"),
        unit=unit,
        tag=Tag.EXPOSURE if code in _EXPOSURE else Tag.INTEGRITY,
        hard=False,
        judge=judge,
    )


STATE: Final = (
    _check(
        standing(losses.reducing),
        code="reducing",
        unit="",
        guards="While the account is reducing, only provable reductions and paired unwinds pass.",
    ),
    _check(
        standing(losses.max_daily_loss),
        code="max_daily_loss",
        unit="ratio",
        guards="Loss from the highest look of 24 hours, deposits and withdrawals left out;"
        " beyond it the account is reducing.",
    ),
    _check(
        standing(losses.max_drawdown),
        code="max_drawdown",
        unit="ratio",
        guards="Loss from the highest look since the last release, likewise.",
    ),
    _check(
        once(losses.max_nav_jump),
        code="max_nav_jump",
        unit="ratio",
        guards="Change of NAV since the last look, if that is of 24 hours and no statement came"
        " between; deposits and withdrawals left out.",
    ),
    _check(
        standing(history.max_rejects),
        code="max_rejects",
        unit="orders",
        guards="Orders that the venue refused in 24 hours, since the last release; so many halt.",
    ),
    _check(
        once(history.statement_age),
        code="statement_age",
        unit="days",
        guards="Age of the statement that reconciliation starts from.",
    ),
)
"""About the account."""

ORDERS: Final = (
    _check(
        once(history.max_minute_orders),
        code="max_minute_orders",
        unit="orders",
        guards="Orders of the last minute, sent and planned; of the run itself, lines.",
    ),
    _check(
        once(history.max_day_orders),
        code="max_day_orders",
        unit="orders",
        guards="Orders of the last 24 hours, sent and planned; of the run itself, lines.",
    ),
    _check(
        per_leg(history.duplicate_intent),
        code="duplicate_intent",
        unit="",
        guards="No other plan ordered the same market, side and size about the same price just"
        " now.",
    ),
    _check(
        per_leg(terms.symbols),
        code="symbols",
        unit="",
        guards="The market is one that the operator allows.",
    ),
    _check(
        per_leg(terms.max_spread_bps),
        code="max_spread_bps",
        unit="bps",
        guards="Best ask less best bid over their mid.",
    ),
    _check(
        per_leg(terms.max_depth_share),
        code="max_depth_share",
        unit="ratio",
        guards="Size of the order over what the book shows within risk.max_slippage_bps.",
    ),
    _check(
        per_leg(terms.price_band),
        code="price_band",
        unit="ratio",
        guards="Limit over mark, or over the mid of a coin, against the venue's own filter.",
    ),
    _check(
        per_leg(terms.max_funding_bps),
        code="max_funding_bps",
        unit="bps",
        guards="What a position to be opened pays at the next funding settlement; negative is"
        " received.",
    ),
    _check(
        per_leg(terms.max_basis_bps),
        code="max_basis_bps",
        unit="bps",
        guards="Mark against index of a contract to be opened; of a dated one, for 30 days of it.",
    ),
    _check(
        per_leg(terms.min_expiry_days),
        code="min_expiry_days",
        unit="days",
        guards="Days to the delivery or delisting of a contract to be opened.",
    ),
)
"""About each order."""

FLOW: Final = (
    _check(
        standing(terms.max_turnover),
        code="max_turnover",
        unit="ratio",
        guards="Sent in this run and planned over NAV, reductions left out.",
    ),
    _check(
        once(history.max_target_move),
        code="max_target_move",
        unit="weight",
        guards="Largest move of a target since the last executed plan.",
    ),
)
"""About the run as a whole."""
