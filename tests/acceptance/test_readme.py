"""What the README shows is what happens."""

from __future__ import annotations

from tests.acceptance.transcript import played, printed, steadied


async def test_the_demo_in_the_readme_is_the_demo() -> None:
    assert steadied(await played()) == printed()
