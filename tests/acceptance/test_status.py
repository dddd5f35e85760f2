"""``status``: where the account stands, read from venue and ledger, written to neither."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, has_no_traceback
from trimtab.testnet import Holding, OpeningPosition, Scenario

SHORT = Scenario(
    prices={"BTC": Decimal(58_000), "ETH": Decimal(2_500)},
    spot={"BTC": Holding(free=Decimal("0.1")), "USDT": Holding(free=Decimal(700))},
    wallet=Decimal(1000),
    positions=(
        OpeningPosition(symbol="BTCUSDT", quantity=Decimal("-0.02"), entry=Decimal(59_000)),
    ),
)


async def test_status_shows_weights_bands_and_holdings_of_a_drifted_account(
    account: Account,
) -> None:
    ended = await account.trimtab("status")
    assert ended.code == 0, ended.text
    assert "NAV 10,000.00 USDT" in ended.stdout
    assert "Outside the band: BTC." in ended.stdout
    assert "+8.00 pp" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "next: trimtab plan"
    assert all(len(line) <= 100 for line in ended.stdout.splitlines())


async def test_status_as_json_has_every_key_of_the_contract(account: Account) -> None:
    ended = await account.trimtab("status", "--json")
    seen = ended.document
    assert ended.code == 0
    assert seen["nav"] == "10000.00"
    assert [a["asset"] for a in seen["assets"]] == ["BTC", "ETH", "USDT"]
    assert seen["assets"][0]["drift"] == "0.08"
    assert seen["assets"][0]["breached"] is True
    assert (seen["positions"], seen["hedges"], seen["unresolved_orders"]) == ([], [], [])
    assert (seen["leverage"], seen["margin_ratio"]) == ("0", None)
    assert (seen["halted"], seen["halt_reason"]) == (False, None)
    assert (seen["next_slot"]["reason"], seen["next_slot"]["due"]) == ("not_begun", False)
    assert seen["last_plan"] is None


async def test_status_shows_a_short_with_its_margin_and_net_weight(account_at: AccountAt) -> None:
    account = await account_at(SHORT)
    seen = (await account.trimtab("status", "--json")).document
    (held,) = seen["positions"]
    assert (held["symbol"], held["side"], held["quantity"]) == ("BTC/USDT:USDT", "short", "-0.02")
    assert held["unrealised_pnl"] == "20.00"
    btc = seen["assets"][0]
    assert Decimal(btc["net_weight"]) < Decimal(btc["spot_weight"])
    assert Decimal(seen["margin_ratio"]) > 100
    assert Decimal(seen["leverage"]) == Decimal("0.178462")


async def test_status_for_a_person_draws_the_position_within_a_hundred_columns(
    account_at: AccountAt,
) -> None:
    account = await account_at(SHORT)
    shown = await account.trimtab("status")
    assert "short" in shown.stdout
    assert "margin ratio USDT" in shown.stdout
    assert all(len(line) <= 100 for line in shown.stdout.splitlines())


async def test_status_changes_nothing_on_the_exchange_or_in_the_ledger(account: Account) -> None:
    await account.trimtab("ledger", "events")
    before = (await account.trimtab("ledger", "events", "--json")).document
    await account.trimtab("status")
    after = (await account.trimtab("ledger", "events", "--json")).document
    assert after == before
    assert account.mutations() == 0


async def test_status_tells_of_a_halt_and_of_the_last_plan(account: Account) -> None:
    planned = (await account.trimtab("plan", "--json")).document["plan"]["digest"]
    await account.trimtab("halt", "storm")
    shown, told = await account.trimtab("status"), await account.trimtab("status", "--json")
    assert "Halted: storm" in shown.stdout
    assert planned[:12] in shown.stdout
    assert shown.stdout.splitlines()[-1] == "next: trimtab unhalt"
    assert (told.document["halted"], told.document["halt_reason"]) == (True, "storm")
    assert told.document["last_plan"]["digest"] == planned


async def test_an_empty_account_has_a_status_without_weights(account_at: AccountAt) -> None:
    account = await account_at(Scenario())
    ended = await account.trimtab("status", "--json")
    assert ended.code == 0, ended.text
    assert ended.document["assets"] == []
    assert "net asset value" in ended.document["unmeasured"]


async def test_a_holding_that_a_plan_would_refuse_is_shown_as_a_drift(
    account_at: AccountAt,
) -> None:
    scenario = Scenario(
        spot={"BTC": Holding(free=Decimal("0.1")), "DOGE": Holding(free=Decimal(5000))}
    )
    account = await account_at(scenario, config=CONFIG)
    ended = await account.trimtab("status", "--json", "--set", "portfolio.untargeted=error")
    doge = ended.document["assets"][-1]
    assert (doge["asset"], doge["target"], doge["breached"]) == ("DOGE", "0", True)


async def test_an_exchange_that_is_not_there_ends_with_seven_and_the_next_step(
    account: Account,
) -> None:
    await account.exchange.stop()
    ended = await account.trimtab("status")
    assert ended.code == 7
    assert has_no_traceback(ended)
    assert "next: " in ended.stderr


@pytest.mark.parametrize("words", [["now"], ["--colour"]])
async def test_status_refuses_arguments_that_it_does_not_know(
    account: Account, words: list[str]
) -> None:
    ended = await account.trimtab("status", *words)
    assert ended.code == 2
    assert has_no_traceback(ended)
    assert "next: trimtab status --help" in ended.stderr
