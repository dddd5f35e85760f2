"""Scenarios: what is left out has a meaning, what is wrong is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.testnet.client import Client
from trimtab.testnet import Fault, Scenario


def test_the_default_account_is_worth_ten_thousand_and_has_drifted() -> None:
    venue = Client(Scenario.drifted())
    prices = {"BTC": 58_000, "ETH": 2_500, "USDT": 1}
    held = {asset: venue.free(asset) * prices[asset] for asset in prices}
    assert held == {"BTC": 5800, "ETH": 2500, "USDT": 700}
    assert venue.wallet() == 1000


def test_an_empty_scenario_is_an_empty_account_on_the_built_in_markets() -> None:
    venue = Client(Scenario.from_json("{}"))
    assert venue.exchange.truth()["balances"] == {}
    assert Decimal(venue.public("/api/v3/ticker/price", symbol="BTCUSDT")["price"]) == 60_000


def test_a_scenario_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps({"spot": {"BTC": {"free": "1", "locked": "0.5"}}}))
    venue = Client(Scenario.from_file(path))
    assert venue.exchange.truth()["balances"]["BTC"] == {"free": "1", "locked": "0.5"}
    assert venue.exchange.audit() == ()


@pytest.mark.parametrize(
    "given",
    [
        {"sopt": {}},
        {"futures": {"walet": "1"}},
        {"prices": {"BTC": 1.5}},
        {"limits": {"speed": 1}},
        {"credentials": [{"key": "k", "secret": "s", "rights": ["fly"]}]},
        {"rules": {"*": {"tick": "1"}}},
        {"futures": {"positions": [{"symbol": "XUSDT", "quantity": "1", "entry": "1"}]}},
    ],
)
def test_a_scenario_with_a_mistake_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Client(Scenario.from_json(given))


@pytest.mark.parametrize("given", [{"kind": "explode"}, {"kind": "slow", "sec": 1}])
def test_a_fault_with_a_mistake_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Fault.from_json(given)
