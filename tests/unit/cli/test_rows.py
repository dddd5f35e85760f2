"""Tables on terminals of any width: no figure is broken, nothing is lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rich.console import Console
from rich.text import Text

from trimtab.cli.rows import Point, Rows
from trimtab.cli.tables import fee_text

CELLS = ("1", "BTC/USDT:USDT-261225", "12,345.67", "hedge", "to target")
COLUMNS = (">line", "market", ">value USDT", "role", "reason")
WORDY = (("check", ">measured", "~reason"), ("max_ratio", "0.8 ratio", "too much of it is short"))


def printed(rows: Rows | Point, width: int) -> list[str]:
    """Return the lines that a terminal of this width shows."""
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as shown:
        console.print(rows)
    return shown.get().splitlines()


def test_what_fits_stands_in_one_line_under_its_heading() -> None:
    assert printed(Rows(COLUMNS, [CELLS]), 80) == [
        "line  market                value USDT  role   reason",
        "   1  BTC/USDT:USDT-261225   12,345.67  hedge  to target",
    ]


def test_what_does_not_fit_stands_beneath_with_its_name() -> None:
    assert printed(Rows(COLUMNS, [CELLS]), 42) == [
        "line  market                value USDT",
        "   1  BTC/USDT:USDT-261225   12,345.67",
        "    role hedge, reason to target",
    ]


@pytest.mark.parametrize("width", range(26, 90))
def test_no_cell_is_broken_while_it_is_no_wider_than_the_terminal(width: int) -> None:
    lines = printed(Rows(COLUMNS, [CELLS]), width)
    assert all(any(cell in line for line in lines) for cell in CELLS if " " not in cell)
    assert all(len(line) <= width for line in lines)


def test_words_wrap_in_their_column_while_they_have_room() -> None:
    columns, cells = WORDY
    long = (*cells[:-1], "free margin in the USDT futures wallet breaks its limit")
    assert printed(Rows(columns, [long]), 46) == [
        "check       measured  reason",
        "max_ratio  0.8 ratio  free margin in the USDT",
        "                      futures wallet breaks",
        "                      its limit",
    ]


def test_words_without_room_stand_beneath() -> None:
    columns, cells = WORDY
    assert printed(Rows(columns, [cells]), 40) == [
        "check       measured",
        "max_ratio  0.8 ratio",
        "    reason: too much of it is short",
    ]


def test_a_column_without_a_name_is_told_without_one_and_nothing_is_told_of_nothing() -> None:
    rows = Rows(("order", "", ">left"), [("a" * 20, "late", ""), ("b" * 20, "", "")])
    assert printed(rows, 24) == ["order", "a" * 20, "    late", "b" * 20]


def test_only_a_column_of_words_wraps() -> None:
    assert printed(Rows(("id", "of"), [("x", "one two " * 5)]), 40) == [
        "id",
        "x",
        "    of one two one two one two one two",
        "    one two",
    ]


def test_columns_that_just_fit_stand_beside_each_other() -> None:
    assert printed(Rows(COLUMNS, [CELLS]), 38)[0] == "line  market                value USDT"


def test_words_that_are_missing_leave_the_row_as_it_is() -> None:
    columns, cells = WORDY
    rows = Rows(columns, [("lot_size", "7 lots", ""), (*cells[:-1], "far too much " * 4)])
    assert printed(rows, 46)[1] == "lot_size      7 lots"


def test_a_first_column_wider_than_the_terminal_is_folded_and_not_lost() -> None:
    lines = printed(Rows(("order", "state"), [("0123456789abcdef", "filled")]), 10)
    assert lines == ["order", "0123456789", "abcdef", "    state", "    filled"]


def test_the_words_of_a_point_go_on_beneath_its_first_ones() -> None:
    point = Point(Text("its fence is known to hold when a request arrives"))
    assert printed(point, 28) == [
        "  · its fence is known to",
        "    hold when a request",
        "    arrives",
    ]


def test_a_heading_is_dim() -> None:
    console = Console(width=80, color_system="standard", force_terminal=True)
    with console.capture() as shown:
        console.print(Rows(("what",), [("x",)]))
    assert shown.get().startswith("\x1b[2mwhat")


def test_brackets_are_no_markup_and_styles_stay() -> None:
    assert printed(Rows(("what",), [("[bold]x[/]",)]), 80) == ["what", "[bold]x[/]"]
    console = Console(width=80, color_system="standard", force_terminal=True)
    with console.capture() as shown:
        console.print(Rows(("what",), [(Text("x", "red"),)]))
    assert "\x1b[31mx" in shown.get()


def test_a_table_without_rows_is_its_heading() -> None:
    assert printed(Rows(("asset", ">now"), []), 80) == ["asset  now"]


@pytest.mark.parametrize(
    ("fee", "told"),
    [
        ("1.29971501", "1.30 USDT"),
        ("0.20298985", "0.203 USDT"),
        ("12345.678", "12345.68 USDT"),
        ("0.000012344", "0.00001234 USDT"),
        ("-0.0123456", "-0.01235 USDT"),
        ("0", "0.00 USDT"),
        ("18", "18.00 USDT"),
    ],
)
def test_a_fee_is_told_with_the_digits_that_count(fee: str, told: str) -> None:
    assert fee_text(Decimal(fee), "USDT") == told
