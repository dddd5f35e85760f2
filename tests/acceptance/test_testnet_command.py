"""``testnet``: the local exchange in a process of its own, until it is interrupted."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import CONFIG, has_no_traceback, started, trimtab

WITHIN_S = 30


@asynccontextmanager
async def served(folder: Path, *words: str) -> AsyncIterator[dict[str, Any]]:
    """Serve on a free port; give the one document that is printed, and end with SIGINT."""
    process = await started(["testnet", "--port", "0", "--json", *words], folder=folder)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            yield json.loads(await process.stdout.readuntil(b"\n}\n"))
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = await process.communicate()
        assert (process.returncode, rest) == (0, b"")


async def test_commands_trade_against_the_exchange_that_testnet_serves(tmp_path: Path) -> None:
    async with served(tmp_path) as told:
        text = CONFIG.format(url=told["url"], folder=tmp_path)
        (tmp_path / "trimtab.toml").write_text(text, encoding="utf-8")
        examined = await trimtab(["doctor"], folder=tmp_path)
        ran = await trimtab(["run", "--execute", "--yes"], folder=tmp_path)
    assert (told["api_key"], told["api_secret"]) == ("local-key", "local-secret")
    assert (examined.code, ran.code) == (0, 0), examined.text + ran.text


async def test_a_scenario_file_decides_what_the_account_holds(tmp_path: Path) -> None:
    (tmp_path / "calm.json").write_text('{"spot": {"USDT": "4321"}}', encoding="utf-8")
    async with served(tmp_path, "--scenario", "calm.json") as told:
        text = CONFIG.format(url=told["url"], folder=tmp_path)
        (tmp_path / "trimtab.toml").write_text(text, encoding="utf-8")
        status = await trimtab(["status", "--json"], folder=tmp_path)
    assert told["scenario"] == "calm.json"
    assert status.document["nav"] == "4321.00"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_testnet_shows_url_keys_and_next_commands_and_ends_with_zero(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = await started(["testnet", "--port", "0"], folder=tmp_path)
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        first = (await process.stdout.readuntil(b"forgotten.\n")).decode()
    process.send_signal(number)
    rest, errors = await process.communicate()
    assert (process.returncode, rest, errors) == (0, b"", b"")
    for words in ("http://127.0.0.1:", "local-key", "local-secret", "trimtab init", "doctor"):
        assert words in first


async def test_a_port_in_use_is_one_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await trimtab(["testnet", "--port", str(port)], folder=tmp_path)
    assert ended.code == 2
    assert has_no_traceback(ended)
    assert f"port {port} is in use" in ended.stderr
    assert "next: trimtab testnet --port 0" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"colour": "blue"}',
        '{"spot": {"BTC": 0.5}}',
        '{"prices": {"BTC": "NaN-ish"}}',
        '{"rules": {"*": {"colour": "blue"}}}',
        '{"futures": {"positions": [{}]}}',
    ],
)
async def test_a_faulty_scenario_is_told_before_anything_is_served(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "odd.json").write_text(text, encoding="utf-8")
    words = ["testnet", "--port", "0", "--scenario", "odd.json"]
    ended = await trimtab(words, folder=tmp_path)
    assert ended.code == 2, ended.text
    assert has_no_traceback(ended)
    assert "odd.json" in ended.stderr
    assert "next: " in ended.stderr


@pytest.mark.parametrize(
    "words", [["--port", "70000"], ["--port", "-1"], ["--port", "x"], ["--scenario", "nowhere"]]
)
async def test_testnet_refuses_wrong_input_in_words(tmp_path: Path, words: list[str]) -> None:
    ended = await trimtab(["testnet", *words], folder=tmp_path)
    assert ended.code == 2
    assert has_no_traceback(ended)
    assert "next: " in ended.stderr
