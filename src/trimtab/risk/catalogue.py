"""docs/checks.md as text, made of the registry, so that page and code cannot differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from trimtab.risk.judgement import Check
from trimtab.risk.registry import PREFIX_CODES

_HEAD = """\
# Checks of the risk gate

Generated from `trimtab.risk.registry`; do not edit. Each check reports its code, what it measured,
the limit, the unit and a reason that ends in what to do. What cannot be measured is refused.

- **tag** `exposure`: a cap that a pure reduction is exempt from. `integrity`: holds for every plan.
- **hard**: no approval can override it.
- **prefixes**: it holds at every prefix of the plan, at every fill of the legs in flight
  (docs/design/0005-prefix-safety.md); the others look at the plan, the account or each leg.

| code | what is measured | limit | unit | tag | hard | prefixes |
|---|---|---|---|---|---|---|
"""


def checks_page(checks: Iterable[Check]) -> str:
    """Return the page, one row per check in the order of the gate."""
    return _HEAD + "".join(_row(check) for check in checks)


def _row(check: Check) -> str:
    guards = check.guards.replace("|", "\\|")
    hard = "yes" if check.hard else ""
    prefixes = "yes" if check.code in PREFIX_CODES else ""
    cells = (f"`{check.code}`", guards, check.limit, check.unit, check.tag.value, hard, prefixes)
    return f"| {' | '.join(cells)} |\n"
