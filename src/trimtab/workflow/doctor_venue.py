"""What a doctor concludes of the venue itself: who answers, the key, fees, limits, filters. Pure.

As in :mod:`trimtab.workflow.doctor`: an examination never raises, and says how to mend what
is wrong. Values are quote units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, trimmed
from trimtab.domain.exposure import exposure
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.policy import Policy, Route
from trimtab.domain.rights import KeyRights, KeyStanding, KeyTrust, KeyUse, UntoldRights
from trimtab.domain.shared_wallet import free_margin
from trimtab.domain.snapshot import Environment, Snapshot
from trimtab.ports import Beside, BudgetUse, FeeTerms, HostAnswer
from trimtab.risk.key_powers import KeyNeeds, key_faults
from trimtab.workflow.doctor import (
    Examination,
    failed,
    needed_markets,
    passed,
    unchecked,
    uses_contracts,
    warned,
)

VENUE_CHECKS: Final = (
    *("host_truth", "key_rights", "filters", "fee_asset", "order_budget"),
    "other_wallets",
)
"""What this module looks at, in the order in which it is shown."""
LOCAL_NAME: Final = "local"
"""What the local exchange calls itself."""


def host_truth(
    environment: Environment,
    answers: Sequence[HostAnswer],
    *,
    hosts: Mapping[Environment, frozenset[str]],
) -> Examination:
    """Hold who really answered against the environment that was asked for.

    The venue's host is proved by its certificate, a local exchange by its own word. A host of
    the live exchange never passes for anything else.
    """
    if not answers:
        return unchecked("host_truth", why="no host has answered")
    lies = [lie for answer in answers if (lie := _lie(environment, answer, hosts))]
    if lies:
        fix = "do not go on; mend venue.environment and venue.url, and look who listens there"
        return failed("host_truth", found="; ".join(lies), fix=fix)
    if environment is Environment.LOCAL:
        places = ", ".join(sorted({answer.address for answer in answers}))
        return passed("host_truth", found=f"{places} says that it is a local exchange")
    names = ", ".join(answer.host for answer in answers)
    if environment is Environment.TESTNET and hosts[environment] & hosts[Environment.LIVE]:
        told = f"testnet on the live host, by a header in every request: {names}"
        return passed("host_truth", found=told)
    return passed("host_truth", found=f"{environment.value} by certificate: {names}")


def _lie(
    environment: Environment, answer: HostAnswer, hosts: Mapping[Environment, frozenset[str]]
) -> str:
    """Return what is wrong with one host; nothing when it is what it should be."""
    says_local = answer.calls_itself == LOCAL_NAME
    if environment is Environment.LOCAL:
        if answer.address in hosts[Environment.LIVE]:
            return f"{answer.address} is the live exchange"
        where = f"what listens on {answer.address} does not say that it is a local exchange"
        return "" if says_local else f"{where}; it may pass orders on to a real one"
    if says_local:
        return f"{answer.host} says that it is a local exchange"
    # A sandbox that is the live host with a header has its name; no request lacks the header.
    if {answer.host, answer.address} & (hosts[Environment.LIVE] - hosts[environment]):
        return f"{answer.host} is the live exchange, not the {environment.value}"
    known = hosts[environment]
    return "" if {answer.host, answer.address} <= known else f"{answer.host} is no host of it"


def key_examination(standing: KeyStanding, snapshot: Snapshot, policy: Policy) -> Examination:
    """Judge the key as the gate will, for every market that the policy may trade."""
    environment = snapshot.key.environment
    if isinstance(standing, UntoldRights):
        if standing.is_absent and environment is not Environment.LIVE:
            return unchecked("key_rights", why=standing.why)
        if standing.is_absent and policy.key_trust is KeyTrust.VOUCHED:
            found = f"{standing.why}; you vouch for it"
            return warned("key_rights", found=found, fix="look at the key's rights at the venue")
        fix = "run it again; the gate refuses a key whose rights are not told"
        if standing.is_absent:
            fix = 'see that the key can only read and trade, then set venue.key_rights = "vouched"'
        return failed("key_rights", found=f"not told: {standing.why}", fix=fix)
    wanted = [asset for asset in policy.rebalance.assets if asset != snapshot.quote]
    needs = KeyNeeds(
        spot=any(policy.rebalance.route_of(asset) is not Route.FUTURES for asset in wanted),
        futures=uses_contracts(snapshot, policy),
        topups=policy.hedge.max_topup > 0,
        transfers=policy.hedge.max_topup > 0,
    )
    return _key_line(standing, needs)


def _key_line(rights: KeyRights, needs: KeyNeeds) -> Examination:
    """Say what is wrong with the key, the worst first."""
    faults = key_faults(rights, needs)
    bad = [f"may {what}" for what in faults.dangerous]
    bad += [f"may not {what}" for what in faults.missing]
    which = f"the key to {rights.use.value}{' orders' * (rights.use is KeyUse.SEND)}"
    if bad:
        fix = "change the key's rights at the venue, or make a new key; the gate refuses this one"
        return failed("key_rights", found=f"{which} {', '.join(bad)}", fix=fix)
    if faults.careless:
        found = f"{which}: {'; '.join(faults.careless)}"
        return warned("key_rights", found=found, fix="restrict the key at the venue")
    powers = [what for is_so, what in _powers(rights) if is_so]
    return passed("key_rights", found=f"{which} may {', '.join(powers)}; bound to an address")


def _powers(rights: KeyRights) -> Iterator[tuple[bool, str]]:
    """Yield what a key may do that is of use."""
    yield rights.reads, "read"
    yield rights.trades_spot, "trade spot"
    yield rights.trades_futures, "trade futures"
    yield rights.transfers_within, "move funds between wallets"


def filters_examination(snapshot: Snapshot, policy: Policy) -> Examination:
    """Hold the venue's smallest orders against the largest that may be sent, and the bands."""
    smallest = dict(_smallest_orders(snapshot, policy))
    if not smallest:
        return unchecked("filters", why="no market was read")
    limit, quote = policy.limits.max_order_notional, snapshot.quote
    blocked = [symbol for symbol, value in smallest.items() if value > limit]
    if blocked:
        found = f"the smallest order in {', '.join(blocked)} is above risk.max_order_notional"
        fix = "raise risk.max_order_notional, or take another route"
        return failed("filters", found=found, fix=fix)
    largest = max(smallest, key=lambda symbol: smallest[symbol])
    found = f"smallest orders up to {trimmed(smallest[largest], 2)} {quote} ({largest})"
    exposed = exposure(snapshot)
    with exact_arithmetic():
        nav = exposed.nav(exposed.unpriced)
        narrow = [
            symbol
            for symbol, value in smallest.items()
            if _band(snapshot.instruments[symbol].base, policy) * nav < value
        ]
    if narrow:
        fix = "widen rebalance.threshold: a drift below the smallest order is not corrected"
        return warned("filters", found=f"{found}; bands are narrower than that", fix=fix)
    return passed("filters", found=found)


def _smallest_orders(snapshot: Snapshot, policy: Policy) -> Iterator[tuple[Symbol, Decimal]]:
    """Yield the value of the smallest order in every wanted market that was read."""
    for asset in policy.rebalance.assets:
        for symbol in needed_markets(asset, snapshot, policy):
            if symbol in snapshot.instruments and symbol in snapshot.books:
                yield symbol, _smallest_order(symbol, snapshot)


def _smallest_order(symbol: Symbol, snapshot: Snapshot) -> Decimal:
    """Return the value of the smallest order of one market."""
    instrument = snapshot.instruments[symbol]
    with exact_arithmetic():
        least = instrument.units(instrument.lots_min) * snapshot.books[symbol].mid
        return max(least, instrument.notional_min)


def _band(asset: Asset, policy: Policy) -> Decimal:
    """Return how far the weight of *asset* may stray, as a fraction of the NAV."""
    weight, threshold = policy.rebalance.banded(asset)
    if not threshold.relative:
        return threshold.width
    with exact_arithmetic():
        return threshold.width * weight


def fee_examination(terms: FeeTerms, snapshot: Snapshot, policy: Policy) -> Examination:
    """Say what fees will be paid in, and whether a full run's fees are there."""
    if terms.on_spot is None and terms.on_futures is None:
        return unchecked("fee_asset", why="the host does not tell what fees are paid in")
    told: list[str] = []
    short: list[str] = []
    held = snapshot.balances.get(terms.coin)
    in_spot = held.free if held is not None else ZERO
    if terms.on_spot is not None:
        told.append(f"spot in {terms.coin if terms.on_spot else 'what is received'}")
    if terms.on_spot:
        needed = _fees(_instruments(snapshot, contracts=False), policy)
        short += _lack(terms.coin, snapshot, units=in_spot, needed=needed)
    if terms.on_futures is not None and uses_contracts(snapshot, policy):
        asset = terms.futures_coin if terms.on_futures else snapshot.quote
        told.append(f"futures in {asset}")
        needed = _fees(_instruments(snapshot, contracts=True), policy)
        units = free_margin(snapshot, asset)
        short += _lack(asset, snapshot, units=units, needed=needed)
    if not told:
        return unchecked("fee_asset", why="the host does not tell what spot fees are paid in")
    if short:
        fix = "put more there, or have the venue take fees in what is traded"
        return warned("fee_asset", found=f"{', '.join(told)}; {'; '.join(short)}", fix=fix)
    return passed("fee_asset", found=", ".join(told))


def _instruments(snapshot: Snapshot, *, contracts: bool) -> list[Instrument]:
    """Return the contracts that were read, or the coins."""
    return [i for i in snapshot.instruments.values() if i.is_contract is contracts]


def _fees(instruments: Sequence[Instrument], policy: Policy) -> Decimal:
    """Return what the fees of a run are at most, without any discount."""
    highest = max((i.taker_fee for i in instruments), default=ZERO)
    with exact_arithmetic():
        return policy.limits.max_run_notional * highest


def _lack(asset: Asset, snapshot: Snapshot, *, units: Decimal, needed: Decimal) -> Iterator[str]:
    """Yield what is wrong when *units* of an asset do not pay for *needed*."""
    mid = exposure(snapshot).mids.get(asset)
    if not units:
        yield f"there is no {asset}"
        return
    if mid is None:
        yield f"the price of {asset} was not read"
        return
    with exact_arithmetic():
        value = units * mid
    if value < needed:
        yield (
            f"{trimmed(units, 4)} {asset} is worth {trimmed(value, 2)},"
            f" a full run needs up to {trimmed(needed, 2)} {snapshot.quote}"
        )


def beside_examination(found: Sequence[Beside] | None) -> Examination:
    """Say what of the owner's lies at the venue and in no weight, limit or plan."""
    if found is None:
        return unchecked("other_wallets", why="what lies in other wallets there is not asked for")
    if not found:
        return passed("other_wallets", found="nothing lies beside the account")
    told = "; ".join(f"{each.place} {each.held}" for each in found)
    fix = (
        "close contracts there and move the rest into the account, or mind it yourself: no weight,"
        " hedge or limit counts it"
    )
    if ways := sorted({each.counted_by for each in found if each.counted_by}):
        fix += f"; {', '.join(ways)} does so with the contracts"
    return warned("other_wallets", found=f"beside the account: {told}", fix=fix)


def budget_examination(usage: Sequence[BudgetUse]) -> Examination:
    """Say how much of the venue's limits is used; half of one by others is a warning."""
    told = [use for use in usage if use.used is not None]
    if not told:
        return unchecked("order_budget", why="no answer told what is used")
    spent = [use for use in told if use.used is not None and use.used * 2 > use.limit]
    found = "; ".join(_used(use) for use in usage)
    if spent:
        fix = "end what else uses this address or account, or wait a minute"
        return warned("order_budget", found=found, fix=fix)
    return passed("order_budget", found=found)


def _used(use: BudgetUse) -> str:
    """Return one limit in words."""
    if use.used is None:
        return f"{use.desk} at most {use.limit} {use.counts}"
    return f"{use.desk} {use.limit - use.used} of {use.limit} {use.counts} left"
