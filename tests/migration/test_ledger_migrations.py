"""All migrations give exactly the schema that the program is written against."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tests.builders import KEY, NOW, account, plan, report_on
from tests.contract.ledger_cases import StandingClock, payment
from tests.contract.server_cases import asked, needs_server, own_schema, schema_in
from trimtab.adapters.ledger import kept, migrate, schema
from trimtab.adapters.ledger.chain import Head, chain_seed
from trimtab.adapters.ledger.driver import WRITES
from trimtab.adapters.ledger.engine import engine_at
from trimtab.adapters.ledger.files import place_of, prepare, write_anchor
from trimtab.adapters.ledger.pen import Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.site import Site, site_of
from trimtab.adapters.ledger.sql_ledger import open_ledger, verify_ledger
from trimtab.adapters.ledger.structure import structure_faults
from trimtab.domain.canonical import digest, instant_text, to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.plan import Plan
from trimtab.ports import SavedPlan


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=["disk", pytest.param("server", marks=needs_server)])
def any_url(request: pytest.FixtureRequest, url: str) -> Iterator[str]:
    if request.param == "disk":
        yield url
        return
    with own_schema() as made:
        yield made


async def _opened(url: str) -> Site:
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
        pass
    return site_of(url)


def _triggers(connection: Connection) -> set[str]:
    names = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return set(connection.execute(names).scalars())


async def test_all_migrations_give_exactly_the_schema(any_url: str) -> None:
    site = await _opened(any_url)
    with engine_at(site).connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []


@needs_server
async def test_every_text_on_a_server_is_in_the_order_of_its_bytes() -> None:
    with own_schema() as url:
        await _opened(url)
        query = (
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s"
            " AND table_name <> 'alembic_version' AND data_type = 'text'"
            " AND collation_name IS DISTINCT FROM 'C'"
        )
        assert asked(query, schema_in(url)) == []


async def test_triggers_keep_every_row_that_must_stay(url: str) -> None:
    site = await _opened(url)
    held = {f"{t}_no_delete" for t in (*kept.APPEND_ONLY, *kept.NEVER_DELETED)}
    with engine_at(site).connect() as connection:
        assert _triggers(connection) == held | {f"{t}_no_update" for t in kept.APPEND_ONLY}
    assert set(kept.APPEND_ONLY) | set(kept.NEVER_DELETED) == set(schema.metadata.tables)


async def test_a_new_ledger_means_what_verification_expects_of_its_schema(url: str) -> None:
    place = await _opened(url)
    with engine_at(place).connect() as connection:
        assert list(structure_faults(connection)) == []


def test_the_program_knows_every_migration_script() -> None:
    scripts = ScriptDirectory(str(migrate.SCRIPTS))
    assert tuple(s.revision for s in scripts.walk_revisions())[::-1] == migrate.REVISIONS


LATER: Final = ("transfers", "order", "mids", "stops")
"""What plans did not say at first, and is in no name where it says nothing."""


async def _with_plan(url: str, document: dict[str, Any], early: Plan) -> SavedPlan:
    """Save a plan by its document, as an earlier version did, and read it back."""
    body = {"dry_run": 0, "status": "proposed", "verdict": "pass", "digest": digest(document)}
    report = to_document(dataclasses.replace(report_on(early), plan_digest=digest(document)))
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()):
        pass
    place = place_of(url)
    with engine_at(place).begin() as connection:
        last = connection.execute(text("SELECT seq, hash FROM entries ORDER BY seq DESC")).first()
        assert last is not None
        pen = Pen(connection, Head(seq=last.seq, hash=last.hash), at=instant_text(NOW))
        pen.append(EntryKind.PLAN_SAVED, body | {"plan": document, "report": report})
        write_anchor(place.anchor, pen.head)
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        (saved,) = await ledger.plans()
    assert (await verify_ledger(url)).faults == ()
    return saved


async def test_a_plan_that_was_saved_before_it_could_say_more_is_read_by_its_old_name(
    url: str,
) -> None:
    early = dataclasses.replace(plan(account("BTC 0.1 @ 60000"), "sell 0.01 BTC"), mids={})
    document = to_document(early)
    for later in LATER:
        del document[later]
    saved = await _with_plan(url, document, early)
    assert (saved.plan, saved.plan.digest) == (early, digest(document))


async def test_a_plan_of_a_version_that_said_less_or_else_is_read_and_can_not_be_carried_out(
    url: str,
) -> None:
    early = dataclasses.replace(plan(account("BTC 0.1 @ 60000"), "sell 0.01 BTC"), mids={})
    document = to_document(early)
    for missing in (*LATER, "sleeves", "nets", "crosses", "routes", "tactical", "readings"):
        del document[missing]
    document["note"] = "no longer said"
    (leg,) = document["legs"]
    del leg["protects"]
    saved = await _with_plan(url, document, early)
    assert saved.plan.digest == digest(document) != early.digest
    assert saved.plan.policy_digest == ""
    assert dataclasses.replace(saved.plan, policy_digest=early.policy_digest) == early
    del leg["lots"]
    with pytest.raises(LedgerError, match="missing or unknown: lots"):
        await _with_plan(url.replace("ledger.db", "other.db"), document, early)


async def test_a_ledger_from_before_payments_is_brought_up_and_stays_sound(url: str) -> None:
    place = place_of(url)
    prepare(place)
    with engine_at(place).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(migrate.SCRIPTS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        head = Head(seq=0, hash=chain_seed(KEY, created_at=NOW))
        pen = Pen(connection, head, at=instant_text(NOW))
        stamp = to_document(KEY) | {"schema_version": "0001", "created_at": instant_text(NOW)}
        pen.append(EntryKind.STAMPED, stamp | {"chain_seed": head.hash})
        held = {"wallet": "margin", "name": "USDT", "quantity": "500", "bound": "0", "lots": 0}
        taken = {"snapshot_id": "s1", "taken_at": instant_text(NOW)}
        pen.append(EntryKind.BALANCES_SAVED, taken | {"rows": [held]})
        write_anchor(place.anchor, pen.head)
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        before = await ledger.statement()
        async with ledger.holding_account(owner="test"):
            await ledger.book_payments([payment("-0.5")])
        assert await ledger.payments_after_statement() == (payment("-0.5"),)
    assert before is not None
    assert (before.taken_at, before.wallets) == (NOW, {"USDT": 500})
    assert (before.is_bracketed, before.marks) == (False, {})
    report = await verify_ledger(url)
    assert report.faults == ()


async def test_opening_twice_changes_nothing(url: str) -> None:
    place = place_of(url)
    await _opened(url)
    before = place.database.read_bytes()
    await _opened(url)
    assert place.database.read_bytes() == before


async def test_a_ledger_of_a_newer_program_is_refused_with_a_next_step(any_url: str) -> None:
    site = await _opened(any_url)
    engine = engine_at(site)
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="9999") as caught:
        await _opened(any_url)
    assert "newer version" in caught.value.next_step


def test_a_ledger_that_is_up_to_date_does_not_import_alembic(url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from tests.builders import KEY\n"
        "from tests.contract.ledger_cases import StandingClock\n"
        "from trimtab.adapters.ledger.sql_ledger import open_ledger\n"
        "async def opened():\n"
        f"    async with open_ledger({url!r}, KEY, dry_run=False, clock=StandingClock()): pass\n"
        "asyncio.run(opened())\n"
        "print('alembic' in sys.modules)\n"
    )
    seen = [
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    ]
    assert seen == ["True\n", "False\n"]
