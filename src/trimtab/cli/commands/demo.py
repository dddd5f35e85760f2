"""``demo``: the whole job with nothing to set up, no file of the user's, no key.

Starts the local exchange with an account that has drifted, plans, asks, sends orders
through ccxt over HTTP, records, reconciles, and shows before and after. Reads no
configuration and no variable; its ledger is a temporary directory that it names.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.bootstrap import Shell, open_shell
from trimtab.bootstrap.execution import planner_of
from trimtab.cli import session
from trimtab.cli.commands.trading import local_runner, run_result
from trimtab.cli.documents import weight
from trimtab.cli.exits import Exit
from trimtab.cli.flags import FLAG
from trimtab.cli.rows import Rows
from trimtab.cli.session import Result, Work
from trimtab.cli.tables import percent
from trimtab.config import load
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.plan import Plan
from trimtab.domain.rights import KeyUse
from trimtab.planning.compose import make_plan
from trimtab.testnet import Scenario, serve
from trimtab.workflow.propose import occasion_of
from trimtab.workflow.reconcile import reconcile
from trimtab.workflow.run import Consent
from trimtab.workflow.run import run as run_once
from trimtab.workflow.statements import Books

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
"""The demo's environment: it reads no variable."""

CONFIGURATION: Final = """\
[account]
name = "demo"
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"

[portfolio.targets]
BTC = "0.50"
ETH = "0.30"
USDT = "0.20"

[rebalance.routes]
BTC = "futures"  # Short the overweight; the coins stay.

[ledger]
url = "sqlite:///{ledger}"
"""


def demo(*, yes: Annotated[bool, FLAG] = False) -> Exit:
    """Do the whole job on a local exchange, with nothing to set up.

    Parameters
    ----------
    yes
        Approve the plan without a prompt.

    """
    folder = Path(tempfile.mkdtemp(prefix="trimtab-demo-"))

    async def work(given: Work) -> Result:
        async with serve(Scenario.drifted(), port=0) as exchange:
            text = CONFIGURATION.format(url=exchange.url, ledger=folder / "demo.db")
            (folder / "trimtab.toml").write_text(text, encoding="utf-8")
            config = load(
                folder / "trimtab.toml", environ=NOTHING, sets=(), home=folder, cwd=folder
            )
            session.note(f"Local exchange at {exchange.url}, ledger in {folder}\n")
            async with open_shell(config, NOTHING, use=KeyUse.SEND, dry_run=False) as shell:
                return await played(shell, given, yes=yes)

    return session.conduct(work)


async def played(shell: Shell, given: Work, *, yes: bool) -> Result:
    """Run once, then compare the ledger with the exchange and look again."""
    runner = local_runner(shell, given, None)
    consent = Consent.FLAG if yes else Consent.ASK
    ran = await run_once(runner, consent=consent, slot_due=False)
    result = run_result(ran)
    if ran.execution is None:
        told = "Not approved; nothing was sent.\nnext: trimtab demo"
        return replace(result, view=Text(told), beside=told)
    planner = planner_of(shell, wish=None)
    books = Books(
        venue=shell.venue, market=shell.market, ledger=shell.ledger, portfolio=planner.portfolio
    )
    compared = await reconcile(books, shell.clock, adopt=False)
    snapshot = await shell.market.snapshot(planner.portfolio)
    after = make_plan(
        snapshot, planner.policy, await occasion_of(planner, snapshot.quote, slot_due=False)
    )
    agrees = not compared.differences
    verdict = (
        "The ledger and the exchange agree" if agrees else "The ledger and the exchange differ"
    )
    document = result.document | {
        "reconcile": {"clean": agrees, "differences": len(compared.differences)},
        "after": {d.asset: weight(d.net_weight) for d in after.drift},
    }
    view = Group(
        result.view,
        Text(),
        before_and_after(before=ran.plan, after=after),
        Text(),
        Text(
            f"{verdict}: every order, fill, balance and position.",
            "green" if agrees else "red",
        ),
    )
    code = result.code if agrees or result.code else Exit.MISMATCH
    return Result(document=document, view=view, code=code)


def before_and_after(*, before: Plan, after: Plan) -> RenderableType:
    """Return weights before and after, beside the target, and what is left of the drift."""
    now = {d.asset: d for d in after.drift}
    rows = []
    for drift in before.drift:
        with exact_arithmetic():
            left = now[drift.asset].drift.copy_abs()
        rows.append(
            (
                drift.asset,
                percent(drift.net_weight),
                percent(now[drift.asset].net_weight),
                percent(drift.target),
                percent(left),
            )
        )
    return Rows(("asset", ">before", ">after", ">target", ">still off"), rows)
