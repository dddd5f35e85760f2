"""The table of laws: nothing is judged that is not in it, and every law can be broken."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from tests.simulation.determinism import differing
from tests.simulation.laws import LAWS, PAGE, Law, breakers, page
from tests.simulation.planted import BUGS
from tests.simulation.points import NUMBERED, Point

HERE = Path(__file__).parent
NAMES = {law.name for law in LAWS}
JUDGED = re.compile(r'(?:Broken|_broken)\(\s*f?"([A-Z]\d+):|f"(L4): |but\(broken="(I24):')
NO_LAW = "harness"


def test_the_page_of_the_simulation_is_rendered_from_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_law_that_is_judged_is_in_the_table() -> None:
    sources = [path.read_text(encoding="utf-8") for path in HERE.glob("*.py")]
    judged = {name for text in sources for found in JUDGED.findall(text) for name in found}
    assert judged - {""} == NAMES


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_a_law_is_judged_where_the_table_says(law: Law) -> None:
    source = (HERE / f"{law.where}.py").read_text(encoding="utf-8")
    assert f"{law.name}:" in source


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_every_law_is_broken_by_a_planted_bug(law: Law) -> None:
    assert breakers(law.name)


def test_planted_bugs_break_laws_of_the_table_and_have_names_of_their_own() -> None:
    assert {law for bug in BUGS for law in bug.breaks} <= NAMES
    assert len({bug.name for bug in BUGS}) == len(BUGS)


def test_the_numbered_points_are_those_of_the_matrix() -> None:
    assert list(NUMBERED) == [f"K{number}" for number in range(17)]
    assert len({point for points in NUMBERED.values() for point in points}) == sum(
        map(len, NUMBERED.values())
    )


def test_every_point_is_passed_somewhere() -> None:
    passed = "".join(
        inspect.cleandoc(path.read_text(encoding="utf-8"))
        for path in HERE.glob("*.py")
        if path.name not in {"points.py", "test_laws.py"}
    )
    assert [point for point in Point if f"Point.{point.name}" not in passed] == []


def test_two_processes_with_other_hashes_give_the_same_trace() -> None:
    assert differing(3, 2) == []
