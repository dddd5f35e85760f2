"""Keys through the command line: two of them, judged before anything is sent, never dumped."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from tests.acceptance.conftest import Account, AccountAt, Ended, has_no_traceback
from trimtab.testnet import Scenario
from trimtab.testnet.interventions import grant
from trimtab.testnet.scenario import Credential, rights_of

RUN = ("run", "--execute", "--yes", "--json")
TRADING = {
    "TRIMTAB__VENUE__API_KEY": "trading-key",
    "TRIMTAB__VENUE__API_SECRET": "trading-secret",
}
READING = {
    "TRIMTAB__VENUE__READ_API_KEY": "reading-key",
    "TRIMTAB__VENUE__READ_API_SECRET": "reading-secret",
}


def telling(*rights: str) -> Scenario:
    """Return the drifted account on a host that tells what the local key may do."""
    key = Credential(key="local-key", secret="local-secret", rights=rights_of(rights))
    served = frozenset({"api_restrictions"})
    return dataclasses.replace(Scenario.drifted(), serves=served, credentials=(key,))


def two_keys(*, reading: Iterable[str], trading: Iterable[str]) -> Scenario:
    """Return the drifted account with a key that reads and one that trades."""
    pairs = (
        Credential(key="reading-key", secret="reading-secret", rights=rights_of(reading)),
        Credential(key="trading-key", secret="trading-secret", rights=rights_of(trading)),
    )
    served = frozenset({"api_restrictions"})
    return dataclasses.replace(Scenario.drifted(), serves=served, credentials=pairs)


def finding(ended: Ended) -> dict[str, Any]:
    """Return what the gate says of the key."""
    found: list[dict[str, Any]] = ended.document["gate"]["findings"]
    (key,) = (each for each in found if each["check"] == "key_rights")
    return key


def line(ended: Ended, check: str) -> dict[str, Any]:
    """Return one line of the doctor."""
    found: list[dict[str, Any]] = ended.document["checks"]
    (one,) = (each for each in found if each["check"] == check)
    return one


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        (("read", "trade", "withdraw"), "may withdraw"),
        (("read", "trade", "transfer_out"), "may move funds to another account"),
        (("read", "trade", "margin", "options"), "may borrow on margin and trade options"),
        (("read", "futures"), "may not trade spot"),
    ],
    ids=["withdraw", "transfer_out", "margin", "no_spot"],
)
async def test_a_key_with_too_many_or_too_few_rights_is_refused_before_anything_is_sent(
    account_at: AccountAt, rights: tuple[str, ...], words: str
) -> None:
    account = await account_at(telling(*rights))
    ended = await account.trimtab(*RUN)
    assert ended.code == 3, ended.text
    assert (finding(ended)["verdict"], words in finding(ended)["reason"]) == ("refuse", True)
    assert account.mutations() == 0
    told = await account.trimtab("doctor", "--json")
    assert (told.code, line(told, "key_rights")["outcome"]) == (1, "fail")
    assert words.split(" and ", maxsplit=1)[0] in line(told, "key_rights")["found"]


async def test_a_key_in_order_runs_and_one_that_no_address_binds_runs_with_a_warning(
    account_at: AccountAt,
) -> None:
    account = await account_at(telling("read", "trade"))
    planned = await account.trimtab("plan", "--json")
    assert (planned.code, finding(planned)["verdict"]) == (0, "pass")
    grant(account.exchange.exchange.state, key="local-key", rights=["read", "trade", "any_address"])
    ended = await account.trimtab(*RUN)
    assert (ended.code, finding(ended)["verdict"]) == (0, "warn")
    assert account.mutations() > 0


async def test_where_the_host_does_not_tell_the_gate_says_not_checked(account: Account) -> None:
    planned = await account.trimtab("plan", "--json")
    assert (finding(planned)["verdict"], finding(planned)["measured"]) == ("pass", "not checked")


async def test_a_right_that_was_added_since_the_approval_stops_the_saved_plan(
    account_at: AccountAt,
) -> None:
    account = await account_at(telling("read", "trade"))
    digest = (await account.trimtab("plan", "--json")).document["plan"]["digest"]
    assert (await account.trimtab("approve", digest)).code == 0
    grant(account.exchange.exchange.state, key="local-key", rights=["read", "trade", "withdraw"])
    ended = await account.trimtab(*RUN, "--plan", digest)
    assert ended.code == 3, ended.text
    assert "may withdraw" in ended.document["execution"]["note"]
    assert account.mutations() == 0


async def test_looking_uses_the_key_that_only_reads_and_sending_the_one_that_trades(
    account_at: AccountAt,
) -> None:
    account = await account_at(two_keys(reading=["read"], trading=["read", "trade"]))
    both = {**TRADING, **READING}
    for words in (["status"], ["plan"], ["run"], ["reconcile"], ["doctor"]):
        ended = await account.trimtab(*words, "--json", variables=READING)
        assert ended.code == 0, ended.text
    assert "that only reads" in line(ended, "key")["found"]
    assert "the key to read may read;" in line(ended, "key_rights")["found"]
    alone = await account.trimtab(*RUN, variables={"TRIMTAB__VENUE__READ_API_KEY": "half"})
    assert alone.code == 7, alone.text  # The documented pair trades, and is no key here.
    ended = await account.trimtab(*RUN, variables=both)
    assert ended.code == 0, ended.text
    assert account.mutations() > 0


async def test_a_plan_of_the_key_that_only_reads_is_judged_anew_by_the_key_that_trades(
    account_at: AccountAt,
) -> None:
    account = await account_at(two_keys(reading=["read"], trading=["read"]))
    both = {**TRADING, **READING}
    planned = await account.trimtab("plan", "--json", variables=both)
    assert (planned.code, finding(planned)["verdict"]) == (0, "pass")
    digest = planned.document["plan"]["digest"]
    ended = await account.trimtab(*RUN, "--plan", digest, variables=both)
    assert ended.code == 3, ended.text
    assert "may not trade spot" in ended.document["execution"]["note"]
    assert account.mutations() == 0


async def test_half_a_key_that_only_reads_ends_with_two_and_asks_nobody(account: Account) -> None:
    half = {"TRIMTAB__VENUE__READ_API_KEY": "canary-half"}
    ended = await account.trimtab("plan", variables=half)
    assert ended.code == 2
    assert "no read_api_secret; set read_api_secret there too" in ended.stderr
    assert has_no_traceback(ended)
    assert "canary" not in ended.text
    assert account.exchange.truth()["requests"] == []


async def test_a_key_file_in_a_folder_that_others_may_write_to_is_refused(
    account: Account,
) -> None:
    for name in ("key", "secret"):
        (account.folder / name).write_text("canary-in-a-file")
        (account.folder / name).chmod(0o600)
    account.folder.chmod(0o777)
    files = {
        "TRIMTAB__VENUE__API_KEY_FILE": str(account.folder / "key"),
        "TRIMTAB__VENUE__API_SECRET_FILE": str(account.folder / "secret"),
    }
    ended = await account.trimtab("status", variables=files)
    account.folder.chmod(0o700)
    assert ended.code == 2
    assert "others may replace it; chmod 700 that" in ended.stderr
    assert "canary" not in ended.text


def core_limit_of(process_id: int) -> str:
    """Return the line of the kernel that says how large a dump may be."""
    limits = Path(f"/proc/{process_id}/limits").read_text(encoding="ascii")
    (row,) = (each for each in limits.splitlines() if each.startswith("Max core file size"))
    return row


async def test_a_command_that_holds_a_key_can_leave_no_core_dump(account: Account) -> None:
    process = await account.started("run", "--execute")
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while "Type" not in (told := (await process.stderr.read(4096)).decode()):
            assert told, "it ended before it asked"
    row = core_limit_of(process.pid)
    process.kill()
    await process.wait()
    assert row.split()[4:6] == ["0", "0"]


@asynccontextmanager
async def passed_on(account: Account) -> AsyncIterator[str]:
    """Listen on loopback and pass every request on, as a tunnel to an exchange does."""

    async def relay(request: web.Request) -> web.Response:
        async with ClientSession(auto_decompress=False) as session:
            url = f"{account.exchange.url}{request.raw_path}"
            body = await request.read()
            async with session.request(
                request.method, url, data=body, headers=request.headers
            ) as answer:
                kept = {k: v for k, v in answer.headers.items() if k.lower().startswith("x-mbx")}
                kind = answer.content_type
                return web.Response(
                    status=answer.status, body=await answer.read(), headers=kept, content_type=kind
                )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", relay)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_what_listens_on_loopback_and_is_no_local_exchange_is_told(account: Account) -> None:
    async with passed_on(account) as url:
        told = await account.trimtab("doctor", "--json", "--set", f"venue.url={url}")
    truth = line(told, "host_truth")
    assert (told.code, truth["outcome"]) == (1, "fail")
    assert "does not say that it is a local exchange" in truth["found"]
    assert line(told, "venue")["outcome"] == "pass"
