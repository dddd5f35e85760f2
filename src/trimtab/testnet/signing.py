"""Signed requests: key, signature, timestamp, receive window.

Pure. The signature is the HMAC-SHA256 of query and body as they came, without the
signature itself, in hexadecimal. Times are milliseconds.
Source: Binance "Request Security" and "Timing security".
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

from trimtab.testnet.rejections import Rejection, key_refused, missing
from trimtab.testnet.scenario import Credential
from trimtab.testnet.wire import Params, Request

_AHEAD_MS = 1000
_WINDOW_MS = 5000
_WINDOW_MOST_MS = 60_000


def _unsigned(raw: str) -> str:
    """Return raw parameters without the signature."""
    return "&".join(part for part in raw.split("&") if not part.startswith("signature="))


def signature_of(secret: str, *, query: str, body: str) -> str:
    """Return the signature that the exchange expects for raw *query* and *body*."""
    covered = _unsigned(query) + _unsigned(body)
    return hmac.new(secret.encode(), covered.encode(), sha256).hexdigest()


def verify(
    request: Request, credentials: Sequence[Credential], *, right: str, now_ms: int
) -> frozenset[str]:
    """Accept *request* only from a key with *right*, well signed and in time; return its rights.

    Raises:
        Rejection: -2014, -2015, -1102, -1021, -1131 or -1022.

    """
    params = Params(request.params(), rights=frozenset())
    key = request.headers.get("x-mbx-apikey", "")
    if not key:
        raise Rejection(-2014, "API-key format invalid.", status=401)
    credential = next((c for c in credentials if c.key == key), None)
    if credential is None:
        raise key_refused()
    sent_at = params.integer("timestamp", -1)
    if sent_at < 0:
        raise missing("timestamp")
    given = params.required("signature")
    window = params.integer("recvWindow", _WINDOW_MS)
    if window > _WINDOW_MOST_MS:
        raise Rejection(-1131, "'recvWindow' must be less than 60000.")
    if not request.ignore_window:
        _require_in_time(sent_at, window_ms=window, now_ms=now_ms)
    expected = signature_of(credential.secret, query=request.query, body=request.body)
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Rejection(-1022, "Signature for this request is not valid.")
    if right not in credential.rights:
        raise key_refused()
    return credential.rights


def _require_in_time(sent_at: int, *, window_ms: int, now_ms: int) -> None:
    """Refuse a timestamp from the future or one whose window has closed."""
    if sent_at >= now_ms + _AHEAD_MS:
        raise Rejection(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - sent_at > window_ms:
        raise Rejection(-1021, "Timestamp for this request is outside of the recvWindow.")
