"""``demo``: the whole job with nothing to set up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import has_no_traceback, trimtab


async def test_the_demo_ends_at_its_targets_and_agrees_with_the_exchange(tmp_path: Path) -> None:
    ended = await trimtab(("demo", "--yes", "--json"), folder=tmp_path)
    assert ended.code == 0, ended.text
    document = ended.document
    assert document["status"] == "executed"
    assert document["reconcile"] == {"clean": True, "differences": 0}
    targets = {d["asset"]: float(d["target"]) for d in document["plan"]["drift"]}
    after = {asset: float(weight) for asset, weight in document["after"].items()}
    assert all(abs(after[asset] - target) < 0.005 for asset, target in targets.items())
    assert {leg["kind"] for leg in document["plan"]["legs"]} == {"spot", "swap"}


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["for a person", "as JSON"])
@pytest.mark.parametrize("answer", ["no\n", ""])
async def test_a_demo_that_is_not_approved_sends_nothing(
    tmp_path: Path, answer: str, form: tuple[str, ...]
) -> None:
    ended = await trimtab(("demo", *form), folder=tmp_path, stdin=answer)
    steps = [line for line in ended.text.splitlines() if line.startswith("next: ")]
    assert (ended.code, steps) == (4, ["next: trimtab demo"]), ended.text
    assert "nothing was sent" in (ended.stderr if form else ended.stdout)
    assert has_no_traceback(ended)


async def test_the_demo_reads_no_file_and_no_variable_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "trimtab.toml").write_text("this is no configuration", encoding="utf-8")
    variables = {"TRIMTAB_CONFIG": "/no/such/file", "TRIMTAB__RISK__SHOCK": "nonsense"}
    ended = await trimtab(("demo", "--yes"), folder=tmp_path, variables=variables)
    assert ended.code == 0, ended.text
    assert names_in(tmp_path) == ["trimtab.toml"]


def names_in(folder: Path) -> list[str]:
    """Return what lies in *folder*, by name."""
    return sorted(path.name for path in folder.iterdir())
