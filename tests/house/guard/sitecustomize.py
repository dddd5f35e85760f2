"""Refuses every connection and name look-up that leaves this machine.

Python imports a module of this name at start-up, so one folder on PYTHONPATH guards the tests
and every process that they start. An audit hook cannot be taken off again, and it also sees
what C code opens.
"""

from __future__ import annotations

import ipaddress
import sys
from typing import Any, Final

LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", ""})

LOOKUPS: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})

SENDS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class NetworkRefusedError(OSError):
    """A test reached for a host that is not this machine. No retry will help."""


def is_local(host: object) -> bool:
    """Say whether a host name or numeric address is this machine."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name.lower() in LOCAL_NAMES:
        return True
    try:
        found = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified


def refuse_strangers(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise on a connection or look-up that is not local; let every other event pass."""
    if event in LOOKUPS:
        host = arguments[0]
    elif event in SENDS:
        address = arguments[1]  # A path for a Unix socket, else (host, port, …).
        host = address[0] if isinstance(address, tuple) else None
    else:
        return
    if not is_local(host):
        raise NetworkRefusedError(f"{event} to {host!r}: tests speak to loopback only")


sys.addaudithook(refuse_strangers)
