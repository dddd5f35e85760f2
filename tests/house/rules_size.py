"""Budgets: how large and how deep anything may be."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.house.source import Function, Module, Rule, Violation, rule

FUNCTION_LINES_MAX: Final = 70
MODULE_LINES_MAX: Final = 400
CLASS_LINES_MAX: Final = 150
PUBLIC_METHODS_MAX: Final = 10
PARAMETERS_MAX: Final = 5
NESTING_MAX: Final = 3

BLOCKS: Final = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _body(lines: int) -> str:
    return "def f() -> None:\n" + "    pass\n" * lines


@rule("src", bad=(_body(FUNCTION_LINES_MAX),), good=(_body(FUNCTION_LINES_MAX - 1),))
def functions_fit_one_screen(module: Module) -> Iterator[Violation]:
    """Count the lines of every function."""
    for name, function in module.functions:
        if (lines := _lines(function)) > FUNCTION_LINES_MAX:
            advice = f"{lines} lines, at most {FUNCTION_LINES_MAX}: give its steps names"
            yield module.violation(function.lineno, name, advice)


@rule(
    "src",
    bad=("x = 1\n" * (MODULE_LINES_MAX + 1),),
    good=("x = 1\n" * MODULE_LINES_MAX,),
)
def modules_stay_small(module: Module) -> Iterator[Violation]:
    """Count the lines of every module."""
    if (lines := len(module.text.splitlines())) > MODULE_LINES_MAX:
        advice = f"{lines} lines, at most {MODULE_LINES_MAX}: split it along its nouns"
        yield module.violation(1, module.path.stem, advice)


@rule(
    "src",
    bad=("class C:\n" + "    x = 1\n" * CLASS_LINES_MAX,),
    good=("class C:\n" + "    x = 1\n" * (CLASS_LINES_MAX - 1),),
)
def classes_stay_small(module: Module) -> Iterator[Violation]:
    """Count the lines of every class."""
    for name, klass in module.classes:
        if (lines := _lines(klass)) > CLASS_LINES_MAX:
            advice = f"{lines} lines, at most {CLASS_LINES_MAX}: move what needs no self out"
            yield module.violation(klass.lineno, name, advice)


def _methods(count: int, decorator: str = "") -> str:
    method = "{}    def m{}(self): ...\n"
    return "class C:\n" + "".join(method.format(decorator, i) for i in range(count))


@rule(
    "src",
    bad=(_methods(PUBLIC_METHODS_MAX + 1),),
    good=(_methods(PUBLIC_METHODS_MAX), _methods(20, "    @property\n")),
)
def classes_have_few_public_methods(module: Module) -> Iterator[Violation]:
    """Count the public methods of every class; a property reads as an attribute."""
    for name, klass in module.classes:
        public = [
            member
            for member in klass.body
            if isinstance(member, Function)
            and not member.name.startswith("_")
            and "property" not in map(ast.unparse, member.decorator_list)
        ]
        if len(public) > PUBLIC_METHODS_MAX:
            advice = f"{len(public)} public methods, at most {PUBLIC_METHODS_MAX}: two roles?"
            yield module.violation(klass.lineno, name, advice)


def _is_command(function: Function) -> bool:
    decorators = map(ast.unparse, function.decorator_list)
    return any(".command" in text or ".default" in text for text in decorators)


def _is_override(function: Function) -> bool:
    return any("override" in ast.unparse(d) for d in function.decorator_list)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _positional(function: Function) -> list[ast.arg]:
    named = [*function.args.posonlyargs, *function.args.args]
    return named[1:] if named and named[0].arg in {"self", "cls", "mcs"} else named


@rule(
    "src",
    bad=("def f(a, b, c, d, e, f): ...", "def f(a, *, b, c, d, e, f): ..."),
    good=(
        "def f(a, b, c, d, e): ...",
        "class C:\n    def f(self, a, b, c, d, e): ...",
        "@app.command\ndef f(a, *, b, c, d, e, f): ...",
    ),
    example_path="src/trimtab/cli/example.py",
)
def functions_take_few_parameters(module: Module) -> Iterator[Violation]:
    """Count parameters, keyword-only ones too; a command of the CLI takes its options."""
    for name, function in module.functions:
        if (module.room == "cli" and _is_command(function)) or _is_override(function):
            continue
        count = len(_positional(function)) + len(function.args.kwonlyargs)
        if count > PARAMETERS_MAX:
            advice = (
                f"{count} parameters, at most {PARAMETERS_MAX}: what belongs together is a type"
            )
            yield module.violation(function.lineno, name, advice)


@rule(
    "src",
    bad=(
        "def f(bid: Decimal, ask: Decimal): ...",
        "class C:\n    def f(self, a: int, b: int): ...",
    ),
    good=(
        "def f(bid: Decimal, *, ask: Decimal): ...",
        "def f(*, bid: Decimal, ask: Decimal): ...",
        "class C:\n    def __exit__(self, a: int, b: int): ...",
        "def f(plan: Plan, report: GateReport): ...",
        "class C(B):\n    @override\n    def f(self, a: int, b: int): ...",
    ),
)
def parameters_of_one_type_are_named(module: Module) -> Iterator[Violation]:
    """Find positional parameters that a caller could swap unseen."""
    for name, function in module.functions:
        is_given = _is_dunder(function.name) and function.name != "__init__"
        if is_given or _is_override(function):
            continue
        kinds = Counter(ast.unparse(a.annotation) for a in _positional(function) if a.annotation)
        shared = sorted(kind for kind, count in kinds.items() if count > 1)
        if shared:
            advice = f"positional parameters share {', '.join(shared)}: make them keyword-only"
            yield module.violation(function.lineno, name, advice)


def _depth(node: ast.AST) -> int:
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        deepest = max(deepest, _depth(child) + _adds_level(node, child))
    return deepest


def _adds_level(parent: ast.AST, child: ast.AST) -> bool:
    is_elif = isinstance(parent, ast.If) and isinstance(child, ast.If) and parent.orelse == [child]
    return isinstance(child, BLOCKS) and not is_elif


def _nest(depth: int) -> str:
    lines = [f"{'    ' * (i + 1)}if x:" for i in range(depth)]
    return "\n".join(["def f(x):", *lines, "    " * (depth + 1) + "pass"])


@rule(
    "src",
    bad=(_nest(NESTING_MAX + 1),),
    good=(
        _nest(NESTING_MAX),
        "def f(x):\n    if x:\n        pass\n" + "    elif x:\n        pass\n" * 5,
    ),
)
def functions_nest_shallowly(module: Module) -> Iterator[Violation]:
    """Measure how deep blocks lie inside one another; an elif lies beside its if."""
    for name, function in module.functions:
        if (depth := _depth(function)) > NESTING_MAX:
            advice = f"nested {depth} deep, at most {NESTING_MAX}: return early or name the inside"
            yield module.violation(function.lineno, name, advice)


RULES: Final[tuple[Rule, ...]] = (
    functions_fit_one_screen,
    modules_stay_small,
    classes_stay_small,
    classes_have_few_public_methods,
    functions_take_few_parameters,
    parameters_of_one_type_are_named,
    functions_nest_shallowly,
)
