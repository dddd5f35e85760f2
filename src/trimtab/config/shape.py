"""Which keys there are: the sections and their fields by path, and the nearest known key.

Pure; reads :mod:`trimtab.config.models` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from trimtab.config.models import Document
from trimtab.config.positions import KeyPath

ANY_NAME: Final = "*"
"""Stands in a place for a name that the file chooses, such as a group's."""
Place = tuple[str, ...]
"""The names of a table from the top: ``("portfolio", "groups", ANY_NAME)``."""
PER_ASSET: Final = frozenset(
    {
        ("venue", "maintenance"),
        ("hedge", "venue", "maintenance"),
        ("portfolio", "targets"),
        ("portfolio", "groups", ANY_NAME, "shares"),
        ("portfolio", "sleeves", ANY_NAME, "shares"),
        ("portfolio", "flags"),
        ("portfolio", "tactical", "holdings"),
        ("portfolio", "tactical", "positions"),
        ("overlays", "season", "months", ANY_NAME),
        ("overlays", "rotation", "targets"),
        ("hedge", "contracts"),
        ("hedge", "cross", "by"),
        ("rebalance", "routes"),
        ("rebalance", "thresholds"),
        ("auto", "cost_basis"),
    }
)
"""Tables whose keys are asset codes."""
_ALIKE: Final = 0.6
"""How much two keys must resemble each other, 0 to 1, to be taken for a slip."""
_VERY_ALIKE: Final = 0.8
"""The same for keys of another section."""


def sections() -> Iterator[tuple[Place, type[BaseModel]]]:
    """Yield every table by its place with its model, in file order, inner ones behind their own."""
    return _tables(Document, ())


def _tables(model: type[BaseModel], place: Place) -> Iterator[tuple[Place, type[BaseModel]]]:
    """Yield the tables inside *model*, which stands at *place*."""
    for name, field in keys_of(model):
        inner = table_of(field)
        if inner is not None:
            named = (ANY_NAME,) if _origin(field) is dict else ()
            at = (*place, name, *named)
            yield at, inner
            yield from _tables(inner, at)


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a table, or of each of its tables; None otherwise."""
    kinds = [field.annotation, *get_args(field.annotation)]
    models = (k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel))
    return next(models, None)


def _origin(field: FieldInfo) -> object:
    """Return what a field's type is made of, such as ``dict``."""
    return get_origin(field.annotation)


def keys_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield every key of a table as the file writes it, in file order."""
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def fields() -> Iterator[tuple[Place, str, FieldInfo]]:
    """Yield table, key and field of every key, in file order."""
    for place, model in sections():
        for name, field in keys_of(model):
            yield place, name, field


def is_at(path: KeyPath, place: Place) -> bool:
    """Say whether *path* is *place*, whatever names the file has chosen."""
    pairs = zip(path, place, strict=False)
    return len(path) == len(place) and all(known in (step, ANY_NAME) for step, known in pairs)


def is_per_asset(path: KeyPath) -> bool:
    """Say whether the keys of the table at *path* are asset codes."""
    return any(is_at(path, place) for place in PER_ASSET)


def field_at(path: KeyPath) -> FieldInfo | None:
    """Return the field that *path* names, or None for a section, an asset or a stranger."""
    found = (field for place, name, field in fields() if is_at(path, (*place, name)))
    return next(found, None)


def overriding(path: KeyPath, text: str) -> Any:  # noqa: ANN401  what TOML would give
    """Return a variable's or an option's text as the type that its key has in a file."""
    field = field_at(path)
    kind = field.annotation if field is not None else str
    if _is_whole(kind) and text.removeprefix("-").isdecimal() and text.isascii():
        # Beyond its limit the interpreter refuses the digits, and the text is the fault.
        return int(text) if len(text) <= 20 else text  # noqa: PLR2004  above any bound
    if get_origin(kind) is tuple:
        return [item.strip(" \"'") for item in text.strip().strip("[]").split(",")]
    return text


def _is_whole(kind: object) -> bool:
    """Say whether a type is that of whole numbers, or of such and nothing."""
    return kind is int or any(int in (arm, *get_args(arm)[:1]) for arm in get_args(kind))


def unknown_key_fix(path: KeyPath) -> str:
    """Return what to do about a key that does not exist: a near one, another section, or none."""
    name = str(path[-1])
    homes = {key: place[0] for place, key, _ in fields() if len(place) == 1}
    homes |= {k: ".".join(place) for place, k, _ in fields() if k not in homes}
    here = list(_keys_of(path[:-1]))
    is_singular = f"{name.lower()}s" in here  # Rather that than a key of a table far away.
    if name in homes and not ("." in homes[name] and is_singular):
        return f"move it to [{homes[name]}]"
    begun = [key for key in here if key.startswith(f"{name.lower()}_")]
    # Short keys do not resemble their own letters in another order.
    begun += [key for key in here if sorted(key) == sorted(name.lower())]
    close = get_close_matches(name.lower(), here, n=1, cutoff=_VERY_ALIKE)
    elsewhere = get_close_matches(name.lower(), homes, n=1, cutoff=_VERY_ALIKE)
    if elsewhere and not (begun or close):
        return f'did you mean "{elsewhere[0]}" in [{homes[elsewhere[0]]}]?'
    if near := begun or get_close_matches(name.lower(), here, n=1, cutoff=_ALIKE):
        return f'did you mean "{near[0]}"?'
    return f"remove it; known here are {', '.join(here)}" if here else "remove it"


def nearest_fix(word: object, known: Iterable[str]) -> str:
    """Return which of the *known* words was probably meant, or all of them."""
    words = {name.lower(): name for name in known}
    near = get_close_matches(str(word).lower(), words, n=1, cutoff=_ALIKE)
    return f'did you mean "{words[near[0]]}"?' if near else f"write {' or '.join(words.values())}"


def enum_words(path: KeyPath) -> tuple[str, ...]:
    """Return the words that the enumeration at *path* knows."""
    steps = tuple(step for step in path if isinstance(step, str))
    found = (field_at(steps[:length]) for length in range(len(steps), 0, -1))
    field = next((f for f in found if f is not None and table_of(f) is None), None)
    kind: Any = field.annotation if field is not None else None
    while get_origin(kind) is not None:
        # The values of a table, the elements of a list, what an annotation marks.
        inner = get_args(kind)
        kind = inner[1] if get_origin(kind) is dict else inner[0]
    if not isinstance(kind, type) or not issubclass(kind, StrEnum):
        return ()
    return tuple(word.value for word in kind)


def range_text(field: FieldInfo) -> str:
    """Return a number's bounds in words: ``from 0 to 1``; nothing when it has none."""
    bounds = {}
    for mark in field.metadata:
        for name in ("ge", "gt", "le", "lt"):
            if (bound := getattr(mark, name, None)) is not None:
                bounds[name] = bound
    if "lt" in bounds:
        return f"from {bounds['ge']}, below {bounds['lt']}"
    if "gt" in bounds:
        return f"above {bounds['gt']}, up to {bounds['le']}"
    if "le" in bounds:
        return f"from {bounds['ge']} to {bounds['le']}"
    return f"from {bounds['ge']} up" if bounds else ""


def _keys_of(path: KeyPath) -> Iterator[str]:
    """Yield the keys that may stand below *path*."""
    if not path:
        return (name for name in Document.model_fields)
    return (name for place, name, _ in fields() if is_at(path, place))
