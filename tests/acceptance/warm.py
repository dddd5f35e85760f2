"""Commands in processes of their own, forked from one that has imported the libraries already.

Half of what a short command takes is the import of libraries, the same each time. One process of
each test worker imports them once; then a command is a fork of it, with a folder, variables,
streams and an end of its own, and imports what is ours of the command line itself.

Run as a program this is the process that forks: each packet on its standard input is a command,
with the streams it is to have; when the other end closes, it ends.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = (
    "trimtab.bootstrap.execution",
    "trimtab.cli.command_line",
    "trimtab.cli.entry",
    "trimtab.bootstrap.notifiers",
    "trimtab.config.loading",
    "trimtab.planning.compose",
    "trimtab.workflow.run",
    "alembic.command",
    "rich.console",
    "rich.table",
)
"""What brings the libraries with it. Of ``trimtab.cli`` the entry and the command line alone: a run
gets its name when the rest is imported, and no two may have the same."""
VENUE: Final = "binance"
PACKET_BYTES_MAX: Final = 200_000
DESCRIPTORS: Final = 4
"""Standard input, output and error of the command, and where its end is told."""
OF_THE_START: Final = ("PYTHON", "LD_", "MALLOC", "COVERAGE")
"""Variables that are read when an interpreter starts, and not afterwards."""


def suits(environ: Mapping[str, str]) -> bool:
    """Say whether a fork would see of *environ* what a process started with it would see."""
    return _of_the_start(environ) == _of_the_start(_parent_environ())


async def ended(
    words: Sequence[str], *, folder: Path, environ: Mapping[str, str], stdin: str
) -> tuple[int, bytes, bytes]:
    """Run ``trimtab WORDS`` to its end: its code, as subprocess tells it, and both streams.

    It is killed when the wait for it is given up.
    """
    request = {"words": list(words), "folder": str(folder), "environ": dict(environ)}
    pipes = [os.pipe() for _ in range(DESCRIPTORS)]
    (its_in, typed), *coming = pipes
    theirs = [its_in, *(write for _, write in coming)]
    socket.send_fds(_line(), [json.dumps(request).encode()], theirs)
    for descriptor in theirs:
        os.close(descriptor)
    with os.fdopen(typed, "wb") as pipe:
        pipe.write(stdin.encode())
    async with AsyncExitStack() as closing:
        stdout, stderr, told = [
            await closing.enter_async_context(_reading(read)) for read, _ in coming
        ]
        pid = int(await told.readline())
        try:
            outcome = await asyncio.gather(told.read(), stdout.read(), stderr.read())
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
    return int(outcome[0]), outcome[1], outcome[2]


@asynccontextmanager
async def _reading(descriptor: int) -> AsyncIterator[asyncio.StreamReader]:
    """Yield what reads a pipe, and close it."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
    )
    try:
        yield reader
    finally:
        transport.close()


@cache
def _parent_environ() -> Mapping[str, str]:
    """Return the variables that the parent of all commands is started with."""
    return dict(os.environ)


@cache
def _line() -> socket.socket:
    """Start the parent of all commands; return the line to it. It ends with this process."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        parent = subprocess.Popen(
            [sys.executable, __file__],
            env=_parent_environ(),
            cwd=ROOT,
            stdin=its,
            stdout=subprocess.DEVNULL,
        )

    def close() -> None:
        ours.close()
        parent.wait()

    atexit.register(close)
    return ours


def _of_the_start(environ: Mapping[str, str]) -> Mapping[str, str]:
    return {name: text for name, text in environ.items() if name.startswith(OF_THE_START)}


def main() -> None:
    """Import the libraries, then fork a command for each packet until there are no more."""
    for room in ROOMS:
        importlib.import_module(room)
    importlib.import_module("trimtab.adapters.wire.ccxt_import").exchange_class(VENUE)
    gc.freeze()  # No collection writes to pages that forks share.
    line = socket.socket(fileno=os.dup(0))
    while True:
        packet, descriptors, _, _ = socket.recv_fds(line, PACKET_BYTES_MAX, DESCRIPTORS)
        _buried()
        if not packet:
            return
        if os.fork() == 0:
            line.close()
            _keep(json.loads(packet), *descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _buried() -> None:
    """Let keepers go that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _keep(request: Mapping[str, Any], *descriptors: int) -> None:
    """Fork the command and tell its number, and its end; in the command itself, run it."""
    *streams, telling = descriptors
    command = os.fork()
    if command == 0:
        os.close(telling)
        _run(request, streams)
    for number, descriptor in enumerate(streams):
        os.close(descriptor)
        os.close(number)
    os.write(telling, f"{command}\n".encode())
    _, status = os.waitpid(command, 0)
    os.write(telling, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _run(request: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Be the command, as if started so; it ends by an exception, as the installed one does."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    time.tzset()
    sys.argv = [str(Path(sys.executable).with_name("trimtab")), *request["words"]]
    importlib.import_module("trimtab.cli.entry").main()


if __name__ == "__main__":
    main()
