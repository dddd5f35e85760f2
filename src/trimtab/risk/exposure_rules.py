"""Rules of the whole account's exposure: leverage, net, gross, synthetic longs. Pure and exact.

They hold at prices as read: each is a cap that the operator reads off the status of now, and
what a price move does to the account is guarded by the shock. Values are quote units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, ratio
from trimtab.domain.instruments import Asset, Symbol
from trimtab.risk.case import Case
from trimtab.risk.convex import Affine, Excess, MoveIndex, Term, magnitude, positive_part
from trimtab.risk.rule import Rule, Settled, above_ratio
from trimtab.risk.scenarios import AS_READ
from trimtab.risk.state import AccountState
from trimtab.risk.wallet_rules import bound_now, leverage_then


def max_leverage(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard the sum of |notional| over the value outside futures wallets.

    A transfer into margin never fails it by itself; what follows one is held against what it
    leaves outside. In an account with one wallet what positions bind is margin, the rest outside.
    """
    slopes = {m.index: m.nav for m in state.moves if not m.instrument.is_contract}
    slopes |= {t.index: -t.units for t in state.transits}
    outside = Affine(constant=state.outside, slopes=slopes)
    terms = tuple(magnitude(_notional(s, state)) for s in state.positions)
    notional = Excess(terms=(*terms, *_inverse(state)))
    what = "futures notional over the value outside futures wallets"
    share = _Share(what=what, dividend=notional, divisor=outside)
    if state.one_wallet:
        return (_leverage_of_one_wallet(share, state, case),)
    cap = _cap("max_leverage", case.limits.max_leverage, share, state)
    return (replace(cap, settled=Settled.TRANSFERRED),)


def _leverage_of_one_wallet(share: _Share, state: AccountState, case: Case) -> Rule:
    """Return the cap on leverage where an opening takes what it binds from the divisor itself.

    The bound margin is a fraction of the notional, and goes over to the side of the dividend.
    """
    limit = case.limits.max_leverage
    at = {s: ratio(limit, leverage_then(s, state)) for s in state.positions}
    weighed = Excess(
        terms=(
            *(magnitude(_notional(s, state).scaled(ONE + at[s])) for s in state.positions),
            *_inverse(state),
        )
    )
    bound = Excess(
        terms=tuple(
            magnitude(_notional(s, state).scaled(ratio(ONE, leverage_then(s, state))))
            for s in state.positions
        )
    )
    now = sum((bound_now(s, state) for s in state.positions), ZERO)
    whole = Affine(constant=share.divisor.constant + now, slopes=share.divisor.slopes)
    cap = _cap("max_leverage", limit, replace(share, dividend=weighed, divisor=whole), state)

    def gauge(excess: Decimal, filled: frozenset[MoveIndex]) -> Decimal:
        """Return the leverage itself: over what is left when positions have bound theirs."""
        left = Affine(constant=whole.at(filled) - bound.at(filled), slopes={})
        return above_ratio(limit, left)(excess, filled)

    return replace(cap, gauge=gauge)


def max_net(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard the sum of |net exposure| of all but the quote over NAV."""
    net = Excess(terms=tuple(magnitude(_net(a, state)) for a in state.risky))
    share = _Share(what="net exposure over NAV", dividend=net, divisor=_nav(state))
    return (_cap("max_net", case.limits.max_net, share, state),)


def max_gross(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard risky holdings plus |notional|, summed, over NAV."""
    held = tuple(magnitude(_held(a, state)) for a in state.risky)
    notional = tuple(magnitude(_notional(s, state)) for s in state.positions)
    gross = Excess(terms=(*held, *notional, *_inverse(state)))
    share = _Share(
        what="holdings and futures notional over NAV", dividend=gross, divisor=_nav(state)
    )
    return (_cap("max_gross", case.limits.max_gross, share, state),)


def max_synthetic_long(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard long futures, netted by asset, over NAV."""
    bases = sorted({*(i.base for i in state.instruments.values()), *state.coins})
    longs = Excess(terms=tuple(positive_part(_futures(a, state)) for a in bases))
    share = _Share(what="long futures over NAV", dividend=longs, divisor=_nav(state))
    return (_cap("max_synthetic_long", case.limits.max_synthetic_long, share, state),)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """A dividend over a divisor, which a cap bounds."""

    what: str
    dividend: Excess
    divisor: Affine


def _cap(code: str, limit: Decimal, share: _Share, state: AccountState) -> Rule:
    """Return the rule dividend <= limit x divisor, also bounded by what cash can buy."""
    dividend, divisor = share.dividend, share.divisor
    excess, cash = dividend.plus(divisor.scaled(-limit)), _cash(state)
    return Rule(
        code=code,
        what=share.what,
        scenario=AS_READ,
        worst_of=(excess,),
        capped_by=(excess.plus(cash), excess.plus(cash.scaled(limit))),
        settled=Settled.ANY_FILL,
        limit=limit,
        gauge=above_ratio(limit, divisor),
        guarded=frozenset(m.index for m in state.moves if m.is_leg),
        advice=f"plan less, reduce first, or raise risk.{code}",
    )


def _cash(state: AccountState) -> Affine:
    """Return the quote in the spot wallet, which no reachable state makes negative.

    Hence excess + cash bounds the excess from above wherever it can come true, and so does any
    multiple of it: buys that only the sells could fund do not count as if both had happened and
    neither. At the limit's own multiple what is left of the divisor are the coins. Where margin
    lies in the same wallet, coins may also be bought with what closing contracts frees.
    """
    slopes = {m.index: m.cash for m in state.moves if m.cash}
    slopes |= {t.index: -t.units for t in state.transits}
    return Affine(constant=state.cash + state.releasable, slopes=slopes)


def _nav(state: AccountState) -> Affine:
    """Return NAV, which fills lower by what they cost."""
    return Affine(constant=state.nav, slopes={m.index: m.nav for m in state.moves})


def _inverse(state: AccountState) -> tuple[Term, ...]:
    """Return the notional of each coin-margined position, which no move changes."""
    found = (notional for coin in state.coins.values() for notional in coin.notionals)
    return tuple(magnitude(Affine(constant=notional, slopes={})) for notional in found)


def _notional(symbol: Symbol, state: AccountState) -> Affine:
    """Return the signed notional of one contract at its mark."""
    slopes = {m.index: m.units for m in state.on_symbol(symbol)}
    position = Affine(constant=state.positions[symbol], slopes=slopes)
    return position.scaled(state.contracts[symbol].mark)


def _futures(asset: Asset, state: AccountState) -> Affine:
    """Return the signed notional of all contracts on *asset*, each at its mark."""
    inverse = state.coins[asset].notionals if asset in state.coins else ()
    constant, slopes = sum(inverse, ZERO), dict[int, Decimal]()
    for symbol, instrument in state.instruments.items():
        if instrument.base == asset:
            notional = _notional(symbol, state)
            constant += notional.constant
            slopes |= notional.slopes
    return Affine(constant=constant, slopes=slopes)


def _net(asset: Asset, state: AccountState) -> Affine:
    """Return the net exposure to *asset* at mid."""
    slopes = {m.index: m.units for m in state.on_asset(asset)}
    return Affine(constant=state.net(asset), slopes=slopes).scaled(state.mids[asset])


def _held(asset: Asset, state: AccountState) -> Affine:
    """Return the value of the holding of *asset* at mid."""
    slopes = {m.index: m.units for m in state.on_asset(asset) if not m.instrument.is_contract}
    held = Affine(constant=state.holdings.get(asset, ZERO), slopes=slopes)
    value = held.scaled(state.mids[asset])
    earned = state.coins[asset].earned if asset in state.coins else ZERO
    return Affine(constant=value.constant + earned, slopes=value.slopes)
