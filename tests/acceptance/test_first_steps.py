"""The first steps lead to a scheduled run, exactly as the page says."""

from __future__ import annotations

from tests.acceptance.conftest import Account
from tests.acceptance.page import Page
from tests.house.source import ROOT


async def test_the_first_steps_lead_from_nothing_to_a_scheduled_run(account: Account) -> None:
    account.config.unlink()
    page = Page(ROOT / "docs" / "first-steps.md", account, home=account.folder)
    await page.follow("init")
    text = account.config.read_text(encoding="utf-8")
    ledger = "~/.local/state/trimtab/{account}-{environment}.db"
    assert ledger in text
    served = text.replace("http://127.0.0.1:8900", account.exchange.url)
    kept = served.replace(ledger, f"{account.folder}/ledger.db")
    account.config.write_text(kept, encoding="utf-8")
    for command in ("config check", "doctor", "status", "plan", "run"):
        await page.follow(command)
    assert account.mutations() == 0
    await page.follow("run --execute")
    sent = account.mutations()
    assert sent > 0
    for command in ("reconcile", "ledger verify", "ledger fills"):
        await page.follow(command)
    last = await page.follow("plan")
    assert "othing" in last.stdout
    await page.follow("schedule show")
    text = account.config.read_text(encoding="utf-8")
    assert 'mode = "confirm"' in text
    standing = text.replace('mode = "confirm"', 'mode = "standing"')
    account.config.write_text(standing, encoding="utf-8")
    await page.follow("standing grant")
    await page.follow("run --if-due --execute --yes")
    await page.follow("schedule run --execute --yes", stop_after_s=6)
    assert account.mutations() == sent
    page.is_over()
