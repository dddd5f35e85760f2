"""Start-up: how long until Trimtab answers, and in how much memory, beside importing everything.

Prints two ratios, each measured in one run with interleaved repetitions:

- ``trimtab --help`` against ``import ccxt.async_support``: a question about the program must not
  pay for a hundred exchanges. At most 0.3.
- A command that reaches an exchange (on loopback) against an eager import of everything that
  the program uses: its libraries, and the rooms that plan, ask and execute. At most 0.5.

Run:  python -m benchmarks.startup [--repetitions N] [--json]

Wall time is from the start of the process to its end; memory is the peak resident set that the
kernel reports for that process. Both move with the machine's load, ratios hardly do.

Commands and yardsticks are started alike: with the same interpreter and the same environment,
of which PYTHONDONTWRITEBYTECODE is left out. A machine that sets it would compile the program
anew with each start and the libraries never, which is no user's machine. The round that warms
caches writes what bytecode there is not yet.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import struct_rusage
from statistics import median
from typing import Final

BIN: Final = Path(sys.executable).parent

EVERYTHING: Final = (
    "import ccxt.async_support, aiohttp, alembic.command, asyncio_throttle, cyclopts, numpy,"
    " pydantic_settings, rich.console, sqlalchemy, tenacity; import trimtab.cli.entry,"
    " trimtab.bootstrap.execution"
)
UNWANTED: Final = "PYTHONDONTWRITEBYTECODE"
"""The variable that no measured process is given."""

CONFIG: Final = """\
[account]
name = "startup"
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "http://127.0.0.1:{port}"
markets = ["spot", "swap"]

[portfolio.targets]
BTC = "0.50"
ETH = "0.30"
USDT = "0.20"

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""

SERVER_WAIT_S: Final = 30
COMMAND_WAIT_S: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One process to measure."""

    label: str
    argv: tuple[str, ...]
    accepted: frozenset[int]
    """Exit codes that count as an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run of one command."""

    wall_s: float
    peak_mb: float
    """Peak resident set, MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A command beside its yardstick, medians of all rounds."""

    command: str
    yardstick: str
    command_s: float
    yardstick_s: float
    command_mb: float
    """Peak resident set, MiB."""
    yardstick_mb: float
    """Peak resident set, MiB."""
    wall_ratio: float
    """Median of the rounds' own ratios."""
    memory_ratio: float
    limit_ratio: float
    """The most that ``wall_ratio`` may be."""

    @property
    def is_kept(self) -> bool:
        """Whether the ratio is within its limit."""
        return self.wall_ratio <= self.limit_ratio


def environment() -> dict[str, str]:
    """Return the variables that every process of the benchmark is given."""
    return {name: value for name, value in os.environ.items() if name != UNWANTED}


class CommandFailedError(Exception):
    """A measured process did not answer as expected; its figures would mean nothing."""


def sample(command: Command, *, folder: Path) -> Sample:
    """Run the command once in *folder* and return its wall time and peak memory.

    Raises:
        CommandFailedError: the exit code is none of the accepted ones, or it hung.

    """
    with (folder / "stderr").open("w+b") as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command.argv,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        code, usage = _wait(process, until=begun + COMMAND_WAIT_S)
        wall_s = time.perf_counter() - begun
        if code not in command.accepted:
            errors.seek(0)
            tail = errors.read().decode(errors="replace")[-500:]
            raise CommandFailedError(f"{shlex.join(command.argv)} ended with {code}: {tail}")
    per_mb = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Sample(wall_s=wall_s, peak_mb=usage.ru_maxrss / per_mb)


def _wait(process: subprocess.Popen[bytes], *, until: float) -> tuple[int, struct_rusage]:
    """Wait for one process and its own resource usage, which ``subprocess`` does not give."""
    while time.perf_counter() < until:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        time.sleep(0.001)
    process.kill()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def compare(
    command: Command, *, yardstick: Command, limit_ratio: float, rounds: int, folder: Path
) -> Comparison:
    """Measure both in turn, *rounds* times after one round that warms caches."""
    pairs = [
        (sample(command, folder=folder), sample(yardstick, folder=folder))
        for _ in range(rounds + 1)
    ][1:]
    return Comparison(
        command=command.label,
        yardstick=yardstick.label,
        command_s=median(ours.wall_s for ours, _ in pairs),
        yardstick_s=median(theirs.wall_s for _, theirs in pairs),
        command_mb=median(ours.peak_mb for ours, _ in pairs),
        yardstick_mb=median(theirs.peak_mb for _, theirs in pairs),
        wall_ratio=median(ours.wall_s / theirs.wall_s for ours, theirs in pairs),
        memory_ratio=median(ours.peak_mb / theirs.peak_mb for ours, theirs in pairs),
        limit_ratio=limit_ratio,
    )


@contextmanager
def exchange(server: str, *, folder: Path) -> Iterator[int]:
    """Serve the local exchange on a free port; yield the port.

    Raises:
        CommandFailedError: it does not listen within half a minute.

    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    argv = shlex.split(server.format(port=port, bin=BIN))
    with (folder / "exchange.log").open("w+b") as log:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for_port(port, process=process)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for_port(port: int, *, process: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + SERVER_WAIT_S
    while time.perf_counter() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise CommandFailedError(f"the local exchange does not listen on port {port}")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=7, help="measured rounds (default: 7)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--help-command", default="{bin}/trimtab --help")
    parser.add_argument("--reach-command", default="{bin}/trimtab --config {config} status --json")
    parser.add_argument("--server-command", default="{bin}/trimtab testnet --port {port}")
    parser.add_argument(
        "--accept", type=int, nargs="+", default=[0], help="exit codes that count as an answer"
    )
    return parser.parse_args(argv)


def _python(label: str, *, code: str) -> Command:
    return Command(label=label, argv=(sys.executable, "-c", code), accepted=frozenset({0}))


def measure(options: argparse.Namespace, *, folder: Path) -> tuple[Comparison, ...]:
    """Return both comparisons, the one without a network first."""
    help_command = Command(
        label="trimtab --help",
        argv=tuple(shlex.split(options.help_command.format(bin=BIN))),
        accepted=frozenset({0}),
    )
    ccxt_alone = _python("import ccxt.async_support", code="import ccxt.async_support")
    quick = compare(
        help_command,
        yardstick=ccxt_alone,
        limit_ratio=0.3,
        rounds=options.repetitions,
        folder=folder,
    )
    with exchange(options.server_command, folder=folder) as port:
        config = folder / "trimtab.toml"
        config.write_text(CONFIG.format(port=port, folder=folder), encoding="utf-8")
        reaching = Command(
            label="trimtab status (reaches the exchange)",
            argv=tuple(shlex.split(options.reach_command.format(bin=BIN, config=config))),
            accepted=frozenset(options.accept),
        )
        reach = compare(
            reaching,
            yardstick=_python("eager import of everything", code=EVERYTHING),
            limit_ratio=0.5,
            rounds=options.repetitions,
            folder=folder,
        )
    return quick, reach


def table(comparisons: Sequence[Comparison]) -> str:
    """Return the comparisons as aligned text."""
    head = f"{'':38} {'wall s':>8} {'peak MiB':>9} {'ratio':>7} {'limit':>6}"
    lines = [head]
    for row in comparisons:
        kept = "kept" if row.is_kept else "BROKEN"
        lines += [
            (
                f"{row.command:38} {row.command_s:8.3f} {row.command_mb:9.1f}"
                f" {row.wall_ratio:7.3f} {row.limit_ratio:6.1f}  {kept}"
            ),
            (
                f"{'  ÷ ' + row.yardstick:38} {row.yardstick_s:8.3f} {row.yardstick_mb:9.1f}"
                f" {row.memory_ratio:7.3f}         of memory"
            ),
        ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and say with the exit code whether both limits are kept."""
    options = _arguments(argv)
    with tempfile.TemporaryDirectory(prefix="trimtab-startup-") as folder:
        try:
            comparisons = measure(options, folder=Path(folder))
        except CommandFailedError as fault:
            print(f"not measured: {fault}", file=sys.stderr)
            return 2
    if options.json:
        rows = [{**asdict(row), "is_kept": row.is_kept} for row in comparisons]
        print(json.dumps({"rounds": options.repetitions, "comparisons": rows}, indent=2))
    else:
        print(table(comparisons))
    return 0 if all(row.is_kept for row in comparisons) else 1


if __name__ == "__main__":
    sys.exit(main())
