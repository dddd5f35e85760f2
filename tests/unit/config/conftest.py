"""A folder of its own for every configuration, with a home and nothing in the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from trimtab import config
from trimtab.config import Config, ConfigFault, InvalidConfig

Load = Callable[..., Config]
Faults = Callable[..., tuple[ConfigFault, ...]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a text as ./trimtab.toml."""

    def load_text(
        text: str, *, environ: Mapping[str, str] | None = None, sets: Sequence[str] = ()
    ) -> Config:
        (tmp_path / "trimtab.toml").write_text(text, encoding="utf-8")
        return config.load(
            None, environ=environ or {}, sets=sets, home=tmp_path / "home", cwd=tmp_path
        )

    return load_text


@pytest.fixture
def faults(load: Load) -> Faults:
    """Load a text that must be refused and return why."""

    def faults_of(text: str, **sources: object) -> tuple[ConfigFault, ...]:
        with pytest.raises(InvalidConfig) as caught:
            load(text, **sources)
        assert str(caught.value) == "\n".join(fault.message for fault in caught.value.faults)
        return caught.value.faults

    return faults_of
