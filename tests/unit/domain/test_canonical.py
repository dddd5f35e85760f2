"""Canonical JSON: equal values, equal bytes; a document that does not fit is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import NOW, account, dec, plan
from trimtab.domain.canonical import (
    NotThisShape,
    canonical_bytes,
    digest,
    from_document,
    instant_text,
    to_document,
)
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import Snapshot

BALANCED = account("BTC 0.1 @ 60000, ETH @ 3000, USDT 700, wallet 100, perp BTC -0.01")


@pytest.mark.parametrize(
    "value",
    [
        BALANCED,
        plan(BALANCED, "sell 0.01 BTC", "then buy 0.1 perp ETH"),
    ],
)
def test_a_value_survives_the_way_to_json_and_back(value: Snapshot | Plan) -> None:
    again = from_document(type(value), json.loads(canonical_bytes(value)))
    assert again == value
    assert digest(again) == digest(value)


def test_equal_decimals_and_instants_have_equal_bytes() -> None:
    berlin = timezone(timedelta(hours=1))
    assert canonical_bytes(dec("1.0")) == canonical_bytes(dec("1.000"))
    assert (
        instant_text(NOW) == instant_text(NOW.astimezone(berlin)) == "2026-11-20T12:00:00.000000Z"
    )


def test_a_changed_field_changes_the_digest() -> None:
    assert digest(BALANCED) != digest(replace(BALANCED, snapshot_id="snapshot-2"))


def test_a_naive_instant_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="aware"):
        instant_text(datetime(2026, 1, 1))  # noqa: DTZ001  naive is what is tested


@pytest.mark.parametrize("value", [0.5, object(), {1, 2}])
def test_a_float_or_unordered_value_has_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        to_document(value)


@dataclass(frozen=True)
class Shape:
    """One field of every kind that a document can hold."""

    pair: tuple[int, str]
    names: tuple[str, ...]
    price: Decimal
    when: datetime
    maybe: int | None
    either: int | str
    flag: bool


FITTING: dict[str, Any] = {
    "pair": [1, "a"],
    "names": ["x"],
    "price": "1.5",
    "when": "2026-11-20T12:00:00.000000Z",
    "maybe": None,
    "either": "text",
    "flag": True,
}


def test_a_document_that_fits_is_read() -> None:
    shape = from_document(Shape, FITTING)
    assert shape.pair == (1, "a")
    assert shape.when == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert shape.maybe is None


@pytest.mark.parametrize(
    "change",
    [
        {"pair": [1]},
        {"pair": "1a"},
        {"names": [1]},
        {"price": 1.5},
        {"price": "one"},
        {"when": "noon"},
        {"maybe": "1"},
        {"either": 1.5},
        {"flag": 1},
        {"more": 1},
    ],
)
def test_a_document_that_does_not_fit_is_refused_with_its_place(change: dict[str, Any]) -> None:
    with pytest.raises(NotThisShape, match="Shape"):
        from_document(Shape, FITTING | change)


@pytest.mark.parametrize("document", [None, [], "text"])
def test_a_record_is_read_from_an_object_only(document: object) -> None:
    with pytest.raises(NotThisShape, match="must be an object"):
        from_document(Shape, document)


def test_a_mapping_is_read_from_an_object_only() -> None:
    document = to_document(BALANCED) | {"books": []}
    with pytest.raises(NotThisShape, match="books: must be an object"):
        from_document(Snapshot, document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    name: str
    size: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    parts: tuple[Part, ...]
    by_name: Mapping[str, Decimal]
    end: datetime | None
    names: tuple[str, ...]


def test_an_older_document_is_read_with_what_it_does_not_say_left_empty() -> None:
    told = {"parts": [{"name": "a", "gone": 1}], "also_gone": True}
    with pytest.raises(NotThisShape):
        from_document(Whole, told)
    assert from_document(Whole, told, older=True) == Whole(
        parts=(Part(name="a"),), by_name={}, end=None, names=()
    )
    with pytest.raises(NotThisShape, match=r"Whole.parts\[0\]: missing or unknown: name"):
        from_document(Whole, {"parts": [{}]}, older=True)
