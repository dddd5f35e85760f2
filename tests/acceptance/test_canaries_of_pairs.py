"""No part of a secret of several lines in anything that a command leaves, in whatever form."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as wire
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.acceptance.canaries import hits, left_in, needles
from tests.acceptance.conftest import Ended, has_no_traceback, trimtab
from tests.acceptance.test_venues import COINBASE

KEY = "organizations/cAnArY-1111/apiKeys/3c9e7f-cAnArY"
CURVE = ec.derive_private_key(0x5EC2E7C0FFEE << 128 | 0xC0FFEE, ec.SECP256R1())
PEM = CURVE.private_bytes(
    wire.Encoding.PEM, wire.PrivateFormat.TraditionalOpenSSL, wire.NoEncryption()
).decode()
EDWARDS = base64.b64encode(
    ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))).private_bytes(
        wire.Encoding.Raw, wire.PrivateFormat.Raw, wire.NoEncryption()
    )
).decode()
WRITTEN = json.dumps(PEM)[1:-1]
BODY = re.sub(r"-----[A-Z ]+-----|\n", "", PEM)
FORMS = (PEM, WRITTEN, BODY, EDWARDS, *PEM.splitlines()[1:-1])
NEEDLES = frozenset[bytes]().union(*(needles(form) for form in FORMS))
SECRETS = {
    "PEM": PEM,
    "on one line": WRITTEN,
    "Ed25519": EDWARDS,
    "a line less": "\n".join(PEM.splitlines()[:2] + PEM.splitlines()[3:]),
    "a space in it": PEM.replace("\n", " \n", 2),
    "something behind": f"{PEM}{PEM[40:90]}",
    "base64 and more": f"{EDWARDS}{EDWARDS}",
}
COMMANDS = (
    ("--log-level", "debug", "status", "--json"),
    ("--log-level", "debug", "run"),
    ("doctor",),
    ("reconcile", "--json"),
    ("halt",),
    ("run", "--execute", "--json"),
    ("config", "show", "--json"),
    ("ledger", "events", "--json"),
)


async def ended(folder: Path, secret: str, *words: str) -> Ended:
    variables = {"TRIMTAB__VENUE__API_KEY": KEY, "TRIMTAB__VENUE__API_SECRET": secret}
    return await trimtab(words, folder=folder, variables=variables)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
async def test_no_command_shows_any_part_of_it_whether_it_signs_or_not(
    tmp_path: Path, secret: str
) -> None:
    (tmp_path / "trimtab.toml").write_text(COINBASE.format(folder=tmp_path), encoding="utf-8")
    shown = [await ended(tmp_path, secret, *words) for words in COMMANDS]
    assert all(has_no_traceback(each) for each in shown)
    whole = b"".join(each.text.encode() for each in shown) + left_in(tmp_path)
    assert hits(whole, NEEDLES) == []
    (tmp_path / "leak").write_text(f"an honest line with {PEM[70:90]} in it", encoding="utf-8")
    assert hits(left_in(tmp_path), NEEDLES), "the search finds what is there"
