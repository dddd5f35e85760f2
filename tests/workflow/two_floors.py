"""A trading floor of two exchanges: coins on one, contracts and their stops on the other.

Each is an exchange of its own, with numbers of its own for orders and executions, so that they
repeat between the two; the program speaks to both through the adapter that joins them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tests.builders import plan
from tests.fakes.memory_ledger import MemoryStore
from tests.fakes.memory_stops import MemoryStops
from tests.fakes.memory_venue import Fault, MemoryVenue
from tests.workflow.floor import Floor
from tests.workflow.stop_scenes import with_a_stop
from trimtab.adapters.two_venues import TwoMarkets, TwoVenues, joined_snapshot


class TwoFloors(Floor):
    """One account on two exchanges in memory, with its ledger."""

    def __init__(
        self,
        holdings: str,
        *legs: str,
        faults: Mapping[tuple[int, int], Fault] | None = None,
    ) -> None:
        super().__init__(holdings, *legs)
        whole = self.opening
        key = dataclasses.replace(whole.key, venue="kraken+bybit")
        coins = dataclasses.replace(whole, key=key, pools={}, positions={})
        hedges = dataclasses.replace(whole, key=key, balances={})
        self.venue = MemoryVenue(coins, self.clock, faults)
        self.there = MemoryVenue(hedges, self.clock, faults)
        self.stops = MemoryStops(self.there)
        self.opening = joined_snapshot(coins=coins, hedges=hedges, key=key)
        self.store = MemoryStore(key=key, began_at=self.store.began_at)
        self.plan = plan(self.opening, *legs)

    @property
    def venues(self) -> tuple[MemoryVenue, ...]:
        return (self.venue, self.there)

    @property
    def orders(self) -> TwoVenues:
        return TwoVenues(coins=self.venue, hedges=self.there)

    @property
    def market(self) -> TwoMarkets:
        return TwoMarkets(coins=self.venue, hedges=self.there, key=self.store.key)

    def check_the_promises(self) -> None:
        """What a floor promises; and each order is on the exchange of its market alone."""
        super().check_the_promises()
        assert not any(p.intent.instrument.is_contract for p in self.venue.truth.placed)
        assert all(p.intent.instrument.is_contract for p in self.there.truth.placed)


def two_floors(
    faults: Mapping[tuple[int, int], Fault] | None = None, *, stop_fault: Fault | None = None
) -> TwoFloors:
    """Return an account that sells a coin, hedges another there with a stop, and buys a coin."""
    floor = TwoFloors(
        "BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 2000",
        "sell 0.05 BTC",
        "sell 0.05 perp BTC",
        "then buy 0.5 ETH",
        faults=faults,
    )
    with_a_stop(floor, fault=stop_fault)
    return floor
