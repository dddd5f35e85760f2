"""What a venue's adapter does not speak: kinds of market, environments. Pure.

Reads the raw tree, as :mod:`trimtab.config.checks` does, for what no single key can tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from trimtab.config.faults import Flaw
from trimtab.config.numerals import read_exact
from trimtab.config.positions import KeyPath
from trimtab.config.words import LOCAL_URL
from trimtab.domain.contracts import Contract
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import MarketKind
from trimtab.domain.rights import KeyTrust
from trimtab.domain.snapshot import Environment
from trimtab.venues.catalogue import PROFILES

_USUAL: Final = (MarketKind.SPOT.value, MarketKind.SWAP.value)
"""What ``venue.markets`` is when it is not written."""
_PORTS: Final[Mapping[str, int]] = MappingProxyType({"http": 80, "https": 443})
_CONTRACTS: Final = (MarketKind.SWAP.value, MarketKind.FUTURE.value)


def dated_flaws(venue: Mapping[str, Any], *, hedge: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what the section *hedge* asks of dated contracts that ``venue.markets`` leaves out."""
    markets, named = venue.get("markets", _USUAL), hedge.get("contracts")
    if not isinstance(markets, (list, tuple)) or MarketKind.FUTURE.value in markets:
        return
    wanted: list[tuple[KeyPath, object]] = [(("hedge", "contract"), hedge.get("contract"))]
    if isinstance(named, dict):
        wanted += [(("hedge", "contracts", str(a)), each) for a, each in named.items()]
    for path, contract in wanted:
        if contract in (Contract.DATED.value, Contract.AUTO.value):
            fix = 'add "future" to venue.markets, or write "perpetual"'
            yield Flaw(path=path, reason="needs dated contracts; venue.markets has none", fix=fix)


def venue_flaws(venue: Mapping[str, Any], *, hedge: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what the section *venue* asks of an adapter that it has not.

    Where *hedge* has contracts held elsewhere, only its coins are asked for.
    """
    venue_id = venue.get("id")
    profile = PROFILES.get(venue_id) if isinstance(venue_id, str) else None
    if profile is None:
        return
    is_split = "venue" in hedge
    markets = (MarketKind.SPOT.value,) if is_split else venue.get("markets", _USUAL)
    spoken = [kind.value for kind in MarketKind if kind in profile.kinds]
    if isinstance(markets, (list, tuple)) and any(
        kind in list(MarketKind) and kind not in spoken for kind in markets
    ):
        place = ("venue", "markets" if "markets" in venue else "id")
        reason = f"{venue_id} is opened for {', '.join(spoken)} only"
        yield Flaw(path=place, reason=reason, fix=f"write markets = {json.dumps(spoken)}")
    environment = venue.get("environment")
    if environment in list(Environment) and (why := profile.lacks(Environment(environment))):
        fix = f'write environment = "{profile.instead.value}"'
        yield Flaw(path=("venue", "environment"), reason=why, fix=fix)
    there = hedge.get("venue")
    elsewhere = PROFILES.get(str(there.get("id"))) if isinstance(there, dict) else None
    all_told = profile.tells_rights and (elsewhere is None or elsewhere.tells_rights)
    if venue.get("key_rights") == KeyTrust.VOUCHED.value and all_told:
        reason = f"{venue_id} tells what a key may do, so that nobody has to vouch for it"
        yield Flaw(path=("venue", "key_rights"), reason=reason, fix="leave it out")


def hedge_venue_flaws(venue: Mapping[str, Any], *, hedge: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what keeps contracts from being held on the venue that *hedge* names, if it does."""
    there = hedge.get("venue")
    if not isinstance(there, dict):
        return
    markets, path = venue.get("markets", _USUAL), ("hedge", "venue")
    wanted = [k for k in _CONTRACTS if isinstance(markets, (list, tuple)) and k in markets]
    if markets == [MarketKind.SPOT.value]:  # What else lacks contracts has its own fault.
        reason = "has nothing to hold: venue.markets has no contracts"
        yield Flaw(path=path, reason=reason, fix='add "swap" to venue.markets, or remove it')
    yield from _unspoken(there, wanted=wanted, environment=venue.get("environment"))
    yield from _address(there, venue=venue)
    if _moves(hedge.get("max_topup", 0)):
        reason = "moves nothing between two venues; the contracts are held on another"
        yield Flaw(path=("hedge", "max_topup"), reason=reason, fix="remove it")


def coin_flaws(venue: Mapping[str, Any], *, is_split: bool) -> Iterator[Flaw]:
    """Yield what keeps coin-margined contracts from being counted at the *venue*."""
    venue_id, path = venue.get("id"), ("venue", "coin_margined")
    profile = PROFILES.get(venue_id) if isinstance(venue_id, str) else None
    if venue.get("coin_margined") is not True or profile is None:
        return
    if is_split:
        reason = "counts nothing where contracts are held on another venue"
        yield Flaw(path=path, reason=reason, fix="remove it, or hold contracts on the same venue")
    elif not profile.reads_coin_margined:
        able = ", ".join(sorted(p.venue_id for p in PROFILES.values() if p.reads_coin_margined))
        reason = f"no coin-margined contract of {venue_id} can be counted yet"
        yield Flaw(path=path, reason=reason, fix=f"remove it; {able} can")


def stop_flaws(venue: Mapping[str, Any], *, hedge: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what keeps stops from resting on the venue that holds the contracts."""
    if hedge.get("stop_rests") is not True:
        return
    path = ("hedge", "stop_rests")
    if not _moves(hedge.get("stop", 0)):
        reason = "has no stop to rest: hedge.stop is 0"
        yield Flaw(path=path, reason=reason, fix='write hedge.stop = "0.10", or remove it')
    there = hedge.get("venue")
    venue_id = (there if isinstance(there, dict) else venue).get("id")
    profile = PROFILES.get(venue_id) if isinstance(venue_id, str) else None
    if profile is not None and not profile.rests_stops:
        able = ", ".join(sorted(p.venue_id for p in PROFILES.values() if p.rests_stops))
        reason = f"no stop can rest on {venue_id} yet"
        yield Flaw(path=path, reason=reason, fix=f"remove it, or hold contracts on {able}")


def _unspoken(
    there: Mapping[str, Any], *, wanted: Sequence[str], environment: object
) -> Iterator[Flaw]:
    """Yield the contracts, and the environment, that the adapter of a venue has not."""
    venue_id, path = there.get("id"), ("hedge", "venue", "id")
    profile = PROFILES.get(venue_id) if isinstance(venue_id, str) else None
    if profile is None:
        return
    spoken = [kind.value for kind in MarketKind if kind in profile.kinds]
    if missing := [kind for kind in wanted if kind not in spoken]:
        able = [p.venue_id for p in PROFILES.values() if {*wanted} <= {k.value for k in p.kinds}]
        reason = f"{venue_id} is not opened for {', '.join(missing)}"
        yield Flaw(path=path, reason=reason, fix=f"write {' or '.join(able)}")
    absent = [each.value for each in Environment if not profile.hosts[each]]
    if environment in absent:
        reason = f"{venue_id} has no environment {environment}"
        yield Flaw(path=path, reason=reason, fix="choose another venue or environment")


def _address(there: Mapping[str, Any], *, venue: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what is wrong with where the local exchange of the contracts listens."""
    url, environment, path = there.get("url", ""), venue.get("environment"), ("hedge", "venue")
    if url and environment in ("testnet", "live"):
        reason = f'is only for environment = "local", the environment is "{environment}"'
        fix = "remove it; the venue's own address is used"
        yield Flaw(path=(*path, "url"), reason=reason, fix=fix)
    if environment != Environment.LOCAL.value:
        return
    fix = "write where another trimtab testnet listens"
    if not url:
        where = (*path, "url") if "url" in there else path
        yield Flaw(path=where, reason="needs url in local: an exchange of its own", fix=fix)
    elif _port(url) in {_port(venue.get("url", LOCAL_URL))} - {None}:
        reason = "is where the coins are: one account would be read as two"
        yield Flaw(path=(*path, "url"), reason=reason, fix=fix)


def _port(url: object) -> int | None:
    """Return the port of an address on this machine, which has many names; None where unread."""
    try:
        parts = urlsplit(str(url))
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _moves(units: object) -> bool:
    """Say whether *units* is a number above 0; anything else has a fault of its own."""
    try:
        return read_exact(units) > ZERO
    except PydanticCustomError:
        return False
