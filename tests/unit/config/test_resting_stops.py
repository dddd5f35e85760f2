"""Where stops may rest: by the venue that holds the contracts."""

from __future__ import annotations

import pytest

from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.venues.catalogue import PROFILES

LIVE = ("venue", 'environment = "live"')
STOP = ("hedge", 'stop = "0.10"')
RESTS = ("hedge", "stop_rests = true")
ABLE = [venue_id for venue_id, profile in PROFILES.items() if profile.rests_stops]
UNABLE = ["bitget", "bingx", "deribit", "mexc"]


def there(venue_id: str) -> tuple[str, str]:
    return ("hedge", f'venue = {{ id = "{venue_id}" }}')


def test_these_are_the_venues_on_which_stops_rest() -> None:
    assert ABLE == ["binance", "bybit", "okx"]


@pytest.mark.parametrize("venue_id", ABLE)
def test_stops_rest_where_the_contracts_are_held(load: Load, venue_id: str) -> None:
    alone = load(text_with(LIVE, ("venue", f'id = "{venue_id}"'), STOP, RESTS))
    assert alone.policy.hedge.rests_stop
    beside = load(text_with(LIVE, ("venue", 'id = "kraken"'), there(venue_id), STOP, RESTS))
    assert beside.policy.hedge.rests_stop


@pytest.mark.parametrize("venue_id", UNABLE)
def test_elsewhere_they_are_refused_by_name(faults: Faults, venue_id: str) -> None:
    for text in (
        text_with(LIVE, ("venue", f'id = "{venue_id}"'), STOP, RESTS),
        text_with(LIVE, ("venue", 'id = "bybit"'), there(venue_id), STOP, RESTS),
    ):
        (found,) = [fault for fault in faults(text) if fault.key == "hedge.stop_rests"]
        assert f"no stop can rest on {venue_id} yet" in found.message
        assert "hold contracts on binance, bybit, okx" in found.message
