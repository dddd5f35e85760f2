"""What ccxt signs with the two kinds of keys of Coinbase, held against the facts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as wire
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from trimtab.adapters.wire.ccxt_import import exchange_class
from trimtab.venues.facts import Market
from trimtab.venues.known import KNOWN

NAME = "organizations/11111111-2222/apiKeys/33333333-4444"
NOW_S, LATE_MS = 1_796_000_000, 5_000
"""What the machine's clock shows, and by how much it was measured to be ahead."""
FENCE = KNOWN["coinbase"].markets[Market.SPOT].fence
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()


def pem(form: wire.PrivateFormat) -> str:
    return CURVE.private_bytes(wire.Encoding.PEM, form, wire.NoEncryption()).decode()


def edwards() -> str:
    """Return the private and the public half, as a key of that kind is handed out."""
    half = EDWARDS.private_bytes(
        wire.Encoding.Raw, wire.PrivateFormat.Raw, wire.NoEncryption()
    ) + EDWARDS.public_key().public_bytes(wire.Encoding.Raw, wire.PublicFormat.Raw)
    return base64.b64encode(half).decode()


def headers(secret: str, body: dict[str, Any]) -> dict[str, str]:
    name = NAME if secret.startswith("-----") else "33333333-4444"
    made = exchange_class("coinbase")({"apiKey": name, "secret": secret})
    made.options["timeDifference"] = LATE_MS
    made.seconds = lambda: NOW_S
    signed: dict[str, str] = made.sign("brokerage/orders", ["v3", "private"], "POST", body).pop(
        "headers"
    )
    return signed


def opened(text: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))
    return told


SECRETS = {
    "SEC1": pem(wire.PrivateFormat.TraditionalOpenSSL),
    "SEC1 without its last line end": pem(wire.PrivateFormat.TraditionalOpenSSL).rstrip(),
    "PKCS8": pem(wire.PrivateFormat.PKCS8),
    "Ed25519": edwards(),
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_each_kind_of_key_signs_a_token_that_ends_when_the_facts_say(secret: str) -> None:
    head, claims, signature = headers(secret, {"side": "BUY"})["Authorization"][7:].split(".")
    told, raw = opened(claims), base64.urlsafe_b64decode(signature + "==")
    assert told[FENCE.name] - told["nbf"] == FENCE.default_s
    assert told["nbf"] == NOW_S  # What was measured does not count.
    if opened(head)["alg"] == "EdDSA":
        EDWARDS.public_key().verify(raw, f"{head}.{claims}".encode())
        return
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    rule = ec.ECDSA(hashes.SHA256())
    CURVE.public_key().verify(encode_dss_signature(*numbers), f"{head}.{claims}".encode(), rule)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_what_is_asked_for_is_not_in_what_is_signed(secret: str) -> None:
    claims = opened(headers(secret, {"side": "BUY"})["Authorization"].split(".")[1])
    where = claims.get("uri") or claims["uris"][0]
    assert where == "POST api.coinbase.com/api/v3/brokerage/orders"
    assert "BUY" not in json.dumps(claims)


def test_a_secret_as_json_writes_it_is_not_read() -> None:
    written = pem(wire.PrivateFormat.PKCS8).replace("\n", "\\n")
    with pytest.raises(ValueError, match="PEM"):
        headers(written, {"side": "BUY"})


def test_a_secret_of_another_kind_is_signed_the_old_way() -> None:
    assert "CB-ACCESS-SIGN" in headers("c2VjcmV0c2VjcmV0", {"side": "BUY"})


async def test_an_answer_that_says_nothing_is_no_error_to_ccxt() -> None:
    made = exchange_class("coinbase")({"apiKey": NAME, "secret": SECRETS["PKCS8"]})

    async def empty(_: object) -> dict[str, object]:
        return {}

    made.set_markets([])
    made.market = lambda _: {"id": "BTC-USD", "symbol": "BTC/USD", "spot": True}
    made.amount_to_precision = made.price_to_precision = lambda _, text: text
    made.v3PrivatePostBrokerageOrders = empty
    given = {"timeInForce": "IOC", "client_order_id": "ab" * 14}
    answered = await made.create_order("BTC/USD", "limit", "buy", "1", "60000", given)
    await made.close()
    assert answered["id"] is None
