"""How each asset of a plan goes, and what the other way would cost. Nothing prints here."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.rows import Rows
from trimtab.cli.tables import money, words
from trimtab.domain.exact import BPS, exact_arithmetic, trimmed
from trimtab.domain.plan import Plan
from trimtab.domain.routing import FuturesCheaper, RateBasis, RouteChoice, RouteReason, RouteTable

_ROWS = ("fee", "half_spread", "impact", "tax", "funding", "margin", "back", "total")
"""The rows of the comparison, in the order of its formula."""


def route_lines(plan: Plan) -> list[RenderableType]:
    """Return both columns of every asset whose route was weighed, and where they meet."""
    lines: list[RenderableType] = []
    for choice in plan.routes:
        if choice.reason is not RouteReason.CONFIGURED:
            lines += [Text(), *choice_lines(choice, plan.quote)]
    return lines


def choice_lines(choice: RouteChoice, quote: str) -> Iterator[RenderableType]:
    """Yield why one asset goes as it does, with the table it rests on."""
    side = "buy" if choice.value > 0 else "sell"
    told = f" {side} {money(abs(choice.value))} {quote} by "
    line = Text.assemble((choice.asset, "bold cyan"), told, (choice.route, "bold"))
    line.append(f": {words(choice.reason.value)}")
    yield line
    table = choice.table
    if table is None:
        return
    rows = [(words(row), *_costs(table, row)) for row in _ROWS]
    yield Rows((f"cost {quote}", ">spot", ">futures"), rows)
    yield Text(_expected(table))
    yield Text(_meeting(table))


def _costs(table: RouteTable, row: str) -> tuple[str, str]:
    """Return one row of both columns."""
    return money(getattr(table.spot, row)), money(getattr(table.futures, row))


def _expected(table: RouteTable) -> str:
    """Say what funding was reckoned with, or the premium of a dated contract."""
    if table.rate_basis is RateBasis.PREMIUM:
        return (
            f"Over {table.horizon_days} days: {table.contract} brings {_bps(table.rate)} by its "
            f"premium; contracts are traded {table.crossings} times."
        )
    source = {
        RateBasis.MEAN_REALISED: "the mean of what was realised",
        RateBasis.CURRENT: "the rate of the next settlement, as no past was read",
    }[table.rate_basis]
    return (
        f"Over {table.horizon_days} days: {table.settlements} settlements at "
        f"{_bps(table.rate)} ({source}); the contract is traded {table.crossings} times."
    )


def _meeting(table: RouteTable) -> str:
    """Say where both cost the same: the rate and the days."""
    rate, days = table.break_even_rate, table.break_even_days
    is_dated = table.rate_basis is RateBasis.PREMIUM
    what = "premium {}" if is_dated else "funding {} a settlement"
    at_rate = "" if rate is None else f"Break-even {what.format(_bps(rate))}; "
    if table.futures_cheaper is FuturesCheaper.ALWAYS:
        return f"{at_rate}at the expected rate futures cost less however long."
    if table.futures_cheaper is FuturesCheaper.NEVER or days is None:
        return f"{at_rate}at the expected rate futures never cost less."
    side = "fewer" if table.futures_cheaper is FuturesCheaper.BEFORE else "more"
    until = f"{side} than {trimmed(days, 1)} days"
    return f"{at_rate}at the expected rate futures cost less for {until}."


def _bps(rate: Decimal) -> str:
    """Return a rate per settlement in basis points."""
    with exact_arithmetic():
        return f"{trimmed(rate * BPS, 3)} bps"
