"""The survival line for a person and for a script."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rich.console import Console

from tests.builders import NOW, account, plan, policy
from tests.unit.risk.cases import CALM, context
from trimtab.cli.survival import percent_survived, survival_view
from trimtab.cli.survival_document import survival_document
from trimtab.risk.case import Case
from trimtab.risk.survival import Survival, survival


def line_of(text: str, *legs: str) -> Survival:
    """Return the survival line of an account and a plan."""
    snapshot = account(text)
    return survival(
        Case(
            plan=plan(snapshot, *legs),
            snapshot=snapshot,
            policy=policy(),
            context=context(),
            now=NOW,
        )
    )


def shown(line: Survival) -> list[str]:
    """Return the lines that a person sees, runs of spaces made one."""
    console = Console(width=160)
    with console.capture() as caught:
        console.print(survival_view(line))
    return [" ".join(row.split()) for row in caught.get().splitlines()]


@pytest.mark.parametrize(
    ("move", "text"),
    [
        ("0.023689", "+2.36 %"),
        ("-0.023689", "-2.36 %"),
        ("-1", "-100.00 %"),
        ("8.999999", "+899.99 %"),
        ("0", "0.00 %"),
        ("0.000099", "0.00 %"),
        ("-0.000099", "0.00 %"),
    ],
)
def test_a_move_is_cut_towards_none_so_that_what_is_shown_is_survived(move: str, text: str) -> None:
    assert percent_survived(Decimal(move)) == text


def test_only_moves_that_end_something_have_a_line_and_name_what_breaks() -> None:
    assert shown(line_of("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 700")) == [
        "prices survive a move now",
        "all together up to a limit +2.36 % shock",
        "up to liquidation +22.84 %",
        "Where nothing is shown, a fall to nothing or rise to 10 times breaks no limit.",
    ]


def test_each_place_of_a_plan_has_its_column_and_each_asset_its_lines() -> None:
    seen = shown(line_of(CALM, "sell 0.05 perp BTC", "then buy 0.5 ETH"))
    assert seen[0] == "prices survive a move now worst stop on the way at the end"
    assert [row.split(" +")[0] for row in seen[1:-1]] == [
        "all together up to a limit",
        "up to liquidation",
        "BTC up to a limit",
        "up to liquidation",
    ]


def test_what_is_broken_without_a_move_says_so() -> None:
    thin = line_of("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 20")
    assert "all together down to a limit broken min_margin_ratio" in shown(thin)
    gone = line_of("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05 from 59000, wallet 50")
    assert "up to liquidation broken" in shown(gone)


def test_an_account_that_no_price_can_hurt_says_that_in_one_line() -> None:
    assert shown(line_of("USDT 5000, BTC 0.1 @ 60000")) == [
        "Survival line: any price may move; a fall to nothing or rise to 10 times breaks no limit."
    ]


def test_what_could_not_be_measured_is_told_and_not_drawn() -> None:
    line = Survival(spans=(), unmeasured="no mark of BTC/USDT:USDT was read; read it again")
    assert shown(line) == [f"Survival line: {line.unmeasured}"]
    assert survival_document(line) == {"unmeasured": line.unmeasured, "spans": []}


def test_the_document_has_exact_moves_and_null_where_nothing_breaks() -> None:
    line = line_of("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 700")
    assert survival_document(line) == {
        "unmeasured": None,
        "spans": [
            {
                "place": "now",
                "asset": None,
                "limit_low": None,
                "limit_high": {"move": "0.023683", "check": "shock", "past": False},
                "liquidation_low": None,
                "liquidation_high": {"move": "0.228419", "check": "liquidation", "past": False},
            }
        ],
    }
