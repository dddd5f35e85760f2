"""No part of a wallet's private key, and no signature, in anything that a run leaves."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.acceptance.canaries import hits, left_in, needles
from tests.conformance.hyperliquid_floor import AGENT_KEY, err
from tests.conformance.line import Line, Mishap
from tests.conformance.spoken import Told
from tests.conformance.stage import key_of, staged
from tests.conformance.test_whole_run import opened
from trimtab.adapters.open_venue import ApiKey
from trimtab.domain.errors import VenueError
from trimtab.venues.facts import Market
from trimtab.workflow.run import Consent, run

KEY = needles(AGENT_KEY[2:]) | needles(AGENT_KEY[2:].upper())
TROUBLES = (
    Mishap.LOST,
    Mishap.NEVER,
    Told(body=b"<html></html>"),
    Told(status=422, body=b"Failed to deserialize the JSON body into the target type"),
    err("User or API Wallet 0xb8a6f8b26223de27c31938d56e470a5b832703a5 does not exist."),
)


def signatures_in(line: Line) -> frozenset[bytes]:
    """Return every form of the signatures that went out."""
    sent = [json.loads(a.body)["signature"] for a in line.asked if a.path == "/exchange"]
    parts = [str(each[part])[2:] for each in sent for part in "rs"]
    return frozenset[bytes]().union(*map(needles, parts))


async def test_a_run_leaves_neither_key_nor_signature_in_its_ledger_or_its_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened("hyperliquid", tmp_path) as (runner, _, line):
        line.spoil(Mishap.LOST, which=line.floor.is_order)
        await run(runner, consent=Consent.ASK, slot_due=True)
        signatures = signatures_in(line)
    assert signatures
    left = left_in(tmp_path) + caplog.text.encode()
    assert hits(left, KEY | signatures) == []


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
async def test_no_error_of_an_order_tells_key_or_signature(trouble: Mishap | Told) -> None:
    async with staged("hyperliquid", Market.SPOT) as stage:
        stage.line.spoil(trouble, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        told = (
            f"{raised.value} {raised.value!r} {raised.value.evidence!r} {raised.value.__cause__!r}"
        )
        assert hits(told.encode(), KEY | signatures_in(stage.line)) == []


def test_a_key_shows_nothing_of_itself() -> None:
    key = key_of("hyperliquid")
    assert isinstance(key, ApiKey)
    assert hits(repr(key).encode(), KEY) == []
