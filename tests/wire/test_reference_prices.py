"""The real client against answers that are wrong, late, old, too long, or not there at all."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import respx

from tests.fakes.virtual_clock import VirtualClock
from trimtab.adapters.references.prices import (
    ANSWER_BYTES_MAX,
    HttpReferencePrices,
    ReferenceSettings,
    open_reference_prices,
)
from trimtab.adapters.system_clock import SystemClock
from trimtab.domain.errors import ConfigError
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import ReferencePolicy
from trimtab.domain.references import References, ReferenceSource
from trimtab.testnet import Fault, Kind, Scenario, serve

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BTC, USDT = Asset("BTC"), Asset("USDT")
COINBASE, KRAKEN, BITSTAMP = ReferenceSource
STAMP, SECONDS = "2026-11-20T11:59:58.123456Z", "1795175998"
DATE = {"Date": format_datetime(NOW - timedelta(seconds=1), usegmt=True)}
ADDRESSES = {
    COINBASE: "https://api.exchange.coinbase.com/products/BTC-USD/ticker",
    KRAKEN: "https://api.kraken.com/0/public/Ticker?pair=XBTUSD",
    BITSTAMP: "https://www.bitstamp.net/api/v2/ticker/btcusd/",
}


def coinbase(**changed: Any) -> dict[str, Any]:
    usual = {"bid": "59999.5", "ask": "60000.5", "price": "1", "time": STAMP, "size": "0.1"}
    return usual | changed


def kraken(bid: Any = "59999.5", ask: Any = "60000.5", name: str = "XXBTZUSD") -> dict[str, Any]:
    return {"error": [], "result": {name: {"a": [ask, "1", "1.0"], "b": [bid, "1", "1.0"]}}}


def bitstamp(**changed: Any) -> dict[str, Any]:
    return {"bid": "59999.5", "ask": "60000.5", "last": "1", "timestamp": SECONDS} | changed


SOUND = {COINBASE: coinbase(), KRAKEN: kraken(), BITSTAMP: bitstamp()}


def rules(*sources: ReferenceSource) -> ReferencePolicy:
    return ReferencePolicy(
        sources=sources, required=True, max_age_s=Decimal(60), max_disagreement_bps=Decimal(50)
    )


@asynccontextmanager
async def asking(
    *sources: ReferenceSource, clock: VirtualClock | None = None
) -> AsyncIterator[HttpReferencePrices]:
    settings = ReferenceSettings(
        rules=rules(*sources), url="", timeout_s=4.0, clock=clock or VirtualClock(NOW)
    )
    async with open_reference_prices(settings) as opened:
        yield opened


async def told(source: ReferenceSource, answer: httpx.Response | type[Exception]) -> References:
    """What the source says of BTC when this comes back."""
    with respx.mock() as public:
        route = public.get(ADDRESSES[source])
        if isinstance(answer, httpx.Response):
            route.respond(answer.status_code, headers=dict(answer.headers), content=answer.content)
        else:
            route.mock(side_effect=answer)
        async with asking(source) as sources:
            return await sources.read([BTC])


def why(references: References) -> str:
    """Return the one reason why there is no price."""
    assert references.quotations == ()
    (silence,) = references.silences
    return silence.why


@pytest.mark.parametrize("source", list(ReferenceSource))
async def test_a_sound_answer_is_the_middle_of_its_book_digit_for_digit(
    source: ReferenceSource,
) -> None:
    found = await told(source, httpx.Response(200, headers=DATE, json=SOUND[source]))
    (quotation,) = found.quotations
    assert (quotation.source, quotation.asset) == (source, BTC)
    assert quotation.value == Decimal(60_000)
    assert NOW - timedelta(seconds=2) <= quotation.quoted_at <= NOW - timedelta(seconds=1)


async def test_no_digit_is_lost_on_the_way() -> None:
    fine = coinbase(bid="60000.00000000000000000001", ask="60000.00000000000000000003")
    found = await told(COINBASE, httpx.Response(200, headers=DATE, json=fine))
    assert str(found.quotations[0].value) == "60000.00000000000000000002"


@pytest.mark.parametrize("source", list(ReferenceSource))
@pytest.mark.parametrize("status", [204, 301, 400, 403, 404, 418, 429, 500, 503])
async def test_anything_but_200_is_no_price(source: ReferenceSource, status: int) -> None:
    answer = httpx.Response(status, headers={**DATE, "Location": "/x"}, json=SOUND[source])
    assert why(await told(source, answer)) == f"answered HTTP {status}"


@pytest.mark.parametrize("source", list(ReferenceSource))
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<html><body>502 Bad Gateway</body></html>", "not JSON"),
        (b'{"bid": "1"', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"[]", "not an object"),
        (b'"59999.5"', "not an object"),
        (b"59999.5", "not an object"),
        (b"null", "not an object"),
        (b"{}", ""),
        (b" " * (ANSWER_BYTES_MAX + 1), f"longer than {ANSWER_BYTES_MAX} bytes"),
    ],
)
async def test_a_body_that_is_no_answer_is_no_price(
    source: ReferenceSource, body: bytes, reason: str
) -> None:
    assert reason in why(await told(source, httpx.Response(200, headers=DATE, content=body)))


BAD = ["-1", "0", "0.00", "NaN", "Infinity", "1e5", "", " 1", "59,999.5", "٣", 59999.5, None, True]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("side", ["bid", "ask"])
async def test_a_price_that_is_none_is_never_one(side: str, bad: object) -> None:
    for source, document in (
        (COINBASE, coinbase(**{side: bad})),
        (KRAKEN, kraken(**{side: bad})),
        (BITSTAMP, bitstamp(**{side: bad})),
    ):
        reason = why(await told(source, httpx.Response(200, headers=DATE, json=document)))
        assert reason in {f"its {side} is not a price", f"its {side} is zero"}


@pytest.mark.parametrize(
    ("bid", "ask", "reason"),
    [
        ("60001", "60000", "its bid is above its ask"),
        ("60000", "60600.01", "bps apart"),
    ],
)
async def test_a_crossed_or_wide_book_measures_nothing(bid: str, ask: str, reason: str) -> None:
    answer = httpx.Response(200, headers=DATE, json=kraken(bid, ask))
    assert reason in why(await told(KRAKEN, answer))
    at_limit = httpx.Response(200, headers=DATE, json=kraken("60000", "60600"))
    assert len((await told(KRAKEN, at_limit)).quotations) == 1


@pytest.mark.parametrize(
    ("source", "document"),
    [
        (KRAKEN, kraken(name="XETHZUSD")),
        (KRAKEN, kraken(name="XXBTZEUR")),
        (KRAKEN, {"error": ["EQuery:Unknown asset pair"]}),
        (KRAKEN, {"error": ["EService:Unavailable"], "result": kraken()["result"]}),
        (KRAKEN, {"error": [], "result": {}}),
        (KRAKEN, {"error": [], "result": kraken()["result"] | kraken(name="XETHZUSD")["result"]}),
        (KRAKEN, {"error": [], "result": {"XXBTZUSD": "60000"}}),
        (KRAKEN, {"error": [], "result": {"XXBTZUSD": {"a": [], "b": "60000"}}}),
        (BITSTAMP, bitstamp(pair="ETH/USD")),
        (COINBASE, coinbase(product_id="ETH-USD")),
        (COINBASE, coinbase(product_id=7)),
    ],
)
async def test_the_answer_for_another_market_is_none_for_this_one(
    source: ReferenceSource, document: dict[str, Any]
) -> None:
    assert why(await told(source, httpx.Response(200, headers=DATE, json=document)))


@pytest.mark.parametrize(
    ("source", "document"),
    [(BITSTAMP, bitstamp(pair="BTC/USD")), (COINBASE, coinbase(product_id="BTC-USD"))],
)
async def test_an_answer_that_names_its_market_rightly_is_taken(
    source: ReferenceSource, document: dict[str, Any]
) -> None:
    found = await told(source, httpx.Response(200, headers=DATE, json=document))
    assert len(found.quotations) == 1


def dated(seconds: float) -> dict[str, str]:
    """Return the header of an answer that was made so long ago."""
    return {"Date": format_datetime(NOW - timedelta(seconds=seconds), usegmt=True)}


@pytest.mark.parametrize(
    ("source", "document", "headers", "reason"),
    [
        (COINBASE, coinbase(time="2026-11-20T11:58:59Z"), DATE, "61 s old, limit 60 s"),
        (COINBASE, coinbase(time="2026-11-20T12:00:06Z"), DATE, "6 s ahead of this clock"),
        (COINBASE, coinbase(time="2026-11-20T11:59:59"), DATE, "without a zone"),
        (COINBASE, coinbase(time="yesterday"), DATE, "no readable time"),
        (COINBASE, coinbase(time="0001-01-01T00:00:00+23:00"), DATE, "no readable time"),
        (COINBASE, coinbase(time=None), DATE, "no readable time"),
        (COINBASE, coinbase(), dated(61), "61 s old"),
        (BITSTAMP, bitstamp(timestamp="1795175939"), DATE, "61 s old"),
        (BITSTAMP, bitstamp(timestamp="1795176006"), DATE, "6 s ahead"),
        (BITSTAMP, bitstamp(timestamp="-1"), DATE, "no readable time"),
        (BITSTAMP, bitstamp(timestamp=1795175998), DATE, "no readable time"),
        (KRAKEN, kraken(), {}, "no time"),
        (KRAKEN, kraken(), dated(61), "61 s old"),
        (KRAKEN, kraken(), dated(-6), "6 s ahead"),
        (KRAKEN, kraken(), {"Date": "soon"}, "no readable time"),
        (KRAKEN, kraken(), {"Date": "Fri, 20 Nov 2026 11:59:59 -0000"}, "no readable time"),
        (KRAKEN, kraken(), DATE | {"Age": "60"}, "61 s old"),
        (KRAKEN, kraken(), DATE | {"Age": "young"}, "no readable time"),
        (KRAKEN, kraken(), DATE | {"Age": "99999999999"}, "no readable time"),
    ],
)
async def test_a_price_of_an_unknown_hour_or_of_an_old_one_is_no_price(
    source: ReferenceSource, document: dict[str, Any], headers: dict[str, str], reason: str
) -> None:
    assert reason in why(await told(source, httpx.Response(200, headers=headers, json=document)))


async def test_the_oldest_stamp_counts_and_one_just_ahead_of_the_clock_is_now() -> None:
    old = await told(COINBASE, httpx.Response(200, headers=dated(30), json=coinbase()))
    assert old.quotations[0].quoted_at == NOW - timedelta(seconds=30)
    cached = await told(KRAKEN, httpx.Response(200, headers=DATE | {"Age": "20"}, json=kraken()))
    assert cached.quotations[0].quoted_at == NOW - timedelta(seconds=21)
    ahead = await told(KRAKEN, httpx.Response(200, headers=dated(-5), json=kraken()))
    assert ahead.quotations[0].quoted_at == NOW


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ProxyError]
)
async def test_a_transport_that_fails_is_a_silence_that_says_how(fault: type[Exception]) -> None:
    assert why(await told(KRAKEN, fault)) == f"no answer ({fault.__name__})"


async def test_what_was_not_asked_for_compressed_is_not_unpacked() -> None:
    packed = gzip.compress(b" " * 50_000_000)[:60_000]
    headers = {**DATE, "Content-Encoding": "gzip"}
    with respx.mock() as public:
        public.get(ADDRESSES[KRAKEN]).respond(200, headers=headers, stream=Bytes(packed))
        async with asking(KRAKEN) as sources:
            reason = why(await sources.read([BTC]))
    assert "compressed" in reason


class Bytes(httpx.AsyncByteStream):
    """A body that goes out as it is, whatever its headers say."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part


async def test_a_redirect_is_not_followed_not_even_to_the_same_host() -> None:
    with respx.mock(assert_all_called=False) as public:
        public.get(ADDRESSES[KRAKEN]).respond(302, headers={"Location": ADDRESSES[COINBASE]})
        other = public.get(ADDRESSES[COINBASE]).respond(200, headers=DATE, json=coinbase())
        async with asking(KRAKEN) as sources:
            assert why(await sources.read([BTC])) == "answered HTTP 302"
        assert not other.called


async def test_requests_carry_no_key_no_cookie_and_no_trace_of_the_account() -> None:
    with respx.mock() as public:
        route = public.get(ADDRESSES[BITSTAMP]).respond(200, headers=DATE, json=bitstamp())
        async with asking(BITSTAMP) as sources:
            await sources.read([BTC])
        (call,) = route.calls
    allowed = {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert set(call.request.headers) == allowed
    assert call.request.headers["accept-encoding"] == "identity"
    assert (call.request.method, call.request.content) == ("GET", b"")


async def test_variables_of_the_process_move_no_request(environ: dict[str, str]) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        environ[name] = environ[name.lower()] = "http://127.0.0.1:9"  # Nobody listens there.
    async with serve(Scenario.drifted()) as exchange:
        settings = ReferenceSettings(
            rules=rules(KRAKEN), url=exchange.url, timeout_s=4.0, clock=SystemClock()
        )
        async with open_reference_prices(settings) as sources:
            assert len((await sources.read([BTC])).quotations) == 1


async def test_a_source_is_asked_again_only_when_its_quotation_runs_out() -> None:
    clock = VirtualClock(NOW)
    with respx.mock() as public:
        route = public.get(ADDRESSES[KRAKEN]).mock(
            side_effect=lambda _: httpx.Response(
                200, headers={"Date": format_datetime(clock.now(), usegmt=True)}, json=kraken()
            )
        )
        async with asking(KRAKEN, clock=clock) as sources:
            for seconds, calls in ((0, 1), (10, 1), (46, 1), (1, 2), (1, 2)):
                clock.move(seconds)
                (quotation,) = (await sources.read([BTC])).quotations
                assert route.call_count == calls
                assert clock.now() - quotation.quoted_at <= timedelta(seconds=56)


async def test_a_silent_source_is_left_in_peace_as_long_as_one_that_answers() -> None:
    clock = VirtualClock(NOW)
    with respx.mock() as public:
        route = public.get(ADDRESSES[KRAKEN]).respond(429)
        async with asking(KRAKEN, clock=clock) as sources:
            for seconds, calls in ((0, 1), (56, 1), (1, 2)):
                clock.move(seconds)
                assert why(await sources.read([BTC])) == "answered HTTP 429"
                assert route.call_count == calls


async def test_what_is_no_asset_code_is_asked_of_nobody() -> None:
    with respx.mock(assert_all_called=False) as public:
        async with asking(*ReferenceSource) as sources:
            found = await sources.read([Asset("../BTC?x="), Asset("btc"), Asset("")])
        assert len(public.calls) == 0
    assert len(found.silences) == 9


async def test_what_stands_in_for_the_sources_is_on_this_machine_or_nowhere() -> None:
    settings = ReferenceSettings(
        rules=rules(KRAKEN), url="http://10.0.0.1:8900", timeout_s=4.0, clock=SystemClock()
    )
    with pytest.raises(ConfigError, match=r"references\.url: must be on this machine"):
        async with open_reference_prices(settings):
            raise AssertionError("it was opened")


FAULTS = [
    (Fault(kind=Kind.RESET_BEFORE), "no answer (RemoteProtocolError)"),
    (Fault(kind=Kind.TIMEOUT_BEFORE, seconds="5"), "no answer within 0.3 s"),
    (Fault(kind=Kind.SLOW, seconds="5"), "no answer within 0.3 s"),
    (Fault(kind=Kind.EMPTY), "its answer is empty"),
    (Fault(kind=Kind.HTML), "its answer is not JSON"),
    (Fault(kind=Kind.TRUNCATE_JSON), "its answer is not JSON"),
    (Fault(kind=Kind.CUT_BODY), "no answer (RemoteProtocolError)"),
    (Fault(kind=Kind.STATUS, status=503), "answered HTTP 503"),
]


@pytest.mark.parametrize(("fault", "reason"), FAULTS, ids=lambda part: str(part)[:40])
async def test_a_line_that_fails_costs_one_source_and_no_more_than_its_time(
    fault: Fault, reason: str
) -> None:
    async with serve(Scenario.drifted()) as exchange:
        exchange.inject(fault)
        settings = ReferenceSettings(
            rules=rules(KRAKEN), url=exchange.url, timeout_s=0.3, clock=SystemClock()
        )
        async with open_reference_prices(settings) as sources:
            assert why(await sources.read([BTC])) == reason
            assert len((await sources.read([USDT])).quotations) == 1


async def test_nobody_waits_longer_than_the_slowest_source_may_take() -> None:
    async with serve(Scenario.drifted()) as exchange:
        exchange.inject(Fault(kind=Kind.SLOW, path="/0/*", seconds="5", count=0))
        settings = ReferenceSettings(
            rules=rules(*ReferenceSource), url=exchange.url, timeout_s=0.3, clock=SystemClock()
        )
        async with open_reference_prices(settings) as sources:
            begun = SystemClock().now()
            found = await sources.read([BTC, USDT])
    assert SystemClock().now() - begun < timedelta(seconds=3)
    assert {q.source for q in found.quotations} == {COINBASE, BITSTAMP}
