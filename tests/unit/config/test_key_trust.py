"""Whose word counts for a key, and venues without a sandbox."""

from __future__ import annotations

import pytest

from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.config.starter import starter
from trimtab.domain.errors import ConfigError
from trimtab.domain.rights import KeyTrust
from trimtab.domain.snapshot import Environment
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.facts import Market
from trimtab.venues.known import KNOWN

WEEX = ("venue", 'id = "weex"')
COINS = ("venue", 'markets = ["spot"]')
LIVE = ("venue", 'environment = "live"')
VOUCHED = ("venue", 'key_rights = "vouched"')


def test_a_key_is_vouched_for_only_where_it_is_written(load: Load) -> None:
    assert load(text_with(WEEX, COINS, LIVE)).policy.key_trust is KeyTrust.TOLD
    assert load(text_with(WEEX, COINS, LIVE, VOUCHED)).policy.key_trust is KeyTrust.VOUCHED


def test_nobody_vouches_for_a_key_that_the_venue_tells_of(faults: Faults) -> None:
    (fault,) = faults(text_with(("venue", 'environment = "testnet"'), VOUCHED))
    assert fault.key == "venue.key_rights"
    assert "binance tells what a key may do" in fault.reason


@pytest.mark.parametrize(
    ("environment", "reason"),
    [("testnet", "weex has no sandbox"), ("local", "the local exchange does not speak weex")],
)
def test_a_venue_without_a_sandbox_is_opened_live_or_not_at_all(
    faults: Faults, environment: str, reason: str
) -> None:
    text = text_with(WEEX, COINS, ("venue", f'environment = "{environment}"'))
    told = [(f.key, f.reason, f.fix) for f in faults(text)]
    assert ("venue.environment", reason, 'write environment = "live"') in told


def test_the_starter_of_a_venue_without_a_sandbox_loads_and_says_what_is_to_be_vouched_for(
    load: Load,
) -> None:
    text = starter("moderate", venue="weex", environment=Environment.LIVE)
    assert '# key_rights = "vouched"' in text
    assert load(text).key.environment is Environment.LIVE
    assert load(text.replace("# key_rights", "key_rights")).policy.key_trust is KeyTrust.VOUCHED
    with pytest.raises(ConfigError, match="weex has no sandbox") as raised:
        starter("moderate", venue="weex", environment=Environment.TESTNET)
    assert (
        raised.value.next_step == "trimtab init --venue weex --environment live --profile moderate"
    )


@pytest.mark.parametrize("venue_id", PROFILES)
def test_a_profile_tells_of_its_key_and_its_sandbox_what_the_facts_say(venue_id: str) -> None:
    profile, facts = PROFILES[venue_id], KNOWN[venue_id]
    assert profile.tells_rights == bool(facts.key_rights_call)
    place = facts.places.get(Environment.TESTNET)
    assert (profile.sandbox is None) == (place is None or Market.SPOT not in place.markets)
    assert profile.lacks(profile.instead) == ""


def test_the_starter_of_a_venue_that_no_adapter_opens_says_where_to_look() -> None:
    for venue_id in [*(KNOWN.keys() - PROFILES.keys()), "nosuchvenue"]:
        with pytest.raises(ConfigError, match=f'was "{venue_id}"') as raised:
            starter("moderate", venue=venue_id, environment=Environment.LIVE)
        assert raised.value.next_step == "trimtab venues"
