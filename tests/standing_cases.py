"""Standing approvals that tests share: one that covers ``SELL_AND_BUY``, to be changed a little."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from tests.builders import KEY, NOW, account, dec, plan, policy
from trimtab.approval import Occasion
from trimtab.domain.canonical import digest
from trimtab.domain.instruments import MarketKind, Symbol
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.standing_approval import (
    StandingApproval,
    StandingCaps,
    StandingRecord,
    StandingScope,
    StandingUse,
)

RULES = policy()
SNAPSHOT = account("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100")
BTC, ETH, PERP = Symbol("BTC/USDT"), Symbol("ETH/USDT"), Symbol("ETH/USDT:USDT")


def plan_under(rules: Policy, *legs: str, **overrides: Any) -> Plan:
    """Return a plan that was made under *rules*."""
    return plan(SNAPSHOT, *legs, policy_digest=digest(rules), **overrides)


SELL_AND_BUY = plan_under(RULES, "sell 0.01 BTC @ 59900", "then buy 0.1 perp ETH @ 3010")
"""Could send 600 (a sale at its mark, dearer than its limit) and 301 (a buy at its limit)."""


def caps(**overrides: Any) -> StandingCaps:
    """Return caps that are just wide enough for SELL_AND_BUY, once; numbers may be text."""
    fields: dict[str, Any] = {"order": 600, "run": 901, "day": 901, "runs": 1} | overrides
    values = {k: v if k == "runs" else dec(v) for k, v in fields.items()}
    return StandingCaps(**values)


def scope(**overrides: Any) -> StandingScope:
    """Return a scope that SELL_AND_BUY just fits in."""
    fields: dict[str, Any] = {
        "key": KEY,
        "policy_digest": digest(RULES),
        "symbols": (BTC, PERP),
        "kinds": (MarketKind.SPOT, MarketKind.SWAP),
        "triggers": ("drift",),
        "allow_warnings": False,
    }
    return StandingScope(**fields | overrides)


def standing(
    *,
    within: StandingScope | None = None,
    limited: StandingCaps | None = None,
    **overrides: Any,
) -> StandingApproval:
    """Return a grant of an hour that just covers SELL_AND_BUY."""
    fields: dict[str, Any] = {
        "scope": within or scope(),
        "caps": limited or caps(),
        "granted_by": "ada@host",
        "granted_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
    }
    return StandingApproval(**fields | overrides)


def record_of(given: StandingApproval, *uses: tuple[datetime, Any]) -> StandingRecord:
    """Return a grant as a ledger has it, with what was drawn and when."""
    return StandingRecord(
        digest=given.digest,
        approval=given,
        revoked=None,
        uses=tuple(
            StandingUse(plan_digest=f"{i:064x}", draw=dec(draw), at=at)
            for i, (at, draw) in enumerate(uses)
        ),
    )


OCCASION = Occasion(key=KEY, policy=RULES, halted=None, at=NOW)


def occasion(**overrides: Any) -> Occasion:
    """Return the account as it is, nothing halted, when the grant was made."""
    return dataclasses.replace(OCCASION, **overrides)
