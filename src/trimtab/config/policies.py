"""The policy that a valid document describes, in the domain's values.

Pure. Nothing is chosen here: every value was written down or is a documented default.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeVar

from trimtab.config.crossing import cross_of, routes_of
from trimtab.config.grouping import groups_of, parities_of, thresholds_of
from trimtab.config.models import Document
from trimtab.config.models_hedge import Carry, Redeploy
from trimtab.config.models_triggers import Schedule, Triggers
from trimtab.config.overlaying import overlays_of
from trimtab.config.sleeving import neutral_of, sleeves_of
from trimtab.config.tiers import declared_tiers
from trimtab.domain.contracts import CarryPolicy
from trimtab.domain.exact import ONE, exact_arithmetic, ratio, rounded
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.history_policy import (
    AdaptivePolicy,
    HistoryPolicy,
    MomentumPolicy,
    NoTradePolicy,
    RiskParityPolicy,
    VolatilityPolicy,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.policy import (
    ApprovalPolicy,
    ExecutionPolicy,
    Policy,
    RebalancePolicy,
    ReferencePolicy,
    RiskLimits,
    Target,
)
from trimtab.domain.redeploy import DipRule, RedeployPolicy
from trimtab.domain.references import ReferenceSource
from trimtab.domain.routing import AutoPolicy
from trimtab.domain.slots import SlotTerms
from trimtab.domain.snapshot import Environment
from trimtab.domain.tactical import TacticalPolicy
from trimtab.domain.urgency import Tempo, UrgencyPolicy
from trimtab.venues.catalogue import PROFILES

_PARTS: Final = Decimal("0.0001")
"""In which a risk that is to be shared is divided beforehand."""
ValueT = TypeVar("ValueT")


def policy_of(document: Document) -> Policy:
    """Return what the operator wants and allows."""
    return Policy(
        rebalance=_rebalance(document),
        overlays=overlays_of(document),
        sleeves=tuple(sleeves_of(document)),
        neutral=neutral_of(document),
        tactical=TacticalPolicy(
            holdings=_by_asset(document.portfolio.tactical.holdings),
            positions=_by_asset(document.portfolio.tactical.positions),
        ),
        hedge=HedgePolicy(
            ratio=document.hedge.ratio,
            max_ratio=document.hedge.max_ratio,
            leverage=document.hedge.leverage,
            max_topup=document.hedge.max_topup,
            profit_target=document.hedge.profit_target,
            stop=document.hedge.stop,
            rests_stop=document.hedge.stop_rests,
            max_age_days=document.hedge.max_age_days,
            cooldown_days=document.hedge.cooldown_days,
            redeploy=_redeploy(document.hedge.redeploy),
            contract=document.hedge.contract,
            contracts=_by_asset(document.hedge.contracts),
            carry=_carry(document.hedge.carry),
            cross=cross_of(document),
        ),
        auto=_auto(document),
        urgency=_urgency(document),
        limits=_limits(document),
        references=_references(document),
        history=_history(document),
        key_trust=document.venue.key_rights,
        tiers=declared_tiers((document.hedge.venue or document.venue).maintenance),
        approval=ApprovalPolicy(
            ttl_s=document.approval.ttl_s,
            max_move_bps=document.approval.max_move_bps,
            two_step_above=document.approval.two_step_above,
        ),
        execution=ExecutionPolicy(
            max_reprices=document.execution.max_reprices,
            receive_window_ms=max(
                document.execution.receive_window_ms,
                *(PROFILES[venue_id].stamp_window_ms for venue_id in _venues(document)),
            ),
            order_timeout_s=document.execution.order_timeout_s,
        ),
    )


def _venues(document: Document) -> tuple[str, ...]:
    """Return the ids of the venues, that of the contracts last."""
    elsewhere = document.hedge.venue
    return (document.venue.id, *([elsewhere.id] if elsewhere else []))


def slot_terms_of(schedule: Schedule) -> SlotTerms:
    """Return which slots run by themselves; no part of the policy, which says what a plan is."""
    text = schedule.activated_at
    return SlotTerms(
        activated_at=datetime.fromisoformat(text) if text else None,
        grace=timedelta(days=schedule.grace_days),
        catch_up=schedule.catch_up,
    )


def _rebalance(document: Document) -> RebalancePolicy:
    """Return targets in file order, bands and routes."""
    portfolio, rebalance = document.portfolio, document.rebalance
    return RebalancePolicy(
        basis=portfolio.basis,
        targets=_targets(document),
        groups=tuple(groups_of(document)),
        untargeted=portfolio.untargeted,
        route=rebalance.route,
        spot_fraction=rebalance.spot_fraction,
        ways=MappingProxyType({}),
        routes=routes_of(document),
        threshold=rebalance.threshold,
        thresholds=MappingProxyType(thresholds_of(document)),
        scope=rebalance.scope,
        side=rebalance.side,
        destination=rebalance.to,
        flags=_by_asset(portfolio.flags),
        dust_value=portfolio.dust_value,
    )


def _targets(document: Document) -> tuple[Target, ...]:
    """Return the weights that were written; of assets that share their risk, equal ones.

    Those only say which assets there are: what they are to weigh is told when a plan is made.
    """
    portfolio = document.portfolio
    parity = portfolio.risk_parity
    if parity is None:
        return tuple(Target(asset=Asset(a), weight=w) for a, w in portfolio.targets.items())
    with exact_arithmetic():
        risky = ONE - parity.stable
    each = rounded(ratio(risky, Decimal(len(parity.assets))), _PARTS, up=False)
    with exact_arithmetic():
        rest = ONE - each * len(parity.assets)
    quote = Target(asset=Asset(document.account.quote), weight=rest)
    return (*(Target(asset=Asset(a), weight=each) for a in parity.assets), quote)


def _history(document: Document) -> HistoryPolicy:
    """Return what is to be decided from the past."""
    parity, volatility = document.portfolio.risk_parity, document.overlays.volatility
    adaptive, history = document.rebalance.adaptive, document.history
    momentum = document.overlays.momentum
    return HistoryPolicy(
        risk_parity=None
        if parity is None
        else RiskParityPolicy(
            assets=tuple(map(Asset, parity.assets)),
            stable=parity.stable,
            look_back_days=parity.look_back_days,
            volatility=parity.volatility,
            max_scale=parity.max_scale,
        ),
        volatility=None
        if volatility is None
        else VolatilityPolicy(target=volatility.target, look_back_days=volatility.look_back_days),
        adaptive=None
        if adaptive is None
        else AdaptivePolicy(
            reference=adaptive.reference,
            look_back_days=adaptive.look_back_days,
            calm_step=adaptive.calm_step,
            usual_step=adaptive.usual_step,
            wild_step=adaptive.wild_step,
        ),
        momentum=None
        if momentum is None
        else MomentumPolicy(
            assets=tuple(map(Asset, momentum.assets)),
            trim=momentum.trim,
            votes=momentum.votes,
            hold_days=momentum.hold_days,
            look_back_days=momentum.look_back_days,
            rsi=momentum.rsi,
            rsi_period=momentum.rsi_period,
            divergence_days=momentum.divergence_days,
            funding_days=momentum.funding_days,
            interest_rise=momentum.interest_rise,
            interest_days=momentum.interest_days,
        ),
        no_trade=_no_trade(document),
        chance_days=history.look_back_days if history.chances else 0,
        groups=tuple(parities_of(document)),
        review_days=history.look_back_days,
    )


def _no_trade(document: Document) -> NoTradePolicy | None:
    """Return the zone in which drifts are left alone, None without one."""
    zone = document.rebalance.no_trade
    if zone is None:
        return None
    return NoTradePolicy(
        risk_aversion=zone.risk_aversion,
        horizon_days=zone.horizon_days,
        look_back_days=zone.look_back_days,
    )


def _auto(document: Document) -> AutoPolicy:
    """Return what an auto route weighs, with what the venue's profile says of funding."""
    auto, profile = document.auto, PROFILES[_venues(document)[-1]]
    basis = {Asset(asset): value for asset, value in auto.cost_basis.items()}
    return AutoPolicy(
        horizon_days=auto.horizon_days,
        tax_rate=auto.tax_rate,
        losses_usable=auto.losses_usable,
        deferral=auto.deferral,
        p_back=auto.p_back,
        margin_rate=auto.margin_rate,
        cost_basis=MappingProxyType(basis),
        funding_days=auto.funding_days,
        funding_cap_share=profile.funding_cap_share,
        funding_hours=profile.funding_hours,
    )


def _urgency(document: Document) -> UrgencyPolicy:
    """Return what acts when the account comes near a limit, name by name."""
    triggers = document.triggers
    return UrgencyPolicy(
        leverage=triggers.on_leverage,
        leverage_early=triggers.leverage_early,
        margin=triggers.on_margin,
        margin_early=triggers.margin_early,
        liquidation=triggers.on_liquidation,
        liquidation_early=triggers.liquidation_early,
        expiry=triggers.on_expiry,
        expiry_days=triggers.expiry_days,
        drawdown=triggers.on_drawdown,
        drawdown_early=triggers.drawdown_early,
        drawdown_leverage=triggers.drawdown_leverage,
        basis=triggers.on_basis,
        basis_bps=triggers.basis_bps,
        tempos={
            TriggerKind(kind): Tempo(
                hysteresis=_own(triggers, f"{kind}_hysteresis", triggers.hysteresis),
                cooldown_s=_own(triggers, f"{kind}_cooldown_s", triggers.cooldown_s),
            )
            for kind in ("margin", "leverage", "drawdown", "expiry", "carry", "basis")
        },
    )


def _carry(wanted: Carry) -> CarryPolicy:
    """Return what contracts are compared by, name by name."""
    return CarryPolicy(
        on_gain=wanted.on_gain,
        horizon_days=wanted.horizon_days,
        funding_days=wanted.funding_days,
        min_gain_bps=wanted.min_gain_bps,
        negative_days=wanted.negative_days,
    )


def _own(triggers: Triggers, name: str, general: ValueT) -> ValueT:
    """Return what a kind of condition has of its own, else what holds for all."""
    own: ValueT | None = getattr(triggers, name, None)
    return general if own is None else own


def _redeploy(wanted: Redeploy | None) -> RedeployPolicy | None:
    """Return how what hedges brought is spent, if it is."""
    if wanted is None:
        return None
    rule = DipRule(
        every=wanted.every,
        ema_days=wanted.ema_days,
        high_days=wanted.high_days,
        fall_low=wanted.fall_low,
        fall_high=wanted.fall_high,
        support_within=wanted.support_within,
        supports=MappingProxyType({Asset(a): level for a, level in wanted.supports.items()}),
    )
    return RedeployPolicy(candidates=tuple(map(Asset, wanted.candidates)), dip=rule)


def _references(document: Document) -> ReferencePolicy:
    """Return who is asked: whoever is named, else all but the venue where prices are required."""
    wanted, venue = document.references, document.venue
    required = wanted.required or venue.environment is Environment.LIVE
    others = tuple(s for s in ReferenceSource if s.value not in _venues(document))
    return ReferencePolicy(
        sources=wanted.sources or (others if required else ()),
        required=required,
        max_age_s=wanted.max_age_s,
        max_disagreement_bps=wanted.max_disagreement_bps,
    )


def _limits(document: Document) -> RiskLimits:
    """Return the limits, name by name: each is a key and a check's code."""
    risk = document.risk
    return RiskLimits(
        max_leverage=risk.max_leverage,
        max_net=risk.max_net,
        max_gross=risk.max_gross,
        max_synthetic_long=risk.max_synthetic_long,
        max_order_notional=risk.max_order_notional,
        max_asset_notional=risk.max_asset_notional,
        max_run_notional=risk.max_run_notional,
        max_day_notional=risk.max_day_notional,
        max_orders=risk.max_orders,
        max_unhedged_notional=risk.max_unhedged_notional,
        min_margin_ratio=risk.min_margin_ratio,
        min_liquidation_distance=risk.min_liquidation_distance,
        shock=risk.shock,
        shock_kappa=risk.shock_kappa,
        max_slippage_bps=risk.max_slippage_bps,
        price_collar_bps=risk.price_collar_bps,
        max_depeg_bps=risk.max_depeg_bps,
        max_snapshot_age_s=risk.max_snapshot_age_s,
        max_clock_offset_ms=risk.max_clock_offset_ms,
        fee_reserve=risk.fee_reserve,
        symbols=tuple(map(Symbol, risk.symbols)),
        max_daily_loss=risk.max_daily_loss,
        max_drawdown=risk.max_drawdown,
        max_nav_jump=risk.max_nav_jump,
        max_rejects=risk.max_rejects,
        max_minute_orders=risk.max_minute_orders,
        max_day_orders=risk.max_day_orders,
        duplicate_window_s=risk.duplicate_window_s,
        max_spread_bps=risk.max_spread_bps,
        max_depth_share=risk.max_depth_share,
        max_funding_bps=risk.max_funding_bps,
        max_basis_bps=risk.max_basis_bps,
        min_expiry_days=risk.min_expiry_days,
        max_turnover=risk.max_turnover,
        max_target_move=risk.max_target_move,
        max_statement_age_days=risk.max_statement_age_days,
    )


def _by_asset(table: Mapping[str, ValueT]) -> Mapping[Asset, ValueT]:
    """Return a table of the file by asset."""
    return MappingProxyType({Asset(name): value for name, value in table.items()})
