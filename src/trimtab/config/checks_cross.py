"""What no single key of a cross-hedge can tell: who goes by it, and whose contract it takes.

Pure. These read the raw tree, so they find their faults also when other keys are wrong. A
value that is itself of the wrong kind is left to the models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from trimtab.config.checks_groups import grouped
from trimtab.config.faults import Flaw
from trimtab.config.positions import KeyPath

Table = Mapping[str, Any]
BY: Final = ("hedge", "cross", "by")
GROUPS: Final = ("hedge", "cross", "groups")


def cross_flaws(tree: Table) -> Iterator[Flaw]:
    """Yield every fault between the route "cross" and the pairs that it goes by."""
    rebalance = _section(tree, "rebalance")
    routes = _section(rebalance, "routes")
    pairs = _section(_section(_section(tree, "hedge"), "cross"), "by")
    if rebalance.get("route") == "cross":
        fix = 'write such as ALT = "cross" under [rebalance.routes]'
        yield Flaw(path=("rebalance", "route"), reason="is for single assets", fix=fix)
    grouped = _grouped(tree)
    for asset, route in routes.items():
        if route == "cross" and asset not in pairs and asset not in grouped:
            fix = f'write {asset} = "BTC" under [hedge.cross.by]'
            reason = "does not say whose contract hedges it"
            yield Flaw(path=("rebalance", "routes", asset), reason=reason, fix=fix)
    for asset, other in pairs.items():
        yield from _pair(asset, other, tree)
    for name, other in _section(_section(_section(tree, "hedge"), "cross"), "groups").items():
        yield from _group(name, other, tree)


def _grouped(tree: Table) -> Mapping[str, str]:
    """Return the members of groups that are hedged together, with their group."""
    groups = _section(_section(tree, "portfolio"), "groups")
    wanted = _section(_section(_section(tree, "hedge"), "cross"), "groups")
    return {a: name for name in wanted for a in grouped({name: groups.get(name)})}


def _group(name: str, other: object, tree: Table) -> Iterator[Flaw]:
    """Check that a group is there, that nothing else says how its members go, and the contract."""
    path, rebalance = (*GROUPS, name), _section(tree, "rebalance")
    routes = _section(rebalance, "routes")
    group = _section(_section(_section(tree, "portfolio"), "groups"), name)
    if not group:
        fix = "name a group of [portfolio.groups], or remove it"
        yield Flaw(path=path, reason="is no group of the portfolio", fix=fix)
        return
    members = grouped({name: group})
    if group.get("basket") is True:
        reason = "is a basket, whose members hedge for each other"
        yield Flaw(path=path, reason=reason, fix="write basket = false, or remove it")
    if other in members:
        fix = "name a contract on something else"
        yield Flaw(path=path, reason=f"is hedged by {other}, its own member", fix=fix)
    pairs = _section(_section(_section(tree, "hedge"), "cross"), "by")
    for asset in members:
        if asset == _section(tree, "account").get("quote"):
            reason = f"has the quote, {asset}, among its members"
            yield Flaw(path=path, reason=reason, fix="put it in another group")
        if routes.get(asset, "cross") != "cross" or asset in pairs:
            fix = f"remove {asset} from rebalance.routes and hedge.cross.by"
            reason = f"takes the route of {asset}, which is written otherwise"
            yield Flaw(path=path, reason=reason, fix=fix)
    yield from _contract(path, other, tree)


def _section(tree: Table, name: str) -> Table:
    """Return a table of the raw tree; one that is no table counts as empty here."""
    table = tree.get(name)
    return table if isinstance(table, dict) else {}


def _pair(asset: str, other: object, tree: Table) -> Iterator[Flaw]:
    """Check that one pair is gone by, and that the other's contract hedges nothing else."""
    path, rebalance = (*BY, asset), _section(tree, "rebalance")
    routes = _section(rebalance, "routes")
    if routes.get(asset) != "cross":
        fix = f'write {asset} = "cross" under [rebalance.routes], or remove it'
        yield Flaw(path=path, reason="is never gone by: its route is another", fix=fix)
    if other == asset:
        fix = 'use the route "futures", or name another asset'
        yield Flaw(path=path, reason="is hedged by itself", fix=fix)
    yield from _contract(path, other, tree)


def _contract(path: KeyPath, other: object, tree: Table) -> Iterator[Flaw]:
    """Check that the contract of *other* hedges nothing else, and is read."""
    rebalance = _section(tree, "rebalance")
    routes = _section(rebalance, "routes")
    if routes.get(str(other), rebalance.get("route", "spot")) not in ("spot", "cross"):
        fix = f'write {other} = "spot" under [rebalance.routes]'
        yield Flaw(path=path, reason=f"takes the contract that {other} takes", fix=fix)
    if _section(_section(tree, "overlays"), "rotation"):
        reason = "takes a contract that a rotation may take"
        yield Flaw(path=path, reason=reason, fix="remove the rotation, or the pair")
    if other in sleeved_in(tree):
        reason = f"takes the contract of a sleeve, {other}"
        yield Flaw(path=path, reason=reason, fix="name another asset, or take it out of the sleeve")
    markets = _section(tree, "venue").get("markets")
    if isinstance(markets, list) and "swap" not in markets:
        reason = "needs perpetuals, but venue.markets has none"
        yield Flaw(path=path, reason=reason, fix='add "swap" to venue.markets, or remove it')


def sleeved_in(tree: Table) -> frozenset[str]:
    """Return the assets whose perpetuals are sleeves', as far as they can be read."""
    portfolio = _section(tree, "portfolio")
    tables = [t for t in _section(portfolio, "sleeves").values() if isinstance(t, dict)]
    parity = _section(portfolio, "risk_parity")
    if "max_scale" in parity:
        tables.append({"members": parity.get("assets")})
    named = (t.get("members", t.get("shares")) for t in tables)
    lists = (each for each in named if isinstance(each, list | dict))
    return frozenset(a for each in lists for a in each if isinstance(a, str))
