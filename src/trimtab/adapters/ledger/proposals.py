"""Plans and what the gate said of them, read back from the entries that saved them. Pure.

An entry never changes, and the plan of an earlier version may say less than one does now. It is
read all the same, since its orders may be open: nothing of the ledger may depend on which version
wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from trimtab.domain.canonical import NotThisShape, digest, from_document
from trimtab.domain.findings import GateReport
from trimtab.domain.plan import Plan, under_name


@lru_cache(maxsize=8)
def proposal(body: str) -> tuple[Plan, GateReport]:
    """Read a plan and its findings from their entry, which never changes; a run asks again."""
    document = json.loads(body)
    plan, report = _plan_of(document["plan"]), document["report"]
    told = {"source": "", "at": report["reviewed_at"]}  # Not said before schema 0003.
    report["findings"] = [told | finding for finding in report["findings"]]
    try:
        return plan, from_document(GateReport, report)
    except NotThisShape:
        return plan, from_document(GateReport, report, older=True)


def _plan_of(document: Mapping[str, object]) -> Plan:
    """Read a plan; one that an earlier version made, under its own name and under no policy.

    So it can be looked at and recovered from, and neither approved nor carried out.

    Raises:
        NotThisShape: it is no plan of any version.

    """
    older: dict[str, object] = {"transfers": [], "order": "usual", "mids": {}, "stops": []}
    # What was not said at first.
    try:
        return from_document(Plan, older | dict(document))
    except NotThisShape:
        whole = older | dict(document) | {"policy_digest": ""}
    named = {k: v for k, v in document.items() if k not in older or v != older[k]}
    return under_name(from_document(Plan, whole, older=True), digest(named))
