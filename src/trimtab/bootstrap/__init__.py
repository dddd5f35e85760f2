"""The composition root: the only module that knows every other.

Chooses the adapters for a configuration, opens them in order and closes them again. A dry
run gets other adapters behind the same ports; nothing below this module knows of it. What
runs work with is put together in :mod:`trimtab.bootstrap.execution`, so that commands which
only look do not import the planner, the gate and the execution machine.
"""

from __future__ import annotations

import dataclasses
import getpass
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from trimtab.adapters.history_shelf import HistoryShelf, shelf_of
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.adapters.open_venue import ApiKey, VenueSettings
from trimtab.adapters.price_history import KeptHistory
from trimtab.adapters.references.unread import UnreadReferences
from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.two_venues import open_account
from trimtab.config import Config
from trimtab.config.secrets import credentials
from trimtab.config.settings import VenuePart
from trimtab.domain.errors import ConfigError, TrimtabError
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Environment
from trimtab.ports import (
    Clock,
    MarketData,
    PaymentList,
    Preflight,
    PriceHistory,
    ReferencePrice,
    Stops,
    Venue,
    Wallets,
)
from trimtab.venues.catalogue import PROFILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Everything outside, opened for one configuration."""

    config: Config
    clock: Clock
    ledger: SqlLedger
    venue: Venue
    wallets: Wallets
    stops: Stops
    """Those of the venue; a dry run places none."""
    market: MarketData
    payments: PaymentList
    """Of the venue itself, whatever stands before it."""
    references: ReferencePrice
    preflight: Preflight
    history: PriceHistory
    """What is not kept beside the ledger is read from the venue."""


@asynccontextmanager
async def open_books(config: Config, *, dry_run: bool) -> AsyncIterator[SqlLedger]:
    """Open the ledger alone.

    Raises:
        ConfigError: the ledger belongs to another account.
        LedgerError: it cannot be opened.

    """
    refuse_without_assertions()
    async with open_ledger(
        config.ledger_url, config.key, dry_run=dry_run, clock=SystemClock()
    ) as ledger:
        yield ledger


def venue_settings(
    config: Config, environ: Mapping[str, str], clock: Clock, *, use: KeyUse
) -> tuple[VenueSettings, ...]:
    """Return what has to be known to open the venue of the account, its key for *use* among it.

    Of two venues where contracts are held on another, that of the coins first.

    Raises:
        ConfigError: keys are missing, or one key is to be that of two accounts.

    """
    found = tuple(_part_settings(config, environ, clock, use=use, part=p) for p in config.parts)
    one = {(each.account.venue, each.api_key.key) for each in found}
    if len(one) < len(found) and config.key.environment is not Environment.LOCAL:
        raise ConfigError(
            f"the coins and the contracts have one key of {config.key.venues[0]}: that is one"
            " account, not two",
            next_step="set the key of the account that holds the contracts, or remove"
            " [hedge.venue], then trimtab doctor",
        )
    return found


def _part_settings(
    config: Config, environ: Mapping[str, str], clock: Clock, *, use: KeyUse, part: VenuePart
) -> VenueSettings:
    """Return what has to be known to open one venue; raises like :func:`venue_settings`."""
    keys = credentials(config, environ, use=use, part=part)
    # What is believed of a request counts for both venues; what it asks for, for its own.
    asked_ms = max(config.asked_window_ms, PROFILES[part.venue_id].stamp_window_ms)
    return VenueSettings(
        account=dataclasses.replace(config.key, venue=part.venue_id),
        url=part.url,
        api_key=ApiKey(
            key=keys.api_key.reveal(),
            secret=keys.api_secret.reveal(),
            passphrase=keys.password.reveal(),
        ),
        key_use=keys.use,
        quote=config.quote,
        markets=part.markets,
        execution=dataclasses.replace(config.policy.execution, receive_window_ms=asked_ms),
        max_clock_offset_ms=config.policy.limits.max_clock_offset_ms,
        clock=clock,
        coin_margined=config.coin_margined,
        tiers=config.policy.tiers,
    )


@asynccontextmanager
async def open_shell(
    config: Config, environ: Mapping[str, str], *, use: KeyUse, dry_run: bool
) -> AsyncIterator[Shell]:
    """Open ledger and venue, with the key for *use*. Sends nothing by itself.

    Raises:
        ConfigError: keys are missing, or the ledger belongs to another account.
        LedgerError: the ledger cannot be opened.

    """
    clock = SystemClock()
    settings = venue_settings(config, environ, clock, use=use)
    async with (
        open_books(config, dry_run=dry_run) as ledger,
        open_account(settings, key=config.key) as opened,
        open_references(config, clock) as references,
    ):
        shell = Shell(
            config=config,
            clock=clock,
            ledger=ledger,
            venue=opened.venue,
            wallets=opened.wallets,
            stops=opened.stops,
            market=opened.market,
            payments=opened.venue,
            references=references,
            preflight=opened.preflight,
            history=KeptHistory(opened.history, HistoryShelf(shelf_of(config.ledger_url))),
        )
        yield on_paper(shell) if dry_run else shell


def on_paper(shell: Shell) -> Shell:
    """Return *shell* with a paper venue where orders and moves go: nothing leaves for the venue."""
    from trimtab.adapters.paper.venue import PaperVenue  # noqa: PLC0415 -- who sends pays for none.
    from trimtab.adapters.paper.wallets import PaperWallets  # noqa: PLC0415 -- as above.

    paper = PaperVenue(shell.market, clock=shell.clock)
    wallets = PaperWallets(paper.funds, clock=shell.clock)
    return dataclasses.replace(shell, venue=paper, market=paper, wallets=wallets)


@asynccontextmanager
async def open_references(config: Config, clock: Clock) -> AsyncIterator[ReferencePrice]:
    """Open the sources of independent prices, where any are asked. Sends nothing by itself."""
    rules = config.policy.references
    if not rules.sources:
        yield UnreadReferences()
        return
    from trimtab.adapters.references.prices import (  # noqa: PLC0415 -- nobody else pays for httpx.
        ReferenceSettings,
        open_reference_prices,
    )

    settings = ReferenceSettings(
        rules=rules,
        url=config.references_url,
        timeout_s=float(config.references_timeout_s),
        clock=clock,
    )
    async with open_reference_prices(settings) as opened:
        yield opened


def owner() -> str:
    """Say who runs this, for approvals and for whoever is kept out of the account."""
    return f"{getpass.getuser()}@{socket.gethostname()} (process {os.getpid()})"


def refuse_without_assertions() -> None:
    """Stop when Python was told to drop assertions: they guard money here.

    Raises:
        TrimtabError: Python runs with -O.

    """
    if not __debug__:
        raise TrimtabError(
            "Python runs with -O, which drops the assertions that guard orders",
            next_step="run trimtab without -O and without PYTHONOPTIMIZE",
        )
