"""A schema of its own on the server that ``.ci/postgres`` starts, for each test that needs one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import URL, make_url

from trimtab.adapters.ledger.postgres import WRITERS

DSN: Final = os.environ.get("TRIMTAB_TEST_POSTGRES", "")
needs_server: Final = pytest.mark.skipif(
    not DSN, reason="no server: run it with .ci/postgres, or set TRIMTAB_TEST_POSTGRES"
)


def address() -> URL:
    """Return where the server is."""
    return make_url(DSN)


def connected(schema: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect beside the ledger, to a schema; every statement commits."""
    parts = address()
    return psycopg.connect(
        host=parts.host,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        dbname=parts.database,
        options=f"-c search_path={schema}",
        autocommit=True,
    )


def asked(statement: str, *values: object, schema: str = "public") -> list[tuple[Any, ...]]:
    """Execute a statement beside the ledger, in a schema, and commit it."""
    with connected(schema) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def url_of(schema: str, **parts: Any) -> str:
    """Return the URL of the ledger in a schema; *parts* replace those of the server's.

    The sessions of a test's ledgers bear the schema's name, those that hold an account the run's.
    """
    options = {"options": f"-csearch_path={schema}", "application_name": schema}
    url = address().set(**parts).update_query_dict(options)
    return url.render_as_string(hide_password=False)


def schema_in(url: str) -> str:
    """Return the schema that a URL of :func:`url_of` names."""
    return str(make_url(url).query["options"]).partition("=")[2]


@contextmanager
def own_schema() -> Iterator[str]:
    """Make an empty schema, give the URL of a ledger in it, and drop it."""
    schema = f"test_{uuid.uuid4().hex[:12]}"
    asked(f"CREATE SCHEMA {schema}")
    try:
        yield url_of(schema)
    finally:
        asked(f"DROP SCHEMA {schema} CASCADE")


def end_sessions(named: str) -> int:
    """Have the server end the sessions of a name, and wait for it; return how many."""
    query = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"
    )
    ended = [gone for (gone,) in asked(query, named)]
    assert all(ended)
    return len(ended)


@contextmanager
def holding_the_writers_lock(schema: str) -> Iterator[None]:
    """Append to the schema's ledger for as long as the block runs, and commit nothing."""
    with connected(schema) as connection, connection.transaction(force_rollback=True):
        connection.execute(f"SELECT pg_advisory_xact_lock({WRITERS})".encode())
        yield
