"""Values to canonical JSON and back, and the digest that names them.

Canonical means: keys sorted, no spaces, ASCII, decimals as plain text, instants as
RFC 3339 UTC with microseconds. Equal values give equal bytes, whatever the platform.
Pure; the reader is strict: a document that does not fit its type is refused.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from operator import attrgetter
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from trimtab.domain.exact import plain

ValueT = TypeVar("ValueT")
Document = Any
"""What :func:`json.loads` returns: nested dicts, lists, strings, integers, booleans, null."""
_PLAIN: Final = frozenset({NoneType, bool, int, str})
"""Types whose values are documents already; their subclasses are looked at more closely."""


class NotThisShape(ValueError):
    """A document does not describe a value of the wanted type. Names the place."""


def instant_text(instant: datetime) -> str:
    """Return an aware instant as RFC 3339 UTC, microseconds, ending in Z."""
    if instant.tzinfo is None:
        raise ValueError(f"instant must be aware, was {instant.isoformat()}")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_document(value: object) -> Document:
    """Return *value* as JSON-ready nested dicts, lists and scalars.

    Raises:
        TypeError: a float or another type that has no canonical form.

    """
    kind: Any = type(value)
    return value if kind in _PLAIN else _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], Document]:  # noqa: ANN401 -- any type can be asked about.
    """Return what makes documents of the values of one type; found out once for each.

    Raises:
        TypeError: it has no canonical form.

    """
    if dataclasses.is_dataclass(kind):
        return _record_writer(tuple(f.name for f in dataclasses.fields(kind)))
    for forms, write in _WRITERS:
        if issubclass(kind, forms):
            return write
    raise TypeError(f"no canonical form for {kind.__name__}")


def _record_writer(names: tuple[str, ...]) -> Callable[[Any], Document]:
    """Return what makes documents of a dataclass with these fields, most of them plain."""

    def write(value: object) -> Document:
        fields = [(name, getattr(value, name)) for name in names]
        return {name: f if type(f) in _PLAIN else to_document(f) for name, f in fields}

    return write


_WRITERS: Final[tuple[tuple[Any, Callable[[Any], Document]], ...]] = (
    (StrEnum, attrgetter("value")),
    ((int, str), lambda value: value),
    (Decimal, plain),
    (datetime, instant_text),
    (Mapping, lambda value: {str(key): to_document(item) for key, item in value.items()}),
    ((tuple, list), lambda value: [to_document(item) for item in value]),
)
"""By type, subclasses included: what makes a document. The first that fits."""


@cache
def _hints(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- any dataclass.
    """Return the annotated types of a dataclass by field; reading them evaluates their text."""
    hints = get_type_hints(kind)
    return MappingProxyType({f.name: hints[f.name] for f in dataclasses.fields(kind)})


def canonical_bytes(value: object) -> bytes:
    """Return the one byte string that stands for *value*."""
    document = to_document(value)
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical bytes as 64 hex digits."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def from_document(wanted: type[ValueT], document: Document, *, older: bool = False) -> ValueT:
    """Return the value of type *wanted* that *document* describes.

    One that is *older* than its type is read for the record alone: what it does not say has its
    field's default, or is empty or None where it may be; what is no longer said is left out.

    Raises:
        NotThisShape: a key is missing, unknown, or of another type.

    """
    value: ValueT = _read(wanted, document, where=wanted.__name__, older=older)
    return value


def _read(wanted: Any, document: Document, *, where: str, older: bool) -> Any:  # noqa: ANN401 -- the type is a value here.
    """Read one place of the document as the annotated type *wanted*."""
    wanted = getattr(wanted, "__supertype__", wanted)  # NewType: read what it stands for.
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return _read_union(get_args(wanted), document, where=where, older=older)
    if origin is tuple:
        return _read_tuple(get_args(wanted), document, where=where, older=older)
    if origin is not None and issubclass(origin, Mapping):
        return _read_mapping(get_args(wanted), document, where=where, older=older)
    if dataclasses.is_dataclass(wanted):
        return _read_record(wanted, document, where=where, older=older)
    return _read_scalar(wanted, document, where=where)


def _read_union(options: tuple[Any, ...], document: Document, *, where: str, older: bool) -> Any:  # noqa: ANN401 -- the type is a value here.
    """Read the first option that fits; None fits only null."""
    if document is None and NoneType in options:
        return None
    for option in options:
        if option is NoneType:
            continue
        try:
            return _read(option, document, where=where, older=older)
        except NotThisShape:
            continue
    raise NotThisShape(f"{where}: fits none of the allowed types")


def _read_tuple(
    items: tuple[Any, ...], document: Document, *, where: str, older: bool
) -> tuple[Any, ...]:
    """Read a list as ``tuple[T, ...]`` or as a tuple of fixed shape."""
    if not isinstance(document, list):
        raise NotThisShape(f"{where}: must be a list")
    kinds = [items[0]] * len(document) if items[-1] is Ellipsis else list(items)
    if len(kinds) != len(document):
        raise NotThisShape(f"{where}: must have {len(kinds)} items, has {len(document)}")
    return tuple(
        _read(kind, item, where=f"{where}[{i}]", older=older)
        for i, (kind, item) in enumerate(zip(kinds, document, strict=True))
    )


def _read_mapping(
    items: tuple[Any, ...], document: Document, *, where: str, older: bool
) -> dict[Any, Any]:
    """Read an object whose keys and values have one type each."""
    if not isinstance(document, dict):
        raise NotThisShape(f"{where}: must be an object")
    key_type, value_type = items
    return {
        _read(key_type, key, where=where, older=older): _read(
            value_type, item, where=f"{where}.{key}", older=older
        )
        for key, item in document.items()
    }


def _read_record(wanted: Any, document: Document, *, where: str, older: bool) -> Any:  # noqa: ANN401 -- the type is a value here.
    """Read an object as a dataclass; every field must be there and no other."""
    if not isinstance(document, dict):
        raise NotThisShape(f"{where}: must be an object")
    hints = _hints(wanted)
    if older:
        document = {**_unsaid(wanted), **{k: v for k, v in document.items() if k in hints}}
    if document.keys() != hints.keys():
        odd = ", ".join(sorted(document.keys() ^ hints.keys()))
        raise NotThisShape(f"{where}: missing or unknown: {odd}")
    read = {
        name: _read(hint, document[name], where=f"{where}.{name}", older=older)
        for name, hint in hints.items()
    }
    return wanted(**read)


@cache
def _unsaid(wanted: Any) -> Mapping[str, Document]:  # noqa: ANN401 -- any dataclass.
    """Return documents of the fields that an older document may lack, by field."""
    found: dict[str, Document] = {}
    for each in dataclasses.fields(wanted):
        hint = _hints(wanted)[each.name]
        if each.default is not dataclasses.MISSING:
            found[each.name] = to_document(each.default)
        elif get_origin(hint) is tuple:
            found[each.name] = []
        elif (get_origin(hint) or str) is Mapping:
            found[each.name] = {}
        elif NoneType in get_args(hint):
            found[each.name] = None
    return MappingProxyType(found)


def _read_scalar(wanted: Any, document: Document, *, where: str) -> Any:  # noqa: ANN401 -- the type is a value here.
    """Read text, whole numbers, booleans, decimals, instants and enumerations."""
    try:
        if wanted is Decimal and isinstance(document, str):
            return Decimal(document)
        if wanted is datetime and isinstance(document, str):
            return datetime.fromisoformat(document).astimezone(UTC)
        if isinstance(wanted, type) and issubclass(wanted, StrEnum) and isinstance(document, str):
            return wanted(document)
    except (ValueError, ArithmeticError) as e:
        raise NotThisShape(f"{where}: {document!r} is not a {wanted.__name__}") from e
    if wanted in (str, bool, int) and type(document) is wanted:
        return document
    raise NotThisShape(f"{where}: must be a {getattr(wanted, '__name__', wanted)}")
