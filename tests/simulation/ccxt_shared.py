"""ccxt's exchange class, made fast to construct: a seed constructs some six of them.

What takes ccxt its time is the same each time: it builds its description, and it gives every
attribute a second name, on the class too, which makes Python forget what it knows of the class.
Here the description is built once and copied by ccxt as before, and only what is not a method is
given its second name again. Signing, routing, formatting and parsing are ccxt's own.
"""

from __future__ import annotations

import types
from functools import cache
from typing import Any


@cache
def shared(real: type[Any]) -> type[Any]:
    """Return a class that behaves like *real*; the first object of it costs what *real* does."""
    described: list[Any] = []
    plain: list[str] = []

    class Shared(real):  # type: ignore[misc]  # The base is known at run time only.
        def describe(self) -> Any:
            if not described:
                described.append(super().describe())
            return described[0]

        def __dir__(self) -> list[str]:
            if not plain:
                names = list(super().__dir__())
                plain.extend(n for n in names if n[0] != "_" and not _is_method(self, n))
                return names
            return plain

    Shared.__name__ = real.__name__
    return Shared


def _is_method(of: object, name: str) -> bool:
    return isinstance(getattr(of, name), types.MethodType)
