"""One-time codes are those of RFC 6238, near an instant, from a secret that is long enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trimtab.domain.one_time import (
    code_of,
    enrolment_uri,
    secret_bytes,
    secret_text,
    step_of,
    step_proved,
)

SECRET = b"12345678901234567890"
AT = datetime(2026, 11, 29, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        # RFC 6238, appendix B, SHA1: the last six of its eight digits.
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert code_of(SECRET, step_of(at)) == code
    assert step_proved(SECRET, code, at=at) == seconds // 30


@pytest.mark.parametrize(
    ("beside", "is_proved"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_proves_its_own_step_and_only_one_beside_the_instant(
    beside: int, is_proved: bool
) -> None:
    step = step_of(AT) + beside
    proved = step_proved(SECRET, code_of(SECRET, step), at=AT)
    assert proved == (step if is_proved else None)


@pytest.mark.parametrize("code", ["", "00000", "0000000", "abcdef"])
def test_what_is_no_code_proves_nothing(code: str) -> None:
    assert step_proved(SECRET, code, at=AT) is None


@pytest.mark.parametrize("year", [1, 1969, 1970])
def test_a_message_from_before_there_were_steps_proves_nothing(year: int) -> None:
    assert step_proved(SECRET, "000000", at=datetime(year, 1, 1, tzinfo=UTC)) is None


def test_another_secret_proves_nothing() -> None:
    assert step_proved(SECRET[::-1], code_of(SECRET, step_of(AT)), at=AT) is None


def test_a_secret_is_read_as_it_is_typed_and_written_without_padding() -> None:
    text = secret_text(SECRET)
    assert text == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    spaced = " ".join(text[i : i + 4] for i in range(0, len(text), 4)).lower()
    assert secret_bytes(spaced) == SECRET
    odd = b"seventeen bytes!!"
    assert secret_bytes(secret_text(odd)) == odd


@pytest.mark.parametrize(
    "text", ["", "not base32!", "GEZDGNBVGY3TQOJQ", "10101010101010101010", "é"]
)
def test_what_is_no_secret_or_too_short_is_none(text: str) -> None:
    assert secret_bytes(text) is None


def test_the_address_tells_an_app_all_that_it_needs() -> None:
    assert enrolment_uri(SECRET, label="binance main/live") == (
        "otpauth://totp/Trimtab:binance%20main%2Flive?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Trimtab&algorithm=SHA1&digits=6&period=30"
    )
