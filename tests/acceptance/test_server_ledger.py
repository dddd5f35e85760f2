"""The command with its ledger on a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from tests.acceptance.dominance import ALLOWED
from tests.contract.server_cases import address, asked, needs_server, own_schema, schema_in
from trimtab.adapters.ledger.holding import locked_at
from trimtab.adapters.ledger.site import site_of

CANARY = "hunter2canary"
CONFIG_ON_SERVER = CONFIG.replace("sqlite:///{folder}/ledger.db", "SERVER")
NOBODY = "postgresql+psycopg://ada@127.0.0.1:1/trimtab"


@pytest.fixture
def url() -> Iterator[str]:
    with own_schema() as made:
        yield made


def without_password(url: str) -> str:
    """Return the URL as it may stand in a file."""
    return url.replace(f":{address().password}@", "@")


@pytest.fixture
async def on_server(account_at: AccountAt, url: str) -> Account:
    """Return the drifted account, its ledger on the server and the password in PGPASSFILE."""
    account = await account_at(config=CONFIG_ON_SERVER.replace("SERVER", without_password(url)))
    passfile = account.folder / "pgpass"
    passfile.write_text(f"*:*:*:*:{address().password}\n", encoding="utf-8")
    passfile.chmod(0o600)
    os.environ["PGPASSFILE"] = str(passfile)
    return account


def checks(told: Ended) -> dict[str, dict[str, str]]:
    """Return what ``doctor --json`` found, by check."""
    return {c["check"]: c for c in told.document["checks"]}


@needs_server
async def test_a_whole_run_is_recorded_proved_and_exported(on_server: Account, url: str) -> None:
    ran = await on_server.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    # What the fixture asks of a file at the end is asked of the server here.
    on_server.by_others.extend(name for (name,) in asked(ALLOWED, schema=schema_in(url)))
    fills = (await on_server.trimtab("ledger", "fills", "--json")).document
    assert sorted(f["quantity"] for f in fills) == sorted(
        f["quantity"] for f in on_server.exchange.truth()["fills"]
    )
    for words in (["verify"], ["export", "--format", "beancount"]):
        ended = await on_server.trimtab("ledger", *words)
        assert ended.code == 0, ended.text
        assert (address().password or "") not in ended.text
    assert (await on_server.trimtab("reconcile")).code == 0
    asked("ALTER TABLE entries DISABLE TRIGGER entries_no_delete", schema=schema_in(url))
    bad = await on_server.trimtab("ledger", "verify")
    assert bad.code == 1
    assert "trigger entries_no_delete: was changed" in bad.stdout


@needs_server
async def test_doctor_looks_at_the_server_and_names_who_holds_the_account(
    on_server: Account, url: str
) -> None:
    await on_server.trimtab("plan")
    sound = checks(await on_server.trimtab("doctor", "--json"))
    assert sound["ledger"]["outcome"] == sound["lock"]["outcome"] == "pass"
    assert sound["disk"]["outcome"] == "not_checked"
    assert "postgresql://trimtab@127.0.0.1" in sound["ledger"]["found"]
    with locked_at(site_of(url), "another run"):
        told = await on_server.trimtab("doctor", "--json")
        ran = await on_server.trimtab("run", "--execute", "--yes")
    assert checks(told)["lock"]["outcome"] == "warn"
    assert "another run" in checks(told)["lock"]["found"]
    assert ran.code == 8
    assert "another run" in ran.text


@needs_server
async def test_a_ledger_of_another_account_is_wrong_input(on_server: Account) -> None:
    await on_server.trimtab("ledger", "plans")
    ended = await on_server.trimtab("ledger", "plans", "--set", "account.name=other")
    assert ended.code == 2
    assert "is of binance main local" in ended.stderr


@needs_server
async def test_a_password_that_is_wrong_is_told_without_it(on_server: Account) -> None:
    in_url = address().set(password=CANARY).render_as_string(hide_password=False)
    for variables, words in (
        ({"PGPASSWORD": CANARY}, ["ledger", "verify"]),
        ({"TRIMTAB__LEDGER__URL": in_url}, ["--log-level", "debug", "status"]),
    ):
        ended = await on_server.trimtab(*words, variables=variables)
        assert ended.code == 8, ended.text
        assert "does not accept the password" in ended.stderr
        assert "PGPASSFILE" in ended.stderr
        assert CANARY not in ended.text
    for words in (["config", "show", "--json"], ["doctor", "--json"]):
        ended = await on_server.trimtab(*words, variables={"TRIMTAB__LEDGER__URL": in_url})
        assert CANARY not in ended.text
        assert has_no_traceback(ended)


async def test_a_server_that_is_down_ends_with_eight_and_the_next_command(
    account_at: AccountAt,
) -> None:
    account = await account_at(config=CONFIG_ON_SERVER.replace("SERVER", NOBODY))
    checked = await account.trimtab("config", "check")
    assert checked.code == 0, checked.text
    for words in (["ledger", "plans"], ["ledger", "verify"], ["run", "--execute", "--yes"]):
        ended = await account.trimtab(*words)
        assert ended.code == 8, ended.text
        assert "postgresql://ada@127.0.0.1:1/trimtab" in ended.stderr
        assert "cannot be reached" in ended.stderr
        assert "next: see that the server runs" in ended.stderr
        assert has_no_traceback(ended)
    assert account.mutations() == 0
    told = await account.trimtab("doctor", "--json")
    assert (told.code, checks(told)["ledger"]["outcome"]) == (1, "fail")


async def test_a_password_in_the_file_is_refused_where_it_stands(account_at: AccountAt) -> None:
    text = CONFIG_ON_SERVER.replace("SERVER", f"postgresql://ada:{CANARY}@127.0.0.1/trimtab")
    account = await account_at(config=text)
    told = await account.trimtab("config", "check", "--json")
    (fault,) = told.document["error"]["faults"]
    assert told.code == 2
    assert (fault["key"], fault["line"]) == (
        "ledger.url",
        text.split('url = "postgres')[0].count("\n") + 1,
    )
    assert "PGPASSFILE" in fault["fix"]
    assert CANARY not in told.text


async def test_a_program_without_the_driver_says_how_to_get_it(
    account_at: AccountAt, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden" / "psycopg"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('not installed')", encoding="utf-8")
    account = await account_at(config=CONFIG_ON_SERVER.replace("SERVER", NOBODY))
    path = os.pathsep.join([str(hidden.parent), os.environ["PYTHONPATH"]])
    for words in (["ledger", "plans"], ["ledger", "verify"]):
        ended = await account.trimtab(*words, variables={"PYTHONPATH": path})
        assert ended.code == 2, ended.text
        assert "needs psycopg" in ended.stderr
        assert "trimtab[postgres]" in ended.stderr
