"""Every law that the simulation judges by, as one table; docs/simulation.md is rendered from it.

``python -m tests.simulation.laws`` writes the page anew. The names are those of the reliability
research (I: safety, L: liveness); from I25 and from L6 on they are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.simulation.faults import Kind
from tests.simulation.planted import BUGS
from tests.simulation.points import NUMBERED

PAGE: Final = Path(__file__).parents[2] / "docs" / "simulation.md"


class When(StrEnum):
    """When a law is judged."""

    REQUEST = "every request"
    """The moment before it leaves, against what is committed by then."""
    EXECUTION = "every order the exchange takes"
    PROCESS = "after every process"
    """However it ended; most also while others still work."""
    REST = "at rest"
    """Faults have ceased, recovery and reconciliation have run; and again after a further run."""
    END = "at the end"
    COMMAND = "by a command of its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """One thing that must hold."""

    name: str
    says: str
    when: tuple[When, ...]
    where: str
    """The module that judges."""


def _law(name: str, when: tuple[When, ...] | When, where: str, says: str) -> Law:
    whens = when if isinstance(when, tuple) else (when,)
    return Law(name=name, says=says, when=whens, where=where)


_ORDERS, _REST, _WITNESS, _STOPS = "orders_law", "rest_law", "witness", "stops_law"
_ALWAYS: Final = (When.PROCESS, When.REST)

LAWS: Final = (
    _law(
        "I1",
        (When.EXECUTION, *_ALWAYS),
        _WITNESS,
        "The exchange takes at most one order under each client order id, and all orders of a line"
        " of a plan together execute no more than was approved, on the approved side.",
    ),
    _law(
        "I2",
        (When.REQUEST, *_ALWAYS),
        _ORDERS,
        "No client order id leaves twice, in whatever process; each attempt at a line has one id of"
        " its own; the exchange knows no order of ours that the ledger does not have. A change of"
        " leverage leaves once for each record of it.",
    ),
    _law(
        "I3",
        When.REQUEST,
        _ORDERS,
        "Before an order leaves, its intent is committed with the same market, side, size, limit,"
        " reduce-only flag and receive window; before a change of leverage, its record.",
    ),
    _law(
        "I4",
        (When.REQUEST, *_ALWAYS),
        _REST,
        "No attempt leaves while an older one at the same line is not closed, and an order of"
        " unknown outcome is called absent only on a stored proof: four lists looked at, nothing"
        " seen, and the venue's clock a second behind the fence that its promise gives.",
    ),
    _law(
        "I5",
        When.REST,
        _REST,
        "The fills in the ledger are the fills on the exchange's tape, all of them: our orders',"
        " those of people, and those that the venue forced.",
    ),
    _law(
        "I6",
        _ALWAYS,
        _REST,
        "No fill is invented, doubled or changed: side, size, price, fee, fee's asset and the order"
        " that it belongs to are those of the tape.",
    ),
    _law(
        "I7",
        _ALWAYS,
        _REST,
        "An order's filled size is the sum of its fills, and a closed order's is what the exchange"
        " executed.",
    ),
    _law(
        "I8",
        When.REST,
        "books_law",
        "For each asset: what was there, and deposits, and fills less fees, are what the exchange"
        " holds now, to the last digit.",
    ),
    _law(
        "I9",
        (When.EXECUTION, When.REST),
        _WITNESS,
        "Positions are the sum of their fills, and no order of ours leaves an asset short by more"
        " than a lot, spot and contracts counted together.",
    ),
    _law(
        "I10",
        _ALWAYS,
        _REST,
        "Each order goes only the steps of the table, out of a closed state none, and its filled"
        " size never shrinks.",
    ),
    _law(
        "I11",
        When.REQUEST,
        _ORDERS,
        "An order belongs to a plan whose gate looked at everything and refused nothing, that was"
        " approved, whose approval had not expired when the order was begun and serves one run"
        " only, and which was made from the account as it was read just before.",
    ),
    _law("I12", When.REQUEST, _ORDERS, "A dry run sends nothing but questions."),
    _law(
        "I13",
        (When.REQUEST, When.EXECUTION),
        _ORDERS,
        "An order for a line that reduces says so, and never makes the position larger.",
    ),
    _law(
        "I14",
        When.REQUEST,
        _ORDERS,
        "The kill switch stays as it was set; once it is latched no order is begun that raises"
        " exposure, and once a run was asked to stop none at all.",
    ),
    _law("I15", When.REQUEST, _ORDERS, "Nothing is sent while the venue has asked for silence."),
    _law(
        "I16",
        (When.REQUEST, *_ALWAYS),
        _ORDERS,
        "After a failed write of the ledger its process begins no order; the reading position"
        " never stands behind a fill that is not booked.",
    ),
    _law(
        "I17",
        _ALWAYS,
        _REST,
        "An order that counts as taken has the exchange's own number; one that counts as refused"
        " or absent is not on the exchange.",
    ),
    _law(
        "I18",
        _ALWAYS,
        _REST,
        "An order whose answer was lost, cut, empty, foreign or never seen before becomes unknown,"
        " and nothing else.",
    ),
    _law(
        "I19",
        (When.REQUEST, When.REST),
        _ORDERS,
        "An order leaves under the lease that its process holds, and a dead process holds none.",
    ),
    _law(
        "I20",
        When.END,
        "books_law",
        "The ledger's chain of hashes, computed anew, holds, and its head is the one beside it.",
    ),
    _law(
        "I21",
        When.END,
        "books_law",
        "No secret and no signature is in the ledger's files, in an error or in what is told.",
    ),
    _law(
        "I22",
        When.REQUEST,
        _ORDERS,
        "An order is for the approved market, on the approved side, not larger than approved and"
        " not at a worse limit.",
    ),
    _law(
        "I23",
        When.REQUEST,
        _ORDERS,
        "No order leaves when every late reading has shown the clocks further apart than allowed.",
    ),
    _law(
        "I24",
        When.COMMAND,
        "determinism",
        "The same seed gives the same trace: in one process (--twice), and in two whose hashes"
        " have other seeds (--determinism).",
    ),
    _law(
        "I25",
        When.PROCESS,
        "program",
        "A sound ledger is never asked for what it must refuse.",
    ),
    _law(
        "I26",
        When.REQUEST,
        _ORDERS,
        "Stages come in their order: none begins before the one before has ended, and spot buys"
        " come after spot sells, so that every prefix of a plan is safe.",
    ),
    _law(
        "I27",
        When.REQUEST,
        _ORDERS,
        "No order of a new plan leaves while one of an older plan is not closed.",
    ),
    _law(
        "I28",
        When.REST,
        _REST,
        "An order that the venue accepts after its fence, against its promise, is never lost: its"
        " fills are booked by reconciliation. Judged with --after-the-fence.",
    ),
    _law("I29", When.PROCESS, "program", "No process ends by an error that is not one of ours."),
    _law(
        "I30",
        (When.REQUEST, *_ALWAYS),
        "transfers_law",
        "Before a transfer leaves, its intent is committed with its direction, asset and units,"
        " under the lease, beside no open order and no other open transfer; it leaves once, and the"
        " exchange makes it once at most. One that counts as done was made, one that counts as"
        " refused or absent was not, and it is called absent only on both lists.",
    ),
    _law(
        "I31",
        (When.REQUEST, When.EXECUTION),
        _STOPS,
        "Before a stop leaves, its intent is committed with the same contract, side, size and"
        " trigger, reduce-only and by the mark, under the lease, for a line of a plan that has a"
        " stop of that hedge; it leaves once and is taken once. One is withdrawn by a name that the"
        " ledger has.",
    ),
    _law(
        "I32",
        (When.REQUEST, *_ALWAYS),
        _STOPS,
        "A hedge has one stop that may fill in each of its contracts, on the exchange and in the"
        " ledger, and a stop is never"
        " larger than what the fills of its hedge's own lines hold when it leaves, less what an"
        " ended stop of it bought back and the ledger lacks.",
    ),
    _law(
        "I33",
        _ALWAYS,
        _STOPS,
        "No stop of ours is on the exchange that the ledger does not have; one that is called"
        " withdrawn, refused or absent neither rests nor fired, and one that counts as resting was"
        " taken. One whose answer was lost becomes unknown, and absent only on three lists that"
        " show nothing, behind the fence.",
    ),
    _law(
        "I34",
        When.REST,
        _STOPS,
        "A stop that fired is done, and what it filled is booked once, as the order of its own"
        " line, which is declared for its hedge and for no other.",
    ),
    _law(
        "L1",
        When.REST,
        _REST,
        "Every order and transfer is closed after at most three recoveries in calm weather.",
    ),
    _law(
        "L2",
        _ALWAYS,
        "ends_law",
        "Recovery ends with one of its four exit codes, and says that nothing is left if and only"
        " if nothing is; of a stop that rests or an order called absent it may have no answer.",
    ),
    _law(
        "L3",
        When.REQUEST,
        _ORDERS,
        "Every repeat is bounded: look-ups of an order, attempts at a line, requests of a seed.",
    ),
    _law(
        "L4",
        When.PROCESS,
        "program",
        "Every process ends within an hour of virtual time, and never waits for what cannot come.",
    ),
    _law(
        "L5",
        _ALWAYS,
        "ends_law",
        "A run's last word is true: executed means every leg whole, an order that is not closed"
        " makes it unknown, and a plan of which something was sent is never called unsent.",
    ),
    _law(
        "L6",
        When.REST,
        "seed",
        "With a healthy venue a run loses no order and has none refused.",
    ),
)
"""Every law."""

HEAD = """\
# The simulation and its laws

Rendered from `tests/simulation/laws.py`; a test compares. The whole program runs in virtual time:
planner, gate, approval, execution, recovery and reconciliation, real ccxt above a line to an
independent model of the exchange, and a real SQLite file. One seed decides the account, the
policy, every fault, every kill and everything that happens beside. A law that does not hold ends
the seed, which is then shrunk and prints the one command that replays it.

| command | what it does |
|---|---|
"""


_COMMAND = "python -m tests.simulation"
COMMANDS: Final = (
    (f"{_COMMAND} --seeds 1000 --from 0 --jobs 2", "runs seeds"),
    (f"{_COMMAND} --seeds 1 --from 27 --trace", "replays one, with its trace"),
    (f"{_COMMAND} --bugs --seeds 200", "plants every bug and counts what catches it"),
    (f"{_COMMAND} --bugs --catches 10 --seeds 200", "the same, each until ten cases catch it"),
    (f"{_COMMAND} --determinism 1000", "runs every seed in two processes with other hashes"),
    (f"{_COMMAND} --after-the-fence 0.3", "the same with a venue that breaks its promise"),
    (f"{_COMMAND} --seeds 1000 --under 1", "each seed's setting, with all that happens drawn anew"),
    (f"{_COMMAND}.kill_matrix", "kills a run at every point, and the recovery that follows"),
    (f"{_COMMAND}.kill_matrix --under 1", "the same under other times, ways and clocks"),
)


def page() -> str:
    """Return the page as the tables stand now."""
    lines = [
        HEAD.rstrip("\n"),
        *(f"| `{command}` | {does} |" for command, does in COMMANDS),
        "",
        "## Laws",
        "",
        "| law | what must hold | judged | broken by |",
        "|---|---|---|---|",
    ]
    for law in LAWS:
        when = ", ".join(law.when)
        lines.append(f"| **{law.name}** | {law.says} | {when} | {', '.join(breakers(law.name))} |")
    lines += ["", *_faults(), "", *_points()]
    return "\n".join(lines) + "\n"


def breakers(name: str) -> tuple[str, ...]:
    """Return the planted bugs that break a law."""
    return tuple(bug.name for bug in BUGS if name in bug.breaks)


def _faults() -> list[str]:
    """Return the kinds of fault."""
    lines = ["## Faults", "", "A seed has a random part of these, each at a rate of its own:", ""]
    return [*lines, ", ".join(f"`{kind}`" for kind in Kind) + "."]


def _points() -> list[str]:
    """Return the numbered points of death."""
    lines = ["## Points of death", "", "| number | point |", "|---|---|"]
    return [*lines, *(f"| {number} | {'; '.join(points)} |" for number, points in NUMBERED.items())]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
