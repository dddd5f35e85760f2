"""Flip certificates for a person and for a script."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rich.console import Console

from trimtab.cli.flips import flips_document, flips_view
from trimtab.risk.certificate import Flip, Flips, Lever, Turned

LIMIT = Flip(
    lever=Lever.LIMIT,
    name="risk.min_margin_ratio",
    present=Decimal(400),
    value=Decimal("332.70"),
    step=Decimal("0.01"),
)
DEPOSIT = Flip(
    lever=Lever.DEPOSIT,
    name="futures",
    present=Decimal(0),
    value=Decimal(701),
    step=Decimal(1),
)
PRICE = Flip(
    lever=Lever.MID,
    name="BTC",
    present=Decimal("60000.0000"),
    value=Decimal("49110.5400000000"),
    step=Decimal("0.06000000"),
)


def shown(told: Flips) -> list[str]:
    """Return the lines that a person sees, runs of spaces made one."""
    console = Console(width=100)
    with console.capture() as caught:
        console.print(flips_view(told))
    return [" ".join(row.split()) for row in caught.get().splitlines()]


def test_a_refusal_shows_what_lets_it_pass_and_the_last_value_that_does_not() -> None:
    told = Flips(turned=Turned.REFUSED, found=(LIMIT, DEPOSIT), none_because="")
    assert shown(told) == [
        "any of these lets it pass now from still refused at",
        "risk.min_margin_ratio 400 332.7 332.71",
        "deposit into the futures wallet 0 701 700",
    ]


def test_nothing_to_do_shows_what_would_give_work() -> None:
    told = Flips(turned=Turned.NOTHING_TO_DO, found=(PRICE,), none_because="")
    assert shown(told) == [
        "any of these gives it work now from still idle at",
        "mid of BTC 60000 49110.54 49110.6",
    ]


@pytest.mark.parametrize(
    ("turned", "line"),
    [
        (Turned.REFUSED, "No single change lets it pass: finite has no limit."),
        (Turned.NOTHING_TO_DO, "No single change gives it work: finite has no limit."),
    ],
)
def test_where_no_single_change_does_it_the_reason_is_told(turned: Turned, line: str) -> None:
    told = Flips(turned=turned, found=(), none_because="finite has no limit")
    assert shown(told) == [line]
    assert flips_document(told) == {
        "turns": turned.value,
        "changes": [],
        "none_because": "finite has no limit",
    }


def test_the_document_holds_exact_figures_and_is_null_where_there_is_nothing_to_turn() -> None:
    told = Flips(turned=Turned.NOTHING_TO_DO, found=(PRICE,), none_because="")
    assert flips_document(told) == {
        "turns": "nothing_to_do",
        "changes": [
            {
                "lever": "mid",
                "name": "BTC",
                "present": "60000",
                "value": "49110.54",
                "step": "0.06",
            }
        ],
        "none_because": None,
    }
    assert flips_document(Flips(turned=Turned.NONE, found=(), none_because="")) is None
