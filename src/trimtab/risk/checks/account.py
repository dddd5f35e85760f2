"""Checks of the account and the run: caps on flow, halts, unresolved orders, who else runs. Pure.

Reductions are exempt from the caps on flow, never from the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trimtab.domain.declared import DeclaredTiers
from trimtab.domain.exact import ZERO, ratio
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.inverse import wallet_maintenance
from trimtab.domain.margin import maintenance
from trimtab.domain.plan import Leg
from trimtab.domain.stops import StopState, unseen
from trimtab.risk.case import Case
from trimtab.risk.checks.frame import at_most, holds
from trimtab.risk.coin_pools import CoinPool, coin_pools
from trimtab.risk.convex import MoveIndex
from trimtab.risk.judgement import Judgement
from trimtab.risk.restrained import NO_REDUCTION, restrained, transfers_barred
from trimtab.risk.review import Standing
from trimtab.risk.state import AccountState

MAINTENANCE_TOLERANCE = Decimal("0.05")
"""How far our maintenance margin may differ from the venue's own figure, as a fraction."""
MAINTENANCE_NOISE = Decimal(1)
"""Differences up to it are rounding, quote units."""
DECLARED = "declared"
"""What is measured where the operator answers for the tiers."""


def max_asset_notional(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Hold what one asset has been sent today and would be, in all its markets, against its cap."""
    limit = case.limits.max_asset_notional
    text = "{}: too much of one asset; trade less of it, or raise risk.max_asset_notional."
    flows = sorted(_asset_flows(case, standing).items())
    judged = [
        at_most(asset, flow, limit=limit, otherwise=text.format(asset)) for asset, flow in flows
    ]
    bad = tuple(judgement for judgement in judged if judgement.verdict is not Verdict.PASS)
    largest = max((flow for _, flow in flows), default=ZERO)
    return bad or (at_most("plan", largest, limit=limit, otherwise=""),)


def _asset_flows(case: Case, standing: Standing) -> dict[Asset, Decimal]:
    """Return what each planned asset was sent today and would be, reductions left out."""
    flows: dict[Asset, Decimal] = {}
    for leg in _raising_legs(case, standing):
        flows[leg.instrument.base] = flows.get(leg.instrument.base, ZERO) + leg.notional
    for symbol, instrument in case.snapshot.instruments.items():
        if instrument.base in flows:
            flows[instrument.base] += case.context.day_notional.get(symbol, ZERO)
    return flows


def max_run_notional(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Hold what this run has sent and would send against its cap."""
    text = "the run would trade too much; plan less, or raise risk.max_run_notional."
    value = _with_used(case.context.run_notional, case, standing)
    return (at_most("plan", value, limit=case.limits.max_run_notional, otherwise=text),)


def max_day_notional(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Hold what the last 24 hours have seen sent, with this plan, against the cap."""
    text = "the day would trade too much; wait, or raise risk.max_day_notional."
    value = _with_used(case.context.day_notional, case, standing)
    return (at_most("plan", value, limit=case.limits.max_day_notional, otherwise=text),)


def _with_used(used: Mapping[Symbol, Decimal], case: Case, standing: Standing) -> Decimal:
    """Return *used* plus the legs; zero when the plan has nothing but reductions."""
    planned = sum((leg.notional for leg in _raising_legs(case, standing)), ZERO)
    return sum(used.values(), ZERO) + planned if planned else ZERO


def _raising_legs(case: Case, standing: Standing) -> list[Leg]:
    """Return the legs that are no provable reductions."""
    return [case.plan.legs[j] for j in sorted(standing.raising.any)]


def max_orders(case: Case) -> Judgement:
    """Hold the orders of this run, sent and planned, against their number, each line as one."""
    count = Decimal(case.context.run_orders + len(case.plan.legs))
    text = "too many orders; raise the threshold or the dust value, or raise risk.max_orders."
    return at_most("plan", count, limit=Decimal(case.limits.max_orders), otherwise=text)


def kill_switch(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """While halted, let nothing through but provable reductions, and those with a warning."""
    halted = case.context.halt_reason
    if halted is None:
        return (holds("account", measured="not halted", ok=True, otherwise=""),)
    return only_reductions(
        f"the account is halted ({halted})",
        restrained(case, standing, pairs=False),
        standing,
        advice="release it with trimtab unhalt",
    )


def unresolved_orders(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """While an order of ours is unresolved, let only reductions through, in other markets.

    A transfer of ours that is unresolved holds back what an order does, in every market. A stop
    holds back like an order while it is not known to rest, and where the account no longer shows
    it: once it has fired, the ledger still has a hedge that is gone.
    """
    records, moving = case.context.unresolved, case.context.unresolved_transfers
    gone = unseen(case.context.stops, case.snapshot.open_orders)
    stops = [r.intent for r in case.context.stops if r.state is not StopState.RESTING or r in gone]
    if not records and not moving and not stops:
        return (holds("account", measured="none", ok=True, otherwise=""),)
    markets = {record.intent.instrument.symbol for record in records}
    markets |= {intent.instrument.symbol for intent in stops}
    blind = {m.index for m in standing.state.moves if m.is_leg and m.instrument.symbol in markets}
    orders = [record.intent.client_order_id for record in records]
    names = [*orders, *(record.intent.transfer_id for record in moving)]
    names += [intent.stop_id for intent in stops]
    what = "orders, transfers and stops" if stops else "orders"
    what = "orders and transfers" if moving and not stops else what
    told = f"{len(names)} of our {what} are unresolved ({', '.join(names[:3])})"
    if gone:
        told += f"; the stop of {gone[0].intent.hedge_id} has fired or was withdrawn"
    return only_reductions(
        told,
        dict.fromkeys(sorted(standing.raising.any | blind), NO_REDUCTION)
        | transfers_barred(standing.state),
        standing,
        advice="run trimtab recover",
    )


def external_fills(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """While somebody else's hand is in our contracts, open none; reductions pass with a warning.

    An order that turned up after its absence was proved says that the venue broke its promise:
    then nothing that raises exposure passes, in any market.
    """
    outside, late = case.context.outside, case.context.late
    if not outside and not late:
        return (holds("account", measured="none", ok=True, otherwise=""),)
    moves, forbidden = standing.state.moves, frozenset(standing.raising.any)
    state = "; ".join(
        [f"{r.intent.client_order_id} was {r.state.value} and has fills" for r in late[:3]]
        + [f"{symbol}: {what}" for symbol, what in list(outside.items())[:3]]
    )
    if not late:
        forbidden = frozenset(j for j in forbidden if moves[j].instrument.is_contract)
    return only_reductions(
        state,
        dict.fromkeys(sorted(forbidden), NO_REDUCTION) | transfers_barred(standing.state),
        standing,
        advice="run trimtab reconcile, then trimtab reconcile --adopt",
    )


def only_reductions(
    state: str, forbidden: Mapping[MoveIndex, str], standing: Standing, *, advice: str
) -> tuple[Judgement, ...]:
    """Refuse each of the *forbidden* legs, which say why; with none, warn of the *state*."""
    judged = tuple(
        Judgement(
            subject=standing.state.lines[j].name,
            verdict=Verdict.REFUSE,
            measured=state,
            limit=None,
            reason=f"{state}, and {why}; {advice}.",
        )
        for j, why in forbidden.items()
    )
    warning = Judgement(
        subject="account",
        verdict=Verdict.WARN,
        measured=state,
        limit=None,
        reason=f"{state}; only reductions pass; {advice}.",
    )
    return judged or (warning,)


def concurrent_run(case: Case) -> Judgement:
    """Refuse while another run holds the account."""
    holder = case.context.concurrent_holder
    text = f"{holder} holds the account; wait until it ends."
    return holds("account", measured=holder or "none", ok=holder is None, otherwise=text)


def ledger(case: Case) -> Judgement:
    """Refuse when an intent could not be written down before it is sent."""
    fault = case.context.ledger_fault
    text = f"the ledger cannot be written ({fault}); mend it, see trimtab doctor."
    return holds("account", measured=fault or "writable", ok=fault is None, otherwise=text)


def environment(case: Case) -> Judgement:
    """Refuse a plan that was made for another venue, account or environment."""
    planned, read = case.plan.key, case.snapshot.key
    seen = f"{read.venue} {read.account} {read.environment.value}"
    text = "the plan was made for another account or environment; plan again."
    return holds("plan", measured=seen, ok=planned == read, otherwise=text)


def maintenance_agreement(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Compare our maintenance margin with the venue's own figure, per futures wallet.

    Where the operator declares the tiers there is none, and that is a warning in every plan.
    """
    state = standing.state
    opens = any(state.moves[j].instrument.is_contract for j in standing.raising.any)
    held = {state.instruments[s].settle for s, units in state.positions.items() if units}
    judged = tuple(_agreement(pool, state, opens=opens) for pool in sorted(held))
    judged += tuple(_coin_agreement(pool) for pool in coin_pools(state))
    if case.policy.tiers:
        return (*judged, _declared(case.policy.tiers, state))
    return judged or (holds("account", measured="no position", ok=True, otherwise=""),)


def _declared(tiers: DeclaredTiers, state: AccountState) -> Judgement:
    """Warn that tiers are the operator's word, and of positions that lie beyond the last."""
    text = f"what contracts of {', '.join(sorted(tiers))} have to maintain is your word, not the"
    text += " venue's."
    for symbol, units in state.positions.items():
        coin = state.instruments[symbol].base
        if coin in tiers and abs(units) * state.contracts[symbol].mark > tiers[coin][-1].up_to:
            text += (
                f" The position in {coin} is beyond the last tier, so that all of its value counts:"
                " write the next tiers."
            )
    return Judgement(
        subject="account", verdict=Verdict.WARN, measured=DECLARED, limit=None, reason=text
    )


def _agreement(pool: Asset, state: AccountState, *, opens: bool) -> Judgement:
    """Refuse a difference when the plan opens anything, warn of it otherwise."""
    ours = sum(
        (
            maintenance(abs(units) * state.contracts[s].mark, state.contracts[s].brackets)
            for s, units in state.positions.items()
            if state.instruments[s].settle == pool
        ),
        ZERO,
    )
    theirs = state.pools[pool].maintenance_margin
    verdict = Verdict.REFUSE if opens else Verdict.WARN
    return _agreed(f"{pool} futures wallet", ours=ours, theirs=theirs, otherwise=verdict)


def _coin_agreement(pool: CoinPool) -> Judgement:
    """Warn of a difference: no plan opens anything there. Both figures are brought into quote."""
    ours = wallet_maintenance(pool.wallet) * pool.mid
    theirs = pool.wallet.pool.maintenance_margin * pool.mid
    return _agreed(pool.name, ours=ours, theirs=theirs, otherwise=Verdict.WARN)


def _agreed(wallet: str, *, ours: Decimal, theirs: Decimal, otherwise: Verdict) -> Judgement:
    """Compare two figures of one wallet's maintenance."""
    apart = abs(ours - theirs)
    gap = ZERO if apart <= MAINTENANCE_NOISE else ratio(apart, max(ours, theirs))
    agrees = gap <= MAINTENANCE_TOLERANCE
    text = f"our maintenance margin of the {wallet} is not the venue's; read the brackets again."
    return Judgement(
        subject=wallet,
        verdict=Verdict.PASS if agrees else otherwise,
        measured=gap,
        limit=MAINTENANCE_TOLERANCE,
        reason=None if agrees else text,
    )
