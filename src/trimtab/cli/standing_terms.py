"""The words of ``standing grant``, read into what is granted. Pure; quote units, UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.config import Config
from trimtab.domain.errors import ConfigError
from trimtab.domain.instruments import MarketKind, Symbol
from trimtab.domain.standing_approval import StandingApproval, StandingCaps, StandingScope

TRIGGERS: Final = ("calendar", "drift")
"""What may set off a plan that nobody watches; one made by hand has a person beside it."""
_VALUE: Final = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")
_SPAN: Final = re.compile(r"([0-9]{1,4})([dh])")
_HELP: Final = "trimtab standing grant --help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The words as they were given."""

    max_notional: str
    """Most that one order may be worth, quote units, > 0."""
    max_run_notional: str
    """Most that one run may send, quote units, > 0."""
    max_day_notional: str
    """Most that the runs of 24 hours may send that rest on it, quote units, > 0."""
    max_runs: int
    """How many runs may rest on it, all in all, >= 1."""
    expires: str
    """When it ends: 30d, 12h, 2026-12-31 or 2026-12-31T18:00Z; at most 366 days."""
    symbols: str | None = None
    """Markets between commas, such as BTC/USDT,ETH/USDT; else every market of the targets."""
    kinds: str | None = None
    """Kinds of market between commas: spot, swap; else those of venue.markets."""
    triggers: str | None = None
    """Why a plan may act, between commas: drift, calendar; else both."""
    allow_warnings: bool = False
    """Whether plans that the gate warns about are approved too."""


def granted(terms: Terms, config: Config, *, by: str, at: datetime) -> StandingApproval:
    """Return what *terms* grant under *config*.

    Raises:
        ConfigError: a word means nothing, with what to write instead.

    """
    runs = terms.max_runs
    if runs < 1:
        raise _fault("--max-runs", was=str(runs), wanted="a whole number from 1")
    kinds = _kinds(terms, config)
    return StandingApproval(
        scope=StandingScope(
            key=config.key,
            policy_digest=config.policy_digest,
            symbols=_symbols(terms, config, kinds),
            kinds=kinds,
            triggers=_chosen("--triggers", terms.triggers, TRIGGERS),
            allow_warnings=terms.allow_warnings,
        ),
        caps=StandingCaps(
            order=_value("--max-notional", text=terms.max_notional),
            run=_value("--max-run-notional", text=terms.max_run_notional),
            day=_value("--max-day-notional", text=terms.max_day_notional),
            runs=runs,
        ),
        granted_by=by,
        granted_at=at,
        expires_at=read_expiry(terms.expires, at=at),
    )


def read_expiry(text: str, *, at: datetime) -> datetime:
    """Read when a grant ends: a span from *at*, or an instant with its zone.

    Raises:
        ConfigError: it is neither.

    """
    if match := _SPAN.fullmatch(text):
        count = int(match[1])
        return at + (timedelta(days=count) if match[2] == "d" else timedelta(hours=count))
    try:
        read = datetime.fromisoformat(text)
        is_day = len(text) == len("2026-12-31")
        if read.tzinfo is not None or is_day:
            return (read.replace(tzinfo=UTC) if is_day else read).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    wanted = "a span such as 30d or 12h, a day, or 2026-12-31T18:00Z"
    raise _fault("--expires", was=text, wanted=wanted)


def _value(option: str, *, text: str) -> Decimal:
    """Read a cap in quote units, above 0."""
    if not _VALUE.fullmatch(text) or Decimal(text) == 0:
        wanted = "a value in quote units above 0, such as 5000"
        raise _fault(option, was=text, wanted=wanted)
    return Decimal(text)


def _kinds(terms: Terms, config: Config) -> tuple[MarketKind, ...]:
    """Read the kinds of market, those of the configuration unless fewer are named."""
    allowed = sorted(kind.value for kind in config.markets)
    return tuple(MarketKind(k) for k in _chosen("--kinds", terms.kinds, allowed))


def _symbols(terms: Terms, config: Config, kinds: tuple[MarketKind, ...]) -> tuple[Symbol, ...]:
    """Read the markets: of the targets' coins and perpetuals, all unless fewer are named."""
    quote, found = config.quote, list[str]()
    for asset in config.policy.rebalance.assets:
        if asset != quote:
            found += [f"{asset}/{quote}"] if MarketKind.SPOT in kinds else []
            found += [f"{asset}/{quote}:{quote}"] if MarketKind.SWAP in kinds else []
    return tuple(Symbol(s) for s in _chosen("--symbols", terms.symbols, sorted(found)))


def _chosen(option: str, text: str | None, allowed: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Read words between commas, each one of those allowed; all of them when none is given."""
    words = sorted({word.strip() for word in text.split(",")}) if text is not None else allowed
    for word in words:
        if word not in allowed:
            raise _fault(option, was=word, wanted=f"one or more of {', '.join(allowed)}")
    return tuple(words)


def _fault(option: str, *, was: str, wanted: str) -> ConfigError:
    """Return what is wrong with the words of an option."""
    return ConfigError(f"{option} {was}: write {wanted}", next_step=_HELP)
