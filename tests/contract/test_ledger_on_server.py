"""What only a ledger on a server can show: lost sessions, lost answers, a server that refuses."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from psycopg import IntegrityError
from psycopg.errors import UndefinedColumn
from sqlalchemy import make_url, text

from tests.builders import KEY, NOW
from tests.contract.ledger_cases import (
    BTC,
    SELL,
    SNAPSHOT,
    StandingClock,
    fill,
    intent,
    report_on,
    step,
    venue_order,
    yes_to,
)
from tests.contract.other_run import another_process, another_run
from tests.contract.relay import Loss, Relay, relay_to
from tests.contract.server_cases import (
    address,
    asked,
    end_sessions,
    holding_the_writers_lock,
    needs_server,
    own_schema,
    schema_in,
    url_of,
)
from trimtab.adapters.ledger import reads
from trimtab.adapters.ledger.commit import committing
from trimtab.adapters.ledger.driver import WRITES, execute
from trimtab.adapters.ledger.engine import engine_at
from trimtab.adapters.ledger.faults import located
from trimtab.adapters.ledger.pen import Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.server import server_of
from trimtab.adapters.ledger.site import site_of
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger, verify_ledger
from trimtab.domain.errors import AccountHeld, ConfigError, LedgerError
from trimtab.domain.orders import OrderState
from trimtab.ports import PlanStatus

pytestmark = needs_server

APPENDER = """
import asyncio, sys
from tests.builders import KEY, NOW
from tests.contract.ledger_cases import StandingClock
from trimtab.adapters.ledger.sql_ledger import open_ledger

async def append():
    url, name, count = sys.argv[1:]
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(int(count)):
            await ledger.set_halt(f"{name} {number}", by=name, at=NOW)
            print(number, flush=True)

asyncio.run(append())
"""


@pytest.fixture
def url() -> Iterator[str]:
    with own_schema() as made:
        yield made


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[SqlLedger]:
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as opened:
        await opened.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        yield opened


# One run


async def test_a_run_in_another_process_keeps_this_one_out(ledger: SqlLedger, url: str) -> None:
    assert await ledger.holder() is None
    with another_run(url) as process:
        named = f"the other run, process {process.pid}"
        assert await ledger.holder() == named
        with pytest.raises(AccountHeld, match=named):
            async with ledger.holding_account(owner="this run"):
                pytest.fail("two processes hold one account")
        assert process.communicate("go\n")[0] == "begun\n"
    async with ledger.holding_account(owner="this run"):
        assert (await ledger.holder() or "").startswith("this run, process ")
    assert await ledger.holder() is None


async def test_a_ledger_in_another_schema_is_held_by_itself(ledger: SqlLedger, url: str) -> None:
    with own_schema() as other:
        async with (
            ledger.holding_account(owner="this run"),
            open_ledger(other, KEY, dry_run=False, clock=StandingClock()) as beside,
            beside.holding_account(owner="that run"),
        ):
            assert (await beside.holder() or "").startswith("that run")


async def test_a_killed_runs_account_and_intents_are_taken_over_at_once(
    ledger: SqlLedger, url: str
) -> None:
    with another_run(url) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    async with ledger.holding_account(owner="this run"):
        (left,) = await ledger.unresolved()
        assert (left.intent, left.state) == (intent(), OrderState.SUBMITTING)
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])


async def test_a_run_whose_lock_session_was_ended_is_fenced_once_another_took_over(
    ledger: SqlLedger, url: str
) -> None:
    with another_run(url) as process:
        assert end_sessions(f"the other run, process {process.pid}") == 1
        async with ledger.holding_account(owner="this run"):
            assert process.communicate("go\n")[0] == "held by another\n"
            assert len(await ledger.orders(plan_digest=None)) == 1
            await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)
    assert (await ledger.audit.verify()).faults == ()


async def test_a_run_whose_lock_session_was_ended_goes_on_while_nobody_took_over(
    ledger: SqlLedger, url: str
) -> None:
    async with ledger.holding_account(owner="this run"):
        assert end_sessions(f"this run, process {os.getpid()}") == 1
        await ledger.begin([intent()], at=NOW, halt_seen=None)
    async with ledger.holding_account(owner="the next run"):
        assert len(await ledger.unresolved()) == 1


async def test_a_ledger_whose_sessions_were_all_ended_opens_new_ones(
    ledger: SqlLedger, url: str
) -> None:
    assert end_sessions(schema_in(url)) == 2
    await ledger.set_halt("enough", by="ada", at=NOW)
    assert await ledger.halted() == "enough"


# One chain


async def test_processes_that_append_at_once_make_one_chain(ledger: SqlLedger, url: str) -> None:
    names, count = ("ada", "eve", "bob"), 25
    before = len(await ledger.audit.events())
    with ExitStack() as stack:
        starts = [another_process(APPENDER, url, name, str(count)) for name in names]
        appending = [stack.enter_context(start) for start in starts]
        for process in appending:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in appending:
            _go(process)
        for process in appending:
            process.communicate()
            assert process.returncode == 0
    report = await ledger.audit.verify()
    assert report.faults == ()
    assert report.entries == before + len(names) * count


def _go(process: subprocess.Popen[str]) -> None:
    """Tell a process to begin."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


async def test_the_first_openers_of_an_empty_schema_agree_on_one_stamp(url: str) -> None:
    async def opened() -> None:
        async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
            pass

    await asyncio.gather(*(opened() for _ in range(4)))
    report = await verify_ledger(url)
    assert (report.entries, report.faults) == (1, ())


@pytest.mark.parametrize("after", [1, 7, 20])
async def test_a_writer_killed_at_work_leaves_a_sound_chain_with_all_that_it_said(
    url: str, after: int
) -> None:
    with another_process(APPENDER, url, "ada", "100000") as process:
        assert process.stdout is not None
        _go(process)
        told = [process.stdout.readline() for _ in range(after + 1)]
        process.kill()
        told += process.stdout.read().splitlines()
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        halts = [e.body["reason"] for e in await ledger.audit.events() if e.kind == "halt"]
        said = int(told[-1])
        assert halts == [f"ada {n}" for n in range(len(halts))]
        assert len(halts) in (said + 1, said + 2), "The last may be committed and unsaid."
        assert (await ledger.audit.verify()).faults == ()


async def test_what_is_refused_half_done_is_undone_without_the_writes_beside_it(
    ledger: SqlLedger,
) -> None:
    async with ledger.holding_account(owner="test"):
        sets = [[1], [2, 1], [3], [3], [4]]
        results = await asyncio.gather(
            *(
                ledger.begin([intent(attempt=n) for n in each], at=NOW, halt_seen=None)
                for each in sets
            ),
            return_exceptions=True,
        )
        assert [isinstance(r, LedgerError) for r in results] == [False, True, False, True, False]
        begun = await ledger.orders(plan_digest=None)
        assert [o.intent.attempt for o in begun] == [1, 3, 4]
    assert (await ledger.audit.verify()).faults == ()


async def test_a_writer_waits_for_another_only_so_long(ledger: SqlLedger, url: str) -> None:
    with holding_the_writers_lock(schema_in(url)):
        with pytest.raises(LedgerError, match="another process has it locked"):
            await ledger.set_halt("enough", by="ada", at=NOW)
        assert await ledger.halted() is None
    await ledger.set_halt("enough", by="ada", at=NOW)
    assert (await ledger.audit.verify()).faults == ()


async def test_what_the_server_has_undone_is_never_called_done(ledger: SqlLedger) -> None:
    def swallow(pen: Pen) -> None:
        pen.append(EntryKind.HALT, {"reason": "enough", "by": "ada", "at": ""})
        with suppress(UndefinedColumn):
            execute(pen.connection, "SELECT nothing")

    with pytest.raises(LedgerError, match="nothing was written"):
        await ledger._writer.write(swallow)
    assert await ledger.halted() is None
    await ledger.set_halt("enough", by="ada", at=NOW)


# A lost answer


@pytest.fixture
def relay() -> Iterator[Relay]:
    place = address()
    with relay_to(place.host or "127.0.0.1", place.port or 5432) as opened:
        yield opened


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.LATE])
async def test_a_write_whose_commit_was_not_answered_is_done_when_the_chain_has_it(
    url: str, relay: Relay, loss: Loss
) -> None:
    through = url_of(schema_in(url), port=relay.port)
    async with open_ledger(through, KEY, dry_run=False, clock=StandingClock()) as ledger:
        relay.next_loss = loss
        await ledger.set_halt("enough", by="ada", at=NOW)
        assert relay.losses == [loss]
        assert await ledger.halted() == "enough"
        await ledger.set_halt(None, by="ada", at=NOW)
    report = await verify_ledger(url)
    assert (report.entries, report.faults) == (3, ())


@pytest.mark.parametrize("loss", [Loss.QUESTION, Loss.NEVER])
async def test_a_write_whose_commit_never_arrived_is_an_error_and_leaves_nothing(
    url: str, relay: Relay, loss: Loss
) -> None:
    through = url_of(schema_in(url), port=relay.port)
    async with open_ledger(through, KEY, dry_run=False, clock=StandingClock()) as ledger:
        relay.next_loss = loss
        with pytest.raises(LedgerError, match="nothing was written"):
            await ledger.set_halt("enough", by="ada", at=NOW)
        assert relay.losses == [loss]
        assert await ledger.halted() is None
        await ledger.set_halt("again", by="ada", at=NOW)
        assert await ledger.halted() == "again"
    report = await verify_ledger(url)
    assert (report.entries, report.faults) == (2, ())


async def test_a_write_that_nobody_can_ask_about_is_never_called_done_and_nothing_follows(
    ledger: SqlLedger, url: str, relay: Relay
) -> None:
    site = site_of(url_of(schema_in(url), port=relay.port))
    connection = engine_at(site).connect().execution_options(**{WRITES: True})

    def halt(reason: str) -> None:
        with located(site, "writing"), committing(connection, settle_s=1.0) as ending:
            pen = Pen(connection, reads.head(connection), at="2026-11-28T00:00:00.000000Z")
            pen.append(EntryKind.HALT, {"reason": reason, "by": "ada", "at": ""})
            ending.head = pen.head

    halt("before")
    relay.next_loss = Loss.SERVER
    with pytest.raises(LedgerError, match="entry 4 may be written") as caught:
        halt("meanwhile")
    assert "trimtab recover" in caught.value.next_step
    relay.is_open = True
    with pytest.raises(LedgerError, match="given up"):
        halt("after")
    assert await ledger.halted() == "meanwhile"
    assert (await ledger.audit.verify()).entries == 4


# Rows that stay, and their proof


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = '{}'",
        "DELETE FROM entries",
        "TRUNCATE entries CASCADE",
        "UPDATE halts SET reason = NULL",
        "DELETE FROM plans",
        "TRUNCATE leases",
        "SET session_replication_role = replica; DELETE FROM entries",
    ],
)
async def test_the_database_refuses_to_change_or_delete_what_is_written(
    ledger: SqlLedger, url: str, statement: str
) -> None:
    await ledger.set_halt("enough", by="ada", at=NOW)
    with pytest.raises(IntegrityError, match="rows are never"):
        asked(statement, schema=schema_in(url))


@pytest.fixture
async def finished(url: str) -> str:
    """Return the URL of a closed ledger in which every kind of row was written."""
    async with (
        open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger,
        ledger.holding_account(owner="test"),
    ):
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        await ledger.save_approval(yes_to(SELL))
        await ledger.save_balances(SNAPSHOT)
        await ledger.begin([intent(), intent(line=2)], at=NOW, halt_seen=None)
        await ledger.book_fills(BTC, [fill(1, "0.006"), fill(2, "0.001", venue_order_id="v9")])
        told = venue_order(intent(), -60)
        await ledger.advance([step(intent(), OrderState.EXPIRED, told)])
        await ledger.set_halt("enough", by="ada", at=NOW)
    return url


async def test_a_sound_ledger_has_no_faults(finished: str) -> None:
    report = await verify_ledger(finished)
    assert report.faults == ()
    assert report.entries > 10
    anchor = server_of(finished).anchor.read_text()
    assert anchor == f"{report.entries:020d} {report.head}\n"


def _tamper(url: str, statement: str) -> None:
    """Change the database behind the ledger's back, and leave its triggers as they were."""
    schema = schema_in(url)
    tables = [t for (t,) in asked("SELECT tablename FROM pg_tables WHERE schemaname = %s", schema)]
    off = [f"ALTER TABLE {t} DISABLE TRIGGER ALL" for t in tables]
    names = asked(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger t JOIN pg_class c ON"
        " c.oid = t.tgrelid WHERE NOT tgisinternal AND relnamespace = %s::regnamespace",
        schema,
        schema=schema,
    )
    on = [f"ALTER TABLE {t} ENABLE TRIGGER ALL" for t in tables]
    on += [f"ALTER TABLE {t} ENABLE ALWAYS TRIGGER {n}" for t, n in names]
    asked("; ".join([*off, statement, *on]), schema=schema)


@pytest.mark.parametrize(
    ("statement", "table", "what"),
    [
        ("UPDATE entries SET body = replace(body, 'ada on', 'eve on')", "entries", "changed"),
        ("DELETE FROM entries WHERE seq = 6", "entries", "missing"),
        ("UPDATE stamp SET account = 'other'", "stamp", "account is 'other'"),
        ("UPDATE orders SET reduce_only = true", "orders", "reduce_only is 1"),
        ("UPDATE fills SET fee = '0'", "fills", "fee is '0'"),
        ("DELETE FROM approvals", "approvals", "is missing"),
        ("INSERT INTO halts SELECT seq - 1, 'none', 'eve', at FROM halts", "halts", "no entry"),
    ],
)
async def test_verification_names_the_first_row_that_is_wrong(
    finished: str, statement: str, table: str, what: str
) -> None:
    _tamper(finished, statement)
    fault = (await verify_ledger(finished)).faults[0]
    assert fault.table == table
    assert what in fault.what


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DROP TRIGGER entries_no_update ON entries", "is missing"),
        ("ALTER TABLE entries DISABLE TRIGGER entries_no_update", "was changed"),
        ("ALTER TABLE entries ENABLE REPLICA TRIGGER entries_no_update", "was changed"),
    ],
)
async def test_verification_proves_that_rows_cannot_be_changed_unseen(
    finished: str, statement: str, told: str
) -> None:
    asked(statement, schema=schema_in(finished))
    (fault,) = (await verify_ledger(finished)).faults
    assert (fault.table, fault.row) == ("entries", "trigger entries_no_update")
    assert told in fault.what


async def test_verification_proves_what_the_triggers_do(finished: str) -> None:
    nothing = "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    replaced = f"CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger {nothing}"
    asked(replaced, schema=schema_in(finished))
    (fault,) = (await verify_ledger(finished)).faults
    assert (fault.table, fault.row) == ("stamp", "trigger stamp_no_update")
    assert "was changed" in fault.what


async def test_verification_holds_the_head_against_the_anchor_of_this_machine(
    finished: str,
) -> None:
    anchor = server_of(finished).anchor
    kept = anchor.read_text()
    anchor.write_text(f"{kept[:20]} {'0' * 64}\n")
    assert [f.table for f in (await verify_ledger(finished)).faults] == ["anchor"]
    anchor.write_text(f"{999:020d} {kept[21:]}")
    (fault,) = (await verify_ledger(finished)).faults
    assert "cut off" in fault.what
    anchor.unlink()
    assert (await verify_ledger(finished)).is_sound, "Another machine may have written it."


async def test_text_that_the_server_cannot_store_is_kept_readable_and_proved(
    ledger: SqlLedger,
) -> None:
    await ledger.set_halt("a\0b\N{EURO SIGN}", by="ada", at=NOW)
    assert await ledger.halted() == "a\N{REPLACEMENT CHARACTER}b\N{EURO SIGN}"
    assert (await ledger.audit.events())[-1].body["reason"] == "a\0b\N{EURO SIGN}"
    assert (await ledger.audit.verify()).faults == ()


# A server that refuses


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("53100", "disk is full"),
        ("25006", "read-only"),
        ("58030", "does not read or write"),
        ("40001", "another process was quicker"),
        ("P0001", "the server refuses"),
    ],
)
async def test_a_write_that_the_server_refuses_says_so_and_leaves_nothing(
    ledger: SqlLedger, url: str, code: str, told: str
) -> None:
    refusing = (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$;"
        " CREATE TRIGGER a_refusal BEFORE INSERT ON orders EXECUTE FUNCTION refuse()"
    )
    asked(refusing, schema=schema_in(url))
    async with ledger.holding_account(owner="test"):
        with pytest.raises(LedgerError, match=told) as caught:
            await ledger.begin([intent(), intent(line=2)], at=NOW, halt_seen=None)
        assert caught.value.next_step
        assert await ledger.orders(plan_digest=None) == ()
        asked("DROP TRIGGER a_refusal ON orders", schema=schema_in(url))
        await ledger.begin([intent(), intent(line=2)], at=NOW, halt_seen=None)
    assert (await ledger.audit.verify()).faults == ()


def _wrong_password(url: str) -> str:
    return make_url(url).set(password="hunter2").render_as_string(hide_password=False)


def _nobody_listens(url: str) -> str:
    return make_url(url).set(port=1).render_as_string(hide_password=False)


def _no_database(url: str) -> str:
    return make_url(url).set(database="nowhere").render_as_string(hide_password=False)


def _no_schema(url: str) -> str:
    return url_of("nowhere")


@pytest.mark.parametrize(
    ("change", "told", "next_step"),
    [
        (_wrong_password, "does not accept the password", "PGPASSFILE"),
        (_nobody_listens, "cannot be reached", "server runs"),
        (_no_database, "does not know the database", "CREATE DATABASE"),
        (_no_schema, "names no schema", "CREATE SCHEMA"),
    ],
)
async def test_a_server_that_cannot_be_used_says_why_and_never_a_password(
    url: str, change: Callable[[str], str], told: str, next_step: str
) -> None:
    changed = change(url)
    for using in (_opened, verify_ledger):
        with pytest.raises(LedgerError, match=told) as caught:
            await using(changed)  # type: ignore[operator]  # Both take a URL.
        assert next_step in caught.value.next_step
        shown = f"{caught.value} {caught.value.next_step} {caught.value.__cause__}"
        assert "hunter2" not in shown
        assert (address().password or "") not in shown


async def _opened(url: str) -> None:
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
        pytest.fail("opened")


@pytest.mark.parametrize(
    "bad", ["postgresql://", "postgresql://h", "postgresql://u:p@w@h/d", "postgresql://h:x/d"]
)
async def test_a_url_that_names_no_database_is_a_configuration_error(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"ledger\.url") as caught:
        await _opened(bad)
    assert "p@w" not in str(caught.value)


async def test_verification_of_an_empty_schema_says_that_no_ledger_is_there(url: str) -> None:
    with pytest.raises(LedgerError, match="is not there"):
        await verify_ledger(url)


async def test_a_role_without_rights_is_told_which_it_needs(url: str) -> None:
    schema = schema_in(url)
    role = f"reader_{schema}"
    asked(f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA {schema} TO {role}")
    try:
        with pytest.raises(LedgerError, match="may not do that") as caught:
            await _opened(url_of(schema, username=role, password="x"))
        assert "CREATE" in caught.value.next_step
    finally:
        asked(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_commits_are_durable_whatever_the_url_asks_for(url: str) -> None:
    options = f"-csearch_path={schema_in(url)} -csynchronous_commit=off"
    loose = make_url(url).update_query_dict({"options": options})
    async with open_ledger(
        loose.render_as_string(hide_password=False), KEY, dry_run=False, clock=StandingClock()
    ) as ledger:
        for name, value in (("synchronous_commit", "on"), ("lock_timeout", "5s")):
            show = text(f"SHOW {name}")
            assert await ledger._writer.read(lambda c, q=show: c.execute(q).scalar()) == value
            assert (
                await ledger._writer.write(lambda p, q=show: p.connection.execute(q).scalar())
                == value
            )
