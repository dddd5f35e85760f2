"""What no single key of a sleeve can tell: its size, its members, and what else trades them.

Pure. These read the raw tree, so they find their faults also when other keys are wrong. A
value that is itself of the wrong kind is left to the models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from pydantic_core import PydanticCustomError

from trimtab.config.checks_groups import sum_flaws
from trimtab.config.faults import Flaw
from trimtab.config.numerals import read_exact
from trimtab.config.positions import KeyPath
from trimtab.domain.exact import ONE, ZERO, plain
from trimtab.domain.references import DOLLAR_STABLES

Table = Mapping[str, Any]
SLEEVES: Final = ("portfolio", "sleeves")
_LEVERAGE_DEFAULT: Final = "2.5"


def funded_weights(sleeves: Table) -> Table:
    """Return the weights of sleeves by name, which count in the sum of all weights."""
    return {
        name: table["weight"]
        for name, table in sleeves.items()
        if isinstance(table, dict) and "weight" in table
    }


def sleeve_flaws(tree: Table, *, targeted: Collection[str]) -> Iterator[Flaw]:
    """Yield every fault between the keys of the sleeves and the assets that are *targeted*."""
    portfolio = _section(tree, "portfolio")
    sleeves = _section(portfolio, "sleeves")
    seen: dict[str, str] = {}
    for name, table in sleeves.items():
        if not isinstance(table, dict):
            continue
        yield from _size(name, table, tree=tree)
        yield from _members(name, table)
        for path, asset in _places(name, table):
            yield from _member(path, asset, tree, is_targeted=asset in targeted)
            if asset in seen:
                reason = f"{asset} is in sleeve {seen[asset]} already"
                yield Flaw(path=path, reason=reason, fix="name it in one sleeve, once")
            seen.setdefault(asset, name)
    yield from _frame(sleeves, tree=tree)
    yield from _above_one(tree)


def _above_one(tree: Table) -> Iterator[Flaw]:
    """Check that what risk parity may hold by futures is its own to trade."""
    parity = _section(_section(tree, "portfolio"), "risk_parity")
    path = ("portfolio", "risk_parity", "max_scale")
    try:
        is_above = read_exact(parity.get("max_scale", 1)) > ONE
        has_aim = read_exact(parity.get("volatility", 0)) > ZERO
    except PydanticCustomError:
        return
    if not is_above:
        return
    if not has_aim:
        fix = 'write volatility = "0.60" beside it, or remove it'
        yield Flaw(path=path, reason="is never reached without a volatility", fix=fix)
    for name in ("volatility", "rotation", "phase"):
        if name in _section(tree, "overlays"):
            reason = "holds futures that the overlay would not move"
            yield Flaw(path=("overlays", name), reason=reason, fix="remove it, or max_scale")
    assets = parity.get("assets")
    named = {s for t in _tables(tree) for _, s in _places("", t)}
    for index, asset in enumerate(assets if isinstance(assets, list) else ()):
        place = ("portfolio", "risk_parity", "assets", index)
        yield from _member(place, asset, tree, is_targeted=True)
        if asset in named:
            reason = f"{asset} is in a sleeve, and its perpetual is risk parity's"
            yield Flaw(path=place, reason=reason, fix="take it out of one of the two")
    yield from _perpetuals(path, tree)


def _tables(tree: Table) -> list[Table]:
    """Return the tables of all sleeves."""
    sleeves = _section(_section(tree, "portfolio"), "sleeves")
    return [table for table in sleeves.values() if isinstance(table, dict)]


def _perpetuals(path: KeyPath, tree: Table) -> Iterator[Flaw]:
    """Check that perpetuals are read, and count in weights."""
    if _section(tree, "portfolio").get("basis") == "spot":
        reason = 'is of futures, which basis = "spot" does not count'
        yield Flaw(path=path, reason=reason, fix='write basis = "net", or remove it')
    markets = _section(tree, "venue").get("markets")
    if isinstance(markets, list) and "swap" not in markets:
        reason = "needs perpetuals, but venue.markets has none"
        yield Flaw(path=path, reason=reason, fix='add "swap" to venue.markets, or remove it')


def _section(tree: Table, name: str) -> Table:
    """Return a table of the raw tree; one that is no table counts as empty here."""
    table = tree.get(name)
    return table if isinstance(table, dict) else {}


def _size(name: str, table: Table, *, tree: Table) -> Iterator[Flaw]:
    """Check that a sleeve has one size; a multiple is long, and within what leverage may be."""
    path = (*SLEEVES, name)
    if "weight" in table and "multiple" in table:
        yield Flaw(path=(*path, "multiple"), reason="excludes weight", fix="keep one of the two")
    elif "weight" not in table and "multiple" not in table:
        fix = f'write weight = "0.10" under [{".".join(path)}], or multiple = "2.0"'
        yield Flaw(path=path, reason="has no size", fix=fix)
    if "multiple" not in table:
        return
    if table.get("direction") == "short":
        fix = 'write weight in its place, or direction = "long"'
        yield Flaw(path=(*path, "direction"), reason="a multiple is long only", fix=fix)
    try:
        wanted = read_exact(table["multiple"])
        most = read_exact(_section(tree, "risk").get("max_leverage", _LEVERAGE_DEFAULT))
    except PydanticCustomError:
        return
    if wanted > most and "profile" not in _section(tree, "portfolio"):
        reason = f"is above risk.max_leverage, {plain(most)}"
        yield Flaw(path=(*path, "multiple"), reason=reason, fix="lower it, or raise the limit")


def _members(name: str, table: Table) -> Iterator[Flaw]:
    """Check that a sleeve names its underlyings one way, once."""
    path = (*SLEEVES, name)
    members, shares = table.get("members"), table.get("shares")
    if "members" in table and "shares" in table:
        fix = "keep members, or shares where they are fixed"
        yield Flaw(path=(*path, "shares"), reason="excludes members", fix=fix)
    elif not members and not shares:
        fix = f'write members = ["SOL", "AVAX"] under [{".".join(path)}]'
        yield Flaw(path=path, reason="names no asset", fix=fix)
    if isinstance(shares, dict) and shares:
        yield from sum_flaws((*path, "shares"), shares, rest="")


def _places(name: str, table: Table) -> Iterator[tuple[KeyPath, str]]:
    """Yield place and name of every underlying, as far as they can be read."""
    path = (*SLEEVES, name)
    members, shares = table.get("members"), table.get("shares")
    for index, asset in enumerate(members if isinstance(members, list) else ()):
        if isinstance(asset, str):
            yield (*path, "members", index), asset
    for asset in shares if isinstance(shares, dict) else ():
        yield (*path, "shares", asset), asset


def _member(path: KeyPath, asset: str, tree: Table, *, is_targeted: bool) -> Iterator[Flaw]:
    """Check that the perpetual of a member is traded by its sleeve alone, and may be bought."""
    quote, rebalance = _section(tree, "account").get("quote"), _section(tree, "rebalance")
    if asset == quote or asset in DOLLAR_STABLES:
        reason = f"{asset} is stable, and a contract on it is exposed to nothing"
        yield Flaw(path=path, reason=reason, fix="remove it")
    if asset in _section(_section(tree, "portfolio"), "flags"):
        reason = f"{asset} is flagged, so it may not be bought"
        yield Flaw(path=path, reason=reason, fix="take it out of the sleeve, or remove the flag")
    route = _section(rebalance, "routes").get(asset, rebalance.get("route", "spot"))
    if _section(_section(tree, "overlays"), "rotation"):
        route = "futures"  # For a time, whatever is written.
    if is_targeted and route in ("futures", "mixed", "auto"):
        reason = f'has the route "{route}", and its perpetual is the sleeve\'s alone'
        fix = f'write {asset} = "spot" under [rebalance.routes], or take it out of the sleeve'
        yield Flaw(path=path, reason=reason, fix=fix)


def _frame(sleeves: Table, *, tree: Table) -> Iterator[Flaw]:
    """Check what stands around sleeves: whose 1 they share, that futures count, perpetuals."""
    portfolio = _section(tree, "portfolio")
    for name in funded_weights(sleeves):
        path = (*SLEEVES, name, "weight")
        for other in ("profile", "risk_parity"):
            if other in portfolio:
                reason = f"leaves no part of 1 to it: {other} takes all of it"
                fix = "write [portfolio.targets] yourself, or a multiple in place of the weight"
                yield Flaw(path=path, reason=reason, fix=fix)
        if _section(_section(tree, "overlays"), "rotation"):
            reason = "shares 1 with the targets, and a rotation moves all of those"
            yield Flaw(path=path, reason=reason, fix="write a multiple, or remove the rotation")
    if sleeves:
        yield from _perpetuals(SLEEVES, tree)
