"""A venue that is only read is watched as any other: what would be run is told, on paper."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from pathlib import Path

import pytest

from tests.conformance.test_whole_run import config_of, variables_of
from trimtab.adapters.paper.venue import PaperVenue
from trimtab.cli.commands.watching import _opened
from trimtab.cli.session import Work
from trimtab.config import load
from trimtab.domain.errors import ConfigError
from trimtab.domain.rights import KeyUse
from trimtab.venues.facts import Market


async def test_who_sends_nothing_works_with_paper_and_who_sends_is_refused(
    tmp_path: Path, environ: MutableMapping[str, str]
) -> None:
    file, variables = tmp_path / "trimtab.toml", variables_of("coinbase")
    file.write_text(config_of("coinbase", tmp_path, market=Market.SPOT), encoding="utf-8")
    environ.update(variables)
    config = load(file, environ=variables, sets=(), home=tmp_path, cwd=tmp_path)
    given = Work(stop=asyncio.Event())
    async with _opened(config, given, KeyUse.READ, None) as runner:
        assert isinstance(runner.desk.venue, PaperVenue)
    given.stop.set()
    with pytest.raises(ConfigError, match="coinbase is only read"):
        async with _opened(config, given, KeyUse.SEND, None):
            pass
