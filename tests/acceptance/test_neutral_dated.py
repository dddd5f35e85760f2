"""The neutral yield sleeve in dated contracts, over HTTP: entered, rolled and left in pairs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from tests.acceptance.conftest import AccountAt
from tests.acceptance.later import Later, deliveries_after, name_of
from tests.acceptance.test_dated import begun, legs_of
from tests.acceptance.test_neutral import BOOK, PORTFOLIO, shown

DATED: Final = replace(
    BOOK,
    portfolio=PORTFOLIO + 'contract = "dated"\nmin_carry = "0.04"\nexit_carry = "0.02"\n',
)
"""Dated contracts stand 6 % a year above their coin, and trades cost next to nothing."""


def reading_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of the one member."""
    [found] = [r for r in document["readings"] if r["rule"] == "portfolio.neutral"]
    reading: dict[str, Any] = found
    return reading


def nearest(later: Later) -> list[str]:
    """Return the contracts of the next two deliveries."""
    return [name_of("ETH", at) for at in deliveries_after(later.now)[:2]]


async def agrees(later: Later) -> None:
    """See that nothing is left to do, and that ledger and exchange tell the same."""
    again = await later.asked("run")
    assert again.document["status"] == "nothing_to_do", again.text
    for words in (("ledger", "verify"), ("reconcile",)):
        checked = await later.trimtab(*words)
        assert checked.code == 0, checked.text
    assert later.account.exchange.audit() == ()


async def test_it_is_entered_in_the_nearest_contract_and_tells_its_basis(
    account_at: AccountAt,
) -> None:
    later = await begun(account_at, DATED)
    near, _ = nearest(later)
    ran = await later.asked("run")
    plan = ran.document["plan"]
    eth = [leg for leg in plan["legs"] if leg["symbol"].startswith("ETH")]
    assert {(leg["symbol"], leg["side"]) for leg in eth} == {("ETH/USDT", "buy"), (near, "sell")}
    net = Decimal(0)
    for leg in eth:  # In the order of their stages: never a short that no coin covers.
        net += Decimal(leg["quantity"]) * (1 if leg["side"] == "buy" else -1)
        assert Decimal(0) <= net * 4_000 <= 610, leg
    assert net == 0
    reading = reading_of(plan)
    assert (reading["subject"], reading["holds"]) == ("ETH", True)
    assert abs(Decimal(reading["measured"]) - Decimal("0.06")) < Decimal("0.002")
    assert f"basis of {near} 1.3" in reading["text"]
    assert "% a year, less 0.0" in reading["text"]
    assert "for four trades leaves " in reading["text"]
    [overlay] = plan["overlays"]
    assert overlay["until"] == "basis below 2 % a year"

    status = (await later.trimtab("status", "--json")).document
    assert shown(status) == ["0.200", "-0.200", "0.000"]
    assert status["hedges"] == []
    assert reading_of(status)["text"].startswith(f"fraction a year; basis of {near} ")
    for words in (("status",), ("explain", plan["digest"])):
        told = (await later.trimtab(*words)).stdout
        assert "portfolio.neutral  ETH" in told
        assert "for four trades" in " ".join(told.split())
    await agrees(later)


async def test_below_its_floor_it_stays_in_the_quote_and_says_so(account_at: AccountAt) -> None:
    dear = replace(DATED, portfolio=DATED.portfolio.replace('"0.04"', '"0.07"'))
    later = await begun(account_at, dear)
    found = await later.trimtab("plan", "--json")
    assert found.document["status"] == "nothing_to_do", found.text
    reading = reading_of(found.document["plan"])
    assert (reading["name"], reading["limit"]) == ("carry_after_costs", "0.07")
    assert reading["holds"] is False


async def test_before_delivery_both_sides_go_on_to_the_next_contract(
    account_at: AccountAt,
) -> None:
    later = await begun(account_at, DATED)
    near, far = nearest(later)
    await later.asked("run")
    before = (await later.trimtab("status", "--json")).document
    later.pass_days(75)
    rolled = await later.asked("run")
    assert rolled.document["plan"]["trigger"] == "expiry", rolled.text
    legs = legs_of(rolled)
    assert {(s, side, role) for s, side, _, role in legs} == {
        (near, "buy", "roll"),
        (far, "sell", "roll"),
    }
    sizes = [Decimal(size) for _, _, size, _ in legs]
    assert sizes[0::2] == sizes[1::2], "as much is opened as was bought back"
    assert [side for _, side, _, _ in legs] == ["buy", "sell"] * (len(legs) // 2)
    assert max(sizes) * 4_000 <= 600
    after = (await later.trimtab("status", "--json")).document
    assert shown(after) == shown(before)
    assert [p["symbol"] for p in after["positions"]] == [far]
    await agrees(later)


async def test_where_the_next_contract_pays_too_little_coins_and_short_are_left(
    account_at: AccountAt,
) -> None:
    later = await begun(account_at, DATED)
    near, far = nearest(later)
    await later.asked("run")
    config = later.account.config
    text = config.read_text(encoding="utf-8")
    text = text.replace('min_carry = "0.04"', 'min_carry = "0.09"')
    config.write_text(text.replace('exit_carry = "0.02"', 'exit_carry = "0.08"'), encoding="utf-8")
    later.pass_days(75)
    left = await later.asked("run")
    moved = {(leg["symbol"], leg["side"]) for leg in left.document["plan"]["legs"]}
    assert moved >= {("ETH/USDT", "sell"), (near, "buy")}
    assert far not in {symbol for symbol, _ in moved}
    reading = reading_of(left.document["plan"])
    assert (reading["name"], reading["holds"]) == ("carry_while_held", False)
    status = (await later.trimtab("status", "--json")).document
    assert status["positions"] == []
    await agrees(later)


async def test_its_short_in_the_perpetual_moves_to_the_dated_contract(
    account_at: AccountAt,
) -> None:
    held = replace(
        DATED,
        spot={"BTC": "0.05", "ETH": "0.5", "USDT": "2000"},
        positions=({"symbol": "ETHUSDT", "quantity": "-0.5", "entry": "4000"},),
    )
    later = await begun(account_at, held, early=60)
    near, _ = nearest(later)
    await later.asked("run")
    status = (await later.trimtab("status", "--json")).document
    assert [p["symbol"] for p in status["positions"]] == [near]
    assert shown(status) == ["0.200", "-0.200", "0.000"]
    await agrees(later)
