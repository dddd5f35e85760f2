"""Whatever happens to a contract, hedges are what their fills add up to, to the last digit."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from tests.hedge_cases import hedges
from trimtab.accounting.pot import POT, pot_entries
from trimtab.domain.exact import ZERO
from trimtab.domain.hedges import HedgeBook
from trimtab.domain.instruments import Asset

USDT = Asset("USDT")


class Story:
    """Events that can happen, one after another, and what they must come to."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.short = {"a": ZERO, "b": ZERO}
        self.cash = self.fees = self.paid = ZERO

    def sell(self, name: str, units: Decimal, price: int, fee: Decimal) -> None:
        hand = " by hand" if name == "b" else ""
        self.events.append(f"open {name} {units:f} @ {price} fee {fee:f}{hand}")
        self.short[name] += units
        self.cash += units * price
        self.fees += fee

    def buy(self, names: str, part: int, price: int, fee: Decimal) -> None:
        """Buy back *part* tenths of what the named hedges have; nobody's when none is named."""
        order = names.split("+") if names else self._by_age()
        units = left = sum((self.short[n] for n in order), ZERO) * part / 10
        if not units:
            return
        self.events.append(
            f"{f'close {names}' if names else 'buy'} {units:f} @ {price} fee {fee:f}"
        )
        for name in order:
            taken = min(left, self.short[name])
            self.short[name] -= taken
            left -= taken
        self.cash -= units * price
        self.fees += fee

    def pay(self, units: Decimal) -> None:
        self.events.append(f"pay {units:f}")
        if any(self.short.values()):
            self.paid += units

    def _by_age(self) -> list[str]:
        first = [e.split()[1] for e in self.events if e.startswith("open")]
        return list(dict.fromkeys(first))


AMOUNTS = st.decimals(Decimal("0.001"), Decimal(50), places=3)
FEES = st.decimals(Decimal(0), Decimal(1), places=4)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story()
    for _ in range(draw(st.integers(1, 12))):
        price, fee = draw(st.integers(1, 1000)), draw(FEES)
        match draw(st.sampled_from(("sell", "sell", "buy", "pay"))):
            case "sell":
                story.sell(draw(st.sampled_from("ab")), draw(AMOUNTS), price, fee)
            case "buy":
                names = draw(st.sampled_from(("a", "b", "a+b", "b+a", "")))
                story.buy(names, draw(st.integers(1, 10)), price, fee)
            case _:
                story.pay(draw(st.decimals(Decimal(-5), Decimal(5), places=3)))
    return story


def _sum(values: list[Decimal]) -> Decimal:
    return sum(values, ZERO)


@given(stories())
def test_hedges_have_the_units_that_the_fills_left_them(story: Story) -> None:
    book = hedges(*story.events)
    assert {h.hedge_id: h.units for h in book.open} == {
        name: units for name, units in story.short.items() if units
    }


@given(stories())
def test_profit_fees_and_funding_add_up_to_what_was_paid(story: Story) -> None:
    book: HedgeBook = hedges(*story.events)
    with localcontext(Context(prec=60)):
        profit = _sum([h.realised + h.proceeds for h in book.hedges])
        assert profit == story.cash
        assert _sum([h.fees[USDT] for h in book.hedges]) == story.fees
        assert _sum([h.funding for h in book.hedges]) == story.paid
        assert all(h.proceeds == 0 for h in book.hedges if not h.is_open)


@given(stories())
def test_every_entry_of_the_pot_balances_and_the_pot_is_what_the_hedges_brought(
    story: Story,
) -> None:
    book = hedges(*story.events)
    entries = pot_entries(book.steps, USDT)
    with localcontext(Context(prec=60)):
        assert all(_sum([p.units for p in entry.postings]) == 0 for entry in entries)
        brought = _sum([h.result(USDT) for h in book.hedges])
        assert book.pot(USDT) == brought
        assert (entries[-1].balance if entries else ZERO) == brought
        mine = [p.units for e in entries for p in e.postings if p.account == POT]
        assert _sum(mine) == brought
