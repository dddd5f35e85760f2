"""The text of a statement is kept for a kind of dialect, and is right for each."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from trimtab.adapters.ledger import statements
from trimtab.adapters.ledger.engine import engine_at
from trimtab.adapters.ledger.files import Place


def test_one_text_serves_every_engine_of_a_kind(tmp_path: Path) -> None:
    kinds = [type(engine_at(Place(database=tmp_path / name)).dialect) for name in "ab"]
    first, second = (statements._compiled(statements.ORDER, kind) for kind in kinds)
    assert first is second


def test_a_driver_that_binds_by_place_gets_a_list() -> None:
    compiled = statements._compiled(statements.ORDER, SQLiteDialect_pysqlite)
    assert compiled.text.count("?") == 2
    assert compiled.values_of({"name": "n", "run": 7, "more": 0}) == [7, "n"]


def test_a_driver_that_binds_by_name_gets_a_mapping() -> None:
    compiled = statements._compiled(statements.ORDER, PGDialect_psycopg)
    assert "%(run)s" in compiled.text
    assert compiled.values_of({"name": "n", "run": 7, "more": 0}) == {"run": 7, "name": "n"}
