"""Half a year of one account, through the command over HTTP: the whole life of its hedges.

A drift is trimmed by a short, funding is received and paid, the hedge closes at a profit, which is
harvested and waits, a dip spends it, the quarter's slot hedges in a dated contract, that is rolled
before delivery, and leverage is cut. After every step the ledger's chain holds, ledger and
exchange agree, the exchange's own books agree, and ``status`` tells what happened.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from tests.acceptance.conftest import AccountAt, Ended
from tests.acceptance.later import Later, deliveries_after, name_of
from tests.acceptance.portfolios import FINE
from trimtab.testnet import Scenario
from trimtab.testnet.interventions import fund

CONFIG: Final = """\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"
markets = ["spot", "swap", "future"]

[portfolio.targets]
BTC = "0.50"
ETH = "0.30"
USDT = "0.20"

[rebalance]
route = "futures"
scope = "breached"
side = "overweight"
calendar = "quarterly"

[schedule]
activated_at = "{activated}"

[hedge]
leverage = 2
profit_target = "0.15"
cooldown_days = 0

[hedge.contracts]
ETH = "dated"

[hedge.redeploy]
candidates = ["ETH"]
ema_days = 0
high_days = 0
support_within = "0.02"

[hedge.redeploy.supports]
ETH = "2650"

[risk]
max_order_notional = "100000"
max_asset_notional = "200000"
max_run_notional = "200000"
max_day_notional = "400000"
max_unhedged_notional = "4000"
max_target_move = "1"
max_snapshot_age_s = "300"

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""
START: Final = Scenario.from_json(
    {
        "prices": {"BTC": 100_000, "ETH": 3_000, "SOL": 150},
        "spot": {"BTC": "0.5", "ETH": "10", "USDT": "8000"},
        "futures": {
            "wallet": 12_000,
            "positions": [{"symbol": "SOLUSDT", "quantity": "100", "entry": "150"}],
        },
        "rules": {"*": FINE},
        "basis": {"bps": {"*": "0"}},
        "funding": {"rates": {"*": "0"}},
        "limits": {"usdm_weight_1m": 100_000},
    }
)
"""100,000 on target: BTC 50 %, ETH 30 %; and a long of 100 SOL that nobody aims at.

Months go by in seconds, so what is asked of them within a minute would be too much by the usual
budget.
"""
DAY: Final = timedelta(days=1)


@dataclass(kw_only=True)
class Story:
    """The account, and what its chapters leave to the next ones."""

    later: Later
    begun_at: datetime
    ends: list[datetime]
    """Deliveries from the first quarter of the story on."""
    received: Decimal = Decimal(0)
    """Funding so far, quote units."""
    harvested: Decimal = Decimal(0)
    """What the first hedge brought, quote units."""
    hedge: dict[str, Any] = field(default_factory=dict)
    """The hedge in a dated contract as it was opened."""


async def opened(account_at: AccountAt) -> Story:
    """Serve the account two months before a quarter's last delivery."""
    later = Later(account=await account_at(START, config=CONFIG.replace("{activated}", "")))
    ends = next(at for at in deliveries_after(later.now) if at - 60 * DAY > later.now)
    later.until(ends - 60 * DAY)
    activated = f'activated_at = "{later.now:%Y-%m-%dT%H:%M:%SZ}"'
    config = later.account.config
    text = config.read_text(encoding="utf-8").replace('activated_at = ""', activated)
    config.write_text(text, encoding="utf-8")
    return Story(later=later, begun_at=later.now, ends=deliveries_after(ends - DAY))


async def told(later: Later) -> dict[str, Any]:
    """Check all books against each other and return what status tells."""
    verified, compared, status = await asyncio.gather(
        later.trimtab("ledger", "verify"),
        later.trimtab("reconcile", "--json"),
        later.trimtab("status", "--json"),
    )
    for ended in (verified, compared, status):
        assert ended.code == 0, ended.text
    assert later.account.exchange.audit() == ()
    found: dict[str, Any] = status.document
    return found


async def adopted(later: Later) -> None:
    """Book what the exchange paid since, and take a new statement of the account."""
    ended = await later.trimtab("reconcile", "--adopt")
    assert ended.code == 0, ended.text


def legs_of(ended: Ended) -> list[tuple[str, str, str]]:
    """Return market, side and role of each leg."""
    legs = ended.document["plan"]["legs"]
    return [(leg["symbol"], leg["side"], leg["role"]) for leg in legs]


def priced(later: Later, **mids: int) -> None:
    """Move mids."""
    later.account.exchange.set_prices(mid={coin: str(mid) for coin, mid in mids.items()})


def funded(later: Later, rate: str) -> None:
    """Settle a funding of the perpetual on BTC."""
    fund(later.account.exchange.exchange.state, {"BTCUSDT": rate})


async def a_drift_is_trimmed_by_a_short(story: Story) -> None:
    """BTC rises to 56.5 % of the account: 7,500 too much; the coins stay."""
    later = story.later
    assert (await later.asked("run")).document["status"] == "nothing_to_do"  # It is on target.
    later.pass_days(10)
    priced(later, BTC=130_000)
    ran = await later.asked("run")
    assert legs_of(ran) == [("BTC/USDT:USDT", "sell", "hedge")]
    [hedge] = (await told(later))["hedges"]
    assert (hedge["symbol"], hedge["units"]) == ("BTC/USDT:USDT", "0.057692")


async def funding_comes_in_and_goes_out(story: Story) -> None:
    """The short is paid, then pays; once it is booked the hedge and the pot have both."""
    later = story.later
    for rate in ("0.0005", "-0.0002"):
        funded(later, rate)
        later.pass_days(5)
    funded(later, "0")
    await adopted(later)
    seen = await told(later)
    [hedge] = seen["hedges"]
    paid = [Decimal(i["units"]) for i in later.account.exchange.truth()["funding"]]
    assert min(paid) < 0 < max(paid)
    story.received = sum(paid, Decimal(0))
    assert Decimal(hedge["funding"]) == story.received
    assert abs(Decimal(seen["pot"]) - story.received) <= Decimal("0.01")


async def the_hedge_closes_at_a_profit_that_is_harvested(story: Story) -> None:
    """BTC falls by more than 15 %: the profit target; what was won waits in the pot for a dip."""
    later = story.later
    later.pass_days(10)
    priced(later, BTC=108_000)
    ran = await later.asked("run")
    assert ran.document["plan"]["trigger"] == "stop"
    assert legs_of(ran) == [("BTC/USDT:USDT", "buy", "close")]
    seen = await told(later)
    story.harvested = Decimal(seen["pot"])
    gained = Decimal("0.057692") * 22_000
    assert abs(story.harvested - gained - story.received) < Decimal("0.5")
    assert seen["hedges"] == []
    ran = await later.asked("run")
    assert ran.document["status"] == "nothing_to_do"
    assert "waits_for_dip" in {u["reason"] for u in ran.document["plan"]["untraded"]}


async def a_dip_spends_the_harvest(story: Story) -> None:
    """ETH closes near its support, underweight: the pot buys it, as far as the quote goes."""
    later = story.later
    later.pass_days(5)
    priced(later, ETH=2_700)
    later.pass_days(1)
    ran = await later.asked("run")
    assert ran.document["plan"]["trigger"] == "redeploy", ran.text
    assert legs_of(ran) == [("ETH/USDT", "buy", "spot")]
    left = Decimal((await told(later))["pot"])
    assert Decimal(0) < left < story.harvested - 300


async def the_slot_of_the_quarter_hedges_in_a_dated_contract(story: Story) -> None:
    """ETH is above its target, inside its band: the slot trades to the target all the same."""
    later = story.later
    first = story.ends[0].replace(day=1, hour=1) + 32 * DAY
    later.until(first.replace(day=1))
    priced(later, BTC=100_000, ETH=3_450)
    ran = await later.asked("run", "--if-due")
    assert ran.document["slot"]["name"] == f"{later.now.year}Q{(later.now.month + 2) // 3}"
    near = name_of("ETH", story.ends[1])
    assert legs_of(ran) == [(near, "sell", "hedge")], ran.text
    assert (await later.asked("run", "--if-due")).document["status"] == "nothing_to_do"
    seen = await told(later)
    [story.hedge] = seen["hedges"]
    assert (story.hedge["asset"], story.hedge["symbol"]) == ("ETH", near)
    ethereum = next(a for a in seen["assets"] if a["asset"] == "ETH")
    assert abs(Decimal(ethereum["net_weight"]) - Decimal("0.30")) < Decimal("0.0005")


async def the_dated_contract_is_rolled(story: Story) -> None:
    """Days before delivery both sides move in one plan: the same units, the same id."""
    later, (near, far) = story.later, (name_of("ETH", at) for at in story.ends[1:3])
    later.pass_days(50)
    await adopted(later)
    later.until(story.ends[1] - 5 * DAY)
    ran = await later.asked("run")
    assert ran.document["plan"]["trigger"] == "expiry", ran.text
    assert set(legs_of(ran)) == {(near, "buy", "roll"), (far, "sell", "roll")}
    [rolled] = (await told(later))["hedges"]
    kept = ("id", "units", "opened_at")
    assert [rolled[key] for key in kept] == [story.hedge[key] for key in kept]
    assert rolled["symbol"] == far
    later.until(story.ends[1] + DAY)  # It is delivered, and nothing of ours is in it.
    [hedge] = (await told(later))["hedges"]
    assert (hedge["symbol"], hedge["covered"]) == (far, True)


async def leverage_is_cut_to_a_lower_limit(story: Story) -> None:
    """The owner lowers the limit: the long that protects nothing is reduced, the hedge stays."""
    later, config = story.later, story.later.account.config
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[risk]\n", '[risk]\nmax_leverage = "0.15"\n'), encoding="utf-8")
    before = Decimal((await told(later))["leverage"])
    ran = await later.asked("run")
    assert ran.document["plan"]["trigger"] == "leverage"
    assert {leg[:2] for leg in legs_of(ran)} == {("SOL/USDT:USDT", "sell")}
    assert Decimal((await told(later))["leverage"]) <= Decimal("0.15") < before


async def half_a_year_is_told_as_one_story(story: Story) -> None:
    """Ledger, exchange and status agree on what is left and on what the pot went through."""
    later = story.later
    later.until(story.begun_at + 183 * DAY)
    ran = await later.asked("run")
    assert ran.document["status"] == "nothing_to_do", ran.text
    [hedge] = (await told(later))["hedges"]
    assert hedge["id"] == story.hedge["id"]
    held = later.account.exchange.truth()["positions"]
    short = [Decimal(p["quantity"]) for p in held if p["symbol"].startswith("ETHUSDT")]
    assert short == [-Decimal(hedge["units"])]
    entries = (await later.trimtab("ledger", "pot", "--json")).document
    assert {"profit", "funding", "redeployed"} <= {entry["kind"] for entry in entries}
    plans = (await later.trimtab("ledger", "plans", "--json")).document
    triggers = [p["trigger"] for p in plans if p["status"] == "executed"]
    assert triggers == ["drift", "stop", "redeploy", "calendar", "expiry", "leverage"]


@pytest.mark.timeout(1_200)
async def test_half_a_year_from_the_first_drift_to_the_cut_of_leverage(
    account_at: AccountAt,
) -> None:
    story = await opened(account_at)
    await a_drift_is_trimmed_by_a_short(story)
    await funding_comes_in_and_goes_out(story)
    await the_hedge_closes_at_a_profit_that_is_harvested(story)
    await a_dip_spends_the_harvest(story)
    await the_slot_of_the_quarter_hedges_in_a_dated_contract(story)
    await the_dated_contract_is_rolled(story)
    await leverage_is_cut_to_a_lower_limit(story)
    await half_a_year_is_told_as_one_story(story)
    assert story.later.account.exchange.audit() == ()
