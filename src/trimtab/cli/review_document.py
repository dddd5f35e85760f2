"""What ``review`` found, as the document that users script against. Prints nothing."""

from __future__ import annotations

from trimtab.cli.documents import (
    Document,
    drift_document,
    group_document,
    reading_document,
    value,
    weight,
)
from trimtab.domain.exact import plain
from trimtab.planning.review import AssetReview, Risk
from trimtab.workflow.review import Reviewed


def review_document(seen: Reviewed) -> Document:
    """Return the document of ``review``; what could not be told is null."""
    review = seen.review
    return {
        "status": "reviewed",
        "nav": value(review.nav),
        "quote": review.quote,
        "until": review.until.isoformat(),
        "days": review.days,
        "assets": [drift_document(d) for d in review.drifts],
        "groups": [group_document(g) for g in review.groups],
        "unmeasured": review.unmeasured or None,
        "coins": [_coin(each) for each in review.assets],
        "correlations": {
            a: {b: plain(c) for b, c in row.items()} for a, row in review.correlations.items()
        },
        "shrinkage": weight(review.shrinkage),
        "now": _risk(review.now),
        "at_target": None if review.at_target is None else _risk(review.at_target),
        "readings": [reading_document(r) for r in review.readings],
        "left_out": [{"asset": a, "reason": why} for a, why in review.left_out.items()],
        "remarks": list(seen.remarks),
    }


def _coin(each: AssetReview) -> Document:
    """Return one coin's own figures."""
    return {
        "asset": each.asset,
        "volatility": weight(each.volatility),
        "strength": plain(each.strength),
        "beta": plain(each.following.beta),
        "r_squared": plain(each.following.r_squared),
        "dip": None if each.dip is None else [reading_document(f) for f in each.dip.readings],
    }


def _risk(risk: Risk) -> Document:
    """Return what risks come to."""
    return {"volatility": weight(risk.volatility), "effective_bets": plain(risk.bets)}
