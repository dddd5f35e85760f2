"""Whatever is missing or of another kind in an answer of Bybit is never read as something else."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, from_the_start, staged
from trimtab.domain.errors import NotDone, Refused
from trimtab.venues.facts import Market

Doc = Any
WRONG: tuple[Any, ...] = (None, [], {}, True, "NaN", "Infinity", "1_0", "")
READS = (
    "/v5/account/wallet-balance",
    "/v5/account/fee-rate",
    "/v5/market/instruments-info",
    "/v5/market/orderbook",
)


def spoilt(document: Doc) -> Iterator[tuple[str, Doc]]:
    """Yield the document with each of its parts missing, or of another kind.

    Rows that are left out, and lists without any, are answers of another account, not wrong ones.
    """
    for path, value in list(_paths(document)):
        if isinstance(path[-1], str):
            yield f"without {path}", _changed(document, path, lambda at, key: at.pop(key))
        for wrong in WRONG:
            if wrong == [] and isinstance(value, list):
                continue
            if wrong and isinstance(wrong, str) and not _is_number(value):
                continue  # Another name is another coin, no wrong one.
            other = _changed(document, path, lambda at, key, w=wrong: at.__setitem__(key, w))
            yield f"{wrong!r} at {path}", other


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?[0-9.]+", value) is not None


def _paths(document: Doc, above: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*above, key), value
        if isinstance(value, (dict, list)):
            yield from _paths(value, (*above, key))


def _changed(document: Doc, path: tuple[Any, ...], change: Callable[[Any, Any], Any]) -> Doc:
    other = copy.deepcopy(document)
    at = other
    for key in path[:-1]:
        at = at[key]
    change(at, path[-1])
    return other


async def _answer(stage: Stage, path: str) -> tuple[Asked, Doc]:
    asked = next(a for a in stage.line.asked if a.path == path)
    return asked, json.loads(stage.floor.answer(asked).body)


@pytest.mark.parametrize("path", READS)
async def test_a_snapshot_is_the_account_or_none(path: str) -> None:
    async with staged("bybit", Market.SPOT) as stage:
        _, document = await _answer(stage, path)
    for what, other in spoilt(document):
        async with staged("bybit", Market.SPOT) as stage:
            body = Told(body=json.dumps(other).encode())
            market = stage.opened.market
            market._markets._read_at = None
            market._fees.clear()
            for _ in range(4):  # As often as a read is repeated.
                stage.line.spoil(body, which=lambda asked: asked.path == path)
            try:
                seen = await stage.read_again()
            except (NotDone, Refused):
                continue
        assert seen.balances == stage.seen.balances, what
        for symbol, instrument in seen.instruments.items():
            same = instrument == stage.seen.instruments[symbol]
            assert same or not instrument.tradable, what
        assert set(seen.books) <= set(stage.seen.books)
        for symbol, book in seen.books.items():
            assert book.bids == stage.seen.books[symbol].bids, what
            assert book.asks == stage.seen.books[symbol].asks, what


async def test_fills_are_what_was_executed_or_unread() -> None:
    async with staged("bybit", Market.SPOT) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        whole = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        _, document = await _answer(stage, "/v5/execution/list")
        for what, other in spoilt(document):
            body = Told(body=json.dumps(other).encode())
            for _ in range(4):
                stage.line.spoil(body, which=lambda asked: asked.path == "/v5/execution/list")
            try:
                fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
            except (NotDone, Refused):
                stage.line.calm()
                continue
            stage.line.calm()
            nameless = {fill.client_order_id for fill in fills} <= {None, whole[0].client_order_id}
            assert nameless, what
            assert [(f.trade_id, f.quantity, f.fee) for f in fills] == [
                (f.trade_id, f.quantity, f.fee) for f in whole
            ], what
