"""Independent prices as the document that users script against. Prints nothing."""

from __future__ import annotations

from typing import Any

from trimtab.domain.canonical import to_document
from trimtab.domain.exact import plain, trimmed
from trimtab.workflow.bearings import Bearing

BPS_PLACES = 1
VALUE_PLACES = 8


def bearing_document(bearing: Bearing) -> dict[str, Any]:
    """Return one asset with what every source said; values are null when nothing is measured."""
    quotations = [
        {
            "source": q.source.value,
            "usd": plain(q.value),
            "quoted_at": to_document(q.quoted_at),
        }
        for q in bearing.quotations
    ]
    return {
        "asset": bearing.asset,
        "unit": bearing.unit,
        "value": None if bearing.value is None else trimmed(bearing.value, VALUE_PLACES),
        "off_bps": None if bearing.off_bps is None else trimmed(bearing.off_bps, BPS_PLACES),
        "unmeasured": bearing.why or None,
        "quotations": quotations,
        "silent": [{"source": s.source.value, "why": s.why} for s in bearing.silences],
    }
