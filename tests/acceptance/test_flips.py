"""Flip certificates through the whole command: do what they say, and one step less."""

from __future__ import annotations

from decimal import Decimal

from tests.acceptance.conftest import Account


async def test_a_refused_plan_passes_under_the_limit_that_it_names_and_not_under_one_less(
    account: Account,
) -> None:
    refused = await account.trimtab("plan", "--json", "--set", "risk.max_order_notional=100")
    assert refused.code == 3
    flip = refused.document["flip"]
    assert (flip["turns"], flip["none_because"]) == ("refused", None)
    (change,) = flip["changes"]
    assert (change["lever"], change["name"]) == ("limit", "risk.max_order_notional")
    value, step = Decimal(change["value"]), Decimal(change["step"])
    for limit, code in ((value, 0), (value - step, 3)):
        planned = await account.trimtab(
            "plan", "--json", "--set", f"risk.max_order_notional={limit}"
        )
        assert planned.code == code, planned.text
    assert planned.document["flip"]["changes"] == [{**change, "present": str(value - step)}]


async def test_a_plan_that_passes_has_nothing_to_turn(account: Account) -> None:
    planned = await account.trimtab("plan", "--json")
    assert (planned.code, planned.document["flip"]) == (0, None)


async def test_a_calm_account_names_a_price_at_which_it_acts_and_the_exchange_gets_there(
    account: Account,
) -> None:
    wide = ("--set", "rebalance.threshold=10pp")
    calm = await account.trimtab("plan", "--json", *wide)
    assert (calm.code, calm.document["status"]) == (0, "nothing_to_do")
    changes = calm.document["flip"]["changes"]
    assert [c["lever"] for c in changes] == ["mid", "mid", "target"]
    rise = changes[1]
    beyond = Decimal(rise["value"]) * Decimal("1.001")  # Books of the exchange have their own grid.
    account.exchange.set_prices(mid={rise["name"]: f"{beyond:.2f}"})
    due = await account.trimtab("plan", "--json", *wide)
    assert due.document["status"] == "proposed", due.text


async def test_a_person_sees_what_would_turn_the_answer_within_a_hundred_columns(
    account: Account,
) -> None:
    refused = await account.trimtab("plan", "--set", "risk.max_order_notional=100")
    assert "any of these lets it pass" in refused.stdout
    calm = await account.trimtab("plan", "--set", "rebalance.threshold=10pp")
    assert "any of these gives it work" in calm.stdout
    assert max(len(row) for row in calm.stdout.splitlines()) <= 100
