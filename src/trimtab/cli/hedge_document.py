"""Hedges of ``status`` as the document that users script against. Prints nothing."""

from __future__ import annotations

from trimtab.accounting.pot import PotEntry
from trimtab.cli.documents import Document, fees_document, value, weight
from trimtab.domain.canonical import to_document
from trimtab.domain.exact import plain, trimmed
from trimtab.domain.hedges import Hedge
from trimtab.domain.instruments import Asset
from trimtab.hedging.score import HedgeScore
from trimtab.workflow.hedges import SeenHedge

ENTRY_PLACES = 8
DAY_PLACES = 2


def hedge_document(seen: SeenHedge) -> Document:
    """Return one open hedge; units are unsigned, profits signed."""
    hedge = seen.hedge
    return {
        "id": hedge.hedge_id,
        "asset": hedge.asset,
        "symbol": hedge.symbol,
        "origin": hedge.origin.value,
        "beta": plain(hedge.beta),
        "opened_at": to_document(hedge.opened_at),
        "age_days": seen.age.days,
        "units": plain(hedge.units),
        "entry_price": trimmed(hedge.entry, ENTRY_PLACES),
        "entry_with_rolls": trimmed(hedge.entry_with_rolls, ENTRY_PLACES),
        "expires_at": None if seen.expires_at is None else to_document(seen.expires_at),
        "mark": None if seen.mark is None else plain(seen.mark),
        "unrealised_pnl": None if seen.profit is None else value(seen.profit),
        "realised_pnl": value(hedge.realised),
        "fees": fees_document(hedge.fees),
        "funding": plain(hedge.funding),
        "closes_at": seen.ends,
        "covered": seen.is_covered,
        "stop": _stop_document(seen),
    }


def _stop_document(seen: SeenHedge) -> Document | None:
    """Return the stop of a hedge on the venue; None where none rests and none should."""
    if seen.stop is None:
        return {"status": "missing"} if seen.wants_stop else None
    intent, distance = seen.stop.record.intent, seen.stop.distance
    return {
        "status": seen.stop.record.state.value,
        "stop_id": intent.stop_id,
        "quantity": plain(intent.quantity),
        "trigger_price": plain(intent.trigger_price),
        "distance": None if distance is None else weight(distance),
        "as_it_should": seen.stop.is_right,
        "shown_by_venue": not seen.stop.is_gone,
        "moved": seen.stop.is_moved,
    }


def scored_document(hedge: Hedge, score: HedgeScore | None, quote: Asset) -> Document:
    """Return one hedge, open or closed, with its score where an auto route chose it."""
    return {
        "id": hedge.hedge_id,
        "asset": hedge.asset,
        "symbol": hedge.symbol,
        "origin": hedge.origin.value,
        "opened_at": to_document(hedge.opened_at),
        "closed_at": None if hedge.closed_at is None else to_document(hedge.closed_at),
        "closed_by": None if hedge.closed_by is None else hedge.closed_by.value,
        "units": plain(hedge.units),
        "realised_pnl": value(hedge.realised),
        "fees": fees_document(hedge.fees),
        "funding": plain(hedge.funding),
        "result": value(hedge.result(quote)),
        "score": None if score is None else score_document(score),
    }


def score_document(score: HedgeScore) -> Document:
    """Return what a hedge came to cost against a sale and its prediction; costs are positive."""
    return {
        "sale": value(score.sale),
        "predicted": value(score.predicted),
        "horizon_days": score.horizon_days,
        "days": trimmed(score.days, DAY_PLACES),
        "fees": value(score.fees),
        "slippage": value(score.slippage),
        "funding": value(score.funding),
        "basis": value(score.basis),
        "margin": value(score.margin),
        "realised": value(score.realised),
        "saved": value(score.saved),
        "beyond_prediction": value(score.beyond),
    }


def pot_document(entry: PotEntry) -> Document:
    """Return one entry of the pot; its postings sum to 0 in each asset."""
    return {
        "at": to_document(entry.at),
        "hedge_id": entry.hedge_id,
        "kind": entry.kind.value,
        "reference": entry.reference,
        "postings": [
            {"account": p.account, "asset": p.asset, "units": plain(p.units)}
            for p in entry.postings
        ],
        "balance": plain(entry.balance),
    }
