"""Leverage and margin before anything else, through the whole command over HTTP.

G9 and G10 of the worked cases, on markets without fees.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.acceptance.conftest import AccountAt
from trimtab.testnet import Scenario

CONFIG: Final = """\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"

[portfolio.targets]
BTC = "0.60"
USDT = "0.40"

[risk]
MAX_LEVERAGE

[triggers]
TRIGGERS

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""


def config(*, max_leverage: str, triggers: str = "") -> str:
    """Return a configuration with a limit on leverage, to be filled in with url and folder."""
    text = CONFIG.replace("MAX_LEVERAGE", f'max_leverage = "{max_leverage}"')
    return text.replace("TRIGGERS", triggers)


def scenario(*, usdt: int, long: str, wallet: int) -> Scenario:
    """Return an account with quote in spot and a long in BTC's perpetual."""
    return Scenario.from_json(
        {
            "prices": {"BTC": 100_000},
            "spot": {"USDT": str(usdt)},
            "futures": {
                "wallet": wallet,
                "positions": [{"symbol": "BTCUSDT", "quantity": long, "entry": "100000"}],
            },
            "rules": {
                "*": {
                    "lot_size": "0.00001",
                    "tick_size": "0.01",
                    "min_notional": "0",
                    "maker_fee": "0",
                    "taker_fee": "0",
                    "spread_bps": "0.01",
                    "level_notional": "10000000",
                }
            },
            "basis": {"bps": {"*": "0"}},
            "funding": {"rates": {"*": "0"}},
        }
    )


def closed(plan: Any) -> Decimal:
    """Return the value that reduce-only sells of the perpetual take off, at 100,000."""
    assert {leg["symbol"] for leg in plan["legs"]} <= {"BTC/USDT:USDT"}
    assert {(leg["side"], leg["reduce_only"]) for leg in plan["legs"]} <= {("sell", True)}
    return sum((Decimal(leg["quantity"]) for leg in plan["legs"]), Decimal(0)) * 100_000


async def test_g9_reduces_futures_to_the_limit_and_does_only_that(account_at: AccountAt) -> None:
    account = await account_at(
        scenario(usdt=20_000, long="0.6", wallet=6_000), config=config(max_leverage="2.5")
    )
    planned = await account.trimtab("plan", "--json", "--detailed-exitcode")
    assert planned.code == 10, planned.text
    plan = planned.document["plan"]
    assert plan["trigger"] in ("margin", "leverage")
    leverage = next(f for f in plan["firings"] if f["kind"] == "leverage")
    assert (leverage["measured"], leverage["limit"]) == ("3", "2.5")
    assert Decimal(10_000) <= closed(plan) < Decimal(10_002)
    assert Decimal(plan["after"]["leverage"]) <= Decimal("2.5")
    assert {u["reason"] for u in plan["untraded"]} == {"reduction_first"}

    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    seen = (await account.trimtab("status", "--json")).document
    assert Decimal(seen["leverage"]) <= Decimal("2.5")
    assert (await account.trimtab("reconcile", "--json")).code == 0


async def test_g10_leaves_a_leverage_within_its_limit_alone(account_at: AccountAt) -> None:
    account = await account_at(
        scenario(usdt=14_000, long="0.35", wallet=44_000), config=config(max_leverage="4.0")
    )
    planned = await account.trimtab("plan", "--json", "--detailed-exitcode")
    assert (planned.code, planned.document["status"]) == (0, "nothing_to_do"), planned.text
    assert planned.document["plan"]["after"]["leverage"] == "2.5"
    assert planned.document["plan"]["alerts"] == []


async def test_a_condition_that_is_only_told_is_shown_and_changes_nothing(
    account_at: AccountAt,
) -> None:
    account = await account_at(
        scenario(usdt=14_000, long="0.35", wallet=44_000),
        config=config(max_leverage="2.0", triggers='on_leverage = "alert"'),
    )
    planned = await account.trimtab("plan", "--json")
    assert (planned.code, planned.document["status"]) == (0, "nothing_to_do"), planned.text
    [alert] = planned.document["plan"]["alerts"]
    assert (alert["kind"], alert["measured"], alert["limit"]) == ("leverage", "2.5", "2")
    shown = await account.trimtab("plan")
    assert "only told" in shown.stdout


async def test_a_cooling_condition_waits_for_its_time(account_at: AccountAt) -> None:
    account = await account_at(
        scenario(usdt=20_000, long="0.6", wallet=60_000),
        config=config(max_leverage="2.5", triggers="cooldown_s = 3600"),
    )
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["plan"]["trigger"]) == (0, "leverage"), ran.text
    tighter = await account.trimtab(
        "--set", "risk.max_leverage=1.0", "plan", "--json", "--detailed-exitcode"
    )
    assert [a["kind"] for a in tighter.document["plan"]["alerts"]] == ["leverage"], tighter.text
    narrow = ("--set", "rebalance.threshold=1pp")
    other = await account.trimtab("run", "--execute", "--yes", "--json", *narrow)
    assert (other.code, other.document["plan"]["trigger"]) == (0, "drift"), other.text
    again = await account.trimtab("--set", "risk.max_leverage=0.5", "plan", "--json")
    kinds = [a["kind"] for a in again.document["plan"]["alerts"]]
    assert "leverage" in kinds, again.text  # The plan between is no end of its rest.
    alone = ("--set", "triggers.leverage_cooldown_s=0", "--set", "risk.max_leverage=0.5")
    ready = await account.trimtab(*alone, "plan", "--json")
    assert ready.document["plan"]["trigger"] == "leverage", ready.text


async def test_a_drawdown_reduces_futures_and_keeps_longs_shut_until_it_has_come_back(
    account_at: AccountAt,
) -> None:
    rules = (
        'on_drawdown = "reduce"\ndrawdown_early = "0.6"\ndrawdown_leverage = "0.5"\n'
        'drawdown_hysteresis = "0.5"'
    )
    account = await account_at(
        scenario(usdt=20_000, long="0.3", wallet=30_000),
        config=config(max_leverage="2.5", triggers=rules),
    )
    loose = ("--set", "risk.max_daily_loss=0.5", "--set", "risk.max_drawdown=0.2")
    first = await account.trimtab("plan", "--json", *loose)
    assert first.document["status"] == "nothing_to_do", first.text
    account.exchange.set_prices(mid={"BTC": "85000"}, mark={"BTCUSDT": "85000"})
    ran = await account.trimtab("run", "--execute", "--yes", "--json", *loose)
    assert (ran.code, ran.document["plan"]["trigger"]) == (0, "drawdown"), ran.text
    [firing] = [f for f in ran.document["plan"]["firings"] if f["kind"] == "drawdown"]
    assert (firing["measured"], firing["limit"]) == ("0.09", "0.08")
    assert {leg["reason"] for leg in ran.document["plan"]["legs"]} == {"drawdown"}
    seen = (await account.trimtab("status", "--json")).document
    assert Decimal("0.49") < Decimal(seen["leverage"]) <= Decimal("0.5")
    futures = ("--set", "rebalance.route=futures")
    shut = await account.trimtab("plan", "--json", *loose, *futures)
    assert shut.document["plan"]["legs"] == [], shut.text
    assert {u["reason"] for u in shut.document["plan"]["untraded"]} == {"reduction_first"}
    assert [a["kind"] for a in shut.document["plan"]["alerts"]] == ["drawdown"]
    back = ("--set", "triggers.drawdown_hysteresis=0", "--set", "triggers.drawdown_early=0.5")
    opened = await account.trimtab("plan", "--json", *loose, *futures, *back)
    assert [leg["side"] for leg in opened.document["plan"]["legs"]] != [], opened.text


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('on_leverage = "sell"', "triggers.on_leverage"),
        ('hysteresis = "1"', "triggers.hysteresis"),
        ("cooldown_s = -1", "triggers.cooldown_s"),
        ('drawdown_early = "1"', "triggers.drawdown_early"),
        ("leverage_cooldown_s = 0.5", "triggers.leverage_cooldown_s"),
    ],
)
async def test_a_trigger_that_cannot_be_is_named_with_its_line(
    account_at: AccountAt, line: str, fault: str
) -> None:
    account = await account_at(config=config(max_leverage="2.5", triggers=line))
    checked = await account.trimtab("config", "check", "--json")
    assert checked.code == 2
    assert fault in checked.text
