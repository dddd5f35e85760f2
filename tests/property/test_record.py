"""A deposit is no profit and a withdrawal no loss, whatever prices and trades do beside them."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, account
from tests.unit.risk.test_record import fill, paid
from trimtab.domain.exact import exact_arithmetic, ratio
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.trading import NavMark
from trimtab.risk.record import mark_of

UNITS = st.integers(0, 400).map(lambda n: Decimal(n) / 100)
MONEY = st.integers(1, 20_000).map(Decimal)
FLOW = st.integers(-5_000, 5_000).map(Decimal)
MIDS = st.integers(1, 90_000).map(Decimal)
NEAR = Decimal("1e-20")
"""What exact arithmetic rounds off in a quotient."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Holding:
    """An account in two coins and quote, some of it in the futures wallet."""

    quote: Decimal
    wallet: Decimal
    btc: Decimal
    eth: Decimal

    def at(self, btc: Decimal, eth: Decimal, *, hour: int = 0) -> Snapshot:
        """Return it as it is read at those prices."""
        parts = (
            f"USDT {self.quote}",
            f"wallet {self.wallet}",
            f"BTC {self.btc} @ {btc}",
            f"ETH {self.eth} @ {eth}",
        )
        return account(", ".join(parts), taken_at=NOW + timedelta(hours=hour))


def holdings() -> st.SearchStrategy[Holding]:
    """Draw an account that is worth something."""
    return st.builds(Holding, quote=MONEY, wallet=MONEY, btc=UNITS, eth=UNITS)


def level(before: NavMark, now: Snapshot) -> Decimal:
    """Return the level when nothing was booked."""
    return mark_of(now, before, fills=(), payments=()).level


@given(holdings(), st.tuples(MIDS, MIDS), st.tuples(MIDS, MIDS), st.data())
def test_whatever_comes_in_or_goes_out_the_level_is_what_prices_made_it(
    held: Holding,
    old: tuple[Decimal, Decimal],
    new: tuple[Decimal, Decimal],
    data: st.DataObject,
) -> None:
    first = mark_of(held.at(*old), None, fills=(), payments=())
    moved = dataclasses.replace(
        held,
        quote=max(Decimal(0), held.quote + data.draw(FLOW)),
        btc=data.draw(UNITS),
        eth=data.draw(UNITS),
    )
    with exact_arithmetic():
        worth = [
            held.quote + held.wallet + held.btc * btc + held.eth * eth for btc, eth in (old, new)
        ]
        expected = ratio(worth[1], worth[0])
    assert level(first, held.at(*new, hour=1)) == expected
    assert level(first, moved.at(*new, hour=1)) == expected


@given(holdings(), st.tuples(MIDS, MIDS), FLOW)
def test_a_transfer_between_ones_own_wallets_changes_nothing(
    held: Holding, mids: tuple[Decimal, Decimal], units: Decimal
) -> None:
    moved = max(-held.wallet, min(held.quote, units))
    after = dataclasses.replace(held, quote=held.quote - moved, wallet=held.wallet + moved)
    first = mark_of(held.at(*mids), None, fills=(), payments=())
    told = [paid(str(moved))]
    assert mark_of(after.at(*mids, hour=1), first, fills=(), payments=told).level == 1


@given(holdings(), st.tuples(MIDS, MIDS), st.integers(-100, 100), st.integers(-200, 200))
def test_a_trade_at_the_mid_is_no_flow_and_one_beside_it_costs_the_difference(
    held: Holding, mids: tuple[Decimal, Decimal], lots: int, off_bps: int
) -> None:
    btc, eth = mids
    units = max(-held.btc, Decimal(lots) / 1_000) or Decimal("0.001")
    with exact_arithmetic():
        fill_price = btc * (1 + Decimal(off_bps) / 10_000)
        after = dataclasses.replace(
            held, quote=held.quote + 10**9 - units * fill_price, btc=held.btc + units
        )
        rich = dataclasses.replace(held, quote=held.quote + 10**9)
        first = mark_of(rich.at(btc, eth), None, fills=(), payments=())
        expected = ratio(first.nav - units * (fill_price - btc), first.nav)
    done = [fill(str(units), str(fill_price))]
    found = mark_of(after.at(btc, eth, hour=1), first, fills=done, payments=()).level
    assert abs(found - expected) < NEAR


@given(holdings(), st.lists(st.tuples(MIDS, MIDS, FLOW), min_size=1, max_size=5), MIDS, MIDS)
def test_over_many_looks_the_level_is_the_product_and_the_high_its_largest(
    held: Holding, hours: list[tuple[Decimal, Decimal, Decimal]], btc: Decimal, eth: Decimal
) -> None:
    """Against a fund: its units are bought and sold at what they are worth, and so no return."""
    seen = mark_of(held.at(btc, eth), None, fills=(), payments=())
    price, high, old = Decimal(1), Decimal(1), (btc, eth)
    for hour, (new_btc, new_eth, flow) in enumerate(hours, start=1):
        with exact_arithmetic():
            worth = [
                held.quote + held.wallet + held.btc * b + held.eth * e
                for b, e in (old, (new_btc, new_eth))
            ]
            price = ratio(price * worth[1], worth[0])
        held = dataclasses.replace(held, quote=max(Decimal(0), held.quote + flow))
        now = held.at(new_btc, new_eth, hour=hour)
        seen = mark_of(now, seen, fills=(), payments=())
        high, old = max(high, price), (new_btc, new_eth)
        assert abs(ratio(seen.level, price) - 1) < NEAR
        assert abs(ratio(seen.high, high) - 1) < NEAR
