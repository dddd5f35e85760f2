"""What is written to a person at a narrow terminal."""

from __future__ import annotations

import pytest

from trimtab.cli.folding import folded

ASKED = 'Type "approve 3f9c27d1" to approve, anything else to decline: '


@pytest.mark.parametrize("width", [0, 62, 100])
def test_what_fits_stays_as_it_is_and_so_does_what_has_no_width(width: int) -> None:
    assert folded(f"\n{ASKED}", width) == f"\n{ASKED}"


def test_a_prompt_is_broken_between_words_and_its_answer_still_stands_beside_it() -> None:
    told = folded(f"\n{ASKED}", 40)
    assert told == '\nType "approve 3f9c27d1" to approve,\nanything else to decline: '
    assert folded("  · sent\n", 40) == "  · sent\n"


def test_a_name_that_is_wider_than_the_terminal_is_not_broken() -> None:
    name = "f" * 64
    assert folded(f"plan {name} pending", 20) == f"plan\n{name}\npending"
