"""The real command in a process of its own, against the local exchange in this one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance import warm
from tests.acceptance.dominance import unruled
from tests.conftest import COLD
from trimtab.testnet import LocalExchange, Scenario, serve

TRIMTAB: Final = str(Path(sys.executable).with_name("trimtab"))
"""The installed command of the interpreter that runs the tests."""
WITHIN_S: Final = 60
CONFIG: Final = """\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"

[portfolio.targets]
BTC = "0.50"
ETH = "0.30"
USDT = "0.20"

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""
"""A drifted account's wishes; ``{url}`` and ``{folder}`` are filled in."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.stdout)

    @property
    def text(self) -> str:
        """Everything that a person sees."""
        return self.stdout + self.stderr


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account on a served exchange, and the folder that its commands run in."""

    exchange: LocalExchange
    folder: Path
    by_others: list[str] = field(default_factory=list)
    """Client ids of orders that did not come from the command."""

    @property
    def config(self) -> Path:
        """The configuration that its commands find."""
        return self.folder / "trimtab.toml"

    async def trimtab(
        self, *words: str, stdin: str = "", variables: Mapping[str, str] | None = None
    ) -> Ended:
        """Run ``trimtab WORDS`` in the folder to its end."""
        return await trimtab(words, folder=self.folder, stdin=stdin, variables=variables)

    async def started(self, *words: str) -> asyncio.subprocess.Process:
        """Start ``trimtab WORDS`` in the folder; the test ends it."""
        return await started(words, folder=self.folder)

    def mutations(self) -> int:
        """Count the requests that would have changed something on the exchange."""
        count: int = self.exchange.truth()["mutating_requests"]
        return count


AccountAt = Callable[..., Awaitable[Account]]


def environ_of(variables: Mapping[str, str] | None) -> dict[str, str]:
    """Return the variables that a command sees."""
    return {**os.environ, "COLUMNS": "100", **(variables or {})}


async def started(
    words: Sequence[str], *, folder: Path, variables: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Start the command with all three streams piped."""
    return await asyncio.create_subprocess_exec(
        TRIMTAB,
        *words,
        cwd=folder,
        env=environ_of(variables),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def trimtab(
    words: Sequence[str],
    *,
    folder: Path,
    stdin: str = "",
    variables: Mapping[str, str] | None = None,
    anew: bool = False,
) -> Ended:
    """Run the command to its end; standard input is *stdin* and then its end.

    It is forked from a process that has the libraries, or, when *anew*, started like a user's.
    """
    environ = environ_of(variables)
    if not anew and COLD not in os.environ and warm.suits(environ):
        async with asyncio.timeout(WITHIN_S):
            code, out, err = await warm.ended(words, folder=folder, environ=environ, stdin=stdin)
        return Ended(code=code, stdout=out.decode(), stderr=err.decode())
    process = await started(words, folder=folder, variables=variables)
    try:
        async with asyncio.timeout(WITHIN_S):
            stdout, stderr = await process.communicate(stdin.encode())
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Ended(code=process.returncode, stdout=stdout.decode(), stderr=stderr.decode())


@pytest.fixture
async def account_at(tmp_path: Path) -> AsyncIterator[AccountAt]:
    """Serve a scenario (drifted unless given) and write a configuration for it.

    At the end every order that an exchange accepted must have had its yes.
    """
    opened: list[Account] = []
    async with AsyncExitStack() as stack:

        async def open_account(
            scenario: Scenario | None = None, *, config: str = CONFIG, name: str = "account"
        ) -> Account:
            exchange = await stack.enter_async_context(serve(scenario or Scenario.drifted()))
            folder = tmp_path / name
            folder.mkdir()
            account = Account(exchange=exchange, folder=folder)
            text = config.format(url=exchange.url, folder=folder)
            account.config.write_text(text, encoding="utf-8")
            opened.append(account)
            return account

        yield open_account
        for account in opened:
            orders, ledger = account.exchange.truth()["orders"], account.folder / "ledger.db"
            assert unruled(orders, ledger, by_others=account.by_others) == []


@pytest.fixture
async def account(account_at: AccountAt) -> Account:
    """Return the drifted account with its configuration."""
    return await account_at()


def has_no_traceback(ended: Ended) -> bool:
    """Say whether a command that failed did so in words."""
    return "Traceback" not in ended.text and "a bug in Trimtab" not in ended.text
