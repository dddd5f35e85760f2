"""The session that ccxt sends through: where bytes may go, how often, and what is kept."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientError
from yarl import URL

from tests.fakes.scripted_venue import Script, ScriptedVenue, scripted_venue, told
from tests.wire.opened import KEY, SECRET, NoWaiting, intent, opened, settings, spot_btc
from trimtab.adapters.open_venue import open_venue
from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.wire.transport import (
    Capture,
    Courier,
    Gate,
    captured,
    http_session,
    scrubbed,
)
from trimtab.domain.errors import ConfigError, NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.orders import ClientOrderId, VenueOrderId
from trimtab.domain.snapshot import Environment, OpenOrder

HOST = "https://api.binance.com"


@asynccontextmanager
async def courier(
    venue: ScriptedVenue, before: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Courier]:
    sending = Courier(
        http_session(),
        gate=Gate(
            hosts=frozenset({"api.binance.com"}),
            paper=None,
            redirect=URL(venue.url),
            read_timeout_s=2,
            write_timeout_s=2,
        ),
        clock=SystemClock(),
        before=before,
        after=lambda _: None,
    )
    try:
        yield sending
    finally:
        await sending.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_a_request_on_a_kept_connection_that_drops_is_never_sent_again(method: str) -> None:
    async with scripted_venue() as venue, courier(venue) as sending:
        venue.script["GET", "/warm"] = told({})
        venue.script[method, "/x"] = Script(how="drop")
        async with sending.get(URL(f"{HOST}/warm")):
            pass
        with captured() as captures, pytest.raises(ClientError):
            async with getattr(sending, method.lower())(URL(f"{HOST}/x")):
                pass
    assert venue.count(method, "/x") == 1
    assert [c.handed_to_socket for c in captures] == [True]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.binance.co/x",
        "https://api.binance.com.evil.example/x",
        "http://api.binance.com/x",
        "https://fapi.binance.com/x",
        "http://127.0.0.1/x",
    ],
)
async def test_a_host_that_is_not_on_the_list_is_refused_before_anything_is_sent(url: str) -> None:
    async with scripted_venue() as venue, courier(venue) as sending:
        with captured() as captures, pytest.raises(Refused):
            async with sending.post(URL(url)):
                pass
    assert (venue.arrivals, captures) == ([], [])


async def test_a_request_can_be_held_back_at_the_last_moment() -> None:
    def hold(host: str) -> None:
        raise NotDone(f"{host} wants silence")

    async with scripted_venue() as venue, courier(venue, hold) as sending:
        with captured() as captures, pytest.raises(NotDone, match=r"api\.binance\.com wants"):
            async with sending.post(URL(f"{HOST}/x")):
                pass
    assert (venue.arrivals, captures) == ([], [])


async def test_a_redirect_is_an_answer_and_not_an_instruction() -> None:
    async with scripted_venue() as venue, courier(venue) as sending:
        venue.script["GET", "/x"] = told({}, 307, Location=f"{venue.url}/elsewhere")
        async with sending.get(URL(f"{HOST}/x")) as answer:
            assert answer.status == 307
    assert len(venue.arrivals) == 1


async def test_proxies_of_the_environment_are_not_used(environ: dict[str, str]) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        environ[name] = "http://127.0.0.1:9"
    async with scripted_venue() as venue, courier(venue) as sending:
        venue.script["GET", "/x"] = told({})
        async with sending.get(URL(f"{HOST}/x")) as answer:
            assert answer.status == 200


async def test_a_proxy_that_ccxt_was_given_stops_the_request() -> None:
    async with scripted_venue() as venue, courier(venue) as sending:
        with pytest.raises(Refused):
            async with sending.get(URL(f"{HOST}/x"), proxy="http://127.0.0.1:9"):
                pass
    assert venue.arrivals == []


async def test_concurrent_calls_keep_their_captures_apart() -> None:
    async def ask(sending: Courier, path: str) -> list[Capture]:
        with captured() as captures:
            async with sending.get(URL(f"{HOST}{path}")):
                await asyncio.sleep(0)
        return captures

    async with scripted_venue() as venue, courier(venue) as sending:
        paths = [f"/x{n}" for n in range(20)]
        for path in paths:
            venue.script["GET", path] = told({"path": path})
        kept = await asyncio.gather(*(ask(sending, path) for path in paths))
    assert [[c.path for c in captures] for captures in kept] == [[path] for path in paths]


async def test_a_capture_has_no_query_and_so_no_signature() -> None:
    async with scripted_venue() as venue, courier(venue) as sending:
        venue.script["GET", "/x"] = told({"ok": 1})
        with captured() as captures:
            async with sending.get(URL(f"{HOST}/x?signature=abc&timestamp=1")):
                pass
    assert "abc" not in repr(captures)


def test_a_local_exchange_must_be_on_loopback() -> None:
    with pytest.raises(ConfigError):
        Gate(
            hosts=frozenset(),
            paper=None,
            redirect=URL("http://10.0.0.1:8900"),
            read_timeout_s=1,
            write_timeout_s=1,
        )


@pytest.mark.parametrize(
    "text",
    [
        "GET https://x/y?a=1&signature=deadbeef&z=1",
        "{'X-MBX-APIKEY': 'deadbeef'}",
        "apiKey: deadbeef",
    ],
)
def test_signatures_and_keys_are_scrubbed_from_texts(text: str) -> None:
    assert "deadbeef" not in scrubbed(text)


async def test_a_cancelled_submit_stays_cancelled() -> None:
    async with scripted_venue() as venue:
        venue.script["POST", "/api/v3/order"] = Script(how="hang")
        async with opened(venue.url) as at:
            sending = asyncio.create_task(at.venue.submit(intent(spot_btc(), 100, "60000")))
            while not venue.count("POST", "/api/v3/order"):  # noqa: ASYNC110 -- the server has no event.
                await asyncio.sleep(0.01)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending


async def test_a_cancel_whose_answer_is_lost_is_unknown_and_sent_once() -> None:
    resting = OpenOrder(
        symbol=spot_btc().symbol,
        client_order_id=ClientOrderId("bsome"),
        venue_order_id=VenueOrderId("4711"),
        lots=intent(spot_btc(), 100, "60000").lots,
        limit_price=spot_btc().limit_price(6_000_000),
        reduce_only=False,
    )
    async with scripted_venue() as venue:
        venue.script["DELETE", "/api/v3/order"] = Script(how="drop")
        async with opened(venue.url) as at:
            with pytest.raises(OutcomeUnknown):
                await at.venue.cancel(resting)
            assert venue.count("DELETE", "/api/v3/order") == 1
            gone = told({"code": -2011, "msg": "Unknown order sent."}, 400)
            venue.script["DELETE", "/api/v3/order"] = gone
            await at.venue.cancel(resting)


async def test_nothing_is_sent_while_the_venue_wants_silence() -> None:
    ban = told({"code": -1003, "msg": "Too many."}, 418, Retry_After="60")
    async with scripted_venue() as venue:
        venue.script["POST", "/api/v3/order"] = ban
        async with opened(venue.url) as at:
            with pytest.raises(NotDone):
                await at.venue.submit(intent(spot_btc(), 100, "60000"))
            seen = len(venue.arrivals)
            with pytest.raises(NotDone) as raised:
                await at.venue.submit(intent(spot_btc(), 100, "60000", attempt=2))
            with pytest.raises(NotDone):
                await at.venue.look_up(intent(spot_btc(), 100, "60000"))
            assert len(venue.arrivals) == seen
    assert 50_000 < raised.value.retry_after_ms <= 60_000


PAGE = b"<html>signature=0123456789abcdef</html>"


@pytest.mark.parametrize(
    "echo",
    [*(Script(status=n, body=PAGE) for n in (200, 400, 500)), Script(how="drop")],
    ids=["200", "400", "500", "dropped"],
)
async def test_no_secret_is_in_an_error_its_traceback_or_the_log(
    echo: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with scripted_venue() as venue:
        venue.script["GET", "/api/v3/order"] = echo
        venue.script["POST", "/api/v3/order"] = echo
        async with opened(venue.url, clock=NoWaiting()) as at:
            order = intent(spot_btc(), 100, "60000")
            for asked in (at.venue.look_up(order), at.venue.submit(order)):
                with pytest.raises(VenueError) as raised:
                    await asked
                trace = "".join(traceback.format_exception(raised.value))
                told_all = f"{raised.value!r} {raised.value.evidence!r} {trace} {caplog.text}"
                assert SECRET not in told_all
                assert KEY not in told_all
                assert "0123456789abcdef" not in told_all
                sent = venue.arrivals[-1].params["signature"]
                assert sent not in told_all


async def test_the_demo_hosts_are_the_only_ones_of_the_testnet() -> None:
    given = settings("http://127.0.0.1:1", environment=Environment.TESTNET)
    async with open_venue(given) as at:
        exchange = at.venue._wire.exchange
        hosts = {URL(url).host for url in exchange.urls["api"].values()}
    assert {"demo-api.binance.com", "demo-fapi.binance.com"} <= hosts
    assert "api.binance.com" not in hosts


def test_keys_are_not_shown() -> None:
    assert SECRET not in repr(settings("http://127.0.0.1:1"))
