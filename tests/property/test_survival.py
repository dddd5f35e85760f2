"""The survival line against the local exchange's own margin, which shares nothing with the core."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import LIMITS, NOW, account, contract, plan, policy
from tests.unit.risk.cases import ask, context, warned
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Bracket, Snapshot
from trimtab.risk.case import Case
from trimtab.risk.crossings import STEP
from trimtab.risk.moved import moved_snapshot
from trimtab.risk.survival import Edge, Place, Span, survival
from trimtab.testnet.brackets import brackets_for
from trimtab.testnet.margin import Pool, pool
from trimtab.testnet.positions import enter
from trimtab.testnet.scenario import Holding, OpeningPosition, Scenario
from trimtab.testnet.state import State

BASIS_POINT = Decimal("0.0001")
MARKS = {"BTC": Decimal(60_000), "ETH": Decimal(3_000), "SOL": Decimal(150)}
SIZES = {"BTC": Decimal("0.5"), "ETH": Decimal(10), "SOL": Decimal(100)}
"""Ten of each cross several steps of the tables."""
NOTHING = Decimal(0)
EMPTY: Mapping[str, Decimal] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Account:
    """The same account twice."""

    snapshot: Snapshot
    exchange: State


@st.composite
def accounts(draw: st.DrawFn, *, positions: bool = True) -> Account:
    """Draw coins, positions of either sign and a wallet that is thin or thick for them."""
    coins = {a: draw(st.integers(0, 12)) * SIZES[a] for a in MARKS}
    held = {a: draw(st.integers(-9, 9)) * SIZES[a] if positions else Decimal(0) for a in MARKS}
    marks = {a: m * draw(st.integers(80, 125)) / 100 for a, m in MARKS.items()}
    gross = sum((abs(held[a]) * marks[a] for a in MARKS), Decimal(20_000))
    wallet = (gross * draw(st.integers(3, 120)) / 100).quantize(Decimal("0.01"))
    quote = Decimal(draw(st.integers(0, 500_000)))
    return twin(quote=quote, wallet=wallet, coins=coins, held=held, marks=marks)


def twin(
    *,
    quote: Decimal = NOTHING,
    wallet: Decimal = NOTHING,
    coins: Mapping[str, Decimal] = EMPTY,
    held: Mapping[str, Decimal] = EMPTY,
    marks: Mapping[str, Decimal] = EMPTY,
) -> Account:
    """Return an account twice; what is left out is not there, marks are MARKS."""
    prices = {**MARKS, **marks}
    coined = {a: coins.get(a, NOTHING) for a in MARKS}
    open_at = {a: MARKS[a] for a in MARKS if held.get(a)}
    parts = [f"USDT {quote}", f"wallet {wallet}"]
    parts += [f"{a} {coined[a]} @ {prices[a]}" for a in MARKS]
    parts += [f"perp {a} {held[a]} from {open_at[a]}" for a in open_at]
    contracts = {
        Symbol(f"{a}/USDT:USDT"): contract(prices[a], brackets=_brackets(a)) for a in MARKS
    }
    scenario = Scenario(
        prices=prices,
        spot={"USDT": Holding(free=quote), **{a: Holding(free=coined[a]) for a in MARKS}},
        wallet=wallet,
        positions=tuple(
            OpeningPosition(symbol=f"{a}USDT", quantity=held[a], entry=open_at[a]) for a in open_at
        ),
        leverage={"*": 1},
    )
    exchange = State(scenario, lambda: 1_800_000_000_000, offset_ms=0)
    return Account(snapshot=account(", ".join(parts), contracts=contracts), exchange=exchange)


def _brackets(base: str) -> tuple[Bracket, ...]:
    """Return the exchange's table as the venue adapter reads it."""
    return tuple(
        Bracket(
            notional_floor=step.floor,
            notional_cap=step.cap,
            leverage_max=step.leverage,
            maintenance_ratio=step.rate,
            maintenance_deduction=step.cum,
        )
        for step in brackets_for(base, dated=False)
    )


def spans_of(snapshot: Snapshot, *legs: str) -> dict[tuple[Place, Asset | None], Span]:
    """Return the survival line by place and asset."""
    case = Case(
        plan=plan(snapshot, *legs), snapshot=snapshot, policy=policy(), context=context(), now=NOW
    )
    line = survival(case)
    assert not line.unmeasured
    return {(span.place, span.asset): span for span in line.spans}


def filled(account: Account, legs: Sequence[Leg], shares: Mapping[int, Decimal]) -> None:
    """Fill contracts on the exchange at their limits, fees paid."""
    book = account.exchange.usdm
    for leg in legs:
        symbol = f"{leg.instrument.base}USDT"
        size = leg.instrument.units(leg.lots) * shares[leg.line]
        value = abs(size) * leg.limit_price
        if not size:
            continue
        entered = enter(book.position(symbol, side="BOTH"), quantity=size, quote=value, at_ms=0)
        book.put(symbol, side="BOTH", position=entered.position)
        book.wallet += entered.realized - value * leg.instrument.taker_fee


def at(account: Account, asset: Asset | None, move: Decimal) -> Pool:
    """Return the exchange's margin when the price of *asset*, or every price, moves."""
    marks = {
        f"{leg}USDT": str(account.snapshot.contracts[Symbol(f"{leg}/USDT:USDT")].mark * (1 + move))
        if asset in {None, leg}
        else ""
        for leg in MARKS
    }
    account.exchange.prices.override(marks=marks, indices={})
    return pool(account.exchange)


def is_liquidated(account: Account, asset: Asset | None, move: Decimal) -> bool:
    """Say what the exchange would do."""
    found = at(account, asset, move)
    return found.balance < found.maintained


def is_thin(account: Account, asset: Asset | None, move: Decimal) -> bool:
    """Say whether the exchange's margin ratio is under its limit."""
    found = at(account, asset, move)
    return found.balance < LIMITS.min_margin_ratio * found.maintained


def edges(span: Span) -> dict[int, Edge | None]:
    """Return the liquidation edges by the sign of the move."""
    return {-1: span.liquidation_low, 1: span.liquidation_high}


def farthest(sign: int) -> Decimal:
    """Return a move just within reach."""
    return Decimal(9) if sign > 0 else Decimal("-0.999999")


# Agreement with the exchange


@given(accounts())
def test_the_exchange_liquidates_where_the_line_says_and_within_a_basis_point_of_it(
    account: Account,
) -> None:
    for (_, asset), span in spans_of(account.snapshot).items():
        for sign, edge in edges(span).items():
            if edge is None:
                assert not is_liquidated(account, asset, farthest(sign))
            elif edge.is_past:
                assert is_liquidated(account, asset, Decimal(0))
            else:
                assert not is_liquidated(account, asset, edge.move)
                assert not is_liquidated(account, asset, edge.move / 2)
                assert is_liquidated(account, asset, edge.move + sign * BASIS_POINT)


@given(accounts())
def test_no_limit_of_a_wallet_breaks_before_the_line_says_on_the_exchange_either(
    account: Account,
) -> None:
    for (_, asset), span in spans_of(account.snapshot).items():
        for sign, edge in ((-1, span.limit_low), (1, span.limit_high)):
            reach = farthest(sign) if edge is None else edge.move
            if edge is None or not edge.is_past:
                assert not is_thin(account, asset, reach)
            elif edge.check == "min_margin_ratio":
                assert is_thin(account, asset, Decimal(0))
            if edge is not None and edge.check == "min_margin_ratio" and not edge.is_past:
                assert is_thin(account, asset, edge.move + sign * BASIS_POINT)


LEGS = st.lists(
    st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 9), st.sampled_from(sorted(MARKS))),
    min_size=1,
    max_size=3,
)


def _texts(drawn: Sequence[tuple[str, int, str]]) -> list[str]:
    return [f"{side} {size * SIZES[a]} perp {a}" for side, size, a in drawn]


@given(accounts(), LEGS)
def test_the_end_of_a_plan_is_liquidated_where_the_line_says_when_the_exchange_fills_it(
    account: Account, drawn: Sequence[tuple[str, int, str]]
) -> None:
    spans = spans_of(account.snapshot, *_texts(drawn))
    legs = plan(account.snapshot, *_texts(drawn)).legs
    filled(account, legs, {leg.line: Decimal(1) for leg in legs})
    for (place, asset), span in spans.items():
        if place is not Place.END:
            continue
        for sign, edge in edges(span).items():
            if edge is None:
                assert not is_liquidated(account, asset, farthest(sign))
            elif edge.is_past:
                assert is_liquidated(account, asset, Decimal(0))
            else:
                assert not is_liquidated(account, asset, edge.move)
                assert is_liquidated(account, asset, edge.move + sign * BASIS_POINT)


@given(accounts(), LEGS, st.data())
def test_no_fill_is_liquidated_before_the_worst_prefix_and_some_corner_just_beyond_it(
    account: Account, drawn: Sequence[tuple[str, int, str]], data: st.DataObject
) -> None:
    texts = _texts(drawn)
    spans = spans_of(account.snapshot, *texts)
    legs = plan(account.snapshot, *texts).legs
    asset = data.draw(st.sampled_from([a for place, a in spans if place is Place.NOW]))
    sign = data.draw(st.sampled_from([-1, 1]))
    edge = edges(spans[Place.WORST_PREFIX, asset])[sign]
    inside = {leg.line: Decimal(data.draw(st.integers(0, 100))) / 100 for leg in legs}
    before = {a: account.exchange.usdm.position(f"{a}USDT", side="BOTH") for a in MARKS}
    wallet = account.exchange.usdm.wallet

    def ends(shares: Mapping[int, Decimal], move: Decimal) -> bool:
        for a, position in before.items():
            account.exchange.usdm.put(f"{a}USDT", side="BOTH", position=position)
        account.exchange.usdm.wallet = wallet
        filled(account, legs, shares)
        return is_liquidated(account, asset, move)

    corners = [
        dict(zip((leg.line for leg in legs), choice, strict=True))
        for choice in itertools.product((Decimal(0), Decimal(1)), repeat=len(legs))
    ]
    if edge is None:
        assert not any(ends(shares, farthest(sign)) for shares in (*corners, inside))
    elif edge.is_past:
        assert any(ends(shares, Decimal(0)) for shares in corners)
    else:
        assert not any(ends(shares, edge.move) for shares in (*corners, inside))
        assert any(ends(shares, edge.move + sign * BASIS_POINT) for shares in corners)


# Agreement with the gate


@given(accounts())
def test_the_gate_warns_of_the_limit_that_the_line_names_one_step_beyond_it_and_not_at_it(
    account: Account,
) -> None:
    for (_, asset), span in spans_of(account.snapshot).items():
        for sign, edge in ((-1, span.limit_low), (1, span.limit_high)):
            if edge is None:
                assert not _warned_at(account, asset, farthest(sign))
                continue
            beyond = Decimal(0) if edge.is_past else edge.move + sign * STEP
            assert edge.is_past or not _warned_at(account, asset, edge.move)
            if beyond > -1:
                assert edge.check in _warned_at(account, asset, beyond)


LIMIT_CODES = {
    "max_leverage",
    "max_net",
    "max_gross",
    "max_synthetic_long",
    "min_margin_ratio",
    "shock",
    "min_liquidation_distance",
}


def _warned_at(account: Account, asset: Asset | None, move: Decimal) -> set[str]:
    """Return the limits that the gate warns of, without a plan, at moved prices."""
    moved = map(Asset, MARKS) if asset is None else (asset,)
    with exact_arithmetic():
        seen = moved_snapshot(account.snapshot, dict.fromkeys(moved, 1 + move))
    return warned(ask(seen)) & LIMIT_CODES


@given(accounts(positions=False))
def test_an_account_without_positions_is_never_liquidated(account: Account) -> None:
    for span in spans_of(account.snapshot).values():
        assert span.liquidation_low is span.liquidation_high is None
