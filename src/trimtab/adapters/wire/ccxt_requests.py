"""Stands in for ``requests`` while ccxt is imported.

ccxt's base class serves its synchronous client too, and imports ``requests`` for that one:
a tenth of a second, most of it for urllib3 and charset_normalizer, in every command that
reaches an exchange. Trimtab makes no synchronous client. While ccxt is imported, three modules
with exactly the names that ccxt takes stand in, and then leave ``sys.modules``, so that a later
``import requests`` gets the real one. The User-Agent, which ccxt sends in both clients, is the
same. Whoever makes a synchronous client all the same gets the real package: the first
``Session()`` puts the real names wherever ccxt has a stand-in. When ccxt asks for a name that is
not here, its import fails with ImportError, and the caller makes it again with the real package.

Checked with ccxt 4.5.90 and requests 2.34.2 by tests/wire/test_ccxt_import.py.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from types import ModuleType
from typing import Any, Final

ERRORS: Final = ("HTTPError", "Timeout", "TooManyRedirects", "RequestException", "ConnectionError")
"""What ccxt catches of its synchronous client."""


@contextmanager
def requests_stood_in() -> Iterator[None]:
    """Give the stand-in to who imports ``requests`` in the block, unless the real one is there."""
    if "requests" in sys.modules:
        yield
        return
    modules = {name: _module(name, names) for name, names in _stand_ins().items()}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


def _stand_ins() -> Mapping[str, Mapping[str, Any]]:
    """Return the names that ccxt takes, by module."""

    def session() -> Any:  # noqa: ANN401 -- a session of requests, which is not imported here.
        """Make a real session; from now on ccxt has the real names."""
        real = {
            id(stand_in): getattr(importlib.import_module(module), name)
            for module, names in stand_ins.items()
            for name, stand_in in names.items()
        }
        _replace(real)
        return real[id(session)]()

    stand_ins: Mapping[str, Mapping[str, Any]] = {
        "requests": {"Session": session},
        "requests.utils": {"default_user_agent": _user_agent},
        "requests.exceptions": {name: type(name, (Exception,), {}) for name in ERRORS},
    }
    return stand_ins


def _replace(real: Mapping[int, Any]) -> None:
    """Put what is *real*, by the identity of its stand-in, wherever ccxt's modules name it."""
    modules = [m for name, m in sys.modules.items() if name.startswith("ccxt.")]
    for module in modules:
        for name, held in tuple(vars(module).items()):
            if id(held) in real:
                setattr(module, name, real[id(held)])


def _user_agent() -> str:
    """Return what ``requests`` calls itself."""
    return f"python-requests/{version('requests')}"


def _module(name: str, names: Mapping[str, Any]) -> ModuleType:
    """Return a module that has *names* and nothing else."""
    module = ModuleType(name)
    vars(module).update(names)
    return module
