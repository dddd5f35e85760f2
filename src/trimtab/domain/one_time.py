"""One-time codes as authenticator apps show them: RFC 6238, HMAC-SHA-1, six digits, 30 s. Pure.

A step is a count of 30 seconds since 1970. A code proves who has the secret; it says nothing of
what it is typed for, so whoever takes one binds it to that by other means.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import quote

STEP_S: Final = 30
"""Length of a step, seconds."""
DIGITS: Final = 6
SECRET_BYTES: Final = 20
"""Length of a secret that we make, bytes, as RFC 4226 recommends."""
SECRET_BYTES_MIN: Final = 16
"""Shortest secret that is taken, bytes."""
_BESIDE: Final = (0, -1, 1)
"""Steps that are tried beside the one of an instant: a phone's clock may be a little off."""


def step_of(at: datetime) -> int:
    """Return the step that an instant lies in."""
    return int(at.timestamp()) // STEP_S


def code_of(secret: bytes, step: int) -> str:
    """Return the six digits of a step."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_proved(secret: bytes, code: str, *, at: datetime) -> int | None:
    """Return the step near *at* whose code was given, or None; no step says how near it was.

    An instant comes from whoever carries messages: before 1970 there are no steps.
    """
    found = None
    for step in (step_of(at) + beside for beside in _BESIDE):
        if step < 0:
            continue
        is_it = hmac.compare_digest(code_of(secret, step).encode(), code.encode())
        found = step if is_it and found is None else found
    return found


def secret_bytes(text: str) -> bytes | None:
    """Return a secret from its base32 text, spaces and case aside; None when it is none."""
    bare = "".join(text.split()).upper().rstrip("=")
    try:
        secret = base64.b32decode(bare + "=" * (-len(bare) % 8))
    except ValueError:
        return None
    return secret if len(secret) >= SECRET_BYTES_MIN else None


def secret_text(secret: bytes) -> str:
    """Return a secret as it is typed into an app: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def enrolment_uri(secret: bytes, *, label: str) -> str:
    """Return the address that tells an app everything; it holds the secret."""
    terms = f"secret={secret_text(secret)}&issuer=Trimtab&algorithm=SHA1&digits={DIGITS}"
    return f"otpauth://totp/Trimtab:{quote(label, safe='')}?{terms}&period={STEP_S}"
