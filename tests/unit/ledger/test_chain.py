"""The chain and what its entries do, as values."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from tests.builders import KEY, NOW
from trimtab.adapters.ledger import projection
from trimtab.adapters.ledger.chain import Entry, Head, chain_seed, fault_after, next_entry
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.domain.snapshot import Environment

SEED = Head(seq=0, hash=chain_seed(KEY, created_at=NOW))
FIRST = next_entry(SEED, at="2026", kind="halt", body='{"a":1}')


def test_an_entry_follows_the_one_it_was_made_from() -> None:
    assert fault_after(SEED, FIRST) is None
    second = next_entry(Head(seq=1, hash=FIRST.hash), at="2026", kind="halt", body="{}")
    assert (second.seq, second.prev_hash) == (2, FIRST.hash)


@pytest.mark.parametrize(
    "change",
    [{"at": "2027"}, {"kind": "stamped"}, {"body": '{"a":2}'}, {"hash": "0" * 64}],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_an_entry_is_under_its_hash(change: dict[str, str]) -> None:
    fault = fault_after(SEED, dataclasses.replace(FIRST, **change))
    assert fault is not None
    assert "was changed" in fault


def test_a_gap_and_a_foreign_predecessor_are_told_apart() -> None:
    after_gap = fault_after(Head(seq=5, hash="x"), FIRST)
    foreign = fault_after(Head(seq=0, hash="0" * 64), FIRST)
    assert after_gap is not None
    assert "missing" in after_gap
    assert foreign is not None
    assert "before it" in foreign


def test_two_accounts_never_share_a_beginning() -> None:
    other = dataclasses.replace(KEY, environment=Environment.LIVE)
    assert chain_seed(other, created_at=NOW) != chain_seed(KEY, created_at=NOW)


def test_every_kind_of_entry_has_a_projection() -> None:
    assert projection._PROJECTIONS.keys() == set(EntryKind)


def test_the_pure_parts_do_not_pay_for_a_database() -> None:
    program = (
        "import sys\n"
        "from trimtab.adapters.ledger import chain, export, files, projection, rows, rules\n"
        "print('sqlalchemy' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"


def test_entries_have_the_columns_of_their_table() -> None:
    assert Entry.__slots__ == ("seq", "at", "kind", "body", "prev_hash", "hash")
