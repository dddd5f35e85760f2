"""What an answer of Hyperliquid means for an order, and that nothing but orders is ever signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.hyperliquid_floor import ACCOUNT, HyperliquidFloor, err
from tests.conformance.line import Mishap
from tests.conformance.spoken import Told
from tests.conformance.stage import Stage, from_the_start, staged
from tests.conformance.test_whole_run import config_of, opened
from tests.wire.cancelling import cancel_ends
from tests.wire.opened import NoWaiting
from trimtab.adapters.hyperliquid.signing import Signer
from trimtab.adapters.open_venue import open_venue
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import venue_settings
from trimtab.config import load
from trimtab.domain.errors import ConfigError, NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.instruments import Symbol
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.ports import PlanStatus
from trimtab.venues.facts import Market
from trimtab.venues.profile import Desk
from trimtab.workflow.run import Consent, run


def floor_of(stage: Stage) -> HyperliquidFloor:
    assert isinstance(stage.floor, HyperliquidFloor)
    return stage.floor


def status(told: Any, *, kind: str = "order", state: str = "ok") -> Told:
    body = {"status": state, "response": {"type": kind, "data": {"statuses": [told]}}}
    return Told(body=json.dumps(body).encode())


def said(text: str) -> Told:
    return status({"error": text})


class StandingStill(NoWaiting):
    """A clock in one millisecond."""

    def now(self) -> datetime:
        return datetime(2026, 11, 30, tzinfo=UTC)


REFUSED = (
    said("Price must be divisible by tick size. asset=10142"),
    said("Order must have minimum value of 10 USDC. asset=10142"),
    said("Order has invalid size."),
    said("Order has zero size."),
    said("Insufficient spot balance asset=10142"),
    said("Order price cannot be more than 80% away from the reference price"),
    said("Order price too far from oracle"),
    err("User or API Wallet 0xb8a6f8b26223de27c31938d56e470a5b832703a5 does not exist."),
    err("Must deposit before performing actions. User: 0x0000000000000000000000000000000000000000"),
    err("Unable to recover signer."),
    Told(status=422, body=b"Failed to deserialize the JSON body into the target type: action"),
)
NOT_DONE = (
    err("Invalid nonce: nonce too low 1700000000000 < 1700172800000"),
    err("Too many cumulative requests sent (37986 > 10436) for cumulative volume traded $437.92."),
    said("Too many cumulative requests sent (37986 > 10436) for cumulative volume traded $437.92."),
    Told(status=429, body=b"null"),
    Told(status=429, body=b"<html></html>"),
)
UNKNOWN = (
    err("Invalid nonce: duplicate nonce 1700000000000"),
    err("The action has expired."),
    err("A sentence that nobody has seen."),
    err(""),
    said("Order could not immediately match against any resting orders. asset=10142"),
    said("Insufficient margin to place order. asset=10142"),
    said("A sentence that nobody has seen."),
    said(""),
    status({"error": None}),
    status("waitingForFill"),
    status("success"),
    status({}),
    status({"filled": {"totalSz": "0.004", "avgPx": "60001"}}),
    status({"filled": {"totalSz": "0", "avgPx": "60001", "oid": 7}}),
    status({"filled": {"totalSz": "0.005", "avgPx": "60001", "oid": 7}}),
    status({"filled": {"totalSz": "0.0000001", "avgPx": "60001", "oid": 7}}),
    status({"filled": {"totalSz": "0.004", "avgPx": "1", "oid": 7, "cloid": "0x" + "ab" * 16}}),
    status({"filled": {"totalSz": "0.004", "avgPx": "60001", "oid": 7}}, kind="cancel"),
    status({"filled": {"totalSz": "0.004", "avgPx": "60001", "oid": 7}}, state="err"),
    Told(body=b'{"status":"ok","response":{"type":"order","data":{"statuses":[]}}}'),
    Told(body=b'{"status":"ok","response":{"type":"default"}}'),
    Told(body=b'{"status":"ok"}'),
    Told(body=b"null"),
    Told(body=b'"ok"'),
    Told(body=b""),
    Told(body=b"<html></html>"),
    Told(body=b'{"status":"err","response":"Order has inval'),
    Told(status=403, body=b"<html></html>"),
    Told(status=408, body=b"Order has invalid size."),
    Told(status=413, body=b""),
    Told(status=422, body=b"Something else"),
    *(Told(status=code, body=b"") for code in (500, 502, 503, 504, 520, 521, 522, 523, 524)),
    Told(status=500, body=b'{"status":"err","response":"Order has invalid size."}'),
)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((answer, Refused) for answer in REFUSED),
        *((answer, NotDone) for answer in NOT_DONE),
        *((answer, OutcomeUnknown) for answer in UNKNOWN),
    ],
)
async def test_an_order_is_refused_not_done_or_unknown(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("hyperliquid", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


async def test_an_order_that_found_nothing_to_match_is_looked_up_and_has_ended_empty() -> None:
    async with staged("hyperliquid", Market.SPOT) as stage:
        order = stage.buy("0.004", limit=stage.floor.truth().bid)
        with pytest.raises(OutcomeUnknown, match="could not immediately match"):
            await stage.opened.venue.submit(order)
        found = await stage.opened.venue.look_up(order)
    assert found is not None
    assert (found.ended, found.filled_lots, found.status) == (True, 0, "iocCancelRejected")


async def test_an_order_that_rests_has_not_ended() -> None:
    async with staged("hyperliquid", Market.SPOT) as stage:
        told = status({"resting": {"oid": 77_738_308}})
        stage.line.spoil(told, which=stage.floor.is_order)
        order = await stage.opened.venue.submit(stage.buy("0.004"))
    assert (order.venue_order_id, order.ended, order.filled_lots) == ("77738308", False, 0)


async def test_executions_that_are_not_yet_told_leave_an_order_open_whatever_its_row_says() -> None:
    async with staged("hyperliquid", Market.SPOT) as stage:
        order = stage.buy("0.5")  # More than is offered: the row tells what it began with.
        stage.line.spoil(Mishap.LOST, which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(order)
        trading = floor_of(stage).trading
        seen = await stage.opened.venue.look_up(order)
        assert seen is not None
        assert not seen.ended, "more of it may still be told"
        assert seen.filled_lots == 25_000
        missing, trading.executions = trading.executions, []
        none = await stage.opened.venue.look_up(order)
        assert none is not None
        assert (none.ended, none.filled_lots) == (False, 0), "its row tells the whole size as left"
        trading.executions = missing[:1]
        trading.taken[0].at_ms -= 29_000
        half = await stage.opened.venue.look_up(order)
        assert half is not None
        assert (half.ended, half.filled_lots) == (False, 12_500)
        trading.executions = missing
        trading.taken[0].at_ms -= 2_000
        for each in missing:
            each.at_ms = trading.taken[0].at_ms
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert (found.ended, found.filled_lots) == (True, 25_000)


async def test_more_executions_than_are_told_are_never_taken_for_all() -> None:
    async with staged("hyperliquid", Market.SPOT) as stage:
        stage.unmetered()
        floor_of(stage).trade_often(9_900)  # Some of contracts stand among them.
        found = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        assert len(found) == 9_900
        floor_of(stage).trade_often(10_000)
        with pytest.raises(NotDone, match="more since"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (status("success", kind="cancel"), None),
        (
            status(
                {"error": "Order was never placed, already canceled, or filled."}, kind="cancel"
            ),
            None,
        ),
        (status({"error": "Something else"}, kind="cancel"), OutcomeUnknown),
        (status("success", kind="order"), OutcomeUnknown),
        (Told(body=b'{"status":"ok","response":{"type":"cancel"}}'), OutcomeUnknown),
        (err("User or API Wallet 0x0 does not exist."), Refused),
    ],
)
async def test_a_cancel_is_done_when_the_venue_says_that_this_order_rests_no_more(
    answer: Told, error: type[VenueError] | None
) -> None:
    assert await cancel_ends("hyperliquid", answer) is error


async def test_two_requests_of_one_millisecond_have_two_nonces_and_a_deadline() -> None:
    async with staged("hyperliquid", Market.SPOT, window_ms=60_000) as stage:
        for line in range(1, 5):
            await stage.opened.venue.submit(stage.buy("0.004", line=line))
        sent = [json.loads(a.body) for a in stage.line.asked if stage.floor.is_order(a)]
        venue: Any = stage.opened.venue
        venue._wire.clocks.clock = StandingStill()
        venue._wire.clocks.forget(Desk.SPOT)  # Until it is measured again, our own clock is read.
        call = Signer(venue._wire, window_ms=60_000).call({"type": "noop"})
        assert call.made is not None
        made = [call.made()["nonce"] for _ in range(5)]
    for nonces in ([each["nonce"] for each in sent], made):
        assert nonces == sorted(set(nonces))
    for each in sent:
        assert each["expiresAfter"] - each["nonce"] <= 10_000
        assert each.keys() == {"action", "nonce", "signature", "expiresAfter"}


async def test_a_whole_run_signs_orders_alone_and_names_no_builder(tmp_path: Path) -> None:
    async with opened("hyperliquid", tmp_path) as (runner, _, line):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED
    actions = [json.loads(a.body)["action"] for a in line.asked if a.path == "/exchange"]
    assert {action["type"] for action in actions} == {"order"}
    assert all(action.keys() == {"type", "orders", "grouping"} for action in actions)
    text = "".join(asked.text for asked in line.asked)
    assert not any(word in text for word in ("uilder", "eferrer", "approve", "0x6530512A6c89C7"))


async def test_the_private_key_never_leaves_and_its_owner_is_asked_for_by_address(
    tmp_path: Path,
) -> None:
    async with opened("hyperliquid", tmp_path) as (_, shell, line):
        rights = await shell.preflight.key_rights()
    assert isinstance(rights, KeyRights)
    assert not rights.withdraws
    assert all("1f1f1f1f" not in asked.text.lower() for asked in line.asked)


async def test_what_lies_there_beside_the_coins_is_told(tmp_path: Path) -> None:
    async with opened("hyperliquid", tmp_path) as (_, shell, _line):
        beside = await shell.preflight.beside()
    assert beside is not None
    assert [(each.place, each.held) for each in beside] == [
        ("perpetuals", "120.5 USDC"),
        ("staking", "12.5 HYPE"),
    ]


async def test_of_coins_that_share_a_name_only_a_canonical_one_is_traded() -> None:
    async with staged("hyperliquid", Market.SPOT) as stage:
        markets: Any = stage.opened.market
        listed = markets._markets._lists[Desk.SPOT]
        assert await listed.load([Symbol("DUP/USDT"), Symbol("PURR/USDC")]) == {"PURR/USDC"}
        assert listed.row(Symbol("PURR/USDC"))["asset"] == 10_000


async def test_the_wallet_of_the_account_itself_is_refused(tmp_path: Path) -> None:
    async with opened("hyperliquid", tmp_path) as (runner, _, line):
        assert isinstance(line.floor, HyperliquidFloor)
        (agent,) = (each for each in line.floor.roles if each != ACCOUNT)
        line.floor.roles[agent] = {"role": "user"}
        result = await run(runner, consent=Consent.ASK, slot_due=True)
    assert result.status is PlanStatus.REFUSED
    told = [f for f in result.report.findings if f.check == "key_rights"]
    assert ["withdraw" in str(f.reason) for f in told] == [True]
    assert not any(asked.path == "/exchange" for asked in line.asked)


@pytest.mark.parametrize("mode", ["unifiedAccount", "portfolioMargin", "dexAbstraction"])
async def test_an_account_of_one_balance_is_not_read_and_nothing_is_sent(mode: str) -> None:
    async with staged("hyperliquid", Market.SPOT) as stage:
        floor_of(stage).mode = mode
        with pytest.raises(NotDone, match=mode):
            await stage.read_again()


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("0x12", "0x" + "1f" * 32),
        ("ac" * 20, "0x" + "1f" * 32),
        ("0x" + "ac" * 20, "1f" * 31),
        ("0x" + "ac" * 20, "0x" + "1g" * 32),
    ],
)
async def test_a_key_of_another_form_is_named_and_not_shown(
    tmp_path: Path, key: str, secret: str
) -> None:
    file = tmp_path / "trimtab.toml"
    file.write_text(config_of("hyperliquid", tmp_path, market=Market.SPOT), encoding="utf-8")
    variables = {"TRIMTAB__VENUE__API_KEY": key, "TRIMTAB__VENUE__API_SECRET": secret}
    config = load(file, environ=variables, sets=(), home=tmp_path, cwd=tmp_path)
    (settings,) = venue_settings(config, variables, SystemClock(), use=KeyUse.SEND)
    with pytest.raises(ConfigError, match="account's address") as raised:
        async with open_venue(settings):
            pass
    assert key not in str(raised.value)
    assert secret not in str(raised.value)
