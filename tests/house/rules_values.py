"""Values and state: what may be float, mutable, inherited, defaulted."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from tests.house.source import Module, Rule, Violation, project_modules, rule

MONEY: Final = re.compile(
    r"price|qty|quantity|amount|balance|cost|fee|notional|value|cash|equity|pnl|margin|nav\b|lots"
)

RISK: Final = re.compile(
    r"leverage|limit|shock|slippage|ratio|notional|ttl|collar|_max\b|^max_|cap\b"
)

RISK_ROOMS: Final = frozenset(
    [
        "domain",
        "planning",
        "risk",
        "approval",
        "execution",
        "hedging",
        "targets",
        "triggers",
        "workflow",
        "adapters",
    ]
)
"""Where a limit arrives as a value. Defaults are written once, in config."""

MUTABLE_CALLS: Final = frozenset(
    [
        "list",
        "dict",
        "set",
        "bytearray",
        "defaultdict",
        "deque",
        "Counter",
        "OrderedDict",
        "ChainMap",
        "count",
        "cycle",
    ]
)

READ_ONLY: Final = re.compile(r"^(Final\[)?(Mapping|Sequence|Set|AbstractSet)\[")
"""Annotations through which the type checkers refuse every write."""

MUTABLE_LITERALS: Final = (
    ast.List,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.GeneratorExp,
)


@rule(
    "src",
    bad=("limit_price: float = 1.0", "def f(fee: float | None): ...", "class C:\n    nav: float"),
    good=("limit_price: Decimal", "def f(wait_s: float): ...", "class C:\n    ratio: float"),
)
def money_is_never_float(module: Module) -> Iterator[Violation]:
    """Find annotations that make money binary. Estimators work on arrays and book nothing."""
    if module.room == "estimators":
        return
    for node in ast.walk(module.tree):
        name, annotation = "", None
        if isinstance(node, ast.arg):
            name, annotation = node.arg, node.annotation
        elif isinstance(node, ast.AnnAssign):
            name, annotation = ast.unparse(node.target), node.annotation
        if annotation and "float" in ast.unparse(annotation) and MONEY.search(name):
            yield module.violation(node.lineno, name, "money is Decimal, sizes are Lots")


@rule(
    "src",
    bad=(
        "@dataclass\nclass C: ...",
        "@dataclass(frozen=True)\nclass C: ...",
        "@dataclasses.dataclass(slots=True, kw_only=True)\nclass C: ...",
    ),
    good=("@dataclass(frozen=True, slots=True, kw_only=True)\nclass C: ...", "class C: ..."),
)
def dataclasses_are_frozen(module: Module) -> Iterator[Violation]:
    """Find records that can change, carry a dict or take values by position."""
    wanted = ("frozen=True", "slots=True", "kw_only=True")
    for name, klass in module.classes:
        for decorator in map(ast.unparse, klass.decorator_list):
            is_record = re.match(r"(dataclasses\.)?dataclass\b", decorator)
            if is_record and not all(word in decorator for word in wanted):
                advice = f"write @dataclass({', '.join(wanted)})"
                yield module.violation(klass.lineno, name, advice)


def _is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).rpartition(".")[2] in MUTABLE_CALLS
    return isinstance(value, MUTABLE_LITERALS)


def _shared_bodies(module: Module) -> Iterator[ast.stmt]:
    for node in (module.tree, *(klass for _, klass in module.classes)):
        for statement in node.body:
            yield statement
            yield from (s for s in ast.walk(statement) if isinstance(statement, ast.If | ast.Try))


@rule(
    "src",
    bad=(
        "SEEN = []",
        "SEEN: dict[str, int] = {}",
        "SEEN = defaultdict(list)",
        "class C:\n    seen = set()",
        "def f():\n    global seen\n    seen = 1",
        "if x:\n    SEEN = {1}",
    ),
    good=(
        "SEEN = ()",
        "SEEN = MappingProxyType({1: 2})",
        "SEEN: Final[Mapping[int, int]] = {1: 2}",
        "SEEN = frozenset({1})",
        "__all__ = ['f']",
        "def f():\n    seen = []",
    ),
)
def nothing_shared_can_change(module: Module) -> Iterator[Violation]:
    """Find module and class variables that a distant call could change."""
    for statement in _shared_bodies(module):
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        if isinstance(statement, ast.AnnAssign) and READ_ONLY.search(
            ast.unparse(statement.annotation)
        ):
            continue
        if _is_mutable(statement.value) and ast.unparse(target) != "__all__":
            advice = "shared and mutable: annotate it Final[Mapping[…]], or a tuple or frozenset"
            yield module.violation(statement.lineno, ast.unparse(target), advice)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield module.violation(node.lineno, ", ".join(node.names), "pass it, return it")


@cache
def _open_bases() -> frozenset[str]:
    """Return the names of our own exceptions and Protocols, found by following their bases."""
    known = {
        n
        for n in vars(builtins)
        if isinstance(getattr(builtins, n), type)
        and issubclass(getattr(builtins, n), BaseException)
    }
    known |= {"Protocol"}
    own = [klass for module in project_modules() for _, klass in module.classes]
    for _ in range(6):  # Deeper trees of exceptions do not exist, and would be caught.
        known |= {
            k.name for k in own if any(ast.unparse(b).split("[")[0] in known for b in k.bases)
        }
    return frozenset(known)


def _imported_elsewhere(module: Module) -> frozenset[str]:
    """Return names that come from a library; our own are from trimtab or tests."""
    names: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("trimtab"):
            names |= {a.asname or a.name for a in node.names}
    return frozenset(names)


@rule(
    "src",
    bad=(
        "from abc import ABC\nclass C(ABC): ...",
        "class A: ...\nclass B(A): ...",
        "from trimtab.x import A\nclass B(A): ...",
        "class C(dict): ...",
    ),
    good=(
        "class C: ...",
        "from enum import StrEnum\nclass C(StrEnum): ...",
        "from typing import Protocol\nclass C(Protocol): ...",
        "class C(ValueError): ...",
        "from pydantic import BaseModel\nclass C(BaseModel): ...",
        "from trimtab.domain.errors import TrimtabError\nclass C(TrimtabError): ...",
    ),
)
def classes_do_not_inherit(module: Module) -> Iterator[Violation]:
    """Find inheritance but Protocols, enums, exceptions and a library's own way of use."""
    foreign = _imported_elsewhere(module)
    for name, klass in module.classes:
        for base in map(ast.unparse, klass.bases):
            root = re.split(r"[.\[]", base)[0]
            is_library = root in foreign and root not in {"ABC", "abc"}
            if not is_library and base.split("[")[0] not in _open_bases():
                advice = f"inherits {base}: hold it as a field, or speak through a Protocol"
                yield module.violation(klass.lineno, name, advice)


@rule(
    "src",
    bad=(
        "def f(*, leverage: int = 1): ...",
        "def f(max_leverage=Decimal(2)): ...",
        "def f(ttl_s=300): ...",
    ),
    good=("def f(*, leverage: int): ...", "def f(*, up: bool = False): ..."),
)
def no_default_chooses_a_risk(module: Module) -> Iterator[Violation]:
    """Find parameters that name a limit and bring their own value."""
    if module.room not in RISK_ROOMS:
        return
    for name, function in module.functions:
        given = function.args
        positional = [*given.posonlyargs, *given.args]
        defaulted = positional[len(positional) - len(given.defaults) :]
        pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        defaulted += [argument for argument, default in pairs if default is not None]
        for argument in defaulted:
            if RISK.search(argument.arg):
                advice = f"{argument.arg} has a default: the caller must say it (config holds it)"
                yield module.violation(function.lineno, name, advice)


@rule(
    "src",
    bad=("decimal.getcontext().prec = 9", "with localcontext():\n    x = a / b", "setcontext(c)"),
    good=("with localcontext(Context(prec=9)):\n    pass",),
)
def nothing_reads_the_ambient_decimal_context(module: Module) -> Iterator[Violation]:
    """Find arithmetic under a context that a library may have changed."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func).rpartition(".")[2]
        is_bare = called == "localcontext" and not node.args and module.room != "adapters"
        if called in {"getcontext", "setcontext"} or is_bare:
            yield module.violation(node.lineno, called, "use trimtab.domain.exact")


RULES: Final[tuple[Rule, ...]] = (
    money_is_never_float,
    dataclasses_are_frozen,
    nothing_shared_can_change,
    classes_do_not_inherit,
    no_default_chooses_a_risk,
    nothing_reads_the_ambient_decimal_context,
)
