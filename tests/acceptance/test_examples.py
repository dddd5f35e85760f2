"""Every example under ``config/`` is planned on the local exchange, as its first lines say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.conftest import Account

EXAMPLES: Final = Path(__file__).parents[2] / "config"
LOCAL: Final = sorted(
    file.name
    for file in EXAMPLES.glob("*.toml")
    if 'environment = "local"' in file.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", LOCAL)
async def test_an_example_is_planned_and_what_it_lacks_is_a_deposit(
    name: str, account: Account
) -> None:
    sets = (f"venue.url={account.exchange.url}", f"ledger.url=sqlite:///{account.folder}/ledger.db")
    words = [word for given in sets for word in ("--set", given)]
    planned = await account.trimtab("--config", str(EXAMPLES / name), *words, "plan", "--json")
    assert planned.code in {0, 3}, planned.text
    if planned.code == 3:  # The futures wallet of this account is small; the plan says by how much.
        assert "deposit" in {flip["lever"] for flip in planned.document["flip"]["changes"]}
