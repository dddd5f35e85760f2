"""Sleeves of futures through the whole command over HTTP: the worked case G12, and multiples."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.acceptance.conftest import AccountAt
from tests.acceptance.portfolios import Book, executed, planned, values

PRICES: Final = {"BTC": 100_000, "ETH": 4_000, "SOL": 200}
PORTFOLIO: Final = """\
[portfolio.targets]
BTC = "0.60"
ETH = "0.20"

[portfolio.sleeves.alts]
weight = "0.05"
members = ["SOL"]

[portfolio.sleeves.hedging]
weight = "0.15"
direction = "short"
members = ["BTC"]
"""
REST: Final = """\
[rebalance]
threshold = "4pp"
[hedge]
leverage = 3
max_topup = "20000"
"""
G12: Final = Book(
    prices=PRICES,
    spot={"BTC": "0.5", "ETH": "5"},
    wallet=30_000,
    positions=(
        {"symbol": "SOLUSDT", "quantity": "50", "entry": "200"},
        {"symbol": "BTCUSDT", "quantity": "-0.2", "entry": "100000"},
    ),
    portfolio=PORTFOLIO,
    rest=REST,
)


def nets(plan: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Return each exposure that sleeves touch: by itself, in sleeves, and both."""
    return {n["asset"]: (n["own"], n["in_sleeves"], n["net"]) for n in plan["nets"]}


def sizes(plan: dict[str, Any], key: str) -> dict[str, float]:
    """Return one figure of every sleeve."""
    return {s["sleeve"]: round(float(s[key]), 4) for s in plan["sleeves"]}


async def test_g12_moves_margin_to_spot_cuts_both_sleeves_and_shows_net_btc(
    account_at: AccountAt,
) -> None:
    account = await G12.opened(account_at)
    found = await planned(account)
    assert found.code == 10, found.text
    plan = found.document["plan"]
    assert found.document["gate"]["verdict"] == "pass", found.text
    moved = values(found.document, PRICES | {"USDT": 1})
    transferred = -int(moved.pop("USDT"))
    assert moved == {"BTC/USDT": "10000", "SOL/USDT:USDT": "-5000", "BTC/USDT:USDT": "5000"}
    # What a buy may cost at its limit, with the reserve for fees kept: half a percent more.
    assert 10_000 <= transferred <= 10_052
    assert sizes(plan, "measured") == {"alts": 0.1, "hedging": 0.2}
    assert sizes(plan, "after") == {"alts": 0.05, "hedging": 0.15}
    assert nets(plan) == {"BTC": ("0.5", "-0.2", "0.3"), "SOL": ("0", "0.1", "0.1")}
    [btc] = [d for d in plan["drift"] if d["asset"] == "BTC"]
    assert (btc["weight"], btc["net_weight"], btc["target"]) == ("0.5", "0.3", "0.6")
    assert plan["hedges"] == [], "a sleeve hedges no drift"

    shown = (await account.trimtab("plan")).stdout
    assert "hedging  sleeve, short: 20.00 % → 15.00 % of 15.00 %" in shown
    assert "BTC  net 30.00 %: 50.00 % itself, -20.00 % sleeves" in shown

    await executed(account)
    status = (await account.trimtab("status", "--json")).document
    assert sizes(status, "measured") == {"alts": 0.05, "hedging": 0.15}
    assert not any(s["breached"] for s in status["sleeves"])
    assert {d["asset"]: d["weight"] for d in status["assets"]}["USDT"][:4] in ("0.2", "0.19")
    assert status["hedges"] == []
    told = (await account.trimtab("status")).stdout
    assert "alts  sleeve, long: 5.00 % of 5.00 %" in told

    explained = (await account.trimtab("explain", plan["digest"], "1", "--json")).document
    assert [s["sleeve"] for s in explained["sleeves"]], explained


MULTIPLE: Final = """\
[portfolio.targets]
BTC = "0.50"
USDT = "0.50"

[portfolio.sleeves.leverage]
multiple = "2.0"
members = ["BTC"]
"""


@pytest.mark.parametrize(
    ("held", "expected", "side"),
    [("0.6", "-20000", "sell"), ("0.3", "10000", "buy"), ("0.42", None, "")],
    ids=["above", "below", "inside"],
)
async def test_a_multiple_is_restored_from_above_and_from_below_its_band(
    account_at: AccountAt, held: str, expected: str | None, side: str
) -> None:
    book = Book(
        prices=PRICES,
        spot={"BTC": "0.15", "USDT": "5000"},
        wallet=10_000,
        positions=({"symbol": "BTCUSDT", "quantity": held, "entry": "100000"},),
        portfolio=MULTIPLE,
        rest='[rebalance]\nthreshold = "100pp"\n[hedge]\nleverage = 10',
        risk=Book.risk + 'max_leverage = "3.5"\nmax_synthetic_long = "3"\nmax_net = "4"\n'
        'shock = "0.05"\nmin_margin_ratio = "1.1"\nmin_liquidation_distance = "0.01"\n',
    )
    account = await book.opened(account_at)
    found = await planned(account)
    if expected is None:
        assert (found.code, found.document["plan"]["legs"]) == (0, []), found.text
        return
    assert found.code == 10, found.text
    assert values(found.document, PRICES) == {"BTC/USDT:USDT": expected}
    [leg] = found.document["plan"]["legs"]
    assert (leg["side"], leg["reduce_only"]) == (side, side == "sell")
    assert sizes(found.document["plan"], "after") == {"leverage": 2.0}
    await executed(account)


async def test_a_sleeve_is_opened_short_where_no_coin_is_held(account_at: AccountAt) -> None:
    book = Book(
        prices=PRICES,
        spot={"BTC": "0.8"},
        wallet=20_000,
        portfolio='[portfolio.targets]\nBTC = "0.80"\nUSDT = "0.10"\n'
        '[portfolio.sleeves.against]\nweight = "0.10"\ndirection = "short"\n'
        'shares = { SOL = "0.6", ETH = "0.4" }',
        rest="[hedge]\nleverage = 2",
    )
    account = await book.opened(account_at)
    found = await planned(account)
    assert found.code == 10, found.text
    assert found.document["gate"]["verdict"] == "pass", found.text
    assert values(found.document, PRICES) == {"SOL/USDT:USDT": "-6000", "ETH/USDT:USDT": "-4000"}
    await executed(account)
    by_hand = await account.trimtab("hedge", "SOL", "10%", "--json")
    assert by_hand.code == 2
    assert "sleeve" in by_hand.document["error"]["message"]
