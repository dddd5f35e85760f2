"""From a source's bytes to a quotation, or to the reason why there is none. Pure.

Exact: prices are the digits of JSON texts, never numbers that a parser has rounded. What is
not exactly the documented shape is no price; nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from trimtab.domain.exact import BPS, exact_arithmetic, ratio, trimmed
from trimtab.domain.instruments import Asset
from trimtab.domain.references import Quotation, ReferenceSource
from trimtab.venues.reference_sources import SourceProfile

SPREAD_BPS_MAX: Final = Decimal(100)
"""Between the best bid and ask of a book whose middle says anything."""
AHEAD_MAX: Final = timedelta(seconds=5)
"""How far a source's stamp may lie ahead of this clock."""
_PRICE: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,20})?")
_SECONDS: Final = re.compile(r"[0-9]{1,11}")
_OK: Final = 200


class NoPrice(Exception):
    """A source gave no usable price. Says why, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAnswer:
    """One answer as it came."""

    status: int
    """HTTP status."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    answered_at: datetime
    """By our clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ticker:
    """What a source's reader took out of its answer, still as text."""

    bid: object
    ask: object
    stamp: datetime | None
    """The answer's own; None where its documented shape has none."""


def quotation_of(profile: SourceProfile, asset: Asset, answer: SourceAnswer) -> Quotation:
    """Return what an answer says of *asset*.

    Raises:
        NoPrice: it is not a price, or not of this market, or nobody knows of when it is.

    """
    if answer.status != _OK:
        raise NoPrice(f"answered HTTP {answer.status}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise NoPrice("its answer is compressed, which was not asked for")
    ticker = _READERS[profile.source](_object(answer.body), profile.market(asset), profile)
    bid, ask = _exact(ticker.bid, "bid"), _exact(ticker.ask, "ask")
    return Quotation(
        source=profile.source,
        asset=asset,
        value=_mid(bid=bid, ask=ask),
        quoted_at=_quoted_at(answer, ticker.stamp),
    )


def _object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that an answer is."""
    if not body.strip():
        raise NoPrice("its answer is empty")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise NoPrice("its answer is not JSON") from None
    if not isinstance(document, dict):
        raise NoPrice("its answer is not an object")
    return document


def _exact(text: object, name: str) -> Decimal:
    """Return the digits of a price."""
    if not isinstance(text, str) or _PRICE.fullmatch(text) is None:
        raise NoPrice(f"its {name} is not a price")
    value = Decimal(text)
    if not value:
        raise NoPrice(f"its {name} is zero")
    return value


def _mid(*, bid: Decimal, ask: Decimal) -> Decimal:
    """Return the middle of a book that is neither crossed nor wide."""
    if bid > ask:
        raise NoPrice("its bid is above its ask")
    with exact_arithmetic():
        spread = ratio((ask - bid) * BPS, bid)
        if spread > SPREAD_BPS_MAX:
            raise NoPrice(f"its bid and ask are {trimmed(spread, 0)} bps apart")
        return (bid + ask) / 2


def _quoted_at(answer: SourceAnswer, stamp: datetime | None) -> datetime:
    """Return the oldest of an answer's stamps, never one that is still to come."""
    stamps = [*([] if stamp is None else [stamp]), *_sent_at(answer.headers)]
    if not stamps:
        raise NoPrice("its answer has no time")
    latest = max(stamps)
    if latest - answer.answered_at > AHEAD_MAX:
        ahead = (latest - answer.answered_at) // timedelta(seconds=1)
        raise NoPrice(f"its time is {ahead} s ahead of this clock; set the clock (NTP)")
    return min(*stamps, answer.answered_at)


def _sent_at(headers: Mapping[str, str]) -> Iterator[datetime]:
    """Yield when the answer was made, where its headers tell; a cache counts against it."""
    if "date" not in headers:
        return
    kept = headers.get("age", "0").strip()
    try:
        sent = parsedate_to_datetime(headers["date"])
        if sent.tzinfo is None or _SECONDS.fullmatch(kept) is None:
            raise NoPrice("its headers have no readable time")
        yield sent.astimezone(UTC) - timedelta(seconds=int(kept))
    except (ValueError, TypeError, IndexError, OverflowError):
        raise NoPrice("its headers have no readable time") from None


def _coinbase(document: dict[str, Any], market: str, _: SourceProfile) -> _Ticker:
    """Read ``{"bid", "ask", "time", …}``; the time is the last execution's."""
    _same_market(document.get("product_id", market), market)
    try:
        stamp = datetime.fromisoformat(document["time"])
        if stamp.tzinfo is None:
            raise NoPrice("its answer has a time without a zone")
        stamp = stamp.astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise NoPrice("its answer has no readable time") from None
    return _Ticker(bid=document.get("bid"), ask=document.get("ask"), stamp=stamp)


def _kraken(document: dict[str, Any], market: str, profile: SourceProfile) -> _Ticker:
    """Read ``{"error": [], "result": {MARKET: {"a": [ask, …], "b": [bid, …]}}}``; no time."""
    if document.get("error") != []:
        raise NoPrice("its answer is an error; it may not list the coin")
    result = document.get("result")
    if not isinstance(result, dict) or len(result) != 1:
        raise NoPrice("its answer is not of one market")
    ((name, row),) = result.items()
    _same_market(name, profile.answered(market))
    if not isinstance(row, dict):
        raise NoPrice("its answer has no bid and ask")
    return _Ticker(bid=_first(row.get("b")), ask=_first(row.get("a")), stamp=None)


def _bitstamp(document: dict[str, Any], market: str, _: SourceProfile) -> _Ticker:
    """Read ``{"bid", "ask", "timestamp", …}``; the timestamp is in whole seconds."""
    _same_market(document.get("pair", market), market)
    seconds = document.get("timestamp")
    if not isinstance(seconds, str) or _SECONDS.fullmatch(seconds) is None:
        raise NoPrice("its answer has no readable time")
    stamp = datetime.fromtimestamp(int(seconds), UTC)
    return _Ticker(bid=document.get("bid"), ask=document.get("ask"), stamp=stamp)


def _first(levels: object) -> object:
    """Return the price of a level, which leads its size."""
    return levels[0] if isinstance(levels, list) and levels else None


def _same_market(told: object, market: str) -> None:
    """Refuse an answer that names another market; case and separators do not count."""
    if not isinstance(told, str) or _letters(told) != _letters(market):
        raise NoPrice(f"its answer is not of {market}")


def _letters(name: str) -> str:
    """Return letters and digits alone, small."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


_READERS: Final[
    Mapping[ReferenceSource, Callable[[dict[str, Any], str, SourceProfile], _Ticker]]
] = {
    ReferenceSource.COINBASE: _coinbase,
    ReferenceSource.KRAKEN: _kraken,
    ReferenceSource.BITSTAMP: _bitstamp,
}
