"""Log lines on standard error: as text or as JSON, each with the ids of its run and its plan.

Text needs the standard library alone. JSON is structlog's, which is imported where it is asked
for. Never logged: what libraries write below :data:`LEAST_LEVEL`, which carries keys.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final
from uuid import uuid4

from typing_extensions import override

LEAST_LEVEL: Final[Mapping[str, int]] = MappingProxyType(
    {
        "aiohttp": logging.INFO,
        "asyncio": logging.INFO,
        "ccxt": logging.INFO,
        "httpcore": logging.WARNING,
        "httpx": logging.WARNING,
        "urllib3": logging.INFO,
    }
)
"""Lowest level of libraries that write headers and signed addresses below it; httpx writes
whole addresses at INFO already. Children have the level of their parent."""
LOGGER: Final = logging.getLogger("trimtab")
RUN_ID: Final = uuid4().hex[:12]
"""Of this process, so that lines of two runs can be told apart."""
PLAN_DIGITS: Final = 12
"""How much of a plan's digest a line names."""
_PLAN: Final[ContextVar[str]] = ContextVar("plan", default="")
"""Digits of the plan that is worked on."""
_EXTRA: Final = "of"
"""Where a record keeps what its line is about."""


def log_at(level: str, *, as_json: bool) -> None:
    """Send log lines of *level* and above to standard error; never those that carry keys."""
    line = logging.StreamHandler(sys.stderr)
    line.addFilter(_with_ids)
    line.setFormatter(_json_lines() if as_json else _TextLines())
    logging.basicConfig(level=level.upper(), handlers=[line], force=True)
    for name, least in LEAST_LEVEL.items():
        logging.getLogger(name).setLevel(max(least, logging.getLogger().level))


def _with_ids(record: logging.LogRecord) -> bool:
    """Give a record the ids of run and plan; every record passes."""
    about = dict(getattr(record, _EXTRA, {}))
    ids = {"run": RUN_ID, **({"plan": _PLAN.get()} if _PLAN.get() else {})}
    setattr(record, _EXTRA, ids | about)
    return True


class _TextLines(logging.Formatter):
    """One line of text, then what it is about."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        about = " ".join(f"{name}={value}" for name, value in getattr(record, _EXTRA, {}).items())
        text = f"{record.levelname} {record.name}: {record.getMessage()}"
        parts = [f"{text} {about}".rstrip()]
        if record.exc_info:
            parts.append(self.formatException(record.exc_info))
        return "\n".join(parts)


def _json_lines() -> logging.Formatter:
    """Return what writes each record as one JSON object on a line."""
    import structlog  # noqa: PLC0415  text must not pay for it

    def about(
        _logger: object, _name: str, event: structlog.types.EventDict
    ) -> structlog.types.EventDict:
        """Put what the record is about beside its text."""
        return {**event, **getattr(event.get("_record"), _EXTRA, {})}

    processors = structlog.stdlib.ProcessorFormatter
    return processors(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        ],
        processors=[
            about,
            processors.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )


def working_on(plan_digest: str) -> None:
    """Name a plan on every line from here on."""
    _PLAN.set(plan_digest[:PLAN_DIGITS])


def said(text: str, **about: str) -> None:
    """Log one line of ours at INFO, with what it is about."""
    LOGGER.info(text, extra={_EXTRA: about})
