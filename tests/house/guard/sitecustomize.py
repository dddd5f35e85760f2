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


def is_local(address: object) -> bool:
    """Say whether a socket address, or the host of a look-up, is this machine."""
    if isinstance(address, tuple):
        return bool(address) and is_local(address[0])
    if address is None or (isinstance(address, bytes) and address.startswith((b"/", b"\0"))):
        return True
    host = address.decode() if isinstance(address, bytes) else str(address)
    if host.lower() in LOCAL_NAMES or host.startswith(("/", "\0")):
        return True
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified


def refuse_strangers(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise on a connection or look-up that is not local; let every other event pass."""
    if event in LOOKUPS:
        host = arguments[0]
    elif event in SENDS:
        host = arguments[1]
    else:
        return
    if not is_local(host):
        raise NetworkRefusedError(f"{event} to {host!r}: tests speak to loopback only")


sys.addaudithook(refuse_strangers)
