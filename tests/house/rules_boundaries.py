"""Boundaries: what only one place may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from tests.house.source import Function, Module, Rule, Violation, rule

CORE: Final = frozenset(
    [
        "domain",
        "estimators",
        "targets",
        "triggers",
        "hedging",
        "planning",
        "risk",
        "approval",
        "execution",
        "notices",
        "accounting",
    ]
)
"""The pure rooms."""

CLOCK_READS: Final = frozenset({"now", "utcnow", "today"})
BROAD: Final = frozenset({"Exception", "BaseException"})


def _caught(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Tuple):
        yield from map(ast.unparse, node.elts)
    elif node is not None:
        yield ast.unparse(node)


def _is_broad(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return node.type is None or not BROAD.isdisjoint(_caught(node.type))
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return not BROAD.isdisjoint(map(ast.unparse, node.args))
    return False


def _owner(module: Module, line: int) -> str:
    """Return the innermost function that holds *line*, or the module's name."""
    holders = [
        name
        for name, function in module.functions
        if function.lineno <= line <= (function.end_lineno or line)
    ]
    return holders[-1] if holders else module.path.stem


@rule(
    "src",
    bad=(
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept (ValueError, BaseException) as e:\n    pass",
        "with contextlib.suppress(Exception):\n    f()",
    ),
    good=("try:\n    f()\nexcept (ValueError, OSError):\n    pass",),
)
def only_two_places_catch_everything(module: Module) -> Iterator[Violation]:
    """Find catches that would also hide our own bugs."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler | ast.Call) and _is_broad(node):
            advice = "name what can happen; the rest is a bug and must surface"
            yield module.violation(node.lineno, _owner(module, node.lineno), advice)


@rule(
    "src",
    bad=(
        "if dry_run:\n    pass",
        "x = 1 if order.dry_run else 2",
        "while not self.dry_run():\n    pass",
    ),
    good=("row(dry_run=run.dry_run)", "if ready:\n    pass"),
)
def dry_run_is_a_venue_and_no_branch(module: Module) -> Iterator[Violation]:
    """Find a branch on dry-run below the composition root."""
    if module.room in {"bootstrap", "cli"}:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            asked = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
            asked |= {n.attr for n in ast.walk(node.test) if isinstance(n, ast.Attribute)}
            if any("dry_run" in name for name in asked):
                advice = "dry-run is another adapter, chosen in bootstrap"
                yield module.violation(node.lineno, _owner(module, node.lineno), advice)


@rule(
    "src",
    bad=("from trimtab.domain.approved import SEAL", "x = approved.SEAL", "f(SEAL)"),
    good=("from trimtab.domain.approved import ApprovedPlan",),
)
def only_approval_holds_the_seal(module: Module) -> Iterator[Violation]:
    """Find any other use of what makes an approved plan."""
    if module.path.as_posix() in {
        "src/trimtab/approval.py",
        "src/trimtab/domain/approved.py",
    }:
        return
    for node in ast.walk(module.tree):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom)
            else [getattr(node, "id", getattr(node, "attr", ""))]
        )
        if "SEAL" in names:
            line = getattr(node, "lineno", 1)
            yield module.violation(line, "SEAL", "an approved plan comes from approval.approve()")


@rule(
    "src",
    bad=("print(1)", "breakpoint()", "import pdb"),
    good=("console.print(1)",),
)
def only_the_cli_prints(module: Module) -> Iterator[Violation]:
    """Find output past the faces of the program."""
    for node in ast.walk(module.tree):
        name = ""
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
        elif isinstance(node, ast.Import):
            name = next((a.name for a in node.names if a.name == "pdb"), "")
        is_output = name == "print" and module.room != "cli"
        if is_output or name in {"breakpoint", "pdb"}:
            yield module.violation(node.lineno, name, "return it; the face shows it")


@rule("src", bad=("if TYPE_CHECKING:\n    import x", "if typing.TYPE_CHECKING:\n    import x"))
def a_type_is_a_dependency(module: Module) -> Iterator[Violation]:
    """Find imports that the import contract would not see."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield module.violation(node.lineno, "TYPE_CHECKING", "import it plainly")


@rule(
    "src",
    bad=(
        "async def f():\n    time.sleep(1)",
        "async def f():\n    def g():\n        pass\n    sleep(1)",
    ),
    good=("async def f():\n    await clock.sleep(1)", "def f():\n    time.sleep(1)"),
)
def nothing_blocks_the_loop(module: Module) -> Iterator[Violation]:
    """Find a coroutine that stops every other one while it waits."""
    for name, function in module.functions:
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        inner = {
            n
            for d in ast.walk(function)
            if isinstance(d, Function) and d is not function
            for n in ast.walk(d)
        }
        for node in ast.walk(function):
            is_sleep = isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "time.sleep",
                "sleep",
            }
            if is_sleep and node not in inner:
                yield module.violation(node.lineno, name, "await the clock's sleep")


@rule(
    "src",
    bad=("x = datetime.now(UTC)", "x = date.today()", "x = datetime.datetime.utcnow()"),
    good=("def f(now: datetime): ...", "x = snapshot.now()", "from datetime import date"),
)
def the_core_is_told_the_time(module: Module) -> Iterator[Violation]:
    """Find a look at the clock that the import contract cannot see."""
    for node in ast.walk(module.tree):
        if module.room not in CORE or not isinstance(node, ast.Call):
            continue
        owner, _, called = ast.unparse(node.func).rpartition(".")
        if called in CLOCK_READS and owner.rpartition(".")[2] in {"datetime", "date"}:
            yield module.violation(node.lineno, f"{owner}.{called}", "take the instant as a value")


@rule(
    "src",
    bad=("x = float(mark)", "x = math.sqrt(drift)", "x = 0.1 * drift"),
    good=("x = Decimal(mark)", "def f(wait_s: float): ..."),
)
def the_core_reckons_without_floats(module: Module) -> Iterator[Violation]:
    """Find binary arithmetic in the core; only estimators may estimate."""
    if module.room not in CORE - {"estimators"}:
        return
    for node in ast.walk(module.tree):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_literal &= module.room != "execution"  # Its floats are seconds to wait.
        if called in {"float", "math.sqrt", "sqrt"} or is_literal:
            yield module.violation(node.lineno, ast.unparse(node), "reckon in Decimal or integers")


RULES: Final[tuple[Rule, ...]] = (
    only_two_places_catch_everything,
    dry_run_is_a_venue_and_no_branch,
    only_approval_holds_the_seal,
    only_the_cli_prints,
    a_type_is_a_dependency,
    nothing_blocks_the_loop,
    the_core_is_told_the_time,
    the_core_reckons_without_floats,
)
