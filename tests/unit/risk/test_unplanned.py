"""The gate's question about an account with nothing planned."""

from __future__ import annotations

from tests.builders import NOW, account, legs_of, plan, policy
from tests.unit.risk.cases import context, unknown
from trimtab.domain.snapshot import Snapshot
from trimtab.risk.case import Case
from trimtab.risk.survival import Place, Survival, survival
from trimtab.risk.unplanned import Out, unplanned

SHORT = account("USDT 5000, BTC 0.1 @ 60000, ETH 1 @ 3000, perp BTC -0.05, wallet 700")


def line_of(snapshot: Snapshot, *, out: str = "") -> Survival:
    """Return the survival line with nothing planned, and one order of ours *out*."""
    orders = tuple(unknown(leg) for leg in legs_of(snapshot, *([out] if out else [])))
    beside = Out(orders=orders, transfers=(), stops=())
    return survival(unplanned(snapshot, policy(), out=beside, now=NOW))


def test_the_survival_line_of_an_account_is_that_of_any_plan_before_it_begins() -> None:
    case = Case(
        plan=plan(SHORT, "sell 0.01 BTC"),
        snapshot=SHORT,
        policy=policy(),
        context=context(),
        now=NOW,
    )
    now = tuple(span for span in survival(case).spans if span.place is Place.NOW)
    assert line_of(SHORT).spans == now


def test_what_is_out_counts_as_far_as_it_hurts() -> None:
    alone, beside = line_of(SHORT).spans[0], line_of(SHORT, out="sell 0.02 perp BTC").spans[0]
    assert alone.liquidation_high is not None
    assert beside.liquidation_high is not None
    assert beside.liquidation_high.move < alone.liquidation_high.move


def test_what_cannot_be_measured_has_no_line_and_says_why() -> None:
    blind = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 700", pools={})
    assert line_of(blind).spans == ()
    assert "wallet" in line_of(blind).unmeasured
