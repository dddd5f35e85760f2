"""Tells what is at the venue and nothing reads: hedges where the coins are, stops in contracts."""

from __future__ import annotations

from collections.abc import Iterable

from trimtab.adapters.ledger.sql_ledger import SqlLedger
from trimtab.bootstrap import Shell
from trimtab.cli import session
from trimtab.config import Config
from trimtab.domain.errors import ConfigError, VenueError
from trimtab.domain.instruments import MarketKind
from trimtab.domain.stops import StopRecord


async def note_left_behind(shell: Shell) -> None:
    """Say what no plan counts, until the first run has taken a statement of the account.

    Whoever moves hedges to another venue has a new ledger, and may have some left where they were.
    What keeps it from being looked at keeps nothing else.
    """
    if not shell.config.key.is_split or await shell.ledger.statement() is not None:
        return
    try:
        found = await shell.preflight.beside() or ()
    except VenueError as fault:
        session.note(f"whether hedges are left where the coins are was not told: {fault}")
        return
    for each in found:
        session.note(f"in no weight and no limit: {each.place} {each.held}; see trimtab doctor")


async def refuse_unread_stops(ledger: SqlLedger, config: Config) -> None:
    """Refuse to work on an account whose contracts are not read while a stop rests in one.

    Raises:
        ConfigError: ``venue.markets`` has no contracts, and a stop of ours may still fill.
        LedgerError: the ledger cannot be read.

    """
    if (fault := unread_stops(await ledger.open_stops(), config)) is not None:
        raise fault


def unread_stops(records: Iterable[StopRecord], config: Config) -> ConfigError | None:
    """Return what is wrong where no contract is read and *records*, which may fill, are in some.

    No list would show them: each would count as gone, and what became of it could not be asked.
    """
    if set(config.markets) - {MarketKind.SPOT}:
        return None
    stops = [record.intent for record in records]
    if not stops:
        return None
    hedges = ", ".join(dict.fromkeys(stop.hedge_id for stop in stops))
    kinds = ", ".join(f'"{kind}"' for kind in sorted({s.instrument.kind.value for s in stops}))
    return ConfigError(
        f"the stop of {hedges} may fill at any time, and venue.markets has no contracts to read it"
        " with",
        next_step=f"add {kinds} to venue.markets, then trimtab recover; to do without contracts,"
        " first trimtab close-hedges --execute",
    )
