"""What only a ledger on disk can show: other processes, a failing disk, a damaged file."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.builders import KEY, NOW
from tests.contract.ledger_cases import (
    BTC,
    SELL,
    SNAPSHOT,
    StandingClock,
    fill,
    intent,
    payment,
    report_on,
    step,
    venue_order,
    yes_to,
)
from tests.contract.other_run import another_run
from trimtab.adapters.ledger.chain import Head
from trimtab.adapters.ledger.faults import located
from trimtab.adapters.ledger.files import Place, place_of, prepare, read_anchor, write_anchor
from trimtab.adapters.ledger.pen import Hand, Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger, verify_ledger
from trimtab.adapters.ledger.writes import begin
from trimtab.domain.errors import AccountHeld, ConfigError, LedgerError
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import OrderState, TradeId
from trimtab.domain.statement import ExternalFlow
from trimtab.ports import PlanStatus


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state' / 'ledger.db'}"


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[SqlLedger]:
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as opened:
        await opened.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        yield opened


# One writer


async def test_a_run_in_another_process_keeps_this_one_out(ledger: SqlLedger, url: str) -> None:
    with another_run(url) as process:
        with pytest.raises(AccountHeld, match=f"the other run, process {process.pid}"):
            async with ledger.holding_account(owner="this run"):
                pytest.fail("two processes hold one account")
        assert process.communicate("go\n")[0] == "begun\n"
    async with ledger.holding_account(owner="this run"):
        pass


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


async def test_a_stopped_run_that_lost_its_lock_cannot_begin_an_order_when_it_goes_on(
    ledger: SqlLedger, url: str
) -> None:
    with another_run(url) as process:
        process.send_signal(signal.SIGSTOP)
        place_of(url).lock.unlink()
        async with ledger.holding_account(owner="this run"):
            process.send_signal(signal.SIGCONT)
            assert process.communicate("go\n")[0] == "held by another\n"
            assert len(await ledger.orders(plan_digest=None)) == 1
            await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)


async def test_the_statement_that_makes_an_order_checks_the_lease_itself(
    ledger: SqlLedger,
) -> None:
    async with ledger.holding_account(owner="this run"):
        for epoch in (0, 2):
            hand = Hand(account=KEY.account, dry_run=0, epoch=epoch)

            def stale(pen: Pen, hand: Hand = hand) -> None:
                begin(pen, hand, [intent()], NOW)

            with pytest.raises(AccountHeld):
                await ledger._writer.write(stale)
        assert await ledger.orders(plan_digest=None) == ()


# The writer


async def test_writes_that_share_a_flush_keep_their_own_errors(ledger: SqlLedger) -> None:
    async with ledger.holding_account(owner="test"):
        before = len(await ledger.audit.events())
        attempts = [1, 2, 2, 3, 1, 4]
        results = await asyncio.gather(
            *(ledger.begin([intent(attempt=n)], at=NOW, halt_seen=None) for n in attempts),
            return_exceptions=True,
        )
        assert [isinstance(r, LedgerError) for r in results] == [
            False,
            False,
            True,
            False,
            True,
            False,
        ]
        assert len(await ledger.orders(plan_digest=None)) == 4
        assert len(await ledger.audit.events()) == before + 4
    assert (await ledger.audit.verify()).faults == ()


@contextmanager
def busy(ledger: SqlLedger) -> Iterator[None]:
    """Keep the ledger's thread from coming to anything while the block runs."""
    go_on = threading.Event()
    ledger._writer._thread.submit(go_on.wait)
    try:
        yield
    finally:
        go_on.set()


async def test_what_is_refused_half_done_is_undone_without_the_writes_beside_it(
    ledger: SqlLedger,
) -> None:
    async with ledger.holding_account(owner="test"):
        with busy(ledger):
            sets = [[1], [2, 1], [3]]  # The second begins an order before it meets one that is.
            writes = [
                asyncio.ensure_future(
                    ledger.begin([intent(attempt=n) for n in each], at=NOW, halt_seen=None)
                )
                for each in sets
            ]
            await asyncio.sleep(0)
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [isinstance(r, LedgerError) for r in results] == [False, True, False]
        begun = await ledger.orders(plan_digest=None)
        assert [o.intent.attempt for o in begun] == [1, 3]
    assert (await ledger.audit.verify()).faults == ()


async def test_reads_that_share_a_transaction_keep_their_own_errors(ledger: SqlLedger) -> None:
    with busy(ledger):
        gone = asyncio.ensure_future(ledger.halted())
        unknown = asyncio.ensure_future(ledger.plan("0" * 64))
        known = asyncio.ensure_future(ledger.plans())
        await asyncio.sleep(0)
        gone.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(LedgerError, match="no plan has that digest"):
            await unknown
        assert await known == await ledger.plans()
    assert gone.cancelled()


async def test_a_read_sees_the_write_before_it_though_an_older_read_waits(
    ledger: SqlLedger,
) -> None:
    with busy(ledger):
        older = asyncio.ensure_future(ledger.halted())
        await asyncio.sleep(0)
        write = asyncio.ensure_future(ledger.set_halt("enough", by="ada", at=NOW))
        await asyncio.sleep(0)
        newer = asyncio.ensure_future(ledger.halted())
        await asyncio.sleep(0)
    assert await asyncio.gather(older, write, newer) == [None, None, "enough"]


async def test_a_write_whose_caller_was_cancelled_is_done_all_the_same(
    ledger: SqlLedger,
) -> None:
    async with ledger.holding_account(owner="test"):
        task = asyncio.create_task(ledger.begin([intent()], at=NOW, halt_seen=None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(await ledger.orders(plan_digest=None)) == 1


async def test_a_bug_in_a_write_is_its_callers_and_leaves_nothing(ledger: SqlLedger) -> None:
    def half_done(pen: Pen) -> None:
        pen.append(EntryKind.HALT, {"reason": "enough", "by": "ada", "at": "now"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ledger._writer.write(half_done)
    assert await ledger.halted() is None
    await ledger.set_halt("enough", by="ada", at=NOW)
    assert (await ledger.audit.verify()).faults == ()


async def test_the_event_loop_goes_on_while_the_disk_is_waited_for(
    ledger: SqlLedger, url: str
) -> None:
    blocker = sqlite3.connect(place_of(url).database, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    write = asyncio.create_task(ledger.set_halt("enough", by="ada", at=NOW))
    await asyncio.sleep(0.05)
    assert not write.done()
    blocker.execute("COMMIT")
    blocker.close()
    await write


UNCLOSED = """
import asyncio, sys
from tests.builders import KEY, NOW
from tests.contract.ledger_cases import StandingClock
from trimtab.adapters.ledger.sql_ledger import open_ledger

opening = open_ledger(sys.argv[1], KEY, dry_run=False, clock=StandingClock())

async def ask():
    ledger = await opening.__aenter__()
    for number in range(50):
        asyncio.ensure_future(ledger.set_halt(str(number), by="ada", at=NOW))
        await asyncio.sleep(0)

loop = asyncio.new_event_loop()
loop.run_until_complete(ask())
loop.close()
"""


def test_what_was_asked_for_is_committed_though_nobody_closes_the_ledger(url: str) -> None:
    environ = {**os.environ, "PYTHONPATH": "."}
    subprocess.run([sys.executable, "-c", UNCLOSED, url], env=environ, timeout=60, check=True)
    connection = sqlite3.connect(place_of(url).database)
    assert connection.execute("SELECT count(*) FROM halts").fetchone() == (50,)
    connection.close()


# Files and faults


async def test_files_are_for_the_user_alone(ledger: SqlLedger, url: str) -> None:
    async with ledger.holding_account(owner="test"):
        folder = place_of(url).database.parent
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
        assert {"ledger.db", "ledger.db-wal", "ledger.db.lock", "ledger.db.head"} <= modes.keys()
        assert set(modes.values()) == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def beside(file: Path) -> list[str]:
    """Return the names in the folder of a file."""
    return [path.name for path in file.parent.iterdir()]


def a_text(file: Path) -> None:
    """Write what is no database."""
    file.write_text("root:x:0:0:root:/root:/bin/sh\n" * 40)


def a_database(file: Path) -> None:
    """Write a database of another program."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE places (url TEXT)")
        connection.commit()


@pytest.mark.parametrize("written", [a_text, a_database])
@pytest.mark.parametrize("act", ["open", "verify"])
async def test_a_file_of_something_else_is_told_and_left_as_it_is(
    tmp_path: Path, written: Callable[[Path], None], act: str
) -> None:
    """A slip in ledger.url costs nobody their file: neither its rights nor what is in it."""
    file = tmp_path / "mine"
    written(file)
    file.chmod(0o644)
    before = file.read_bytes()
    url = f"sqlite:///{file}"
    if act == "verify":
        (told,) = (await verify_ledger(url)).faults
        assert "no ledger" in told.what or "something else" in told.what
    else:
        opened = open_ledger(url, KEY, dry_run=False, clock=StandingClock())
        with pytest.raises(LedgerError, match=r"no ledger|something else"):
            await opened.__aenter__()
    assert (file.read_bytes(), beside(file)) == (before, ["mine"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


async def test_a_ledger_that_others_may_read_is_closed_to_them(url: str) -> None:
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
        pass
    file = place_of(url).database
    file.chmod(0o644)
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://h/d", "ledger.db"]
)
async def test_a_url_that_names_no_file_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match=r"ledger\.url"):
        async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
            pytest.fail("opened something that is no file")


async def _pragma(ledger: SqlLedger, pragma: str) -> None:
    """Set a pragma on the connection that writes, on its thread."""
    connection = ledger._writer._writing.connection.dbapi_connection
    assert connection is not None
    await ledger._writer.read(lambda _: connection.execute(f"PRAGMA {pragma}").fetchall())


@pytest.mark.parametrize(
    ("pragma", "undo", "told"),
    [
        ("max_page_count=1", "max_page_count=1000000", "disk is full"),
        ("query_only=ON", "query_only=OFF", "read-only"),
    ],
)
async def test_a_write_that_the_disk_refuses_says_so_and_leaves_nothing(
    ledger: SqlLedger, pragma: str, undo: str, told: str
) -> None:
    many = [intent(attempt=n) for n in range(1, 60)]
    async with ledger.holding_account(owner="test"):
        await _pragma(ledger, pragma)
        with pytest.raises(LedgerError, match=told) as caught:
            await ledger.begin(many, at=NOW, halt_seen=None)
        assert "command again" in caught.value.next_step or "recover" in caught.value.next_step
        assert await ledger.orders(plan_digest=None) == ()
        await _pragma(ledger, undo)
        await ledger.begin(many, at=NOW, halt_seen=None)
    assert (await ledger.audit.verify()).faults == ()


async def test_a_database_that_another_process_has_locked_says_so(
    ledger: SqlLedger, url: str
) -> None:
    await _pragma(ledger, "busy_timeout=0")
    blocker = sqlite3.connect(place_of(url).database, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="another process has it locked"):
        await ledger.set_halt("enough", by="ada", at=NOW)
    blocker.close()
    await ledger.set_halt("enough", by="ada", at=NOW)


async def test_a_file_that_is_no_database_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy low, sell high\n" * 100)
    with pytest.raises(LedgerError, match=r"notes\.txt.*no ledger") as caught:
        async with open_ledger(f"sqlite:///{path}", KEY, dry_run=False, clock=StandingClock()):
            pytest.fail("opened a text file")
    assert "ledger.url" in caught.value.next_step


async def test_a_directory_that_cannot_be_made_is_a_ledger_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path / 'file' / 'ledger.db'}"
    with pytest.raises(LedgerError, match="opening it"):
        async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
            pytest.fail("opened a ledger below a file")


async def test_the_database_refuses_to_change_or_delete_what_is_written(
    ledger: SqlLedger, url: str
) -> None:
    await ledger.set_halt("enough", by="ada", at=NOW)
    connection = sqlite3.connect(place_of(url).database)
    for statement in (
        "UPDATE entries SET body = '{}'",
        "DELETE FROM entries",
        "UPDATE halts SET reason = NULL",
        "DELETE FROM plans",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="rows are never"):
            connection.execute(statement)
    connection.close()


# Verification


@pytest.fixture
async def finished(url: str) -> Place:
    """Return a closed ledger in which every kind of row was written."""
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
        await ledger.book_payments([payment("-0.5")])
        flows = [ExternalFlow(asset=Asset("USDT"), units=Decimal("1.5"))]
        await ledger.save_statement(SNAPSHOT, marks={BTC: TradeId("2")}, flows=flows)
    async with open_ledger(url, KEY, dry_run=True, clock=StandingClock()) as dry:
        await dry.begin([intent()], at=NOW, halt_seen="enough")
    return place_of(url)


async def test_a_sound_ledger_has_no_faults(finished: Place, url: str) -> None:
    report = await verify_ledger(url)
    assert report.faults == ()
    assert report.is_sound
    assert report.entries > 10
    assert finished.anchor.read_text() == f"{report.entries:020d} {report.head}\n"


async def test_verification_of_no_ledger_is_an_error(url: str) -> None:
    with pytest.raises(LedgerError, match="not there"):
        await verify_ledger(url)


def _tamper(place: Place, statement: str) -> None:
    """Change the database behind the ledger's back, triggers and references out of the way."""
    connection = sqlite3.connect(place.database)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    dropped = triggers.fetchall()
    for name, _ in dropped:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    for _, sql in dropped:
        connection.execute(sql)
    connection.commit()
    connection.close()


ORDER = intent().client_order_id


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE entries SET body = replace(body, 'ada on', 'eve on')",
            ("entries", "seq 4", "changed"),
        ),
        ("UPDATE entries SET at = '2020' WHERE seq = 3", ("entries", "seq 3", "changed")),
        ("UPDATE entries SET prev_hash = hash WHERE seq = 5", ("entries", "seq 5", "before it")),
        ("DELETE FROM entries WHERE seq = 6", ("entries", "seq 7", "missing")),
        ("UPDATE stamp SET account = 'other'", ("stamp", "1", "account is 'other'")),
        (
            "UPDATE orders SET state = 'filled' WHERE line = 1",
            ("orders", ORDER, "state is 'filled'"),
        ),
        ("UPDATE orders SET lots = 100 WHERE line = 1", ("orders", ORDER, "lots is 100")),
        ("DELETE FROM order_events", ("order_events", "", "is missing")),
        ("UPDATE fills SET fee = '0'", ("fills", "BTC/USDT 1", "fee is '0'")),
        ("UPDATE fills SET quantity = '0.0060'", ("fills", "BTC/USDT 1", "quantity is")),
        ("UPDATE plans SET status = 'executed'", ("plans", SELL.digest, "status is 'executed'")),
        ("UPDATE findings SET verdict = 'warn'", ("findings", SELL.digest, "verdict is 'warn'")),
        ("DELETE FROM approvals", ("approvals", SELL.digest, "is missing")),
        ("UPDATE leases SET epoch = 7", ("leases", "main", "epoch is 7")),
        ("DELETE FROM halts", ("halts", "", "is missing")),
        ("DELETE FROM balances WHERE wallet = 'spot'", ("balances", "spot", "is missing")),
        ("UPDATE fill_cursors SET after_trade_id = '9'", ("fill_cursors", BTC, "after_trade_id")),
        ("UPDATE payments SET units = '0'", ("payments", "USDT funding 4711", "units is '0'")),
        ("DELETE FROM payments", ("payments", "USDT funding 4711", "is missing")),
        ("UPDATE payment_cursors SET paid_at = '2020'", ("payment_cursors", "main", "paid_at")),
        ("UPDATE statements SET is_bracketed = 0", ("statements", "", "is_bracketed is 0")),
        ("DELETE FROM statement_marks", ("statement_marks", BTC, "is missing")),
        ("UPDATE external_flows SET units = '2'", ("external_flows", "USDT", "units is '2'")),
    ],
)
async def test_verification_names_the_first_row_that_is_wrong(
    finished: Place, url: str, statement: str, told: tuple[str, str, str]
) -> None:
    _tamper(finished, statement)
    report = await verify_ledger(url)
    fault = next(f for f in report.faults if f.table != "database" and "rowid" not in f.row)
    table, row, what = told
    assert fault.table == table
    assert row in fault.row
    assert what in fault.what


async def test_a_plan_whose_entry_was_changed_is_not_handed_out(finished: Place, url: str) -> None:
    _tamper(finished, "UPDATE entries SET body = body || ' ' WHERE seq IN (SELECT seq FROM plans)")
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        with pytest.raises(LedgerError, match=r"plan [0-9a-f]{12}: entry \d+ was changed"):
            await ledger.plans()


async def test_verification_finds_a_row_that_no_entry_made(finished: Place, url: str) -> None:
    _tamper(finished, "INSERT INTO halts SELECT seq - 1, 'none', 'eve', at FROM halts")
    (fault,) = (await verify_ledger(url)).faults
    assert (fault.table, fault.what) == ("halts", "is in no entry")


def _cut_off(place: Place) -> None:
    _tamper(place, "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)")


def _rewrite(place: Place) -> None:
    seq, _, _ = place.anchor.read_text().partition(" ")
    place.anchor.write_text(f"{seq} {'0' * 64}\n")


@pytest.mark.parametrize(
    ("tamper", "what"),
    [
        (_cut_off, "cut off"),
        (_rewrite, "written anew"),
        (lambda place: place.anchor.write_text("12 abc\n"), "unreadable"),
        (lambda place: place.anchor.unlink(), "is missing"),
    ],
)
async def test_verification_holds_the_head_against_its_anchor(
    finished: Place, url: str, tamper: Callable[[Place], None], what: str
) -> None:
    tamper(finished)
    faults = [f for f in (await verify_ledger(url)).faults if f.table == "anchor"]
    assert len(faults) == 1
    assert what in faults[0].what


async def test_an_anchor_that_lags_behind_after_a_crash_is_no_fault(
    finished: Place, url: str
) -> None:
    old = finished.anchor.read_text()
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        await ledger.set_halt(None, by="ada", at=NOW)
    assert finished.anchor.read_text() != old
    finished.anchor.write_text(old)
    assert (await verify_ledger(url)).is_sound


async def test_nothing_is_written_behind_a_chain_whose_end_was_cut_off(
    finished: Place, url: str
) -> None:
    _cut_off(finished)
    anchor = finished.anchor.read_text()
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        with pytest.raises(LedgerError, match="cut off; nothing was sent") as caught:
            await ledger.set_halt("enough", by="ada", at=NOW)
        assert "ledger verify" in caught.value.next_step
    assert finished.anchor.read_text() == anchor


async def test_a_ledger_that_is_gone_is_not_made_anew_under_its_old_head(
    finished: Place, url: str
) -> None:
    finished.database.unlink()
    with pytest.raises(LedgerError, match="is gone or empty") as caught:
        async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
            pytest.fail("a second ledger began where the first one was")
    assert not finished.database.exists()
    assert finished.anchor.name in caught.value.next_step
    finished.anchor.unlink()
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        assert (await ledger.audit.verify()).is_sound


async def test_a_new_ledger_has_its_head_beside_it_before_the_first_entry(tmp_path: Path) -> None:
    place = Place(database=tmp_path / "new.db")
    prepare(place)
    assert read_anchor(place) == Head(seq=0, hash="0" * 64)


async def test_a_head_from_before_the_first_entry_lags_behind_and_is_no_fault(
    finished: Place, url: str
) -> None:
    write_anchor(finished.anchor, Head(seq=0, hash="0" * 64))
    assert (await verify_ledger(url)).is_sound


@pytest.mark.parametrize("suffix", ["", "-wal"])
async def test_a_file_that_is_deleted_while_it_is_open_ends_all_writing(
    ledger: SqlLedger, url: str, suffix: str
) -> None:
    async with ledger.holding_account(owner="test"):
        await ledger.begin([intent()], at=NOW, halt_seen=None)
        gone = place_of(url).database.with_name(place_of(url).database.name + suffix)
        kept = gone.rename(gone.with_name("kept"))
        with pytest.raises(LedgerError, match="deleted, moved or replaced while it was open"):
            await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)
        kept.rename(gone)
        assert len(await ledger.orders(plan_digest=None)) == 1
        await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)


_MASTER = "UPDATE sqlite_master SET sql = replace(sql, {}, {})"


@pytest.mark.parametrize(
    ("statement", "row", "what"),
    [
        ("DROP TRIGGER entries_no_update", "entries_no_update", "is missing"),
        (_MASTER.format("'UPDATE ON halts'", "'UPDATE OF by ON halts'"), "halts_no_update", "not"),
        (_MASTER.format("'fee TEXT'", "'fee REAL'"), "fills", "is not as"),
        (_MASTER.format("'fee TEXT NOT NULL'", "'fee TEXT'"), "fills", "is not as"),
        ("CREATE TABLE mine (x)", "mine", "nothing that this program makes"),
        ("UPDATE alembic_version SET version_num = '0001'", "alembic_version", "0001"),
    ],
)
async def test_verification_finds_a_schema_that_means_something_else(
    finished: Place, url: str, statement: str, row: str, what: str
) -> None:
    connection = sqlite3.connect(finished.database)
    connection.execute("PRAGMA writable_schema=ON")
    assert connection.execute(statement).rowcount != 0
    connection.commit()
    connection.close()
    fault = next(f for f in (await verify_ledger(url)).faults if f.table == "schema")
    assert fault.row == row
    assert what in fault.what


async def test_a_schema_that_is_no_text_is_a_fault_and_no_crash(finished: Place, url: str) -> None:
    content = finished.database.read_bytes()
    finished.database.write_bytes(content.replace(b"RAISE(ABORT", b"RAISE(ABOR\xd9"))
    (fault,) = (await verify_ledger(url)).faults
    assert fault.table == "database"
    with pytest.raises(LedgerError, match="the file is damaged"):
        async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
            pytest.fail("opened a ledger whose schema cannot be read")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "read-only"),
        (errno.EIO, "does not read or write"),
        (errno.EMFILE, "cannot be opened"),
    ],
)
def test_what_the_operating_system_refuses_is_told_like_what_the_database_does(
    tmp_path: Path, number: int, told: str
) -> None:
    place = Place(database=tmp_path / "ledger.db")
    with pytest.raises(LedgerError, match=told) as caught, located(place, "locking the account"):
        raise OSError(number, os.strerror(number))
    assert caught.value.next_step != "trimtab doctor"


async def test_a_flipped_byte_in_stored_text_is_found(finished: Place, url: str) -> None:
    sound = finished.database.read_bytes()
    places = [i for word in (b"ada on tty1", b"59901.2", b"order_moved") for i in _all(sound, word)]
    assert len(places) >= 6
    for at in places:
        flipped = bytearray(sound)
        flipped[at] ^= 1
        finished.database.write_bytes(flipped)
        report = await verify_ledger(url)
        assert report.faults, f"byte {at} was flipped and not found"


def _all(content: bytes, word: bytes) -> Iterator[int]:
    """Yield where *word* stands in *content*."""
    at = content.find(word)
    while at >= 0:
        yield at
        at = content.find(word, at + 1)


async def test_a_file_that_is_cut_in_half_is_a_fault_and_no_crash(
    finished: Place, url: str
) -> None:
    content = finished.database.read_bytes()
    finished.database.write_bytes(content[: len(content) // 2])
    assert not (await verify_ledger(url)).is_sound
    finished.database.write_bytes(b"no database" * 1000)
    (fault,) = (await verify_ledger(url)).faults
    assert fault.table == "database"


async def test_a_file_that_cannot_be_opened_is_not_called_damaged(
    finished: Place, url: str
) -> None:
    for name in ("wal", "shm"):
        finished.database.with_name(f"{finished.database.name}-{name}").unlink(missing_ok=True)
    blocked = finished.database.with_name(f"{finished.database.name}-wal")
    blocked.mkdir()
    with pytest.raises(LedgerError, match="cannot be opened") as caught:
        await verify_ledger(url)
    assert caught.value.next_step == "check ledger.url and the rights on its directory"
    blocked.rmdir()
    assert (await verify_ledger(url)).is_sound


async def test_a_copy_of_the_files_is_the_same_ledger(
    finished: Place, url: str, tmp_path: Path
) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(finished.database.parent, copied)
    assert (await verify_ledger(f"sqlite:///{copied / 'ledger.db'}")).head == (
        await verify_ledger(url)
    ).head


async def test_events_tell_the_whole_story_in_order(finished: Place, url: str) -> None:
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        events = await ledger.audit.events()
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    kinds = [(e.kind, e.dry_run) for e in events if e.subject == ORDER]
    assert kinds == [("order_begun", False), ("order_moved", False), ("order_begun", True)]
