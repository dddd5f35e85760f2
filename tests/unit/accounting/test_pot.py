"""The pot, entry by entry."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import dec
from tests.hedge_cases import hedges
from trimtab.accounting.pot import Posting, pot_entries
from trimtab.domain.hedges import NO_HEDGES, HedgeBook, StepKind
from trimtab.domain.instruments import Asset

USDT, BNB = Asset("USDT"), Asset("BNB")
STORY = ("open btc 1 @ 100 fee 0.1", "pay 0.5", "close btc 1 @ 110 fee 0.2")


def test_profit_fees_and_funding_are_carried_forward_losses_included() -> None:
    book = hedges(*STORY)
    steps = book.steps
    entries = pot_entries(steps, USDT)
    assert [(e.kind, e.balance) for e in entries] == [
        (StepKind.FEE, dec("-0.1")),
        (StepKind.FUNDING, dec("0.4")),
        (StepKind.PROFIT, dec("-9.6")),
        (StepKind.FEE, dec("-9.8")),
    ]
    assert book.pot(USDT) == dec("-9.8")


def test_each_entry_names_where_its_units_came_from_or_went_to() -> None:
    fee, funding, profit, _ = pot_entries(hedges(*STORY).steps, USDT)
    assert fee.postings == (
        Posting(account="assets:pot", asset=USDT, units=dec("-0.1")),
        Posting(account="expenses:hedges:btc:fee", asset=USDT, units=dec("0.1")),
    )
    assert funding.postings[1].account == "income:hedges:btc:funding"
    assert (profit.postings[1].account, profit.reference) == ("income:hedges:btc:profit", "3")


def test_a_fee_in_another_asset_is_told_and_is_no_part_of_the_pot() -> None:
    [fee, *_] = hedges(*STORY).steps
    [entry] = pot_entries([replace(fee, asset=BNB)], USDT)
    assert [p.account for p in entry.postings] == ["assets:outside-pot", "expenses:hedges:btc:fee"]
    elsewhere = HedgeBook(hedges=(), steps=(replace(fee, asset=BNB),))
    assert (entry.balance, elsewhere.pot(USDT)) == (dec(0), dec(0))


def test_what_the_pot_bought_goes_to_the_coins() -> None:
    [_, funding, *_] = hedges(*STORY).steps
    [entry] = pot_entries([replace(funding, kind=StepKind.REDEPLOYED, units=dec(-5))], USDT)
    assert [p.account for p in entry.postings] == ["assets:pot", "assets:coins"]


def test_without_hedges_there_is_no_pot() -> None:
    assert pot_entries((), USDT) == ()
    assert NO_HEDGES.pot(USDT) == dec(0)
