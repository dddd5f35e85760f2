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


_FOOT = """
What else guards an order, and is no check of the gate:

- **Kind, side and time in force**: an order intent is an immediate-or-cancel limit order on the
  grid of its market; nothing else can be written down.
- **Host**: every request is held against the host of the configured environment before it is
  signed.
- **The same plan twice**: an approval is used once, and a plan that is not pending cannot run.
- **Age of the plan, price move since approval, changed account**: `approval.ttl_s`,
  `approval.max_move_bps`, and the units that the plan was made from; they end with 4.
- **Cancels and amendments**: orders are never amended, and only `trimtab halt` cancels; the
  venue's own budgets of requests and orders are kept before each request.
- **Fee asset**: the fee of a coin is taken from what is bought or paid for, that of a contract
  from its wallet; `free_quote`, `free_units` and `free_margin` count it at the taker's rate. A
  discount paid in another coin only makes it less.
- **Share of one venue in NAV**: a ledger is of one account on one venue, so its share is always
  the whole.
"""


def checks_page(checks: Iterable[Check]) -> str:
    """Return the page, one row per check in the order of the gate."""
    return _HEAD + "".join(_row(check) for check in checks) + _FOOT


def _row(check: Check) -> str:
    guards = check.guards.replace("|", "\\|")
    hard = "yes" if check.hard else ""
    prefixes = "yes" if check.code in PREFIX_CODES else ""
    cells = (f"`{check.code}`", guards, check.limit, check.unit, check.tag.value, hard, prefixes)
    return f"| {' | '.join(cells)} |\n"
