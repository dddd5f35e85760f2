"""``doctor``: everything that a run would need, one line each, with the fix.

What the world does wrong ends as a line; only a configuration that cannot be read ends the
command, as it ends every other.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from trimtab.adapters.ledger.files import Place
from trimtab.adapters.ledger.holding import locked_at
from trimtab.adapters.ledger.site import Site, site_of
from trimtab.adapters.ledger.sql_ledger import SqlLedger
from trimtab.adapters.open_venue import OpenedVenue
from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.two_venues import open_account
from trimtab.bootstrap import open_books, open_references, owner, venue_settings
from trimtab.bootstrap.notifiers import open_notifiers
from trimtab.bootstrap.replies import reply_secret
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli import session
from trimtab.cli.beside import unread_stops
from trimtab.cli.commands.testnet import PORT
from trimtab.cli.exits import Exit
from trimtab.cli.session import Result, Work
from trimtab.cli.tables import words
from trimtab.cli.views_doctor import examined_result
from trimtab.config import ApprovalMode, Config
from trimtab.config.secrets import Credentials, credentials
from trimtab.domain.errors import AccountHeld, ConfigError, NotDone, TrimtabError, VenueError
from trimtab.domain.orders import ClientOrderId
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Environment, Snapshot
from trimtab.domain.stops import names_of
from trimtab.hedging.book import book_of
from trimtab.risk.references import Bench
from trimtab.triggers.calendar import slot_after
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.promise import Level
from trimtab.venues.register import least_promised
from trimtab.workflow.bearings import Chart
from trimtab.workflow.doctor import (
    ACCOUNT_CHECKS,
    Examination,
    account_examinations,
    failed,
    halt_examination,
    passed,
    references_examination,
    standing_examination,
    unchecked,
    unresolved_examination,
    warned,
    within,
)
from trimtab.workflow.doctor_stops import STOPS_CHECK, StopsKnown, stops_examination
from trimtab.workflow.doctor_unattended import (
    CalendarSeen,
    notices_examination,
    schedule_examination,
)
from trimtab.workflow.doctor_venue import (
    VENUE_CHECKS,
    beside_examination,
    budget_examination,
    fee_examination,
    filters_examination,
    host_truth,
    key_examination,
)
from trimtab.workflow.portfolio import portfolio_of
from trimtab.workflow.slots import last_done, present_slot
from trimtab.workflow.unattended import look_at_standing

DISK_NEEDED_BYTES: Final = 50_000_000
"""Room that the ledger's disk should have: far more than a year of runs writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """What the ledger showed."""

    found: tuple[Examination, ...]
    ours: frozenset[ClientOrderId]
    """Names of orders and stops; none when the ledger could not be read."""
    stops: StopsKnown | None
    """None when the ledger could not be read."""


def doctor() -> Exit:
    """Check everything a run would need, and say how to fix it."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Examine all there is."""
        return examined_result(await examinations(config))

    return session.conduct(work)


async def examinations(config: Config) -> tuple[Examination, ...]:
    """Return every examination, from this machine outwards."""
    books = await _ledger(config)
    return (
        passed("configuration", found=f"{config.file}, {len(config.settings)} values"),
        _python(),
        *books.found,
        _host(config),
        _promise(config),
        *await _account(config, books),
        await _references(config),
    )


def _python() -> Examination:
    """Look at the interpreter, and whether it keeps the assertions that guard money."""
    found = f"Python {platform.python_version()}, assertions {'on' if __debug__ else 'off'}"
    if __debug__:
        return passed("python", found=found)
    return failed("python", found=found, fix="run without -O and without PYTHONOPTIMIZE")


async def _ledger(config: Config) -> _Books:
    """Look at the ledger, its disk and its lock."""
    try:
        site = site_of(config.ledger_url)
        async with open_books(config, dry_run=False) as ledger:
            found = (
                await _sound(ledger, site),
                _disk(site),
                _lock(site),
                unresolved_examination(
                    await ledger.unresolved(), await ledger.unresolved_transfers()
                ),
                halt_examination(await ledger.restraint()),
                await _standing(ledger, config),
                await _schedule(ledger, config),
                await _notices(ledger, config),
            )
            orders, stops = await ledger.orders(plan_digest=None), await ledger.stops()
            known = StopsKnown(
                records=stops, book=book_of(await ledger.hedge_record(), config.quote)
            )
            named = frozenset(record.intent.client_order_id for record in orders)
            return _Books(found=found, ours=named | names_of(known.open), stops=known)
    except TrimtabError as fault:
        rest = (
            *("disk", "lock", "unresolved_orders", "halt", "standing_approvals"),
            *("schedule", "notices"),
        )
        why = "the ledger cannot be used"
        bad = failed("ledger", found=str(fault), fix=fault.next_step)
        unread = (bad, *(unchecked(r, why=why) for r in rest))
        return _Books(found=unread, ours=frozenset(), stops=None)


async def _standing(ledger: SqlLedger, config: Config) -> Examination:
    """Look at what runs may send unasked."""
    now = SystemClock().now()
    seen = await look_at_standing(ledger, config.policy, key=config.key, at=now)
    is_wanted = config.approval_mode is ApprovalMode.STANDING
    return standing_examination(seen, is_wanted=is_wanted)


async def _schedule(ledger: SqlLedger, config: Config) -> Examination:
    """Look at the calendar: what is next, what was done last, what was missed."""
    schedule, now = schedule_of(config), SystemClock().now()
    if schedule is None:
        return schedule_examination(None)
    present = await present_slot(ledger, schedule, now=now)
    seen = CalendarSeen(
        present=present,
        following=slot_after(schedule.calendar, present.slot),
        done=await last_done(ledger, schedule, now=now),
    )
    return schedule_examination(seen)


async def _notices(ledger: SqlLedger, config: Config) -> Examination:
    """Look at who is told, with nothing sent."""
    channels, clock = [c.value for c in config.notify.channels], SystemClock()
    async with open_notifiers(config, os.environ, clock) as opened:
        unopened = dict(opened.unopened)
    if config.notify.replies:
        try:
            reply_secret(config, os.environ)
        except ConfigError as fault:
            unopened["replies"] = fault
    return notices_examination(channels, unopened, await ledger.notices(), at=clock.now())


async def _sound(ledger: SqlLedger, site: Site) -> Examination:
    """Prove the ledger's chain, and that its folder takes new files."""
    report = await ledger.audit.verify()
    if report.faults:
        first = report.faults[0]
        told = f"{first.table} {first.row} {first.what}"
        return failed("ledger", found=told, fix="trimtab ledger verify")
    if isinstance(site, Place) and not os.access(site.database.parent, os.W_OK | os.X_OK):
        fix = f"make {site.database.parent} writable"
        return failed("ledger", found="its folder is read-only", fix=fix)
    return passed("ledger", found=f"{site.name}, {report.entries} entries, chain whole")


def _disk(site: Site) -> Examination:
    """Look at the room that is left where the ledger grows; a server does not tell."""
    if not isinstance(site, Place):
        return unchecked("disk", why="the ledger is on a server")
    free = shutil.disk_usage(site.database.parent).free
    return within(free, needed_bytes=DISK_NEEDED_BYTES)


def _lock(site: Site) -> Examination:
    """Take the account's lock for a moment; writes no entry."""
    try:
        with locked_at(site, owner()):
            return passed("lock", found="free")
    except AccountHeld as held:
        return warned("lock", found=str(held), fix=held.next_step)
    except TrimtabError as fault:
        return failed("lock", found=str(fault), fix=fault.next_step)


def _host(config: Config) -> Examination:
    """Say which host is talked to, and what is at stake there."""
    hosts = ", ".join(sorted(_hosts(config)[config.key.environment]))
    match config.key.environment:
        case Environment.LOCAL:
            places = " or ".join(part.url for part in config.parts)
            return passed("host", found=f"local: every socket goes to {places}")
        case Environment.TESTNET:
            return passed("host", found=f"testnet: {hosts}; no real money")
        case _:
            fix = "be sure that real money is meant"
            return warned("host", found=f"live: {hosts}", fix=fix)


def _hosts(config: Config) -> Mapping[Environment, frozenset[str]]:
    """Return the hosts of each environment, of every venue of the account."""
    profiles = [PROFILES[part.venue_id] for part in config.parts]
    return {e: frozenset().union(*(p.hosts[e] for p in profiles)) for e in Environment}


def _promise(config: Config) -> Examination:
    """Say what may be promised of orders at the venue, and why no more."""
    venue_id, promise = least_promised((p.venue_id, p.markets) for p in config.parts)
    found = words(promise.level.value)
    if promise.level is Level.LIVE:
        return passed("venue_promise", found=found)
    which = f"{venue_id} " if config.key.is_split else ""
    told = f"{which}{found}: {'; '.join(promise.reasons[:1])}"
    return warned("venue_promise", found=told, fix=f"trimtab venues show {venue_id}")


async def _account(config: Config, books: _Books) -> Sequence[Examination]:
    """Read the account once, and say what keeps it from being read."""
    try:
        settings = venue_settings(config, os.environ, SystemClock(), use=KeyUse.READ)
        async with open_account(settings, key=config.key) as opened:
            snapshot = await opened.market.snapshot(portfolio_of(config.policy))
            looked = await _looked(opened, snapshot, config)
    except NotDone as fault:
        return _unreached(config, fault)
    except VenueError as fault:
        fix = "store a key that may read and trade, made for this host"
        return (
            passed("venue", found="answers"),
            failed("key", found=str(fault), fix=fix),
            *_unread("the account cannot be read"),
        )
    except TrimtabError as fault:
        return (
            unchecked("venue", why="no key to ask with"),
            failed("key", found=str(fault), fix=fault.next_step),
            *_unread("no key to ask with"),
        )
    keys = [credentials(config, os.environ, use=KeyUse.READ, part=p) for p in config.parts]
    told = "; ".join(dict.fromkeys(_key_place(found) for found in keys))
    return (
        passed("venue", found=f"answers, {len(snapshot.instruments)} markets read"),
        passed("key", found=f"accepted, {told}"),
        *looked,
        *account_examinations(snapshot, config.policy, books.ours),
        _stops(books, snapshot, config),
    )


def _stops(books: _Books, snapshot: Snapshot, config: Config) -> Examination:
    """Hold the stops of the ledger against those of the venue."""
    if books.stops is None:
        return unchecked(STOPS_CHECK, why="the ledger cannot be used")
    if (fault := unread_stops(books.stops.open, config)) is not None:
        return failed(STOPS_CHECK, found=str(fault), fix=fault.next_step)
    now = SystemClock().now()
    return stops_examination(books.stops, snapshot, config.policy.hedge, now=now)


async def _references(config: Config) -> Examination:
    """Ask the independent sources about the quote and the targets, the venue left out."""
    clock, policy = SystemClock(), config.policy
    assets = portfolio_of(policy).assets
    async with open_references(config, clock) as sources:
        references = await sources.read(dict.fromkeys((config.quote, *assets)))
    bench = Bench(references=references, rules=policy.references, now=clock.now())
    chart = Chart(bench=bench, quote=config.quote, mids={})
    return references_examination(chart.bearings(assets), policy)


async def _looked(opened: OpenedVenue, snapshot: Snapshot, config: Config) -> Sequence[Examination]:
    """Look at the venue itself, in the order of VENUE_CHECKS."""
    policy, preflight = config.policy, opened.preflight
    key = key_examination(await preflight.key_rights(), snapshot, policy)
    try:
        fees = fee_examination(await preflight.fee_terms(), snapshot, policy)
    except VenueError as fault:
        fees = warned("fee_asset", found=str(fault), fix="run it again")
    try:
        others = beside_examination(await preflight.beside())
    except VenueError as fault:
        others = unchecked("other_wallets", why=str(fault))
    return (
        host_truth(config.key.environment, preflight.answered(), hosts=_hosts(config)),
        key,
        filters_examination(snapshot, policy),
        fees,
        budget_examination(preflight.usage()),
        others,
    )


def _key_place(found: Credentials) -> str:
    """Return which key was found, and where, in words."""
    if found.source == "local":
        return "the documented local pair"
    which = "the one that only reads, " if found.use is KeyUse.READ else ""
    return f"{which}from the {found.source}"


def _testnet_command(url: str) -> str:
    """Return what starts a local exchange where *url* looks for one."""
    port = urlsplit(url).port
    return "trimtab testnet" if port in (None, PORT) else f"trimtab testnet --port {port}"


def _unreached(config: Config, fault: NotDone) -> Sequence[Examination]:
    """Return what is known when the venue did not answer usably."""
    fix = "look at the network and the venue's status page, then trimtab doctor"
    if config.key.environment is Environment.LOCAL:
        start = _testnet_command(config.venue_url)
        fix = f"start it with {start}, or set venue.url (now {config.venue_url})"
        if config.key.is_split:
            fix += f" and hedge.venue.url (now {config.hedge_url})"
    why = "the venue does not answer"
    if fault.next_step != NotDone.next_step:  # It answered, and says what a person has to set.
        fix, why = fault.next_step, "the account is not read"
    return (
        failed("venue", found=str(fault), fix=fix),
        unchecked("key", why=why),
        *_unread(why),
    )


def _unread(why: str) -> Sequence[Examination]:
    """Return that nothing could be said of the account."""
    unread = (*VENUE_CHECKS, *ACCOUNT_CHECKS, STOPS_CHECK)
    return tuple(unchecked(check, why=why) for check in unread)
