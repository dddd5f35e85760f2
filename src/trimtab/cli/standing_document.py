"""A standing approval as the document that users script against. Prints nothing."""

from __future__ import annotations

from trimtab.cli.documents import Document
from trimtab.domain.canonical import to_document
from trimtab.domain.exact import plain
from trimtab.domain.standing_approval import Unproved
from trimtab.workflow.unattended import Standing


def standing_document(seen: Standing) -> Document:
    """Return one standing approval, with what rested on it; values are exact decimals."""
    record, given = seen.record, seen.record.approval
    document: Document = {
        "digest": record.digest,
        "in_force": seen.is_in_force,
        "reasons": list(seen.idle),
        "revoked": to_document(record.revoked) if record.revoked is not None else None,
        "used": {"runs": len(record.uses), "day": plain(seen.drawn)},
        "plans": [to_document(use) for use in record.uses],
    }
    if isinstance(given, Unproved):
        return document | {"granted": None}
    return document | {"granted": to_document(given)}
