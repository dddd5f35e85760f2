"""Facts and promises of venues as documents, and as lines for a person."""

from __future__ import annotations

from trimtab.cli.documents import Document
from trimtab.domain.snapshot import Environment
from trimtab.venues.cases import CASES
from trimtab.venues.facts import (
    Cancel,
    Contracts,
    Fence,
    LookUp,
    Market,
    MarketFacts,
    RestingStops,
    VenueFacts,
    Way,
)
from trimtab.venues.promise import Promise
from trimtab.venues.register import PROMISES
from trimtab.venues.shown import SHOWN

Row = tuple[str, str, str]
"""A fact's name, the fact, and where it is from."""


def known_document(venue: VenueFacts) -> Document:
    """Return a venue with what is promised of each of its markets."""
    return {
        "venue": venue.venue_id,
        "name": venue.name,
        "checked_with_ccxt": venue.checked_with,
        "has_testnet": Environment.TESTNET in venue.places,
        "markets": {
            market.value: promise_document(promise)
            for market, promise in PROMISES[venue.venue_id].items()
        },
    }


def promise_document(promise: Promise) -> Document:
    """Return a promise."""
    return {
        "promise": promise.level.value,
        "by_facts": promise.by_facts.value,
        "reasons": list(promise.reasons),
    }


def shown_document(venue: VenueFacts) -> Document:
    """Return everything that is known of a venue."""
    return known_document(venue) | {
        "places": {
            environment.value: {
                "hosts": sorted(place.hosts),
                "header": None if place.header is None else ": ".join(place.header),
                "markets": sorted(place.markets),
                "source": place.source,
            }
            for environment, place in venue.places.items()
        },
        "no_testnet_because": venue.no_sandbox or None,
        "key_rights_call": venue.key_rights_call or None,
        "transfer_call": venue.transfer_call or None,
        "traps": list(venue.traps),
        "facts": {
            market.value: [
                {"fact": fact, "what": what, "source": source}
                for fact, what, source in market_rows(facts)
            ]
            for market, facts in venue.markets.items()
        },
        "cases": {market.value: _cases(venue, market) for market in venue.markets},
    }


def _cases(venue: VenueFacts, market: Market) -> list[Document]:
    """Return what every case came to; nothing for what was not shown."""
    shown = SHOWN.get((venue.venue_id, market), {})
    return [
        {
            "case": number,
            "title": CASES[number].title,
            "outcome": showing.outcome.value,
            "reason": showing.reason or None,
        }
        for number, showing in shown.items()
    ]


def market_rows(facts: MarketFacts) -> tuple[Row, ...]:
    """Return the facts of one part of a venue, a line each."""
    name = facts.client_id
    unique = name.unique.value.replace("_", " ")
    return (
        ("ccxt class", facts.ccxt_id, ""),
        ("our name", f"{name.field}, {name.pattern}, unique: {unique}", name.source),
        _looked_up(facts.look_up),
        ("cancelled by it", _asked(facts.cancel), ""),
        ("a duplicate is told by", ", ".join(facts.duplicate_codes) or "not known", ""),
        _fenced(facts.fence),
        ("at once or not at all", facts.immediate.on_wire, ""),
        ("sizes count", f"{facts.order_unit.value}; market buys {facts.market_buy_unit.value}", ""),
        ("sizes go out", "as written" if facts.exact_sizes else "through a float", ""),
        ("an order's answer tells", "fills" if facts.tells_fills else "receipt only", ""),
        ("fees are taken from", facts.fee_assets, ""),
        *((f"{b.of} at most", f"{b.count} in {b.seconds} s", b.source) for b in facts.budgets),
        *(() if facts.contracts is None else _positions(facts.contracts)),
        *(() if facts.stops is None else (_rested(facts.stops),)),
    )


def _asked(how: LookUp | Cancel) -> str:
    """Return how something is asked for."""
    return "not possible" if how.way is Way.NONE else f"{how.way.value}: {how.call}({how.param})"


def _looked_up(look_up: LookUp) -> Row:
    """Return how an order is found by our name."""
    kept = "for how long is not stated" if look_up.kept_s is None else f"for {look_up.kept_s} s"
    told = _asked(look_up)
    what = told if look_up.way is Way.NONE else f"{told}, {kept} after its end"
    return ("found by it", what, look_up.source)


def _fenced(fence: Fence) -> Row:
    """Return what keeps a late order out."""
    where = "until it is matched" if fence.holds_at_match else "on receipt"
    by = "sent by ccxt" if fence.sent_by_ccxt else "to be added to each order"
    usual = f", {fence.default_s} s unless told" if fence.default_s else ""
    what = f"{fence.kind.value}, {fence.name} in the {fence.place}, {where}, {by}{usual}"
    return ("fence", what, fence.source)


def _rested(stops: RestingStops) -> Row:
    """Return how a stop rests."""
    names = "names of their own" if stops.own_names else "names shared with orders"
    number = "another number" if stops.own_number else "the same number"
    what = f"{stops.call}({stops.field}), {stops.by_mark}, {names}; fired under {number}"
    return ("stops rest by", what, stops.source)


def _every(hours: int) -> str:
    """Return how often funding is paid; at nought it flows."""
    if not hours:
        return "all the time"
    return "every hour" if hours == 1 else f"every {hours} hours"


def _positions(contracts: Contracts) -> tuple[Row, ...]:
    """Return how positions are kept."""
    hours = contracts.funding_hours
    return (
        ("position modes", ", ".join(sorted(contracts.position_modes)), contracts.source),
        ("margin modes", ", ".join(sorted(contracts.margin_modes)), contracts.source),
        ("leverage is set by", contracts.leverage_call or "nothing", contracts.source),
        ("funding", _every(hours), contracts.source),
        ("dated contracts", "yes" if contracts.dated else "no", contracts.source),
    )
