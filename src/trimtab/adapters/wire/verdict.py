"""What an answer means: done, refused, not done, or unknown. Pure.

The verdict is taken from the raw answer (status, code, text, transport cause), never from
ccxt's exception classes: ccxt 4.5.90 returns an order without an id for a 523 or a cut-off
200, calls a broken body ExchangeError as it does a rejection, and throttling a network
error as it does a timeout. The default is unknown: an answer we have never seen costs a
look-up, never a second order. Every row of the fault catalogue is in
tests/wire/test_ccxt_verdict.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from trimtab.adapters.wire.exact import Unreadable, document, milliseconds
from trimtab.adapters.wire.transport import Capture, scrubbed
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.orders import Evidence
from trimtab.venues.profile import CodeTable

T = TypeVar("T")

_TEXT_MAX: Final = 500
_NO_CODES: Final = frozenset({"0", "200", "00000", "200000"})
"""What venues write where a code would be when there is none."""
_THROTTLED: Final = frozenset({418, 429})
_OK: Final = 200
_CLIENT_ERRORS: Final = range(400, 500)
_SERVER_ERRORS: Final = range(500, 600)
_UNSURE: Final = frozenset({408, 409})
"""4xx that do not say that nothing happened."""
_DENIED: Final = frozenset({401, 403, 451})
"""Reads only: the venue does not talk to us, whatever the body."""
_BANNED_UNTIL: Final = re.compile(
    r"(?:banned until|unblocked after|retry after time:) ?(\d{13})", re.ASCII
)
_INSTANT: Final = re.compile(r"\d{13}", re.ASCII)
_MISSING: Final = object()
_BAN_GUARD_MS: Final = 250
"""An instant on the venue's clock is believed to be so much later: ours of it is not exact."""


class Verdict(StrEnum):
    """What one request did on the venue."""

    ACCEPTED = "accepted"
    NOT_SENT = "not_sent"
    """No byte left."""
    UNDONE = "undone"
    """It arrived and was certainly not looked at."""
    THROTTLED = "throttled"
    """As undone, and the venue wants silence."""
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    """Proof that an order under our client id is there; it is adopted by lookup."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Generic[T]):
    """A verdict, what it was taken from, and what was read when it is ACCEPTED."""

    verdict: Verdict
    evidence: Evidence
    retry_after_ms: int
    accepted: T | None
    """What the answer said; None unless ACCEPTED."""

    def told(self, subject: str) -> T:
        """Return what was accepted, or raise what the answer means; *subject* says of what.

        Raises:
            VenueError: it was not accepted.

        """
        if self.verdict is Verdict.ACCEPTED and self.accepted is not None:
            return self.accepted
        raise self.error(subject)

    def error(self, subject: str) -> VenueError:
        """Return the error of a write that was not accepted; *subject* says which."""
        seen = self.evidence
        told = " ".join(filter(None, (str(seen.http_status or ""), seen.code, seen.message)))
        message = f"{subject}: {told or 'no answer'}"
        if self.verdict is Verdict.REFUSED:
            return Refused(message, evidence=seen)
        if self.verdict in {Verdict.NOT_SENT, Verdict.UNDONE, Verdict.THROTTLED}:
            return NotDone(message, evidence=seen, retry_after_ms=self.retry_after_ms)
        return OutcomeUnknown(message, evidence=seen)


def judge_write(
    captures: Sequence[Capture],
    codes: CodeTable,
    *,
    read: Callable[[Any], T | None],
    now: datetime,
    cause: BaseException | None,
) -> Judgement[T]:
    """Judge a call that was meant to change something.

    *read* returns what an accepted answer says, or None when it does not acknowledge our
    request. *cause* is what ccxt raised, for the record when nothing was sent.
    """
    writes = [c for c in captures if codes.writes_with_get or c.method != "GET"]
    if not writes:
        return Judgement(
            verdict=Verdict.NOT_SENT,
            evidence=_unsent(now, cause),
            retry_after_ms=0,
            accepted=None,
        )
    last = writes[-1]
    code, text = code_and_text(last, codes)
    accepted = _acknowledged(last, codes, read) if len(writes) == 1 else None
    verdict = _verdict(last, codes, code=code, text=text) if len(writes) == 1 else Verdict.UNKNOWN
    if accepted is not None:
        verdict = Verdict.ACCEPTED
    return Judgement(
        verdict=verdict,
        evidence=evidence_of(last, code=code, text=text),
        retry_after_ms=retry_after_ms(last, codes),
        accepted=accepted,
    )


def judge_read(capture: Capture, codes: CodeTable) -> Judgement[Any]:
    """Judge a call that changes nothing: accepted with its document, refused, or not done."""
    code, text = code_and_text(capture, codes)
    evidence = evidence_of(capture, code=code, text=text)
    told: object = None
    verdict = Verdict.UNDONE
    if capture.http_status in _THROTTLED or code in codes.too_fast:
        verdict = Verdict.THROTTLED
    elif capture.http_status == _OK and not capture.cause:
        told = _document_or_none(capture)
        if isinstance(told, (dict, list, str)) and not code:
            verdict = Verdict.ACCEPTED
        elif codes.is_told_with_200 and code in codes.refused:
            verdict = Verdict.REFUSED
    elif capture.http_status in _DENIED or (
        capture.http_status in _CLIENT_ERRORS and code in codes.refused
    ):
        verdict = Verdict.REFUSED
    return Judgement(
        verdict=verdict,
        evidence=evidence,
        retry_after_ms=retry_after_ms(capture, codes),
        accepted=told if verdict is Verdict.ACCEPTED else None,
    )


def _verdict(capture: Capture, codes: CodeTable, *, code: str, text: str) -> Verdict:
    """Judge one write that was not acknowledged."""
    if not capture.handed_to_socket:
        return Verdict.NOT_SENT
    if _may_be_done(capture, codes):
        return Verdict.UNKNOWN
    told_too_fast = code in codes.too_fast and capture.http_status not in _SERVER_ERRORS
    if capture.http_status in _THROTTLED or told_too_fast:
        return Verdict.THROTTLED
    if any(code == known and part in text for known, part in codes.duplicate):
        return Verdict.DUPLICATE
    return _declined(capture.http_status, codes, code=code, text=text)


def _may_be_done(capture: Capture, codes: CodeTable) -> bool:
    """Say whether something in an answer keeps its code from proving that nothing was done.

    It has what only an answer to a request that was done has, or another code that proves nothing.
    """
    told = _document_or_none(capture) if codes.done_marks else None
    marks = (_found(told, place) for place in codes.done_marks)
    if any(each is not _MISSING and each not in (None, False, "") for each in marks):
        return True
    told_codes = [_found(told, place) for place, _ in codes.of_one]
    others = {str(c) for c in told_codes if c is not _MISSING and not _is_none(c, codes)}
    return len(others) > 1 and not others <= codes.refused


def _declined(status: int, codes: CodeTable, *, code: str, text: str) -> Verdict:
    """Judge a whole answer that is no success: only what is listed proves anything."""
    if any(status == known and text.startswith(part) for known, part in codes.not_done_texts):
        return Verdict.UNDONE
    is_no = status in _CLIENT_ERRORS and status not in _UNSURE
    if not is_no and not (codes.is_told_with_200 and status == _OK):
        return Verdict.UNKNOWN
    if code in codes.not_done:
        return Verdict.UNDONE
    return Verdict.REFUSED if code in codes.refused else Verdict.UNKNOWN


def _acknowledged(capture: Capture, codes: CodeTable, read: Callable[[Any], T | None]) -> T | None:
    """Return what an answer of success says, if it says what was asked for."""
    if capture.http_status not in codes.done_with or capture.cause:
        return None
    try:
        return read(document(capture.body))
    except Unreadable:
        return None


def _document_or_none(capture: Capture) -> object:
    """Return the JSON of an answer, None when it has none."""
    try:
        answer: object = document(capture.body)
    except Unreadable:
        return None
    return answer


def code_and_text(capture: Capture, codes: CodeTable) -> tuple[str, str]:
    """Return the venue's error code and text; no code when it did not send both."""
    told = _document_or_none(capture)
    if codes.sentences:
        return _sentence_in(capture, told, codes)
    for paths in (*codes.of_one, (codes.code_field, codes.text_field)):
        code, text = (_found(told, path) for path in paths)
        no_code = _is_none(code, codes)
        if code is _MISSING or text is _MISSING or (paths in codes.of_one and no_code):
            continue
        return ("" if no_code else _told_apart(str(code), codes, text=str(text))), str(text)
    if capture.http_status in codes.done_with:
        return "", ""
    word = capture.body[:_TEXT_MAX].decode("utf-8", errors="replace").strip()
    return codes.bare.get(word, ""), word


def _sentence_in(capture: Capture, told: object, codes: CodeTable) -> tuple[str, str]:
    """Return how the sentence of an answer begins, where that is listed, and all of it."""
    found = (_found(told, path) for path in (*(text for _, text in codes.of_one), codes.text_field))
    text = next((each for each in found if isinstance(each, str)), "")
    if not text and capture.http_status != _OK:
        text = capture.body[:_TEXT_MAX].decode("utf-8", errors="replace").strip()
    return next((each for each in codes.sentences if text.startswith(each)), ""), text


def _told_apart(code: str, codes: CodeTable, *, text: str) -> str:
    """Return a code, with what tells its meaning where it has several."""
    parts = (part for known, part in codes.told_apart if known == code and part in text)
    return next((f"{code}:{part}" for part in parts), code)


def _is_none(code: object, codes: CodeTable) -> bool:
    """Say whether a code is one of those that stand for none."""
    return str(code) in _NO_CODES | codes.no_codes


def _found(told: object, path: str) -> object:
    """Return what stands at a *path* of names with dots between, or that nothing does."""
    for name in path.split("."):
        if isinstance(told, list) and name.isdigit() and int(name) < len(told):
            told = told[int(name)]
            continue
        if not isinstance(told, dict) or name not in told:
            return _MISSING
        told = told[name]
    return told


def wants_silence(capture: Capture, codes: CodeTable) -> bool:
    """Say whether an answer asks for silence, by its status or by its code."""
    is_told = capture.http_status and codes.too_fast
    return capture.http_status in _THROTTLED or bool(
        is_told and code_and_text(capture, codes)[0] in codes.too_fast
    )


def retry_after_ms(capture: Capture, codes: CodeTable, *, venue_now: datetime | None = None) -> int:
    """Return for how long the venue wants silence, 0 when it does not say.

    A header tells whole seconds, milliseconds or an instant, a text an instant; the latest end
    holds.
    *venue_now* is the venue's clock at the answer; without it ours stands for it.
    """
    if not wants_silence(capture, codes):
        return 0
    now_ms = milliseconds(venue_now or capture.answered_at)
    said = capture.headers.get("retry-after", "")
    wanted = int(said[:9]) * 1000 if said.isascii() and said.isdigit() else 0
    body = capture.body[:_TEXT_MAX].decode("utf-8", errors="replace")
    if found := _BANNED_UNTIL.search(body):
        wanted = max(wanted, int(found[1]) - now_ms + _BAN_GUARD_MS)
    until = capture.headers.get(codes.silent_until_header, "")
    if _INSTANT.fullmatch(until):
        wanted = max(wanted, int(until) - now_ms + _BAN_GUARD_MS)
    length = capture.headers.get(codes.silent_for_header, "")
    if length.isascii() and length.isdigit():
        wanted = max(wanted, int(length[:9]))
    return wanted


def evidence_of(capture: Capture, *, code: str, text: str) -> Evidence:
    """Return what the ledger keeps of an answer."""
    return Evidence(
        sent_at=capture.sent_at,
        answered_at=capture.answered_at,
        http_status=capture.http_status,
        code=code,
        message=scrubbed(capture.cause or text)[:_TEXT_MAX],
        handed_to_socket=capture.handed_to_socket,
    )


def _unsent(now: datetime, cause: BaseException | None) -> Evidence:
    """Return the record of a call that ended before the transport."""
    told = "" if cause is None else f"{type(cause).__name__}: {cause}"
    return Evidence(
        sent_at=now,
        answered_at=now,
        http_status=0,
        code="",
        message=scrubbed(told)[:_TEXT_MAX],
        handed_to_socket=False,
    )
