"""Imports one exchange class of ccxt without the hundred others.

ccxt's package files import every exchange they ship, in both flavours: half a second and
50 MB for one class. While ours is imported, a finder serves ``ccxt`` and
``ccxt.async_support`` from their real ``__init__.py`` with the lines
``from <package>.<id> import <id>`` left out; the rest of the file runs as it is, and the
classes that were left out are imported when somebody asks the package for them. Should a
later ccxt be written otherwise, no line matches and everything is imported: slow, not wrong.
``requests``, which only the synchronous client needs, is left out likewise.

Checked with ccxt 4.5.90 by tests/wire/test_ccxt_import.py.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any, Final, cast

from trimtab.adapters.wire.ccxt_requests import requests_stood_in

_PACKAGES: Final = frozenset({"ccxt", "ccxt.async_support"})


def exchange_class(exchange_id: str) -> type[Any]:
    """Return ccxt's asynchronous class for *exchange_id*, importing no other.

    When ccxt was imported by somebody else before, that import is used.
    """
    finder = _CutDownFinder()
    sys.meta_path.insert(0, finder)
    try:
        _import(f"ccxt.async_support.{exchange_id}")
    finally:
        sys.meta_path.remove(finder)
    return _bind(sys.modules["ccxt.async_support"], exchange_id)


def _import(name: str) -> None:
    """Import a module of ccxt without ``requests``, or with it when ccxt wants more of it."""
    try:
        with requests_stood_in():
            importlib.import_module(name)
    except ImportError:
        importlib.import_module(name)


def _bind(package: ModuleType, name: str) -> type[Any]:
    """Give *package* the class where the import of a submodule has put the module."""
    module = importlib.import_module(f"{package.__name__}.{name}")
    found: type[Any] = getattr(module, name)
    setattr(package, name, found)
    return found


class _CutDownFinder:
    """Serves ccxt's two package files without their lists of exchanges."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the ordinary spec with our loader, for ccxt's packages only."""
        if fullname not in _PACKAGES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec  # Zipped or frozen: left to the ordinary import.
        spec.loader = cast("Loader", _CutDownLoader(spec.loader))
        return spec


class _CutDownLoader:
    """Runs a package file without its exchange imports, past the bytecode cache.

    The cache belongs to the whole file; ours must neither be read from it nor put there.
    """

    def __init__(self, whole: SourceFileLoader) -> None:
        self._whole = whole

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making of the module to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        """Run what is left of the file, then let the package import the rest on demand."""
        package, source = module.__name__, self._whole.path
        tree = ast.parse(self._whole.get_data(source), source)
        tree.body = [node for node in tree.body if not _imports_exchange(node, package)]
        exec(compile(tree, source, "exec"), module.__dict__)  # noqa: S102 -- an import.
        left_out = frozenset(getattr(module, "exchanges", ()))

        def on_demand(name: str) -> type[Any]:
            """Import the exchange *name* when the package is asked for it."""
            if name not in left_out:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            return _bind(module, name)

        module.__dict__["__getattr__"] = on_demand


def _imports_exchange(node: ast.stmt, package: str) -> bool:
    """Say whether *node* reads ``from package.x import x``."""
    return (
        isinstance(node, ast.ImportFrom)
        and len(node.names) == 1
        and node.names[0].asname is None
        and node.module == f"{package}.{node.names[0].name}"
    )
