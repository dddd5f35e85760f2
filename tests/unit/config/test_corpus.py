"""Five hundred broken files and more: each is refused at its own key and line, with a cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.corpus import HIDDEN, Broken, corpus
from trimtab import config
from trimtab.config import ConfigFault, InvalidConfig

CORPUS = corpus()
FILES_MIN = 500


def faults_of(broken: Broken, folder: Path) -> tuple[ConfigFault, ...]:
    """Return why the file is refused."""
    (folder / "trimtab.toml").write_bytes(broken.raw)
    with pytest.raises(InvalidConfig) as caught:
        config.load(None, environ={}, sets=(), home=folder / "home", cwd=folder)
    return caught.value.faults


def test_there_are_more_than_five_hundred_and_no_two_alike() -> None:
    assert len({broken.raw for broken in CORPUS}) == len(CORPUS)
    assert len(CORPUS) >= FILES_MIN


def test_the_corpus_is_the_same_every_time() -> None:
    assert corpus() == CORPUS


@pytest.mark.parametrize("broken", CORPUS, ids=lambda broken: broken.name[:60])
def test_a_broken_file_is_refused_at_its_key_and_line(broken: Broken, tmp_path: Path) -> None:
    found = faults_of(broken, tmp_path)
    assert {fault.line for fault in found} == {line for _, line in broken.expected}
    for key, line in broken.expected:
        here = [fault for fault in found if fault.line == line]
        assert key == "?" or any(_names(fault, key) for fault in here), here
    wanted = [key for key, _ in broken.expected]
    assert wanted == ["?"] or all(any(_names(f, key) for key in wanted) for f in found), found
    assert all(fault.reason and fault.fix and fault.file == "trimtab.toml" for fault in found)
    assert not broken.fix or any(broken.fix in fault.fix for fault in found), found
    assert HIDDEN not in "".join(fault.message for fault in found)


def _names(fault: ConfigFault, key: str) -> bool:
    """Say whether a fault names a key or a part of its value."""
    return fault.key == key or (bool(key) and fault.key.startswith((f"{key}.", f"{key}[")))
