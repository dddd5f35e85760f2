"""Prometheus reads where the account stands, and a person can watch it."""

from __future__ import annotations

import json
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.conftest import Account, AccountAt
from tests.acceptance.test_slots import DUE, SCHEDULED, present
from tests.house.source import ROOT

OURS = {"venue": "binance", "account": "main", "environment": "local"}


def samples_of(text: str) -> dict[str, dict[str, float]]:
    """Return samples by metric, and by the labels that are not the account's."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            own = {k: v for k, v in sample.labels.items() if k not in OURS}
            assert {k: sample.labels[k] for k in OURS} == OURS
            found.setdefault(sample.name, {})[",".join(own.values())] = sample.value
    return found


def written(out: Path) -> tuple[str, int, list[str]]:
    """Return a file's text and mode, and what lies there of that name."""
    beside = [path.name for path in out.parent.glob(f"*{out.name}*")]
    return out.read_text(), out.stat().st_mode & 0o777, beside


async def test_metrics_are_what_status_shows(account: Account) -> None:
    before = samples_of((await account.trimtab("metrics")).stdout)
    assert before["trimtab_outside_band"] == {"BTC": 1.0, "ETH": 0.0, "USDT": 0.0}
    assert "trimtab_last_executed_timestamp_seconds" not in before
    assert (await account.trimtab("run", "--execute", "--yes")).code == 0
    shown = samples_of((await account.trimtab("metrics")).stdout)
    status = (await account.trimtab("status", "--json")).document
    for asset in status["assets"]:
        assert abs(shown["trimtab_drift"][asset["asset"]] - float(asset["drift"])) < 1e-3
    assert abs(shown["trimtab_nav"][""] - float(status["nav"])) < 10
    assert shown["trimtab_leverage"] == {"": 0.0}
    for name in ("unresolved_orders", "halted", "reducing", "notices_unread", "notices_missed"):
        assert shown[f"trimtab_{name}"] == {"": 0.0}, name
    assert shown["trimtab_last_executed_timestamp_seconds"][""] > 1.6e9
    assert all(0 < used < 1 for used in shown["trimtab_budget_used_ratio"].values())


async def test_a_latch_shows_in_the_metrics(account: Account) -> None:
    assert (await account.trimtab("halt")).code == 0
    shown = samples_of((await account.trimtab("metrics")).stdout)
    assert shown["trimtab_halted"] == {"": 1.0}


async def test_a_file_is_written_whole_and_told(account: Account, tmp_path: Path) -> None:
    out = tmp_path / "trimtab.prom"
    ended = await account.trimtab("metrics", "--out", str(out), "--json")
    assert (ended.code, ended.document["status"], ended.document["file"]) == (
        0,
        "written",
        str(out),
    )
    text, mode, beside = written(out)
    assert samples_of(text) == samples_of(ended.document["metrics"])
    assert (mode, beside) == (0o644, ["trimtab.prom"])
    nowhere = await account.trimtab("metrics", "--out", str(tmp_path / "no" / "x"), "--json")
    assert nowhere.code == 2
    assert "cannot be written" in nowhere.document["error"]["message"]


async def test_a_status_that_is_watched_shows_one_document_a_line_until_it_is_stopped(
    account: Account,
) -> None:
    running = await account.started("status", "--watch", "1", "--json")
    assert running.stdout is not None
    first = json.loads(await running.stdout.readline())
    second = json.loads(await running.stdout.readline())
    assert first["nav"] == second["nav"]
    assert first["taken_at"] < second["taken_at"]
    running.send_signal(signal.SIGINT)
    await running.communicate()
    assert running.returncode == 0


async def test_what_is_watched_goes_on_when_the_venue_does_not_answer(account: Account) -> None:
    running = await account.started("status", "--watch", "1")
    assert running.stdout is not None
    assert running.stderr is not None
    await running.stdout.readline()
    await account.exchange.stop()
    assert b"not read: " in await running.stderr.readline()
    running.send_signal(signal.SIGINT)
    await running.communicate()
    assert running.returncode == 0


async def test_a_watch_has_bounds(account: Account) -> None:
    for wrong in ("0", "3601"):
        ended = await account.trimtab("status", "--watch", wrong, "--json")
        assert ended.code == 2
        assert "--watch must be 1 to 3600" in ended.document["error"]["message"]


async def test_the_last_slot_that_was_done_has_a_metric_once_there_is_one(
    account_at: AccountAt,
) -> None:
    account = await account_at(config=SCHEDULED)
    name = "trimtab_last_done_slot_timestamp_seconds"
    assert name not in samples_of((await account.trimtab("metrics")).stdout)
    assert (await account.trimtab(*DUE)).code == 0
    shown = samples_of((await account.trimtab("metrics")).stdout)
    begun = datetime.fromtimestamp(shown[name][""], UTC)
    assert f"{begun.year}Q{(begun.month + 2) // 3}" == present()
    assert (begun.day, begun.hour) == (1, 0)
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`(trimtab_\w+)`", page))
    assert shown.keys() <= explained
    assert explained - shown.keys() <= {"trimtab_margin_ratio"}, "Only futures have it."
