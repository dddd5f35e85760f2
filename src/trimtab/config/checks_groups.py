"""What no single key of a group can tell: sums, overlaps, and keys that contradict each other.

Pure. These read the raw tree, so they find their faults also when other keys are wrong. A
value that is itself no number or no table is left to the models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from pydantic_core import PydanticCustomError

from trimtab.config.faults import Flaw
from trimtab.config.numerals import read_exact
from trimtab.config.positions import KeyPath
from trimtab.config.words import ASSET
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, plain
from trimtab.domain.references import DOLLAR_STABLES

SUM_TOLERANCE: Final = Decimal("1e-9")
"""How far the weights' sum may be from 1 (strategy book 1.1)."""
GROUPS: Final = ("portfolio", "groups")
_EXAMPLE: Final = '[portfolio.groups.core] with weight = "0.70" and members = ["BTC", "ETH"]'

Table = Mapping[str, Any]
NOTHING_BESIDE: Final[Table] = MappingProxyType({})
"""No weights but these."""


def sum_flaws(
    path: KeyPath, weights: Table, *, rest: str, beside: Table = NOTHING_BESIDE
) -> Iterator[Flaw]:
    """Yield a fault where weights do not sum to 1; wrong ones are faults of their own.

    *rest* says how to write down what could take the ``{missing}`` weight, such as the quote;
    empty where nothing could. What stands *beside* them counts in the sum.
    """
    try:
        numbers = [read_exact(weight) for weight in (*weights.values(), *beside.values())]
    except PydanticCustomError:
        return
    if not all(ZERO <= weight <= ONE for weight in numbers):
        return
    with exact_arithmetic():
        total = sum(numbers, ZERO)
        missing = ONE - total
    if missing.copy_abs() <= SUM_TOLERANCE:
        return
    fix = f"{'lower' if missing < 0 else 'raise'} them by {plain(missing.copy_abs())}"
    if rest and missing > 0:
        fix = f"add {rest.format(missing=plain(missing))}, or raise the others by as much"
    with_them = " with those of the sleeves" if beside else ""
    reason = f"weights must sum to 1{with_them}, sum is {plain(total)}"
    yield Flaw(path=path, reason=reason, fix=fix)


def grouped(groups: Table) -> tuple[str, ...]:
    """Return every asset that a group names, in file order, as far as it can be read."""
    return tuple(asset for _, asset in _places(groups))


def group_flaws(groups: object, *, quote: str | None, beside: Table) -> Iterator[Flaw]:
    """Yield every fault between the keys of the groups; none where there are no groups.

    *beside* are the weights of sleeves, which count in their sum.
    """
    if not isinstance(groups, dict):
        return
    if not groups:
        yield Flaw(path=GROUPS, reason="names no group", fix=f"write such as {_EXAMPLE}")
        return
    tables = {name: table for name, table in groups.items() if isinstance(table, dict)}
    for name, table in tables.items():
        yield from _members(name, table)
        yield from _inner(name, table)
        yield from _alone(name, table, quote=quote)
    yield from _overlaps(groups)
    weights = {name: table["weight"] for name, table in tables.items() if "weight" in table}
    if len(weights) == len(groups):
        is_asset = quote is not None and ASSET.fullmatch(quote) is not None
        is_left_out = is_asset and quote not in grouped(groups)
        stable = '[portfolio.groups.stable] with weight = "{missing}" and members = ["%s"]'
        rest = stable % quote if is_left_out else ""
        yield from sum_flaws(GROUPS, weights, rest=rest, beside=beside)


def _assets(table: Table) -> list[str]:
    """Return the assets of one group, as far as they can be read."""
    named = table.get("members", table.get("shares"))
    found = named if isinstance(named, list | dict) else ()
    return [asset for asset in found if isinstance(asset, str)]


def _places(groups: Table) -> Iterator[tuple[KeyPath, str]]:
    """Yield place and name of every asset in every group."""
    for name, table in groups.items():
        if not isinstance(table, dict):
            continue
        is_list = "members" in table
        for index, asset in enumerate(_assets(table)):
            key: KeyPath = ("members", index) if is_list else ("shares", asset)
            yield (*GROUPS, name, *key), asset


def _members(name: str, table: Table) -> Iterator[Flaw]:
    """Check that a group names its assets, once."""
    path = (*GROUPS, name)
    if "members" in table and "shares" in table:
        fix = "keep members, or shares where they are fixed"
        yield Flaw(path=(*path, "shares"), reason="excludes members", fix=fix)
    elif not table.get("members") and not table.get("shares"):
        fix = f'write members = ["BTC", "ETH"] under [{".".join(path)}]'
        yield Flaw(path=path, reason="names no asset", fix=fix)
    shares = table.get("shares")
    if isinstance(shares, dict) and shares:
        yield from sum_flaws((*path, "shares"), shares, rest="")


def _inner(name: str, table: Table) -> Iterator[Flaw]:
    """Check that the way to share fits what is named."""
    path, inner = (*GROUPS, name), table.get("inner")
    if inner in ("equal", "keep", "risk_parity") and "shares" in table:
        fix = f'write members instead of shares, or inner = "fixed"; "{inner}" takes no shares'
        yield Flaw(path=(*path, "inner"), reason="contradicts the shares", fix=fix)
    if inner == "fixed" and "shares" not in table and len(_assets(table)) > 1:
        fix = 'write [portfolio.groups.NAME.shares] instead of members, or inner = "equal"'
        yield Flaw(path=(*path, "inner"), reason="needs shares", fix=fix)
    for index, asset in enumerate(_assets(table) if inner == "risk_parity" else ()):
        if asset in DOLLAR_STABLES and "members" in table:
            reason, fix = f"{asset} is stable, and has no risk to share", "give it another group"
            yield Flaw(path=(*path, "members", index), reason=reason, fix=fix)
    if table.get("basket") is True and inner != "keep":
        fix = 'add inner = "keep", or remove basket'
        reason = "is only for groups whose values are kept"
        yield Flaw(path=(*path, "basket"), reason=reason, fix=fix)


def _alone(name: str, table: Table, *, quote: str | None) -> Iterator[Flaw]:
    """Check that the quote, which is the rest of all others, is in no group that has one band."""
    assets = _assets(table)
    if quote in assets and len(assets) > 1:
        alone = table.get("inner") in ("keep", "risk_parity")
        for key, is_one in (("inner", alone), ("threshold", True)):
            if key in table and is_one:
                reason = f"does not fit a group with the quote, {quote}, which is the rest"
                fix = f"give {quote} a group of its own"
                yield Flaw(path=(*GROUPS, name, key), reason=reason, fix=fix)


def _overlaps(groups: Table) -> Iterator[Flaw]:
    """Check that no asset is named twice."""
    seen: dict[str, str] = {}
    for path, asset in _places(groups):
        if asset in seen and ASSET.fullmatch(asset):
            reason = f"{asset} is in group {seen[asset]} already"
            yield Flaw(path=path, reason=reason, fix="name it in one group, once")
        seen.setdefault(asset, str(path[2]))
