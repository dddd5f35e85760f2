"""What is decided from the past, through the whole command: read once, shown, refused by name."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from tests.fakes.told_history import wandering
from trimtab.testnet import Scenario

DAYS = 200
CLOSES: dict[str, list[str | None]] = {
    "BTC": [*wandering(1, DAYS - 1, size=0.02, start=50_000.0), "58000"],
    "ETH": [*wandering(2, DAYS - 1, size=0.04, start=2_000.0), "2500"],
    "SOL": [*wandering(3, DAYS - 1, size=0.06, start=120.0), "150"],
}
TARGETS = CONFIG[CONFIG.index("[portfolio.targets]") : CONFIG.index("[ledger]")]
PARITY = '[portfolio.risk_parity]\nassets = ["BTC", "ETH", "SOL"]\n\n'
WIDE = '\n[risk]\nmax_order_notional = "20000"\nmax_asset_notional = "20000"\n'
SPOT = {"BTC": "0.05", "ETH": "1", "SOL": "10", "USDT": "3100"}
NEAR = {"BTC": "0.0862069", "ETH": "1.2", "USDT": "2000"}
"""Ten thousand at 50, 30 and 20 %."""


def scenario(closes: dict[str, Any] = CLOSES, *, spot: dict[str, str] = SPOT) -> Scenario:
    prices = {"BTC": "58000", "ETH": "2500", "SOL": "150"}
    return Scenario.from_json({"prices": prices, "spot": spot, "past": {"closes": closes}})


def config(portfolio: str = TARGETS, more: str = "") -> str:
    return CONFIG.replace(TARGETS, portfolio) + WIDE + more


def asked(account: Account, path: str = "/api/v3/klines") -> int:
    """Count how often the exchange was asked for daily closes."""
    log: list[dict[str, Any]] = account.exchange.truth()["requests"]
    return sum(entry["path"] == path for entry in log)


def told(ended: Ended, name: str) -> dict[str, Any]:
    """Return the one figure of that name."""
    (reading,) = [r for r in ended.document["plan"]["readings"] if r["name"] == name]
    found: dict[str, Any] = reading
    return found


async def test_risk_parity_is_planned_executed_and_leaves_nothing_to_plan(
    account_at: AccountAt,
) -> None:
    account = await account_at(scenario(), config=config(PARITY))
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 0, planned.text
    targets = {d["asset"]: Decimal(d["target"]) for d in planned.document["plan"]["drift"]}
    assert targets["USDT"] == Decimal("0.2")
    assert targets["BTC"] > targets["ETH"] > targets["SOL"] > 0
    assert abs(sum(targets.values()) - 1) < Decimal("0.000003")
    assert Decimal(told(planned, "share_deviation")["measured"]) < Decimal("1e-8")
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do"


async def test_closes_are_asked_for_once_and_kept_beside_the_ledger(
    account_at: AccountAt,
) -> None:
    account = await account_at(scenario(), config=config(PARITY))
    first = await account.trimtab("plan", "--json")
    once = asked(account)
    second = await account.trimtab("plan", "--json")
    assert once == asked(account) == 3
    assert (account.folder / "ledger-history.db").is_file()
    drifts = [d["target"] for d in first.document["plan"]["drift"]]
    assert drifts == [d["target"] for d in second.document["plan"]["drift"]]
    (account.folder / "ledger-history.db").write_bytes(b"broken" * 1000)
    third = await account.trimtab("plan", "--json")
    assert drifts == [d["target"] for d in third.document["plan"]["drift"]]
    status = await account.trimtab("status", "--json")
    assert "may be deleted" in status.document["remarks"][0]


async def test_a_policy_of_plain_weights_asks_for_no_past(account: Account) -> None:
    await account.trimtab("plan", "--json")
    await account.trimtab("status", "--json")
    assert asked(account) == 0
    assert not (account.folder / "ledger-history.db").exists()


async def test_the_volatility_overlay_takes_risk_off_and_says_why_and_until_when(
    account_at: AccountAt,
) -> None:
    overlay = '\n[overlays.volatility]\ntarget = "0.10"\nlook_back_days = 60\n'
    account = await account_at(scenario(spot=NEAR), config=config(more=overlay))
    planned = await account.trimtab("plan", "--json")
    (laid,) = planned.document["plan"]["overlays"]
    assert (laid["id"], laid["kind"]) == ("volatility", "volatility")
    assert laid["until"] == "a realised volatility of 0.1"
    assert sum(Decimal(s) for s in laid["shift"].values()) == 0
    scale = Decimal("0.1") / Decimal(told(planned, "volatility")["measured"])
    btc = planned.document["plan"]["drift"][0]
    assert btc["strategic_target"] == "0.5"
    assert abs(Decimal(btc["target"]) - scale / 2) < Decimal("0.000002")
    shown = await account.trimtab("plan")
    assert "risky targets ×" in shown.stdout
    assert "until a realised volatility of 0.1" in shown.stdout
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do"


async def test_adaptive_bands_are_shown_with_their_factor_and_step(account_at: AccountAt) -> None:
    adaptive = '\n[rebalance.adaptive]\nreference = "5"\ncalm_step = "0.5"\n'
    drifted = NEAR | {"BTC": "0.09396552", "USDT": "1550"}
    account = await account_at(scenario(spot=drifted), config=config(more=adaptive))
    planned = await account.trimtab("plan", "--json")
    btc = planned.document["plan"]["drift"][0]
    assert (btc["band_low"], btc["band_high"]) == ("0.475", "0.525")
    assert btc["breached"] is True
    assert "calm" in told(planned, "volatility")["text"]
    assert (told(planned, "band_factor")["measured"], told(planned, "step")["measured"]) == (
        "0.5",
        "0.5",
    )
    (sale, *_) = [leg for leg in planned.document["plan"]["legs"] if leg["side"] == "sell"]
    assert (sale["symbol"], sale["reason"]) == ("BTC/USDT", "part_of_the_way")
    over = Decimal("0.09396552") * 58_000 - 5_000
    assert abs(Decimal(sale["notional"]) - over / 2) < 15


async def test_trigger_prices_stand_beside_alert_prices_with_their_chances(
    account_at: AccountAt,
) -> None:
    chances = "\n[history]\nchances = true\n"
    account = await account_at(scenario(spot=NEAR), config=config(more=chances))
    planned = await account.trimtab("plan", "--json")
    status = await account.trimtab("status", "--json")
    for drift in (planned.document["plan"]["drift"][0], status.document["assets"][0]):
        low, high = Decimal(drift["trigger_low"]), Decimal(drift["trigger_high"])
        assert Decimal(drift["alert_low"]) <= low < 58_000 < high <= Decimal(drift["alert_high"])
        near, far = (Decimal(drift["trigger_high_chances"][d]) for d in ("7d", "30d"))
        assert 0 < near < far < 1
    for command in ("plan", "status"):
        shown = await account.trimtab(command)
        assert "trigger below" in shown.stdout
        assert "in 30 d" in shown.stdout
        assert all(len(line) <= 100 for line in shown.stdout.splitlines())


async def test_without_closes_trigger_prices_have_no_chances(account_at: AccountAt) -> None:
    account = await account_at(scenario(spot=NEAR))
    planned = await account.trimtab("plan", "--json")
    btc = planned.document["plan"]["drift"][0]
    assert btc["trigger_low"] is not None
    assert btc["trigger_low_chances"] is None
    assert asked(account) == 0


def _without(day: int) -> list[str | None]:
    row = list(CLOSES["ETH"])
    row[day] = None
    return row


@pytest.mark.parametrize(
    ("eth", "code", "words"),
    [
        (_without(-3), "history_gap", "ETH: no close of "),
        (CLOSES["ETH"][-50:], "short_history", "180 daily closes are needed and there are 50"),
        ([*CLOSES["ETH"][:-2], "0", "2500"], "bad_close", "must be above 0"),
        (["2500"] * DAYS, "singular_covariance", "ETH: did not move in 180 days"),
        (CLOSES["BTC"], "singular_covariance", "cannot be told apart"),
        ([], "no_history", "ETH: the venue lists no daily close"),
    ],
)
async def test_a_past_that_cannot_be_decided_from_is_refused_by_name(
    account_at: AccountAt, eth: list[str | None], code: str, words: str
) -> None:
    account = await account_at(scenario(CLOSES | {"ETH": eth}), config=config(PARITY))
    refused = await account.trimtab("plan", "--json")
    assert refused.code == 2
    assert refused.document["error"]["code"] == code
    assert words in refused.document["error"]["message"]
    assert refused.document["error"]["next"]
    assert has_no_traceback(refused)
    assert account.mutations() == 0
    status = await account.trimtab("status", "--json")
    assert status.code == 0
    assert words in status.document["unmeasured"]


async def test_a_quote_among_the_assets_that_share_the_risk_is_a_fault_of_the_file(
    account_at: AccountAt,
) -> None:
    wrong = PARITY.replace('"SOL"', '"USDT"')
    account = await account_at(scenario(), config=config(wrong))
    refused = await account.trimtab("config", "check")
    assert refused.code == 2
    assert "USDT is stable" in refused.text


async def test_members_of_a_group_share_its_risk(account_at: AccountAt) -> None:
    groups = """\
[portfolio.groups.core]
weight = "0.5"
members = ["BTC"]
[portfolio.groups.alts]
weight = "0.3"
members = ["ETH", "SOL"]
inner = "risk_parity"
[portfolio.groups.stable]
weight = "0.2"
members = ["USDT"]

"""
    account = await account_at(scenario(), config=config(groups))
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 0, planned.text
    targets = {d["asset"]: Decimal(d["target"]) for d in planned.document["plan"]["drift"]}
    assert targets["ETH"] > targets["SOL"] > 0
    assert abs(targets["ETH"] + targets["SOL"] - Decimal("0.3")) < Decimal("0.000003")
    deviation = told(planned, "share_deviation")
    assert (deviation["rule"], deviation["subject"]) == ("portfolio.groups.alts", "alts")
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do"


async def test_a_momentum_trim_is_shown_vote_by_vote_sold_once_and_left_alone(
    account_at: AccountAt,
) -> None:
    days = 130
    calm = [str(40_000 + 100 * (i % 2)) for i in range(days - 20)]
    rising = [f"{40_000 * 1.0188 ** (i + 1):.2f}" for i in range(19)]
    past = {
        "closes": {"BTC": [*calm, *rising, "58000"], "ETH": CLOSES["ETH"][-days:]},
        "funding": {"BTCUSDT": ["0.0001"] * 300 + ["0.0009"] * 6},
        "open_interest": {"BTCUSDT": ["1000"] * 29, "ETHUSDT": ["1000"] * 29},
    }
    prices = {"BTC": "58000", "ETH": "2500"}
    told_past = Scenario.from_json({"prices": prices, "spot": NEAR, "past": past})
    momentum = '\n[overlays.momentum]\nassets = ["BTC"]\ntrim = "0.08"\nlook_back_days = 60\n'
    account = await account_at(told_past, config=config(more=momentum))
    planned = await account.trimtab("plan", "--json")
    plan = planned.document["plan"]
    assert planned.code == 0, planned.text
    assert plan["trigger"] == "momentum"
    votes = {r["name"]: r["holds"] for r in plan["readings"]}
    assert votes == {"rsi": True, "divergence": False, "funding": True, "open_interest": False}
    (leg,) = plan["legs"]
    assert (leg["symbol"], leg["side"]) == ("BTC/USDT", "sell")
    assert abs(Decimal(leg["notional"]) - 400) < 15
    (laid,) = plan["overlays"]
    assert laid["until"].startswith("BTC to 20")
    shown = await account.trimtab("plan")
    assert "overlays.momentum" in shown.stdout
    assert "open interest" in shown.stdout
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do"


async def test_one_sign_alone_trims_nothing(account_at: AccountAt) -> None:
    past = {
        "closes": {"BTC": [str(58_000 - i % 2) for i in range(130)], "ETH": CLOSES["ETH"][-130:]},
        "funding": {"BTCUSDT": ["0.0001"] * 300 + ["0.0009"] * 6},
        "open_interest": {"BTCUSDT": ["1000"] * 29},
    }
    prices = {"BTC": "58000", "ETH": "2500"}
    scene = Scenario.from_json({"prices": prices, "spot": NEAR, "past": past})
    momentum = '\n[overlays.momentum]\nassets = ["BTC"]\nlook_back_days = 60\n'
    account = await account_at(scene, config=config(more=momentum))
    planned = await account.trimtab("plan", "--json")
    assert planned.document["status"] == "nothing_to_do"
    assert [r["name"] for r in planned.document["plan"]["readings"] if r["holds"]] == ["funding"]
    assert planned.document["plan"]["overlays"] == []


async def test_the_review_reports_and_trades_nothing(account_at: AccountAt) -> None:
    spot = NEAR | {"SOL": "2"}
    account = await account_at(scenario(CLOSES | {"SOL": CLOSES["SOL"][-60:]}, spot=spot))
    ended = await account.trimtab("review", "--json")
    seen = ended.document
    assert ended.code == 0, ended.text
    assert (seen["status"], seen["days"]) == ("reviewed", 90)
    assert [c["asset"] for c in seen["coins"]] == ["BTC", "ETH"]
    assert seen["correlations"]["BTC"]["BTC"] == "1"
    assert seen["correlations"]["BTC"]["ETH"] == seen["correlations"]["ETH"]["BTC"]
    assert 1 <= Decimal(seen["now"]["effective_bets"]) <= 2
    assert Decimal(seen["now"]["volatility"]) > 0
    assert [d["asset"] for d in seen["assets"]] == ["BTC", "ETH", "USDT"]
    (left_out,) = seen["left_out"]
    assert left_out["asset"] == "SOL"
    assert "90 daily closes are needed and there are 60" in left_out["reason"]
    shown = await account.trimtab("review")
    assert "effective bets" in shown.stdout
    assert "correlation" in shown.stdout
    assert "Nothing was traded." in shown.stdout
    assert "dip      close  50-day average  below 90-day high  sign" in shown.stdout
    signs = [
        line.split("  ")[-1].strip() for line in shown.stdout.splitlines() if " average" in line
    ]
    assert signs == ["sign", "back above its average", "back above its average"]
    assert re.search(r"\nBTC  58,000\.00 +\d\d,\d{3}\.\d\d +\d+\.\d\d %  ", shown.stdout)
    assert "hedge.redeploy" not in shown.stdout
    assert all(len(line) <= 100 for line in shown.stdout.splitlines())
    assert account.mutations() == 0
    assert (await account.trimtab("ledger", "plans", "--json")).document == []


async def test_a_review_without_any_past_says_so(account_at: AccountAt) -> None:
    account = await account_at(scenario({"BTC": [], "ETH": []}, spot=NEAR))
    refused = await account.trimtab("review", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "no_history")
    assert "nothing can be reviewed" in refused.document["error"]["message"]
