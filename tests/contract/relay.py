"""A relay on loopback that loses what passes between a ledger and its server, when told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from typing import Final

COMMIT: Final = b"COMMIT\0"


class Loss(Enum):
    """What becomes of the next COMMIT."""

    QUESTION = auto()
    """It never reaches the server, which sees the connection end."""
    ANSWER = auto()
    """The server commits; its answer is lost."""
    LATE = auto()
    """The ledger sees the connection end; COMMIT reaches the server a while afterwards."""
    NEVER = auto()
    """The ledger sees the connection end, the server does not, and COMMIT never reaches it."""
    SERVER = auto()
    """The server commits; neither its answer nor any new connection passes again."""


class Relay:
    """Passes bytes both ways; each connection has two threads."""

    LATE_S: Final = 1.0

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.next_loss: Loss | None = None
        self.losses: list[Loss] = []
        """What was lost, oldest first."""
        self.is_open = True
        self._threads: list[threading.Thread] = []
        self._ends: list[socket.socket] = []
        self._start(self._accept)

    def close(self) -> None:
        """End every connection and thread."""
        self.is_open = False
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for end in self._ends:
            _end(end)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        for end in self._ends:
            end.close()

    def _start(self, work: Callable[..., None], *words: socket.socket) -> None:
        thread = threading.Thread(target=work, args=words)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                if not self.is_open:
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                self._ends += [near, far]
                self._start(self._forward, near, far)
                self._start(self._back, far, near)

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while told := near.recv(65_536):
                if self.next_loss is not None and COMMIT in told:
                    self._lose(told, near, far)
                    return
                far.sendall(told)
        _end(far)

    def _lose(self, told: bytes, near: socket.socket, far: socket.socket) -> None:
        loss, self.next_loss = self.next_loss, None
        assert loss is not None
        self.losses.append(loss)
        self.is_open = loss is not Loss.SERVER
        hidden = loss in (Loss.QUESTION, Loss.LATE, Loss.NEVER)
        near.shutdown(socket.SHUT_RDWR if hidden else socket.SHUT_WR)
        if loss is Loss.NEVER:
            return  # The server's end stays as it is, until the server has had enough.
        if loss is Loss.LATE:
            threading.Event().wait(self.LATE_S)
        if loss is not Loss.QUESTION:
            far.sendall(told)
            threading.Event().wait(0.2)  # The server has answered by then, or never will.
        _end(near)
        _end(far)

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while told := far.recv(65_536):
                near.sendall(told)
        _end(near)


def _end(end: socket.socket) -> None:
    """End a connection both ways, once."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay_to(host: str, port: int) -> Iterator[Relay]:
    """Serve a relay while the block runs."""
    relay = Relay((host, port))
    try:
        yield relay
    finally:
        relay.close()
