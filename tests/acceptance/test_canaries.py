"""No byte of a secret in anything that a command leaves: planted ones are looked for everywhere.

The exchange of these tests knows no other key than the planted one, so that every request of
every scene is signed with it.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.acceptance.canaries import hits, left_in, needles
from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from trimtab.testnet import Exchange, Fault, Kind, Scenario
from trimtab.testnet.scenario import Credential
from trimtab.testnet.signing import signature_of
from trimtab.testnet.wire import Answer, Request

KEY = "cAnArYkEy7Q2mXz9LbVt4RwPn8HsGd3JfUo6TyEi1CkWq5M"
SECRET = "cAnArYsEcReT/8Vd+2Nq6Lx1Zr9Bf4Ht7Kp3Wm5Jg0SyUc"
PASSWORD = "cAnArYpAsSwOrD%4e&8u=1y?6T9r3Q7w5E2z"
HOOK = "cAnArYhOoKT0A1B2C3D4E5F6G7H8"
REPLIES = "CANARYREPLYSECRET2345MNBVCXZ7QWTYP"
PLANTED = {
    "TRIMTAB__NOTIFY__REPLY_SECRET": REPLIES,
    "TRIMTAB__VENUE__API_KEY": KEY,
    "TRIMTAB__VENUE__API_SECRET": SECRET,
    "TRIMTAB__VENUE__PASSWORD": PASSWORD,
}
NEEDLES = frozenset[bytes]().union(*(needles(s) for s in (KEY, SECRET, PASSWORD, HOOK, REPLIES)))
READS, ORDERS = "/api/v3/account", "/api/v3/order"
HEARD = """
[notify]
channels = ["ntfy"]
ntfy_url = "http://127.0.0.1:9"
ntfy_topic = "told"
replies = ["ntfy"]
ntfy_reply_topic = "answers"
"""
"""Replies are read, with the planted secret, from where nobody answers."""
SCENES = (*Kind, "wrong", "unsent")


class Signed(Exchange):
    """The local exchange, which also keeps the signature of everything it is sent."""

    signatures: frozenset[bytes] = frozenset()

    def respond(self, request: Request) -> Answer:
        """Answer as ever, and note what signed the request."""
        given = request.params().get("signature", "")
        if given:
            right = signature_of(SECRET, query=request.query, body=request.body)
            self.signatures |= {given.encode(), right.encode()}
        return super().respond(request)


@pytest.fixture
def planted(account_at: AccountAt) -> Callable[[], object]:
    """Serve the drifted account to the planted key alone, and keep every signature."""

    async def open_planted(config: str = CONFIG) -> Account:
        pair = (Credential(key=KEY, secret=SECRET),)
        account = await account_at(
            dataclasses.replace(Scenario.drifted(), credentials=pair), config=config
        )
        account.exchange.exchange.__class__ = Signed
        return account

    return open_planted


def found_in(account: Account, *ended: Ended) -> list[bytes]:
    """Return every form of a secret or a signature in output and files."""
    whole = b"".join(each.text.encode() for each in ended) + left_in(account.folder)
    exchange = account.exchange.exchange
    assert isinstance(exchange, Signed)
    return [*hits(whole, NEEDLES), *hits(whole, exchange.signatures)]


def faults(scene: Kind) -> Iterator[Fault]:
    """Yield one fault of a read and one of an order."""
    echoed = f"Signature for apiKey={KEY} is not valid."  # Some answers repeat what was sent.
    told = f'{{"code": -1022, "msg": "{echoed}"}}'
    for method, path in (("GET", READS), ("POST", ORDERS)):
        yield Fault(kind=scene, method=method, path=path, seconds="0.2", status=400, body=told)


@pytest.mark.parametrize("scene", SCENES, ids=str)
async def test_no_fault_of_the_catalogue_brings_a_secret_to_light(
    planted: Callable[[], object], scene: Kind | str
) -> None:
    account = await planted()  # type: ignore[misc]  # It is a coroutine function.
    keys = dict(PLANTED)
    if scene == "wrong":
        keys["TRIMTAB__VENUE__API_SECRET"] = SECRET[::-1]
    elif scene == "unsent":
        await account.exchange.stop()
    else:
        for fault in faults(Kind(scene)):
            account.exchange.inject(fault)
    words = ("run", "--execute", "--yes", "--log-level", "debug")
    shown = await account.trimtab(*words, variables=keys)
    told = await account.trimtab(*words, "--json", variables=keys)
    assert has_no_traceback(shown), shown.text
    assert found_in(account, shown, told) == []
    if scene != "unsent":
        assert account.exchange.exchange.signatures


async def test_nothing_that_only_looks_or_exports_brings_a_secret_to_light(
    planted: Callable[[], object],
) -> None:
    heard = CONFIG + HEARD
    account = await planted(heard)  # type: ignore[operator,misc]  # It is a coroutine function.
    hook = f'account.hook="https://hooks.example/{HOOK}"'
    commands = (
        ("run", "--execute", "--yes", "--json"),
        ("doctor",),
        ("notify", "replies", "--json"),
        ("notify", "enrol", "--file", "kept"),
        ("config", "show", "--json"),
        ("config", "check", "--set", hook),
        ("ledger", "events", "--json"),
        ("ledger", "orders", "--json"),
        ("ledger", "export"),
        ("reconcile", "--json"),
        ("--log-level", "debug", "status", "--json"),
    )
    database = f"postgresql+psycopg://me:{HOOK}@127.0.0.1:1/none"
    ended = [await account.trimtab(*words, variables=PLANTED) for words in commands]
    ended.append(
        await account.trimtab("status", variables=PLANTED | {"TRIMTAB__LEDGER__URL": database})
    )
    ended.append(await account.trimtab("plan", variables=PLANTED | {"PYTHONASYNCIODEBUG": "1"}))
    assert all(has_no_traceback(each) for each in ended)
    assert found_in(account, *ended) == []


UNMASKED = """
import logging, sys
class Loud(logging.Logger):
    def setLevel(self, level):
        super().setLevel(logging.DEBUG)
logging.setLoggerClass(Loud)
"""


async def test_the_search_finds_what_a_broken_mask_lets_through(
    planted: Callable[[], object], tmp_path: Path
) -> None:
    account = await planted()  # type: ignore[misc]  # It is a coroutine function.
    loud = tmp_path / "loud"
    loud.mkdir()
    (loud / "usercustomize.py").write_text(UNMASKED, encoding="utf-8")
    (loud / "sitecustomize.py").write_text(UNMASKED, encoding="utf-8")
    variables = PLANTED | {"PYTHONPATH": str(loud)}
    shown = await account.trimtab("status", "--log-level", "debug", variables=variables)
    found = found_in(account, shown)
    assert KEY[:12].encode() in found
    assert any(signature in found for signature in account.exchange.exchange.signatures)


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.encode(),
        lambda text: text[10:25].encode(),
        lambda text: text[::-1].encode(),
        lambda text: text[::-1][3:20].encode(),
        lambda text: text.encode().hex().encode(),
        lambda text: text.encode().hex().upper().encode(),
        lambda text: quote(text, safe="").encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.b64encode(b"x" + text.encode()),
        lambda text: base64.b64encode(b"xy" + text.encode()),
        lambda text: base64.urlsafe_b64encode(b"key=" + text.encode()),
    ],
    ids=[
        "as it is",
        "a part",
        "reversed",
        "a part reversed",
        "hex",
        "upper hex",
        "quoted",
        "base64",
        "base64 after one byte",
        "base64 after two bytes",
        "base64 for a URL",
    ],
)
@pytest.mark.parametrize("secret", [KEY, SECRET, PASSWORD, HOOK, REPLIES])
def test_the_search_finds_each_form(secret: str, form: Callable[[str], bytes]) -> None:
    assert hits(b"before " + form(secret) + b" behind", needles(secret))


def test_the_search_finds_nothing_where_nothing_is() -> None:
    assert hits(b"an honest log line, 0123456789abcdef" * 1000, NEEDLES) == []
