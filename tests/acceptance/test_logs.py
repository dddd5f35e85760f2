"""Log lines go to standard error, as text or as JSON, and name their run and their plan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.conftest import Account
from tests.acceptance.test_imports import TOLD, imported

RUN = ("run", "--execute", "--yes", "--json", "--log-level", "info")


def lines_of(stderr: str) -> list[dict[str, Any]]:
    """Return the lines that are JSON."""
    return [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]


async def test_json_lines_name_run_plan_and_order(account: Account) -> None:
    ended = await account.trimtab(*RUN, "--log-format", "json")
    assert ended.code == 0, ended.text
    digest = ended.document["plan"]["digest"][:12]
    lines = lines_of(ended.stderr)
    assert len({line["run"] for line in lines}) == 1
    assert all(line["level"] and line["at"].endswith("Z") for line in lines)
    ours = [line for line in lines if line["logger"] == "trimtab"]
    told = [line["event"] for line in ours]
    assert told[0] == "plan proposed"
    assert told.count("order sent") == 2
    assert {line["plan"] for line in ours} == {digest}
    sent = {o["client_order_id"] for o in ended.document["execution"]["orders"]}
    assert {line["client_order_id"] for line in ours if line["event"] == "order sent"} == sent
    ends = [line for line in ours if line.get("state") == "filled"]
    assert len(ends) == 2
    other = await account.trimtab("status", "--json", "--log-level", "info", "--log-format", "json")
    assert other.code == 0
    assert {line["run"] for line in lines_of(other.stderr)}.isdisjoint({lines[0]["run"]})


async def test_text_lines_name_them_too_and_pay_for_no_library(account: Account) -> None:
    ended = await account.trimtab(*RUN, variables=TOLD)
    assert ended.code == 0, ended.text
    assert "structlog" not in imported(ended)
    digest = ended.document["plan"]["digest"][:12]
    (sent, _) = [x for x in ended.stderr.splitlines() if x.startswith("INFO trimtab: order sent")]
    assert f" plan={digest} " in sent
    assert " run=" in sent
    assert " client_order_id=" in sent


@pytest.mark.parametrize("words", [["--log-format", "xml"], ["--log-format=yaml"]])
async def test_a_format_that_is_none_is_refused(account: Account, words: list[str]) -> None:
    ended = await account.trimtab("status", "--json", *words)
    assert ended.code == 2
    assert "--log-format must be one of console, json" in ended.document["error"]["message"]


async def test_without_a_level_a_run_logs_nothing(account: Account) -> None:
    ended = await account.trimtab("run", "--execute", "--yes", "--json")
    assert ended.code == 0
    assert "INFO" not in ended.stderr
