"""The schedule that a configuration describes."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from trimtab.config import Config
from trimtab.triggers.calendar import Calendar
from trimtab.workflow.slots import Schedule


def schedule_of(config: Config) -> Schedule | None:
    """Return when slots begin and which of them run by themselves; None where the calendar is off.

    UTC needs no zone database.
    """
    if config.calendar == "off":
        return None
    zone = UTC if config.timezone == "UTC" else ZoneInfo(config.timezone)
    return Schedule(calendar=Calendar(rule=config.calendar, zone=zone), terms=config.slot_terms)
