"""What cannot be read as a price is never one: any bytes, any JSON, any headers."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from trimtab.adapters.references.answers import NoPrice, SourceAnswer, quotation_of
from trimtab.domain.instruments import Asset
from trimtab.domain.references import Quotation, ReferenceSource
from trimtab.venues.reference_sources import SOURCES

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DATE = {"date": format_datetime(NOW, usegmt=True)}
BTC = Asset("BTC")
PRICE = re.compile(r"[0-9]+(\.[0-9]+)?")

sources = st.sampled_from(ReferenceSource)
words = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["60000", "60000.5", "0", "-1", "NaN", "1e5", "1795176000", "2026-11-20T12:00Z"]
    ),
)
leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words)
keys = st.one_of(
    st.sampled_from(["bid", "ask", "time", "timestamp", "a", "b", "error", "result", "XXBTZUSD"]),
    st.text(max_size=4),
)
documents = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5)
)
headers = st.dictionaries(st.sampled_from(["date", "age", "content-encoding"]), words, max_size=3)


def read(source: ReferenceSource, body: bytes, told: dict[str, str]) -> Quotation | None:
    """Return what the body says of BTC; nothing else than NoPrice may come out."""
    answer = SourceAnswer(status=200, headers=told, body=body, answered_at=NOW)
    try:
        return quotation_of(SOURCES[source], BTC, answer)
    except NoPrice:
        return None


@given(source=sources, body=st.binary(max_size=200), told=headers)
def test_no_bytes_bring_out_anything_but_a_price_or_a_reason(
    source: ReferenceSource, body: bytes, told: dict[str, str]
) -> None:
    assert read(source, body, told) is None


@given(source=sources, document=documents, told=headers)
def test_any_json_gives_a_sound_price_or_a_reason(
    source: ReferenceSource, document: Any, told: dict[str, str]
) -> None:
    found = read(source, json.dumps(document).encode(), DATE | told)
    if found is not None:
        assert found.value > 0
        assert found.quoted_at <= NOW


def shaped(source: ReferenceSource, *, bid: Any, ask: Any) -> bytes:
    """Return an answer that is sound but for its sides."""
    match source:
        case ReferenceSource.COINBASE:
            document: Any = {"bid": bid, "ask": ask, "time": "2026-11-20T12:00:00Z"}
        case ReferenceSource.BITSTAMP:
            document = {"bid": bid, "ask": ask, "timestamp": "1795176000"}
        case ReferenceSource.KRAKEN:
            document = {"error": [], "result": {"XXBTZUSD": {"a": [ask], "b": [bid]}}}
    return json.dumps(document).encode()


@given(source=sources, side=st.sampled_from(["bid", "ask"]), bad=documents)
def test_a_side_that_is_no_price_is_never_one(source: ReferenceSource, side: str, bad: Any) -> None:
    sides: dict[str, Any] = {"bid": "60000", "ask": "60000"} | {side: bad}
    found = read(source, shaped(source, **sides), DATE)
    is_price = isinstance(bad, str) and PRICE.fullmatch(bad) is not None and bad.isascii()
    assert found is None or is_price


@given(
    source=sources,
    bid=st.decimals(min_value="0.00000001", max_value="900000000", places=8),
    gap=st.decimals(min_value=0, max_value="0.01", places=6),
)
def test_a_sound_book_is_read_digit_for_digit(
    source: ReferenceSource, bid: Decimal, gap: Decimal
) -> None:
    ask = bid + bid * gap
    found = read(source, shaped(source, bid=format(bid, "f"), ask=format(ask, "f")), DATE)
    assert found is not None
    assert found.value * 2 == bid + ask


@given(
    source=sources,
    asset=st.one_of(st.text(max_size=12), st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True)),
)
def test_no_asset_moves_a_question_to_another_host(source: ReferenceSource, asset: str) -> None:
    profile = SOURCES[source]
    market = profile.market(Asset(asset))
    address = urlsplit(f"https://{profile.host}{profile.target.format(pair=market)}")
    assert (address.scheme, address.netloc) == ("https", profile.host)
    assert market == "" or re.fullmatch(r"[A-Za-z0-9-]+", market)
    assert (market != "") == (re.fullmatch(r"[A-Z0-9]{1,20}", asset) is not None)


@given(source=sources, seconds=st.integers(min_value=-100_000, max_value=100_000))
def test_a_stamp_is_never_after_the_answer(source: ReferenceSource, seconds: int) -> None:
    told = {"date": format_datetime(NOW - timedelta(seconds=seconds), usegmt=True)}
    found = read(source, shaped(source, bid="1", ask="1"), told)
    assert (found is None) == (seconds < -5)
    if found is not None:
        assert found.quoted_at == min(NOW, NOW - timedelta(seconds=seconds))
