"""Looks for secrets in whatever a command leaves behind, in every form in which they leak."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

WINDOW = 12
"""A part of so many characters is a find: a mask that leaves that much masks nothing."""


def needles(secret: str) -> frozenset[bytes]:
    """Return every form in which a part of *secret* may lie somewhere."""
    return frozenset(_forms(secret))


def _forms(secret: str) -> Iterator[bytes]:
    for text in (secret, secret[::-1]):
        for at in range(len(text) - WINDOW + 1):
            part = text[at : at + WINDOW].encode()
            yield part
            yield part.hex().encode()
            yield part.hex().upper().encode()
            yield quote(part, safe="").encode()
            # Twelve bytes are sixteen digits of base64; where the text lies in what was
            # encoded is one of three shifts, of which the windows that follow are the others.
            yield base64.b64encode(part)
            yield base64.urlsafe_b64encode(part)


def hits(artefact: bytes, secrets: frozenset[bytes]) -> list[bytes]:
    """Return the forms that are found in *artefact*."""
    return sorted(form for form in secrets if form in artefact)


def left_in(folder: Path) -> bytes:
    """Return the bytes of every file below *folder*."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"\n".join(path.read_bytes() for path in files)
