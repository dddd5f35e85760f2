"""Tiers of maintenance margin as a configuration writes them. Pure.

``[{ up_to = 50000, rate = 0.005 }, { up_to = 100000, rate = 0.01 }]``: ends and rates rise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from trimtab.config.faults import Flaw
from trimtab.config.numerals import fault, read_exact, shown
from trimtab.config.positions import KeyPath
from trimtab.domain.declared import DeclaredTiers, MaintenanceTier
from trimtab.domain.exact import ZERO, plain
from trimtab.domain.instruments import Asset, MarketKind
from trimtab.domain.policy import Policy
from trimtab.venues.catalogue import PROFILES

_FIX: Final = 'write such as [{ up_to = 50000, rate = "0.005" }, { up_to = 100000, rate = "0.01" }]'
_KEYS: Final = frozenset({"up_to", "rate"})
_TIERS_MAX: Final = 50
_SWAP: Final = MarketKind.SWAP.value


def read_tiers(value: object) -> tuple[MaintenanceTier, ...]:
    """Return the tiers of one contract."""
    if isinstance(value, tuple):
        return value  # Read already.
    if not isinstance(value, list) or not 1 <= len(value) <= _TIERS_MAX:
        raise fault(f"must be tiers, up to {_TIERS_MAX}, was {shown(value)}", fix=_FIX)
    tiers: list[MaintenanceTier] = []
    for number, each in enumerate(value, start=1):
        tier = _tier(number, each)
        if tiers and (tier.up_to <= tiers[-1].up_to or tier.rate <= tiers[-1].rate):
            reason = f"tier {number} does not rise above the one before in up_to and in rate"
            raise fault(reason, fix="write the tiers in the order of the venue's app")
        tiers.append(tier)
    return tuple(tiers)


def _tier(number: int, value: object) -> MaintenanceTier:
    """Return one tier."""
    if not isinstance(value, dict) or value.keys() != _KEYS:
        raise fault(f"tier {number} must have up_to and rate, and nothing else", fix=_FIX)
    up_to, rate = read_exact(value["up_to"]), read_exact(value["rate"])
    if up_to <= ZERO:
        reason = f"up_to of tier {number} must be above 0, was {plain(up_to)}"
        raise fault(reason, fix="write the largest notional of the tier, in the quote")
    if not ZERO < rate < 1:
        reason = f"rate of tier {number} must be above 0 and below 1, was {plain(rate)}"
        raise fault(reason, fix='write 0.5 % as "0.005"')
    return MaintenanceTier(up_to=up_to, rate=rate)


def tiers_document(tiers: tuple[MaintenanceTier, ...]) -> list[dict[str, str]]:
    """Return tiers as a file may write them."""
    return [{"up_to": plain(tier.up_to), "rate": plain(tier.rate)} for tier in tiers]


TiersText = Annotated[
    tuple[MaintenanceTier, ...],
    PlainValidator(read_tiers),
    PlainSerializer(tiers_document),
    WithJsonSchema(
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "up_to": {"type": ["string", "number"]},
                    "rate": {"type": ["string", "number"]},
                },
                "required": ["up_to", "rate"],
                "additionalProperties": False,
            },
        }
    ),
]
"""The tiers of one contract: ``[{ up_to = 50000, rate = "0.005" }]``."""


def tier_flaws(venue: Mapping[str, Any], *, hedge: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield tiers that nobody reads: of a venue that tells its own, or that has no contracts."""
    there = hedge.get("venue")
    elsewhere, markets = there if isinstance(there, dict) else {}, venue.get("markets")
    for table, path in ((venue, ("venue",)), (elsewhere, ("hedge", "venue"))):
        venue_id, at = table.get("id"), (*path, "maintenance")
        profile = PROFILES.get(venue_id) if isinstance(venue_id, str) else None
        if "maintenance" not in table or profile is None:
            continue
        if profile.tells_maintenance:
            reason = f"{venue_id} tells what a position has to maintain"
            yield Flaw(path=at, reason=reason, fix="remove it")
        elif table is venue and elsewhere:
            reason = "counts nothing where contracts are held on another venue"
            yield Flaw(path=at, reason=reason, fix="remove it")
        elif isinstance(markets, list) and _SWAP not in markets:
            reason = "counts nothing where venue.markets has no perpetuals"
            yield Flaw(path=at, reason=reason, fix=f'add "{_SWAP}" to venue.markets, or remove it')


def undeclared(
    policy: Policy, hedged: tuple[Asset, ...], *, venue_id: str, path: KeyPath
) -> Iterator[Flaw]:
    """Yield the coins *hedged* by contracts of a venue that tells no tiers, and without any."""
    if PROFILES[venue_id].tells_maintenance:
        return
    missing = [coin for coin in hedged if coin not in policy.tiers]
    if missing:
        reason = f"{venue_id} tells no maintenance margin, and {', '.join(missing)} may be hedged"
        fix = (
            f'write {missing[0]} = [{{ up_to = 50000, rate = "0.005" }}, ...] under'
            f" [{'.'.join(map(str, path))}], as the venue's app shows it, then"
            " trimtab config check"
        )
        yield Flaw(path=path, reason=reason, fix=fix)


def declared_tiers(written: Mapping[str, tuple[MaintenanceTier, ...]]) -> DeclaredTiers:
    """Return what is written, by coin."""
    return {Asset(name): tiers for name, tiers in written.items()}
