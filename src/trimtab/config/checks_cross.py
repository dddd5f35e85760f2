"""What no single key of a cross-hedge can tell: who goes by it, and whose contract it takes.

Pure. These read the raw tree, so they find their faults also when other keys are wrong. A
value that is itself of the wrong kind is left to the models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from trimtab.config.faults import Flaw

Table = Mapping[str, Any]
BY: Final = ("hedge", "cross", "by")


def cross_flaws(tree: Table) -> Iterator[Flaw]:
    """Yield every fault between the route "cross" and the pairs that it goes by."""
    rebalance = _section(tree, "rebalance")
    routes = _section(rebalance, "routes")
    pairs = _section(_section(_section(tree, "hedge"), "cross"), "by")
    if rebalance.get("route") == "cross":
        fix = 'write such as ALT = "cross" under [rebalance.routes]'
        yield Flaw(path=("rebalance", "route"), reason="is for single assets", fix=fix)
    for asset, route in routes.items():
        if route == "cross" and asset not in pairs:
            fix = f'write {asset} = "BTC" under [hedge.cross.by]'
            reason = "does not say whose contract hedges it"
            yield Flaw(path=("rebalance", "routes", asset), reason=reason, fix=fix)
    for asset, other in pairs.items():
        yield from _pair(asset, other, tree)


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
