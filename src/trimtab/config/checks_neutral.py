"""What no single key of the neutral sleeve can tell: who else trades its coins, what it excludes.

Pure. These read the raw tree, so they find their faults also when other keys are wrong. A
value that is itself of the wrong kind is left to the models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from pydantic_core import PydanticCustomError

from trimtab.config.faults import Flaw
from trimtab.config.numerals import read_exact
from trimtab.config.positions import KeyPath
from trimtab.domain.contracts import Contract
from trimtab.domain.exact import plain
from trimtab.domain.instruments import MarketKind
from trimtab.domain.references import DOLLAR_STABLES

Table = Mapping[str, Any]
NEUTRAL: Final = ("portfolio", "neutral")
_EXCLUDED: Final = (
    ("portfolio", "profile", "takes all of the weight"),
    ("portfolio", "risk_parity", "takes all of the weight"),
    ("overlays", "rotation", "moves all of the weight"),
    ("overlays", "phase", "would enter in steps that its short does not know"),
    ("rebalance", "no_trade", "weighs coins as if nothing were short against them"),
)
"""What cannot stand beside it, and why."""


def neutral_weights(tree: Table) -> Table:
    """Return its weight by its name, which counts in the sum of all weights."""
    table = _section(_section(tree, "portfolio"), "neutral")
    return {"neutral": table["weight"]} if "weight" in table else {}


def neutral_flaws(
    tree: Table, *, targeted: Collection[str], sleeved: Collection[str]
) -> Iterator[Flaw]:
    """Yield every fault between the keys of the neutral sleeve and the rest of the file."""
    table = _section(_section(tree, "portfolio"), "neutral")
    if not table:
        return
    members = table.get("members")
    for index, asset in enumerate(members if isinstance(members, list) else ()):
        yield from _member((*NEUTRAL, "members", index), asset, tree)
        if asset in targeted:
            fix = "take it out of the targets, or out of the members"
            reason = f"{asset} has a target, so its coins are not the sleeve's alone"
            yield Flaw(path=(*NEUTRAL, "members", index), reason=reason, fix=fix)
        if asset in sleeved:
            reason = f"{asset} is in a sleeve, and its perpetual is that sleeve's"
            fix = "take it out of one of the two"
            yield Flaw(path=(*NEUTRAL, "members", index), reason=reason, fix=fix)
    yield from _frame(tree)
    yield from _carry(table)


def _section(tree: Table, name: str) -> Table:
    """Return a table of the raw tree; one that is no table counts as empty here."""
    table = tree.get(name)
    return table if isinstance(table, dict) else {}


def _member(path: KeyPath, asset: object, tree: Table) -> Iterator[Flaw]:
    """Check that a member is a coin, and that its contract hedges nobody else."""
    if asset == _section(tree, "account").get("quote") or asset in DOLLAR_STABLES:
        reason = f"{asset} is stable, and earns no funding"
        yield Flaw(path=path, reason=reason, fix="remove it")
    cross = _section(_section(tree, "hedge"), "cross")
    if asset in (*_section(cross, "by").values(), *_section(cross, "groups").values()):
        reason = f"{asset} hedges another asset by hedge.cross, and its perpetual is taken"
        yield Flaw(path=path, reason=reason, fix="name another asset in one of the two")


def _frame(tree: Table) -> Iterator[Flaw]:
    """Check what stands around it: whose 1 it shares, that futures count, perpetuals, buys."""
    for section, key, reason in _EXCLUDED:
        if key in _section(tree, section):
            fix = f"remove it, or {section}.{key}"
            yield Flaw(path=NEUTRAL, reason=f"{section}.{key} {reason}", fix=fix)
    portfolio, rebalance = _section(tree, "portfolio"), _section(tree, "rebalance")
    if portfolio.get("basis") == "spot":
        reason = 'is of futures, which basis = "spot" does not count'
        yield Flaw(path=NEUTRAL, reason=reason, fix='write basis = "net", or remove it')
    if rebalance.get("side") == "overweight":
        reason = 'buys coins, which rebalance.side = "overweight" never does'
        yield Flaw(path=NEUTRAL, reason=reason, fix='write side = "both", or remove it')
    yield from _dated(tree)
    markets = _section(tree, "venue").get("markets")
    if isinstance(markets, list) and "swap" not in markets:
        reason = "needs perpetuals, but venue.markets has none"
        yield Flaw(path=NEUTRAL, reason=reason, fix='add "swap" to venue.markets, or remove it')


def _dated(tree: Table) -> Iterator[Flaw]:
    """Check that a dated short finds its contracts, and that it goes on before delivery."""
    path = (*NEUTRAL, "contract")
    if _section(_section(tree, "portfolio"), "neutral").get("contract") != Contract.DATED.value:
        return
    markets = _section(tree, "venue").get("markets", ())
    if isinstance(markets, (list, tuple)) and MarketKind.FUTURE.value not in markets:
        fix = 'add "future" to venue.markets, or write "perpetual"'
        yield Flaw(path=path, reason="needs dated contracts; venue.markets has none", fix=fix)
    triggers = _section(tree, "triggers")
    if triggers.get("on_expiry", "roll") != "roll":
        reason = "needs a roll before delivery, else its coins would lose their short alone"
        yield Flaw(path=path, reason=reason, fix='write triggers.on_expiry = "roll", or remove it')


def _carry(table: Table) -> Iterator[Flaw]:
    """Check that what is entered is not left at once."""
    try:
        enter, leave = (
            read_exact(table.get(key, usual))
            for key, usual in (("min_carry", "0.05"), ("exit_carry", "0.01"))
        )
    except PydanticCustomError:
        return
    if leave > enter >= 0:
        reason = f"is above min_carry, {plain(enter)}, so that what is entered would be left"
        yield Flaw(path=(*NEUTRAL, "exit_carry"), reason=reason, fix="lower it")
