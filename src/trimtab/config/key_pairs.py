"""Secrets that are the private half of a pair: PEM of several lines, or base64. Pure.

Line breaks are let through in a PEM block and nowhere else. Downloads write it as JSON does, on one
line with a backslash and an n for each break; that is read too. No message shows any of it.
Sources: Coinbase "CDP API Keys", 2026; ccxt 4.5.90, which signs with both kinds.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_LINE: Final = r"[A-Za-z0-9+/]{1,76}={0,2}"
_PEM: Final = re.compile(
    rf"-----BEGIN (?P<kind>(?:EC )?PRIVATE KEY)-----\n(?P<body>(?:{_LINE}\n)+)"
    r"-----END (?P=kind)-----\n?"
)
_P_256: Final = bytes.fromhex("06082a8648ce3d030107")
"""How DER names the curve."""
_EDWARDS_BYTES: Final = frozenset({32, 64})
"""A seed, or a seed with the public half behind it."""


def private_half(text: str) -> str:
    """Return *text* as it signs: PEM with its lines, or base64 on one.

    Raises:
        ValueError: it is neither; the message shows nothing of it.

    """
    lines = text.replace("\r\n", "\n").replace("\\n", "\n")
    if "-----BEGIN" not in text:
        if len(_decoded(text)) not in _EDWARDS_BYTES:
            raise ValueError("is neither a PEM nor the base64 of an Ed25519 key")
        return text
    found = _PEM.fullmatch(f"{lines.rstrip()}\n")
    if found is None:
        raise ValueError("has something in or around its PEM that does not belong there")
    if _P_256 not in _decoded(found["body"].replace("\n", "")):
        raise ValueError("is no PEM of the curve P-256; an Ed25519 key is stored as base64")
    return found[0]


def _decoded(text: str) -> bytes:
    """Return the bytes of base64, none where it is no such thing."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
