"""The neutral yield sleeve on one account: which members pay, and a short as large as its coins.

Pure and exact but for divisions. The short is sized last, from the lots of coins that the plan
comes to, so that neither the cash that buys them nor a fee in coins makes the two differ by more
than a lot. A member whose short cannot be ordered buys no coins. Source: strategy definitions 1.11;
docs/design/0044-neutral-yield-sleeve.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from trimtab.domain.errors import MissingMark
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, floor_times, ratio, shown
from trimtab.domain.exposure import Exposure, exposure
from trimtab.domain.history import FundingSettlement
from trimtab.domain.instruments import Asset, Instrument, Lots, MarketKind
from trimtab.domain.neutral import NeutralPolicy
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import LegReason, Role, Untraded, UntradedReason
from trimtab.domain.policy import Policy, RebalancePolicy, RiskLimits, Route, Threshold
from trimtab.domain.readings import Reading
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.carry import DAYS_A_YEAR, HOURS_A_DAY, interval_of, mean_rate
from trimtab.planning.contracts import Contracts
from trimtab.planning.costs import cost_share, limit_ticks
from trimtab.planning.neutral_dated import EACH_WAY, PERCENT, RULE, Stand, dated_stand
from trimtab.planning.routes import Move, market_of
from trimtab.planning.sizes import Sized, Sizes, book_of
from trimtab.planning.sleeves import parts_to, sleeve_symbols


def settled(policy: Policy, snapshot: Snapshot, occasion: Occasion) -> Policy:
    """Return *policy* with the members of its neutral sleeve that are to be held now.

    A member that is short already stays until what it is paid, without costs, is below the exit;
    one that is not enters where it pays more than the floor, four trades taken off. Where no
    funding was settled, nothing changes.

    Raises:
        PlanningError: the venue lists a member's coin or perpetual not, or no book was read.

    """
    neutral = policy.neutral
    if neutral is None:
        return policy
    stands = _stands(policy, neutral, snapshot, occasion)
    entered = tuple(s.asset for s in stands if s.is_to_be_held)
    readings = tuple(s.reading for s in stands)
    return replace(
        policy,
        neutral=replace(
            neutral,
            entered=entered,
            readings=readings,
            shorts={s.asset: s.short for s in stands if s.short is not None},
        ),
        rebalance=_by_spot(policy.rebalance, neutral),
    )


def _stands(
    policy: Policy, neutral: NeutralPolicy, snapshot: Snapshot, occasion: Occasion
) -> tuple[Stand, ...]:
    """Return what is decided of each member, by its funding or by its basis."""
    past = _Past(occasion=occasion, snapshot=snapshot, policy=policy, neutral=neutral)
    if not neutral.dated:
        return tuple(past.stand(asset) for asset in neutral.members)
    contracts = Contracts(
        snapshot=snapshot, exposed=exposure(snapshot), policy=policy, occasion=occasion
    )
    return tuple(dated_stand(a, past.cost(a), contracts, neutral) for a in neutral.members)


def _by_spot(rules: RebalancePolicy, neutral: NeutralPolicy) -> RebalancePolicy:
    """Return *rules* by which the coins of members go by spot, within the sleeve's own band."""
    band = Threshold(width=neutral.band, relative=True)
    return replace(
        rules,
        routes={**rules.routes, **dict.fromkeys(neutral.members, Route.SPOT)},
        thresholds={**rules.thresholds, **dict.fromkeys(neutral.members, band)},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What members are decided by."""

    occasion: Occasion
    snapshot: Snapshot
    policy: Policy
    neutral: NeutralPolicy

    def stand(self, asset: Asset) -> Stand:
        """Return what is decided of one member."""
        neutral = self.neutral
        contract = market_of(asset, self.snapshot, contract=True)
        position = self.snapshot.positions.get(contract.symbol)
        is_held = position is not None and position.lots < 0
        year, cost = self._year(asset), self._costs(asset)
        with exact_arithmetic():
            measured = year if year is None or is_held else year - cost
        limit = neutral.exit_carry if is_held else neutral.min_carry
        holds = is_held
        if measured is not None:
            holds = measured >= limit if is_held else measured > limit
        return Stand(
            asset=asset,
            short=None,
            is_to_be_held=holds,
            reading=Reading(
                rule=RULE,
                subject=asset,
                name="carry_while_held" if is_held else "carry_after_costs",
                measured=measured,
                limit=limit,
                holds=holds,
                text=self._told(year, cost, is_held=is_held),
            ),
        )

    def _told(self, year: Decimal | None, cost: Decimal, *, is_held: bool) -> str:
        """Return the figures of one member in words."""
        days = self.neutral.funding_days
        if year is None:
            return f"no funding was settled within {days} days: it stays as it is"
        with exact_arithmetic():
            paid, costs = (shown(part * PERCENT, 2) for part in (year, cost))
        told = f"fraction a year; funding of {days} days pays a short {paid} %"
        within = f"{costs} % for four trades within {self.neutral.horizon_days} days"
        return told if is_held else f"{told}, less {within}"

    def _year(self, asset: Asset) -> Decimal | None:
        """Return what realised funding brings a short in a year; None where none was settled."""
        rows = self._settled(asset)
        mean = mean_rate(rows)
        if mean is None:
            return None
        hours = interval_of(rows) or self.policy.auto.funding_hours
        with exact_arithmetic():
            return ratio(mean * HOURS_A_DAY * DAYS_A_YEAR, Decimal(hours))

    def _settled(self, asset: Asset) -> tuple[FundingSettlement, ...]:
        """Return the settlements within the look-back, oldest first."""
        history = self.occasion.history
        rows = () if history is None else history.funding.get(asset, ())
        since = self.snapshot.venue_at - timedelta(days=self.neutral.funding_days)
        return tuple(row for row in rows if row.settled_at > since)

    def _costs(self, asset: Asset) -> Decimal:
        """Return what entering and leaving costs, as a fraction a year over the horizon."""
        total = ZERO
        for is_contract in (False, True):
            with exact_arithmetic():
                total += EACH_WAY * self.cost(asset, contract=is_contract)
        with exact_arithmetic():
            return ratio(total * DAYS_A_YEAR, Decimal(self.neutral.horizon_days))

    def cost(self, asset: Asset, *, contract: bool = False) -> Decimal:
        """Return fee and half spread of an order for its coins or its perpetual, fraction."""
        market = market_of(asset, self.snapshot, contract=contract)
        if market.symbol not in self.snapshot.books:
            raise MissingMark(f"{market.symbol}: no order book was read")
        return cost_share(market, self.snapshot.books[market.symbol])


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What shorts are sized on."""

    snapshot: Snapshot
    exposed: Exposure
    limits: RiskLimits
    neutral: NeutralPolicy
    """As it was settled."""

    def target(self, asset: Asset) -> Instrument | None:
        """Return the contract in which a member is to be short; None where none is."""
        if asset not in self.neutral.dated:
            return market_of(asset, self.snapshot, contract=True)
        symbol = self.neutral.shorts.get(asset)
        return None if symbol is None else self.snapshot.instruments[symbol]

    def others(self, asset: Asset) -> tuple[Instrument, ...]:
        """Return the contracts that are the sleeve's, have a position and are to have none."""
        target = self.target(asset)
        dated = tuple(a for a in self.neutral.dated if a == asset)
        theirs = sorted(sleeve_symbols(self.snapshot, (asset,), dated=dated))
        held = (self.snapshot.instruments[s] for s in theirs if s in self.snapshot.positions)
        return tuple(i for i in held if i != target)


def paired(sizes: Sizes, account: Account) -> Sizes:
    """Return *sizes* with the short of each member as large as its coins will be.

    They were settled on the same account, so that each has its markets and books.
    """
    for asset in account.neutral.members:
        sizes = _paired(sizes, asset, account)
    return sizes


def _paired(sizes: Sizes, asset: Asset, account: Account) -> Sizes:
    """Return *sizes* with the short of one member; without either where it cannot be ordered."""
    coins = [s for s in sizes.sized if _is_coin(s.move.instrument, asset)]
    found = tuple(_short(asset, coins, account))
    fault = next((why for s in found if (why := _unorderable(s)) is not None), None)
    if fault is None:
        return replace(sizes, sized=(*sizes.sized, *found))
    kept = tuple(s for s in sizes.sized if s not in coins)
    dropped = [*coins, *found]
    left = max(dropped, key=lambda s: abs(s.move.value))
    told = Untraded(
        asset=asset,
        reason=fault,
        value=left.move.value.copy_abs(),
        note="coins and short go together",
    )
    return replace(sizes, sized=kept, untraded=(*sizes.untraded, told))


def _is_coin(instrument: Instrument, asset: Asset) -> bool:
    """Whether an order of *instrument* trades the coin itself."""
    return instrument.kind is MarketKind.SPOT and instrument.base == asset


def _short(asset: Asset, coins: Sequence[Sized], account: Account) -> Iterator[Sized]:
    """Yield what makes the short of *asset* as large as its coins once *coins* have filled."""
    snapshot, contract = account.snapshot, account.target(asset)
    for other in account.others(asset):
        yield _sized(other, -int(snapshot.positions[other.symbol].lots), Role.CLOSE, account)
    if contract is None:
        return
    balance, position = snapshot.balances.get(asset), snapshot.positions.get(contract.symbol)
    with exact_arithmetic():
        held = (ZERO if balance is None else balance.held) + sum(map(_gained, coins), ZERO)
    lots = -floor_times(contract.lot_size, max(ZERO, held))
    for part, role in parts_to(lots, held=0 if position is None else int(position.lots)):
        yield _sized(contract, part, role, account)


def _gained(coin: Sized) -> Decimal:
    """Return the coins that an order brings, base units, signed, a buy less its fee in coins."""
    instrument = coin.move.instrument
    units = instrument.units(coin.lots)
    return units * (ONE - instrument.taker_fee) if units > 0 else units


def _sized(contract: Instrument, lots: int, role: Role, account: Account) -> Sized:
    """Return *lots* of a contract with their limit."""
    with exact_arithmetic():
        value = contract.units(Lots(lots)) * account.exposed.mid(contract.base)
    move = Move(
        asset=contract.base,
        instrument=contract,
        value=value,
        slack=ZERO,
        role=role,
        reason=LegReason.NEUTRAL,
    )
    slippage = account.limits.max_slippage_bps
    book = book_of(move, account.snapshot)
    limit = limit_ticks(contract, book, buys=lots > 0, max_slippage_bps=slippage)
    return Sized(move=move, lots=Lots(lots), limit=limit, reason=LegReason.NEUTRAL)


def _unorderable(short: Sized) -> UntradedReason | None:
    """Return why the venue would not take an order, None where it would."""
    instrument, is_close = short.move.instrument, short.move.role is Role.CLOSE
    if not instrument.tradable:
        return UntradedReason.NOT_TRADABLE
    least = instrument.notional_min_reduce_only if is_close else instrument.notional_min
    with exact_arithmetic():
        value = abs(instrument.units(short.lots)) * instrument.limit_price(short.limit)
    if value < least or abs(short.lots) < instrument.lots_min:
        return UntradedReason.BELOW_MIN_NOTIONAL
    return (
        None
        if is_close or abs(short.lots) <= instrument.lots_max
        else UntradedReason.AT_VENUE_MAXIMUM
    )
