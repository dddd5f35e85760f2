"""The gate beside the local exchange's margin and a plain purse; planted bugs make them differ.

The exchange shares nothing with the core: it fills legs at any corner, orders that are out too, and
is asked for balance and maintenance at moved marks. The purse walks the stages with money alone.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import LIMITS, plan
from tests.property.test_survival import MARKS, SIZES, Account, accounts, at, filled, twin
from tests.simulation.planting import Bug, bug, edit, planted
from tests.unit.risk.cases import ask, refused
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import ClientOrderId, VenueOrderId
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import OpenOrder, Snapshot

Question = tuple[Account, tuple[str, ...], tuple[str, ...]]
"""An account, orders that are out on its contracts, and the legs of a plan."""


def with_orders(snapshot: Snapshot, resting: Sequence[Leg]) -> Snapshot:
    """Return the account with orders that are out."""
    orders = tuple(
        OpenOrder(
            symbol=leg.symbol,
            client_order_id=ClientOrderId(f"o{leg.line}"),
            venue_order_id=VenueOrderId(f"o{leg.line}"),
            lots=leg.lots,
            limit_price=leg.limit_price,
            reduce_only=False,
        )
        for leg in resting
    )
    return dataclasses.replace(snapshot, open_orders=orders)


# What the exchange says


def lacks(account: Account, legs: Sequence[Leg]) -> dict[tuple[Asset | None, int], Decimal]:
    """Return by scenario what is lacking most at any corner of *legs*; above 0 it is broken."""
    book = account.exchange.usdm
    before = {a: book.position(f"{a}USDT", side="BOTH") for a in MARKS}
    wallet = book.wallet
    worst: dict[tuple[Asset | None, int], Decimal] = {}
    for corner in itertools.product((Decimal(0), Decimal(1)), repeat=len(legs)):
        for a, position in before.items():
            book.put(f"{a}USDT", side="BOTH", position=position)
        book.wallet = wallet
        for leg, share in zip(legs, corner, strict=True):
            filled(account, [leg], {leg.line: share})
        for asset, sign in itertools.product((None, *map(Asset, MARKS)), (-1, 0, 1)):
            found = at(account, asset, sign * LIMITS.shock)
            lack = LIMITS.shock_kappa * found.maintained - found.balance
            worst[asset, sign] = max(lack, worst.get((asset, sign), lack))
    for a, position in before.items():
        book.put(f"{a}USDT", side="BOTH", position=position)
    book.wallet = wallet
    return worst


def stands(question: Question) -> bool:
    """Say whether an account survives every shock before the plan, whatever is out."""
    account, out, _ = question
    return max(lacks(account, plan(account.snapshot, *out).legs).values()) <= 0


def shock_differs(question: Question) -> bool:
    """Say whether gate and exchange answer differently; for accounts that stand."""
    account, out, texts = question
    resting = plan(account.snapshot, *out).legs
    legs = plan(account.snapshot, *texts).legs
    is_unsafe = max(lacks(account, (*resting, *legs)).values()) > 0
    said = refused(ask(with_orders(account.snapshot, resting), *texts))
    return ("shock" in said) is not is_unsafe


# What a purse says


def purse_differs(snapshot: Snapshot, texts: Sequence[str]) -> bool:
    """Say whether gate and purse differ on whether every stage can be paid from what is there."""
    legs = plan(snapshot, *texts).legs
    free = snapshot.balances[snapshot.quote].free
    purse, is_short = free - free * LIMITS.fee_reserve, False
    for _, stage in itertools.groupby(legs, key=lambda leg: leg.stage):
        costs = [
            leg.instrument.units(leg.lots) * leg.limit_price
            + abs(leg.instrument.units(leg.lots)) * leg.limit_price * leg.instrument.taker_fee
            for leg in stage
        ]
        is_short |= sum(c for c in costs if c > 0) > purse
        purse -= sum(costs)
    return ("free_quote" in refused(ask(snapshot, *texts))) is not is_short


# They agree


SIDES = st.sampled_from(["buy", "sell"])


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Draw an account, up to one order that is out, and up to three legs."""

    def legs(most: int, least: int) -> tuple[str, ...]:
        return tuple(
            f"{draw(SIDES)} {draw(st.integers(1, 9)) * SIZES[a]} perp {a}"
            for a in draw(st.lists(st.sampled_from(sorted(MARKS)), min_size=least, max_size=most))
        )

    return draw(accounts()), legs(1, 0), legs(3, 1)


@given(questions())
def test_the_gate_refuses_for_the_shock_exactly_what_breaks_on_the_exchange(
    question: Question,
) -> None:
    assume(stands(question))
    assert not shock_differs(question)


@st.composite
def purchases(draw: st.DrawFn) -> list[str]:
    """Draw legs on spot in stages."""
    found = []
    for n in range(draw(st.integers(1, 4))):
        asset = draw(st.sampled_from(sorted(MARKS)))
        then = "then " if n and draw(st.booleans()) else ""
        found.append(f"{then}{draw(SIDES)} {draw(st.integers(1, 9)) * SIZES[asset]} {asset}")
    return found


@given(accounts(positions=False), purchases())
def test_the_gate_refuses_for_money_exactly_what_a_purse_cannot_pay(
    account: Account, texts: list[str]
) -> None:
    assert not purse_differs(account.snapshot, texts)


# Planted bugs


def caught_by_exchange(mistake: Bug, question: Question) -> bool:
    """Say whether the exchange shows *mistake*, and nothing without it."""
    assert stands(question)
    assert not shock_differs(question)
    with planted(mistake):
        return shock_differs(question)


def caught_by_purse(mistake: Bug, account: Account, *texts: str) -> bool:
    """Say whether the purse shows *mistake*, and nothing without it."""
    assert not purse_differs(account.snapshot, texts)
    with planted(mistake):
        return purse_differs(account.snapshot, texts)


def test_the_order_of_legs_reversed_is_caught_by_the_purse() -> None:
    mistake = bug(
        "order reversed",
        "purse",
        0,
        edit(
            "risk.prefixes:prefixes_of",
            "(RESTING_STAGE, *state.stages)",
            "(RESTING_STAGE, *reversed(state.stages))",
        ),
    )
    poor = twin(quote=Decimal(100), coins={"BTC": Decimal(1)})
    assert caught_by_purse(mistake, poor, "buy 1 ETH", "then sell 0.5 BTC")


IGNORED = edit("risk.moves:moves_of", "(*legs, *out_already)", "(*legs,)")


def test_orders_in_flight_ignored_are_caught_by_the_exchange() -> None:
    # 12,000 are lost with the leg alone, 18,000 with the order too.
    account = twin(wallet=Decimal(18_000))
    question = (account, ("sell 0.5 perp BTC",), ("sell 1 perp BTC",))
    assert caught_by_exchange(bug("in flight ignored", "exchange", 0, IGNORED), question)


MID_FOR_LIMIT = edit(
    "risk.moves:_leg_move",
    "limit_price=leg.limit_price",
    "limit_price=_mark(case, leg.instrument, mids)",
)


def test_the_mid_for_the_limit_is_caught_by_the_purse_and_by_the_exchange() -> None:
    mistake = bug("mid for limit", "purse exchange", 0, MID_FOR_LIMIT)
    bare = twin(quote=Decimal(3_010))
    assert caught_by_purse(mistake, bare, "buy 1 ETH")
    # A fifth of 60,000 is lost, 12 are bound; bought 2 % too dear it is 1,200 more.
    account = twin(wallet=Decimal(12_500))
    assert caught_by_exchange(mistake, (account, (), ("buy 1 perp BTC @ 61200",)))


def test_spot_counted_as_margin_is_caught_by_the_exchange() -> None:
    mistake = bug(
        "spot as margin",
        "exchange",
        0,
        edit(
            "risk.pool_rules:Pool.balance",
            "self.state.pools[self.asset].balance",
            "self.state.pools[self.asset].balance + self.state.outside",
        ),
    )
    rich = twin(wallet=Decimal(5_000), coins={"BTC": Decimal(5)})
    assert caught_by_exchange(mistake, (rich, (), ("sell 1 perp BTC",)))


def test_the_bracket_at_the_old_notional_is_caught_by_the_exchange() -> None:
    mistake = bug(
        "old bracket",
        "exchange",
        0,
        edit(
            "risk.pool_rules:Pool.steps",
            "largest * mark",
            "abs(self.state.positions[symbol]) * self.state.contracts[symbol].mark",
        ),
    )
    account, legs = _at_the_edge_of_a_bracket()
    assert caught_by_exchange(mistake, (account, (), legs))


def _at_the_edge_of_a_bracket() -> tuple[Account, tuple[str, ...]]:
    """Return a wallet that covers the first bracket's maintenance of the shocked plan only."""
    legs = ("sell 90 perp BTC",)
    probe = twin(wallet=Decimal(0))
    lack = max(lacks(probe, plan(probe.snapshot, *legs).legs).values())
    return twin(wallet=lack - 100), legs
