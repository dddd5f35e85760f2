"""``approve`` where real money is asks for its words; it reads the ledger and no network."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.conftest import Ended, trimtab
from tests.builders import account, plan, report_on
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import open_books
from trimtab.config import load
from trimtab.ports import PlanStatus

LIVE: Final = """
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "live"

[portfolio.targets]
BTC = "0.50"
USDT = "0.50"
"""


async def answered(folder: Path, answer: str) -> tuple[Ended, str]:
    """Save a live plan, approve it with *answer* after its digest's words, and return the end."""
    file = folder / "trimtab.toml"
    ledger = f'\n[ledger]\nurl = "sqlite:///{folder}/ledger.db"\n'
    file.write_text(LIVE + ledger, encoding="utf-8")
    config = load(file, environ={}, sets=(), home=folder, cwd=folder)
    now = SystemClock().now()
    seen = replace(account("BTC 0.1 @ 60000, USDT 1000"), key=config.key)
    times = {"made_at": now, "expires_at": now + timedelta(minutes=5)}
    made = plan(seen, "sell 0.01 BTC", policy_digest=config.policy_digest, **times)
    async with open_books(config, dry_run=False) as books:
        await books.save_plan(made, report_on(made), PlanStatus.PROPOSED)
    words = f"approve {made.digest[:8]}{answer}\n"
    return await trimtab(("approve", made.digest), folder=folder, stdin=words), made.digest


@pytest.mark.parametrize(("answer", "code"), [(" main 600", 0), ("", 4), (" main 601", 4)])
async def test_a_live_plan_is_approved_with_account_and_notional_only(
    tmp_path: Path, answer: str, code: int
) -> None:
    ended, digest = await answered(tmp_path, answer)
    assert ended.code == code, ended.text
    assert f'Type "approve {digest[:8]} main 600" to approve' in ended.stderr
    assert "LIVE, real money" in ended.stderr
