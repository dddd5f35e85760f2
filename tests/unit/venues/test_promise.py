"""What may be promised of a venue follows from its facts and from what was shown."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from trimtab.domain.errors import ApprovalError, ConfigError
from trimtab.domain.instruments import MarketKind
from trimtab.domain.orders import client_order_id
from trimtab.domain.snapshot import Environment
from trimtab.venues.cases import CASES, Needed, Outcome, Showing
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.facts import FenceKind, Market, MarketFacts, Way
from trimtab.venues.known import KNOWN
from trimtab.venues.page import markdown
from trimtab.venues.promise import (
    SEARCHED_S,
    SETTLED_S,
    Level,
    Promise,
    objection,
    promise,
    weakest,
)
from trimtab.venues.register import PROMISES, promised

ROOT = Path(__file__).parents[3]
GOOD = KNOWN["binance"].markets[Market.SPOT]
ALL = dict.fromkeys(CASES, Showing(outcome=Outcome.PASS, reason=""))


def looked_up(**changed: object) -> MarketFacts:
    return replace(GOOD, look_up=replace(GOOD.look_up, **changed))


def fenced(**changed: object) -> MarketFacts:
    return replace(GOOD, fence=replace(GOOD.fence, **changed))


def all_but(number: str, outcome: Outcome | None) -> dict[str, Showing]:
    rest = {n: showing for n, showing in ALL.items() if n != number}
    return rest if outcome is None else rest | {number: Showing(outcome=outcome, reason="so it is")}


def test_proof_of_absence_and_every_case_make_a_venue_live() -> None:
    made = promise(GOOD, ALL)
    assert (made.level, made.by_facts, made.reasons) == (Level.LIVE, Level.LIVE, ())


@pytest.mark.parametrize(
    ("facts", "level", "reason"),
    [
        (looked_up(way=Way.NONE), Level.DRY_RUN_ONLY, "looked up by the name"),
        (looked_up(way=Way.LISTED), Level.LIVE_WITH_PERSON, "a person decides about it"),
        (fenced(kind=FenceKind.NONE), Level.DRY_RUN_ONLY, "keeps a late order"),
        (looked_up(kept_s=SETTLED_S - 1), Level.DRY_RUN_ONLY, "gone before it is proved absent"),
        (looked_up(kept_s=SETTLED_S), Level.LIVE_WITH_PERSON, "for 120 seconds only"),
        (looked_up(kept_s=SEARCHED_S - 1), Level.LIVE_WITH_PERSON, "for 86399 seconds only"),
        (looked_up(kept_s=SEARCHED_S), Level.LIVE, ""),
        (looked_up(kept_s=None), Level.LIVE_WITH_PERSON, "does not say for how long"),
        (fenced(holds_at_match=False), Level.LIVE_WITH_PERSON, "when a request arrives"),
        (replace(GOOD, exact_sizes=False), Level.LIVE_WITH_PERSON, "floats"),
    ],
)
def test_facts_allow_no_more_than_can_be_proved(
    facts: MarketFacts, level: Level, reason: str
) -> None:
    made = promise(facts, ALL)
    assert made.level is made.by_facts is level
    assert reason in " ".join(made.reasons)


@pytest.mark.parametrize("number", CASES)
@pytest.mark.parametrize("outcome", [None, Outcome.NOT_SUPPORTED])
def test_a_case_that_was_not_passed_takes_away_what_it_is_needed_for(
    number: str, outcome: Outcome | None
) -> None:
    left = {
        Needed.READ: Level.FACTS_ONLY,
        Needed.SEND: Level.DRY_RUN_ONLY,
        Needed.ALONE: Level.LIVE_WITH_PERSON,
        Needed.STOPS: Level.LIVE,
    }
    made = promise(GOOD, all_but(number, outcome))
    assert made.level is left[CASES[number].needed]
    assert made.by_facts is Level.LIVE
    if made.level is Level.LIVE:
        assert made.reasons == ()
        return
    assert made.reasons[0].startswith(number)
    assert ("so it is" if outcome else "has not been shown") in made.reasons[0]


def test_a_case_that_is_about_nothing_takes_nothing_away() -> None:
    assert promise(GOOD, all_but("VC-07", Outcome.NOT_APPLICABLE)).level is Level.LIVE


def test_without_an_adapter_there_are_facts_only_whatever_they_allow() -> None:
    made = promise(fenced(holds_at_match=False), {})
    assert (made.level, made.by_facts) == (Level.FACTS_ONLY, Level.LIVE_WITH_PERSON)
    assert "no adapter" in made.reasons[0]
    assert "when a request arrives" in made.reasons[1]


def test_what_binds_is_told_first() -> None:
    made = promise(fenced(holds_at_match=False), all_but("VC-22", None))
    assert made.level is Level.LIVE_WITH_PERSON
    assert [reason[:5] for reason in made.reasons] == ["VC-22", "its f"]
    made = promise(looked_up(way=Way.NONE), all_but("VC-22", None))
    assert made.level is Level.DRY_RUN_ONLY
    assert made.reasons[0].startswith("no order can be looked up")
    made = promise(looked_up(way=Way.NONE), all_but("VC-07", Outcome.NOT_SUPPORTED))
    assert made.level is made.by_facts is Level.DRY_RUN_ONLY
    assert made.reasons[0].startswith("no order can be looked up")
    assert made.reasons[1].startswith("VC-07")


def test_an_account_has_the_least_of_what_its_markets_have() -> None:
    spot, inverse = PROMISES["binance"][Market.SPOT], PROMISES["binance"][Market.INVERSE]
    assert weakest([spot, inverse]) is inverse
    kinds = [MarketKind.SPOT, MarketKind.SWAP]
    assert promised("binance", kinds).level is Level.LIVE
    assert promised("coinbase", kinds).by_facts is Level.LIVE_WITH_PERSON
    assert promised("coinbase", [MarketKind.SPOT]).level is Level.LIVE_WITH_PERSON
    assert promised("coinbase", kinds).level is Level.FACTS_ONLY


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("is_live", [True, False])
@pytest.mark.parametrize("is_unattended", [True, False])
def test_orders_are_sent_only_where_the_promise_lets_them(
    level: Level, is_live: bool, is_unattended: bool
) -> None:
    made = Promise(level=level, by_facts=Level.LIVE, reasons=("so it is",))
    against = objection(made, venue_id="bybit", is_live=is_live, is_unattended=is_unattended)
    if level in {Level.FACTS_ONLY, Level.DRY_RUN_ONLY}:
        assert isinstance(against, ConfigError)
        assert against.next_step == "trimtab venues show bybit"
    elif level is Level.LIVE_WITH_PERSON and is_live and is_unattended:
        assert isinstance(against, ApprovalError)
    else:
        assert against is None
    assert against is None or "so it is" in str(against)


def test_no_showing_stands_without_its_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Showing(outcome=Outcome.PASS, reason="but")
    with pytest.raises(ValueError, match="reason"):
        Showing(outcome=Outcome.NOT_SUPPORTED, reason="")


def test_thirteen_venues_are_known_and_every_fact_has_its_source() -> None:
    assert len(KNOWN) == 13
    for venue in KNOWN.values():
        sources = [place.source for place in venue.places.values()]
        for facts in venue.markets.values():
            sources += [facts.client_id.source, facts.look_up.source, facts.fence.source]
            sources += [budget.source for budget in facts.budgets]
            sources += [facts.contracts.source] if facts.contracts else []
        assert all(sources), venue.venue_id


def test_our_own_names_fit_everywhere_but_where_they_are_known_not_to() -> None:
    name = client_order_id(plan_digest="0" * 64, line=1, attempt=1)
    strange = {
        (venue.venue_id, market)
        for venue in KNOWN.values()
        for market, facts in venue.markets.items()
        if not re.fullmatch(facts.client_id.pattern, name)
    }
    assert strange == {
        ("kraken", Market.SPOT),  # Free text up to 18; a UUID of the same hash fits.
        ("hyperliquid", Market.SPOT),  # 128 bits in hexadecimal.
        ("hyperliquid", Market.LINEAR),
    }
    opened = {venue_id for venue_id, _ in strange} & set(PROFILES)
    assert opened == {"hyperliquid", "kraken"}, "there a name is told in its 128 bits"


def test_a_profile_and_the_facts_of_its_venue_say_the_same() -> None:
    for venue_id, profile in PROFILES.items():
        places = KNOWN[venue_id].places
        for environment, place in places.items():
            assert profile.hosts[environment] <= place.hosts
        assert places[Environment.LIVE].switch is None
        sandbox = places.get(Environment.TESTNET)
        has_coins = sandbox is not None and Market.SPOT in sandbox.markets
        assert bool(profile.hosts[Environment.TESTNET]) == has_coins, "every account has coins"
        assert profile.paper_header == (None if sandbox is None else sandbox.header)
        stamps = {
            f.fence.default_s * 1000
            for f in KNOWN[venue_id].markets.values()
            if f.fence.kind is FenceKind.STAMP
        }
        assert profile.stamp_window_ms >= max(stamps, default=0)


def test_a_sandbox_on_the_live_host_needs_a_header_and_a_venue_without_one_a_reason() -> None:
    okx, weex = KNOWN["okx"], KNOWN["weex"]
    bare = replace(okx.places[Environment.TESTNET], header=None)
    with pytest.raises(ValueError, match="header"):
        replace(okx, places={**okx.places, Environment.TESTNET: bare})
    with pytest.raises(ValueError, match="reason why there is none"):
        replace(weex, no_sandbox="")


def test_the_page_of_venues_is_what_is_known_now() -> None:
    page = (ROOT / "docs" / "venues.md").read_text(encoding="utf-8")
    assert page == markdown(), "python -m trimtab.venues.page > docs/venues.md"
