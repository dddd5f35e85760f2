"""Hedges by hand and by drift, through the whole command over HTTP, on an exchange without fees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.conftest import Account, AccountAt, Ended
from tests.acceptance.test_worked_cases import CASES, Case, config_of, scenario_of, values
from trimtab.testnet.interventions import force_liquidation, fund

ONE_COIN = Case(
    prices={"BTC": 10_000},
    spot={"BTC": "1", "USDT": "10000"},
    wallet=5_000,
    targets={"BTC": "0.40", "USDT": "0.60"},
    rebalance='threshold = "5pp"',
    expected={},
    quote_after="0.6",
)


async def opened(account_at: AccountAt, case: Case, *, hedge: str = "") -> Account:
    """Serve a case; *hedge* is added to its section."""
    config = config_of(case).replace("[hedge]\n", f"[hedge]\n{hedge}\n")
    return await account_at(scenario_of(case), config=config)


async def asked(account: Account, *words: str) -> Ended:
    """Run a command for real, with its yes."""
    ended = await account.trimtab(*words, "--execute", "--yes", "--json")
    assert ended.code == 0, ended.text
    return ended


async def hedges_of(account: Account) -> list[dict[str, Any]]:
    """Return the open hedges as status tells them."""
    status = await account.trimtab("status", "--json")
    assert status.code == 0, status.text
    told: list[dict[str, Any]] = status.document["hedges"]
    return told


async def pot_of(account: Account) -> Any:
    """Return the pot as status tells it; the ledger's entries must come to the same."""
    status = await account.trimtab("status", "--json")
    entries = (await account.trimtab("ledger", "pot", "--json")).document
    for entry in entries:
        assert sum(Decimal(p["units"]) for p in entry["postings"]) == 0
    last = Decimal(entries[-1]["balance"]) if entries else Decimal(0)
    assert f"{last:.2f}" == status.document["pot"]
    return status.document["pot"]


def short_of(account: Account, coin: str = "BTC") -> Decimal:
    """Return the units that the exchange has short."""
    held = account.exchange.truth()["positions"]
    return -sum((Decimal(p["quantity"]) for p in held if p["symbol"].startswith(coin)), Decimal(0))


async def test_g2_a_tenth_is_hedged_by_hand_and_the_next_drift_run_leaves_it(
    account_at: AccountAt,
) -> None:
    account = await opened(account_at, ONE_COIN)
    ran = await asked(account, "hedge", "BTC", "10%")
    assert values(ran.document, ONE_COIN.prices) == {"BTC/USDT:USDT": "-1000"}
    assert ran.document["plan"]["trigger"] == "by_hand"
    assert ran.document["plan"]["after"]["weights"]["BTC"] == "0.36"
    [hedge] = await hedges_of(account)
    assert (hedge["units"], hedge["origin"], hedge["covered"]) == ("0.1", "by_hand", True)
    again = await asked(account, "run")
    assert again.document["status"] == "nothing_to_do"
    [overlay] = again.document["plan"]["overlays"]
    assert (overlay["id"], overlay["until"]) == (hedge["id"], "by hand")
    bitcoin = again.document["plan"]["drift"][0]
    assert (bitcoin["strategic_target"], bitcoin["target"]) == ("0.4", "0.36")
    assert short_of(account) == Decimal("0.1")


OVERWEIGHT = Case(
    prices={"BTC": 100_000},
    spot={"BTC": "0.06"},
    wallet=4_000,
    targets={"BTC": "0.50", "USDT": "0.50"},
    rebalance='route = "futures"',
    expected={},
    quote_after="0.5",
)


async def test_a_hedge_by_hand_grows_shrinks_and_closes_by_the_same_command(
    account_at: AccountAt,
) -> None:
    account = await opened(account_at, ONE_COIN)
    sizes = []
    for size in ("10%", "0.25", "25%", "0.15", "0"):
        ended = await asked(account, "hedge", "btc", size)
        sizes.append((ended.document["status"], short_of(account)))
    assert sizes == [
        ("executed", Decimal("0.1")),
        ("executed", Decimal("0.25")),
        ("nothing_to_do", Decimal("0.25")),
        ("executed", Decimal("0.15")),
        ("executed", Decimal(0)),
    ]
    assert await hedges_of(account) == []
    assert (await account.trimtab("ledger", "verify")).code == 0
    assert (await account.trimtab("reconcile")).code == 0


async def test_a_hedge_beyond_its_ceiling_is_refused_by_the_gate(account_at: AccountAt) -> None:
    account = await opened(account_at, ONE_COIN, hedge='max_ratio = "0.4"')
    refused = await account.trimtab("hedge", "BTC", "45%", "--execute", "--yes", "--json")
    assert (refused.code, refused.document["status"]) == (3, "refused"), refused.text
    found = [f for f in refused.document["gate"]["findings"] if f["verdict"] == "refuse"]
    assert [f["check"] for f in found] == ["max_ratio"]
    assert account.mutations() == 0


async def test_what_cannot_be_hedged_is_told_with_the_next_command(account_at: AccountAt) -> None:
    account = await opened(account_at, ONE_COIN)
    for words, says in (
        (("hedge", "BTC", "much"), "must be a share of the holding"),
        (("hedge", "ETH", "10%"), "nothing is held"),
        (("hedge", "BTC", "0.0000001"), "less than one lot"),
        (("close-hedges", "btc-000000"), "no open hedge has this id"),
    ):
        ended = await account.trimtab(*words, "--execute", "--yes")
        assert (ended.code, says in ended.stderr, "next: trimtab" in ended.stderr) == (
            2,
            True,
            True,
        ), ended.text
    assert account.mutations() == 0


async def test_a_hedge_that_waits_for_a_yes_is_executed_by_its_digest(
    account_at: AccountAt,
) -> None:
    account = await opened(account_at, ONE_COIN)
    tried = await account.trimtab("hedge", "BTC", "10%", "--json")
    assert (tried.code, tried.document["status"]) == (0, "dry_run"), tried.text
    waits = await account.trimtab("hedge", "BTC", "10%", "--execute", "--json", stdin="")
    assert (waits.code, waits.document["status"]) == (4, "proposed"), waits.text
    assert (account.mutations(), await hedges_of(account)) == (0, [])
    ran = await asked(account, "run", "--plan", waits.document["plan"]["digest"])
    assert (ran.document["status"], short_of(account)) == ("executed", Decimal("0.1"))


async def test_a_drift_opens_a_hedge_and_closing_it_shows_the_weight_that_returns(
    account_at: AccountAt,
) -> None:
    account = await opened(account_at, OVERWEIGHT)
    await asked(account, "run")
    [hedge] = await hedges_of(account)
    assert (hedge["origin"], hedge["units"]) == ("drift", "0.01")
    shown = await account.trimtab("close-hedges")
    assert "gives its exposure back: net weight 50.00 % → 60.00 %" in shown.stdout, shown.text
    assert short_of(account) == Decimal("0.01")
    closed = await asked(account, "close-hedges", hedge["id"])
    assert closed.document["plan"]["returns"] == [{"asset": "BTC", "before": "0.5", "after": "0.6"}]
    [leg] = closed.document["plan"]["legs"]
    assert (leg["reduce_only"], leg["role"], leg["reason"]) == (True, "close", "by_hand")
    assert short_of(account) == Decimal(0)
    again = await asked(account, "run")
    assert again.document["status"] == "nothing_to_do"
    assert [u["reason"] for u in again.document["plan"]["untraded"]] == ["cool_down"]


async def test_a_hedge_closes_when_the_holding_is_back_inside_its_band(
    account_at: AccountAt,
) -> None:
    account = await opened(account_at, OVERWEIGHT)
    await asked(account, "run")
    account.exchange.set_prices(mid={"BTC": "90000"})
    still = await asked(account, "run")
    assert still.document["status"] == "nothing_to_do"
    account.exchange.set_prices(mid={"BTC": "80000"})
    closed = await asked(account, "run")
    [firing] = closed.document["plan"]["firings"]
    assert (firing["kind"], firing["limit"]) == ("drift", "0.55")
    [line] = closed.document["plan"]["hedges"]
    assert line["cause"] == "drift_back"
    assert short_of(account) == Decimal(0)
    assert (await asked(account, "run")).document["status"] == "nothing_to_do"


async def test_a_hedge_closes_at_its_stop_and_none_is_opened_at_once(account_at: AccountAt) -> None:
    account = await opened(account_at, OVERWEIGHT, hedge='stop = "0.05"')
    await asked(account, "run")
    account.exchange.set_prices(mid={"BTC": "105000"})
    closed = await asked(account, "run")
    assert closed.document["plan"]["trigger"] == "stop"
    assert [line["cause"] for line in closed.document["plan"]["hedges"]] == ["stop"]
    assert short_of(account) == Decimal(0)
    again = await asked(account, "run")
    assert again.document["status"] == "nothing_to_do", again.text


async def test_a_correction_never_buys_back_what_is_short_by_hand(account_at: AccountAt) -> None:
    account = await opened(account_at, ONE_COIN)
    await asked(account, "hedge", "BTC", "10%")
    account.exchange.set_prices(mid={"BTC": "6000"})
    bought = await asked(account, "run")
    assert {leg["symbol"] for leg in bought.document["plan"]["legs"]} == {"BTC/USDT"}
    assert short_of(account) == Decimal("0.1")


async def test_a_hedge_that_was_liquidated_sells_no_coins_and_ends_when_it_is_adopted(
    account_at: AccountAt,
) -> None:
    account = await opened(account_at, ONE_COIN)
    await asked(account, "hedge", "BTC", "20%")
    account.exchange.set_prices(mid={"BTC": "10050"})
    force_liquidation(account.exchange.exchange.state, "BTCUSDT")
    [hedge] = await hedges_of(account)
    assert (hedge["units"], hedge["covered"]) == ("0.2", False)
    left = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (left.code, left.document["status"]) == (0, "nothing_to_do"), left.text
    refused = await account.trimtab("close-hedges", "--execute", "--yes")
    assert (refused.code, "somebody else traded it" in refused.stderr) == (2, True), refused.text
    assert (await account.trimtab("reconcile", "--adopt")).code == 0
    assert await hedges_of(account) == []
    assert Decimal(await pot_of(account)) < 0
    again = await asked(account, "hedge", "BTC", "20%")
    assert again.document["status"] == "executed"


async def test_g5b_the_hedge_closes_at_its_profit_and_nothing_is_bought_with_it(
    account_at: AccountAt,
) -> None:
    account = await opened(account_at, CASES["G5"], hedge='profit_target = "0.0416"')
    await asked(account, "run")
    account.exchange.set_prices(mid={"BTC": "95830"})
    closed = await asked(account, "run")
    assert [line["cause"] for line in closed.document["plan"]["hedges"]] == ["profit_target"]
    assert short_of(account) == Decimal(0)
    assert await pot_of(account) == "50.04"
    again = await asked(account, "run")
    assert again.document["status"] == "nothing_to_do", again.text


async def test_funding_and_a_loss_are_carried_in_the_pot(account_at: AccountAt) -> None:
    account = await opened(account_at, ONE_COIN)
    assert await pot_of(account) == "0.00"
    await asked(account, "hedge", "BTC", "40%")
    fund(account.exchange.exchange.state, {"BTCUSDT": "0.001"})
    account.exchange.set_prices(mid={"BTC": "10100"})
    await asked(account, "hedge", "BTC", "0.2")
    # Paid 4 on 4000 short; 0.2 bought back at a loss of 100 each.
    assert await pot_of(account) == "-16.00"
    [hedge] = await hedges_of(account)
    assert (hedge["funding"], hedge["realised_pnl"]) == ("4", "-20.00")
    shown = await account.trimtab("ledger", "pot")
    assert "funding" in shown.stdout
    assert hedge["id"] in (await account.trimtab("status")).stdout


REDEPLOY = """
[hedge.redeploy]
ema_days = 0
high_days = 5
fall_low = "0"
fall_high = "{most}"
"""


@pytest.mark.parametrize("most", ["1", "0"])
async def test_a_pot_is_spent_once_on_what_is_underweight_where_the_rule_holds(
    most: str, account_at: AccountAt
) -> None:
    config = config_of(ONE_COIN) + REDEPLOY.format(most=most)
    account = await account_at(scenario_of(ONE_COIN), config=config)
    await asked(account, "hedge", "BTC", "40%")
    account.exchange.set_prices(mid={"BTC": "9500"})
    await asked(account, "close-hedges")
    won = Decimal(await pot_of(account))
    assert abs(won - 200) < Decimal("0.1")
    ran = await asked(account, "run")
    if most == "0":
        assert ran.document["status"] == "nothing_to_do"
        assert [u["reason"] for u in ran.document["plan"]["untraded"]] == ["waits_for_dip"]
        assert Decimal(await pot_of(account)) == won
        return
    assert ran.document["plan"]["trigger"] == "redeploy"
    assert values(ran.document, {"BTC": 9_500}) == {"BTC/USDT": "200"}
    assert abs(Decimal(await pot_of(account))) < Decimal("0.1")
    assert (await asked(account, "run")).document["status"] == "nothing_to_do"


async def test_where_no_hedge_is_to_be_closed_no_weight_is_said_to_be_inside_its_band(
    account_at: AccountAt,
) -> None:
    account = await account_at()
    shown = await account.trimtab("close-hedges")
    assert (shown.code, "BTC" in shown.stdout) == (0, True), shown.text
    assert "what was asked for has nothing to act on" in shown.stdout
    assert "every weight is inside its band" not in shown.stdout
