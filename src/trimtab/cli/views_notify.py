"""Notices as documents and tables. Nothing prints here; instants UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.rows import Rows
from trimtab.cli.tables import words
from trimtab.domain.canonical import to_document
from trimtab.domain.notices import Delivery, NoticeRecord, Step

_STYLES: Final[Mapping[Step, str]] = {
    Step.DELIVERED: "green",
    Step.WAITING: "yellow",
    Step.NOT_SENT: "yellow",
    Step.SENDING: "bold red",
    Step.REFUSED: "bold red",
    Step.UNKNOWN: "bold red",
}


def notice_document(record: NoticeRecord) -> dict[str, Any]:
    """Return one notice with its way."""
    notice, read = record.notice, record.read
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "critical": notice.kind.is_critical,
        "at": to_document(notice.at),
        "subject": notice.subject,
        "text": notice.text,
        "next": notice.next_step,
        "deliveries": {c: _delivery_document(d) for c, d in record.deliveries.items()},
        "read_by": None if read is None else read.by,
        "read_at": None if read is None else to_document(read.at),
        "holds_unattended_runs": record.holds,
    }


def _delivery_document(delivery: Delivery) -> dict[str, Any]:
    """Return how far it got on one channel."""
    return {
        "status": delivery.step.value,
        "attempts": delivery.attempts,
        "note": delivery.note or None,
    }


def tried_document(record: NoticeRecord, *, arrived: bool) -> dict[str, Any]:
    """Return a notice that was just sent."""
    return {
        "status": "delivered" if arrived else "not_delivered",
        "notice": notice_document(record),
    }


def notices_table(records: Iterable[NoticeRecord]) -> RenderableType:
    """Return notices, how far each got, and who has read it."""
    found = [_row(record) for record in records]
    if not found:
        return Text("No notices yet.\nnext: trimtab notify test")
    return Rows(("notice", "at", "told", "read", "~what"), found)


def _row(record: NoticeRecord) -> list[str | Text]:
    """Return one notice."""
    notice, read = record.notice, record.read
    who = read.by if read is not None else ""
    return [
        notice.id,
        f"{notice.at:%Y-%m-%d %H:%M}",
        _way(record),
        Text("needs: notify ack", "bold red") if record.holds else who,
        notice.subject,
    ]


def _way(record: NoticeRecord) -> Text:
    """Return how far a notice got, channel by channel."""
    way = Text()
    for channel, delivery in record.deliveries.items():
        way.append(f"{'; ' if way else ''}{channel}: ")
        way.append(_told(delivery), _STYLES[delivery.step])
    return way


def _told(delivery: Delivery) -> str:
    """Return how far it got in words; what was being sent may have arrived."""
    told = "may have arrived" if delivery.step is Step.SENDING else words(delivery.step.value)
    return f"{told} ({delivery.note})" if delivery.note else told


def tried_table(record: NoticeRecord) -> RenderableType:
    """Return how far a notice got that was just sent."""
    rows: list[list[str | Text]] = [
        [channel, Text(_told(delivery), _STYLES[delivery.step])]
        for channel, delivery in record.deliveries.items()
    ]
    return Rows(("channel", "told"), rows)
