"""A secret of several lines is stored in each form in which it is handed out, and never shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as wire
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.acceptance.canaries import hits, needles
from tests.unit.config.conftest import Load
from tests.unit.config.texts import text_with
from trimtab.adapters.wire.ccxt_import import exchange_class
from trimtab.config.key_pairs import private_half
from trimtab.config.secrets import credentials
from trimtab.config.starter import starter
from trimtab.domain.errors import ConfigError
from trimtab.domain.references import ReferenceSource
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Environment

COINBASE = (
    ("venue", 'id = "coinbase"'),
    ("venue", 'environment = "live"'),
    ("venue", 'markets = ["spot"]'),
)
PEM, RAW, NO = wire.Encoding.PEM, wire.Encoding.Raw, wire.NoEncryption()
CURVE = ec.derive_private_key(0xC0FFEE5EC2E7, ec.SECP256R1())
SEC1 = CURVE.private_bytes(PEM, wire.PrivateFormat.TraditionalOpenSSL, NO).decode()
PKCS8 = CURVE.private_bytes(PEM, wire.PrivateFormat.PKCS8, NO).decode()
EDWARDS = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SEED = EDWARDS.private_bytes(RAW, wire.PrivateFormat.Raw, NO)
BOTH = SEED + EDWARDS.public_key().public_bytes(RAW, wire.PublicFormat.Raw)
ED_PEM = EDWARDS.private_bytes(PEM, wire.PrivateFormat.PKCS8, NO).decode()
OTHER_CURVE = (
    ec.derive_private_key(7, ec.SECP256K1())
    .private_bytes(PEM, wire.PrivateFormat.PKCS8, NO)
    .decode()
)
GOOD: dict[str, tuple[str, str]] = {
    "SEC1": (SEC1, SEC1),
    "PKCS8": (PKCS8, PKCS8),
    "without the last line end": (SEC1.rstrip(), SEC1),
    "line ends of Windows": (SEC1.replace("\n", "\r\n"), SEC1),
    "as JSON writes it": (json.dumps(SEC1)[1:-1], SEC1),
    "as JSON writes it, no last end": (json.dumps(SEC1.rstrip())[1:-1], SEC1),
    "Ed25519, both halves": (base64.b64encode(BOTH).decode(), base64.b64encode(BOTH).decode()),
    "Ed25519, the seed": (base64.b64encode(SEED).decode(), base64.b64encode(SEED).decode()),
}
BAD = {
    "a space in a line": SEC1[:60] + " " + SEC1[61:],
    "a space behind a line": SEC1.replace("\n", " \n", 2),
    "a tab": SEC1.replace("\n", "\n\t", 1),
    "an empty line": SEC1.replace("\n", "\n\n", 2),
    "something before": f"secret: {SEC1}",
    "something behind": f"{SEC1}and more\n",
    "two of them": SEC1 + PKCS8,
    "another end": SEC1.replace("END EC", "END RSA"),
    "encrypted": SEC1.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n", 1),
    "a null": SEC1.replace("\n", "\x00\n", 2),
    "Ed25519 in PEM": ED_PEM,
    "another curve": OTHER_CURVE,
    "base64 with a line break": base64.b64encode(BOTH).decode().replace("A", "A\n", 1),
    "base64 of something else": base64.b64encode(BOTH + SEED).decode(),
    "the old kind": "c2VjcmV0c2VjcmV0",
}


@pytest.mark.parametrize(("given", "kept"), GOOD.values(), ids=GOOD)
def test_each_form_is_kept_as_it_signs(load: Load, given: str, kept: str) -> None:
    environ = {"TRIMTAB__VENUE__API_KEY": "the-key", "TRIMTAB__VENUE__API_SECRET": given}
    found = credentials(load(text_with(*COINBASE)), environ, use=KeyUse.READ)
    assert found.api_secret.reveal() == kept
    made = exchange_class("coinbase")({"apiKey": "organizations/1", "secret": kept})
    assert "Authorization" in made.sign("brokerage/time", ["v3", "private"], "GET", {})["headers"]
    assert hits(f"{found!r} {found}".encode(), needles(kept)) == []


def test_lines_are_read_from_a_file_and_for_the_key_that_only_reads(
    load: Load, tmp_path: Path
) -> None:
    for name, text in (("key", "the-key"), ("secret", SEC1)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    environ = {
        "TRIMTAB__VENUE__READ_API_KEY_FILE": str(tmp_path / "key"),
        "TRIMTAB__VENUE__READ_API_SECRET_FILE": str(tmp_path / "secret"),
    }
    found = credentials(load(text_with(*COINBASE)), environ, use=KeyUse.READ)
    assert (found.api_secret.reveal(), found.use) == (SEC1, KeyUse.READ)


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_what_does_not_sign_is_refused_and_nothing_of_it_is_shown(load: Load, given: str) -> None:
    environ = {"TRIMTAB__VENUE__API_KEY": "the-key", "TRIMTAB__VENUE__API_SECRET": given}
    with pytest.raises(ConfigError, match="api_secret from environment") as raised:
        credentials(load(text_with(*COINBASE)), environ, use=KeyUse.READ)
    assert raised.value.next_step == "set the key, then trimtab doctor"
    assert raised.value.__cause__ is None
    assert hits(f"{raised.value!r}".encode(), needles(given)) == []
    with pytest.raises(ValueError, match=r"PEM|Ed25519|belong"):
        private_half(given)


@pytest.mark.parametrize("part", ["API_KEY", "API_SECRET"])
def test_line_breaks_are_refused_everywhere_else(load: Load, part: str) -> None:
    elsewhere = text_with(("venue", 'environment = "live"'))
    environ = {"TRIMTAB__VENUE__API_KEY": "the-key", "TRIMTAB__VENUE__API_SECRET": "the-secret"}
    with pytest.raises(ConfigError, match="white space") as raised:
        credentials(load(elsewhere), environ | {f"TRIMTAB__VENUE__{part}": SEC1}, use=KeyUse.READ)
    assert hits(f"{raised.value!r}".encode(), needles(SEC1)) == []
    pair = {"TRIMTAB__VENUE__API_KEY": "the\nkey", "TRIMTAB__VENUE__API_SECRET": SEC1}
    with pytest.raises(ConfigError, match="api_key from environment has white space"):
        credentials(load(text_with(*COINBASE)), pair, use=KeyUse.READ)


def test_the_starter_loads_and_says_in_which_forms_the_secret_is_taken(load: Load) -> None:
    text = starter("moderate", venue="coinbase", environment=Environment.LIVE)
    assert 'quote = "USDC"' in text
    assert "written as \\n on one line" in text
    assert "PEM" not in starter("moderate", venue="bybit", environment=Environment.LIVE)
    assert load(text).key.environment is Environment.LIVE


def test_a_venue_that_is_a_source_of_prices_is_not_asked_for_independent_ones(
    load: Load, faults: Callable[..., list[object]]
) -> None:
    config = load(text_with(*COINBASE))
    assert config.policy.references.sources == (ReferenceSource.KRAKEN, ReferenceSource.BITSTAMP)
    named = ("references", 'sources = ["coinbase", "kraken"]')
    (fault,) = faults(text_with(*COINBASE, named))
    assert "is the venue itself" in str(fault)
