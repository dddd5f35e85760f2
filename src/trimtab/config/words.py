"""Settings with a small language of their own: thresholds, destinations, names, addresses.

Pure but for reading the zone database. Every refusal carries a reason and a fix.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from trimtab.config.cron import cron_error, never_error
from trimtab.config.numerals import fault, read_exact, shown
from trimtab.domain.canonical import instant_text
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, plain
from trimtab.domain.overlay_policy import MONTHS
from trimtab.domain.policy import Destination, Threshold
from trimtab.domain.routing import Share
from trimtab.venues.catalogue import PROFILES

ASSET: Final = re.compile(r"[A-Z0-9]{1,20}")
"""How an asset is written: the venue's code."""
LOCAL_URL: Final = "http://127.0.0.1:8900"
"""Where ``trimtab testnet`` listens unless told otherwise."""
_GROUP: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_SYMBOL: Final = re.compile(r"[A-Z0-9]{1,20}/[A-Z0-9]{1,20}(?::[A-Z0-9]{1,20}(?:-[0-9]{6})?)?")
_VENUE: Final = re.compile(r"[a-z][a-z0-9]{1,39}")
_THRESHOLD: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,12})?)\s?(pp|%)")
_SHARE: Final = re.compile(r"([0-9]{1,9})\s*/\s*([0-9]{1,9})")
_NAMED_CALENDARS: Final = ("off", "monthly", "quarterly", "semiannual")
_LEDGERS: Final = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
_PLACEHOLDERS: Final = ("{account}", "{environment}")


def read_threshold(value: object) -> Threshold:
    """Return the band that ``5pp`` (of weight) or ``10%`` (of the target) spells."""
    if isinstance(value, Threshold):
        return value  # A default of our own.
    fix = 'write "5pp" for points of weight or "10%" for a share of the target'
    match = _THRESHOLD.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise fault(f"must be a threshold with its unit, was {shown(value)}", fix=fix)
    with exact_arithmetic():
        width = Decimal(match.group(1)).scaleb(-2)
    if width > ONE:
        raise fault(f"must be at most 100, was {shown(value)}", fix=fix)
    return Threshold(width=width, relative=match.group(2) == "%")


def read_symbols(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what names no market of this venue's kinds, and lists that name one twice."""
    fix = 'write ["BTC/USDT"] for a coin, ["BTC/USDT:USDT"] for its perpetual'
    for symbol in symbols:
        if _SYMBOL.fullmatch(symbol) is None:
            raise fault(f"must be markets, {shown(symbol)} is none", fix=fix)
    if len(set(symbols)) < len(symbols):
        raise fault("names a market twice", fix="name each once")
    return symbols


def threshold_text(threshold: Threshold) -> str:
    """Return the spelling of *threshold*."""
    with exact_arithmetic():
        return plain(threshold.width.scaleb(2)) + ("%" if threshold.relative else "pp")


def read_destination(value: object) -> Destination:
    """Return where corrections end: ``target``, ``band`` or a fraction of the way."""
    match value:
        case Destination():
            return value  # A default of our own.
        case "target":
            return Destination(to_band=False, fraction=ONE)
        case "band":
            return Destination(to_band=True, fraction=ONE)
    fix = 'write "target", "band" or a fraction of the way such as "0.5"'
    if isinstance(value, str) and value[:1].isalpha():
        raise fault(f"must be a destination, was {shown(value)}", fix=fix)
    fraction = read_exact(value)
    if not ZERO < fraction <= ONE:
        raise fault(f"must be above 0 and at most 1, was {plain(fraction)}", fix=fix)
    return Destination(to_band=False, fraction=fraction)


def read_share(value: object) -> Share:
    """Return a share of 1, as a decimal or as two whole numbers with a bar: ``5/6``."""
    if isinstance(value, Share):
        return value  # A default of our own.
    fix = 'write a share from 0 to 1 such as "0.5" or "5/6"'
    if isinstance(value, str) and "/" in value:
        parts = _SHARE.fullmatch(value.strip())
        if parts is None or int(parts[2]) < max(1, int(parts[1])):
            raise fault(f"must be a share of 1, was {shown(value)}", fix=fix)
        return Share(numerator=int(parts[1]), denominator=int(parts[2]))
    decimal = read_exact(value)
    if not ZERO <= decimal <= ONE:
        raise fault(f"must be from 0 to 1, was {plain(decimal)}", fix=fix)
    numerator, denominator = decimal.as_integer_ratio()
    return Share(numerator=numerator, denominator=denominator)


def destination_text(destination: Destination) -> str:
    """Return the spelling of *destination*."""
    if destination.to_band:
        return "band"
    return "target" if destination.fraction == ONE else plain(destination.fraction)


def read_asset(value: object) -> str:
    """Return an asset code; codes are upper case."""
    text = read_text(value)
    if ASSET.fullmatch(text):
        return text
    fix = "write the venue's code in capitals, such as BTC"
    if ASSET.fullmatch(text.strip().upper()):
        fix = f"write {text.strip().upper()}"
    raise fault(f"must be an asset code, was {shown(text)}", fix=fix)


def read_group(value: object) -> str:
    """Return the name of a group; names are lower case, so that they are never assets."""
    text = read_text(value)
    if _GROUP.fullmatch(text):
        return text
    fix = "use up to 40 small letters, digits and underscores, a letter first"
    raise fault(f"must be a plain name, was {shown(text)}", fix=fix)


def read_month(value: object) -> str:
    """Return a month by its first three letters."""
    text = read_text(value)
    if text in MONTHS:
        return text
    near = text.strip().lower()[:3]
    fix = f"write {near}" if near in MONTHS else f"write one of {', '.join(MONTHS)}"
    raise fault(f"must be a month, was {shown(text)}", fix=fix)


def read_day(value: object) -> date:
    """Return the day that a date, bare or as text, names; an hour has no place in it."""
    if type(value) is date:
        return value
    fix = "write a day such as 2026-12-01"
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise fault(f"is no day of the calendar: {shown(value)}", fix=fix) from None
    raise fault(f"must be a day, was {shown(value)}", fix=fix)


def read_flag(value: object) -> str:
    """Return the words of a flag; a flag without any would refuse without a reason."""
    text = read_text(value)
    if text.strip():
        return text
    raise fault("says nothing", fix='write why, such as "fundamentals changed"')


def read_account(value: object) -> str:
    """Return the account's name, safe in a file name."""
    text = read_text(value)
    if _NAME.fullmatch(text):
        return text
    fix = "use up to 40 letters, digits, hyphens and underscores, a letter or digit first"
    raise fault(f"must be a plain name, was {shown(text)}", fix=fix)


def read_venue(value: object) -> str:
    """Return the ccxt id of a venue that there is a profile of."""
    text = read_text(value)
    if text in PROFILES:
        return text
    if _VENUE.fullmatch(text):
        reason = f"must be a venue with a profile, was {shown(text)}"
        raise fault(reason, fix=f"write {' or '.join(PROFILES)}")
    raise fault(
        f"must be a ccxt id, was {shown(text)}", fix='write it in lower case, such as "binance"'
    )


def read_text(value: object) -> str:
    """Return text as it is."""
    if isinstance(value, str):
        return value
    raise fault(f"must be text, was {shown(value)}", fix="put it in quotes")


def read_switch(value: object) -> bool:
    """Return true or false, also where a variable or an option spells it as text."""
    match value:
        case bool():
            return value
        case "true" | "false":
            return value == "true"
    raise fault(f"must be true or false, was {shown(value)}", fix="write true or false")


def read_calendar(value: object) -> str:
    """Return a named calendar or five cron fields with single spaces."""
    text = " ".join(read_text(value).split())
    if text in _NAMED_CALENDARS:
        return text
    fix = 'write off, monthly, quarterly, semiannual or cron text such as "0 9 1 * *"'
    if " " not in text:
        raise fault(f"must be a calendar, was {shown(text)}", fix=fix)
    if error := cron_error(text) or never_error(text):
        raise fault(f"must be cron text: {error}", fix=fix)
    return text


def read_instant(value: object) -> str:
    """Return an instant as RFC 3339 UTC, or the empty text."""
    text = read_text(value)
    if not text:
        return text
    try:
        read = datetime.fromisoformat(text)
        if read.tzinfo is not None:
            return instant_text(read.astimezone(UTC))
    except (ValueError, OverflowError):
        pass
    fix = 'write such as "2026-10-01T00:00:00Z", or remove it'
    raise fault(f"must be an instant with its offset, was {shown(text)}", fix=fix)


def read_timezone(value: object) -> str:
    """Return the IANA name of a zone that this machine knows."""
    text = read_text(value)
    if text == "UTC":
        return text  # Known even where the zone database is not installed.
    try:
        ZoneInfo(text)
    except (OSError, ValueError, LookupError):
        # A folder of the database is an OSError, a path out of it a ValueError.
        reason = f"must be a time zone that this machine knows, was {shown(text)}"
        raise fault(reason, fix='write an IANA name such as "UTC" or "Europe/Berlin"') from None
    return text


def read_address(value: object) -> str:
    """Return an address of a local exchange; no address is right wherever none is needed."""
    return "" if value == "" else read_loopback_url(value)


def read_loopback_url(value: object) -> str:
    """Return the address of a local exchange, without a final slash."""
    text = read_text(value)
    fix = 'write a loopback address such as "http://127.0.0.1:8900"'
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise fault(f"must be a URL, was {shown(text)}", fix=fix) from None
    if parts.username is not None or parts.password is not None:
        raise fault("must not carry a name or a password", fix=fix)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise fault(f"must be an http URL, was {shown(text)}", fix=fix)
    if parts.path not in ("", "/") or parts.query or parts.fragment or re.search(r"\s", text):
        raise fault(f"must be a host and a port only, was {shown(text)}", fix=fix)
    if not _is_loopback(parts.hostname):
        raise fault(f"must be on this machine, was {shown(parts.hostname)}", fix=fix)
    return text.removesuffix("/")


def _is_loopback(host: str) -> bool:
    """Say whether *host* can only be this machine; no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_ledger_url(value: object) -> str:
    """Return a SQLAlchemy URL of a durable ledger, placeholders still in it."""
    text = read_text(value)
    fix = 'write "sqlite:///~/.local/state/trimtab/{account}-{environment}.db" or a postgresql URL'
    if not text.startswith(_LEDGERS) or re.search(r"[\s\x00-\x1f]", text):
        scheme = shown(text.partition("://")[0])
        raise fault(f"must be an sqlite or postgresql URL, begins with {scheme}", fix=fix)
    braces = re.findall(r"\{[^{}]*\}?|\}", text)
    if any(brace not in _PLACEHOLDERS for brace in braces):
        # What stands in the brackets may be part of a password.
        raise fault("has a curly bracket that is no {account} and no {environment}", fix=fix)
    try:
        urlsplit(text)
    except ValueError:
        raise fault("must be a URL", fix=fix) from None
    if text.startswith("sqlite:///") and text.removeprefix("sqlite:///") in ("", ":memory:"):
        raise fault("must be a file: a ledger in memory is lost", fix=fix)
    return text
