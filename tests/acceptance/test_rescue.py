"""Margin rescue through the whole command over HTTP: money first, else cuts, halted or not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.conftest import Account, AccountAt, Ended
from trimtab.testnet import Scenario

RUNBOOK: Final = Path(__file__).parents[2] / "runbooks" / "margin-warning.md"
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

[hedge]
max_topup = "MAX_TOPUP"

[risk]
max_order_notional = "20000"
max_run_notional = "60000"
max_asset_notional = "60000"

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""


async def in_danger(
    account_at: AccountAt, *, topup: int = 0, usdt: int = 500, wallet: int = 4_000
) -> Account:
    """Serve a coin half of which is hedged, over a futures wallet that is thin for the hedge."""
    scenario = Scenario.from_json(
        {
            "prices": {"BTC": 100_000},
            "spot": {"BTC": "1", "USDT": str(usdt)},
            "futures": {
                "wallet": wallet,
                "positions": [{"symbol": "BTCUSDT", "quantity": "-0.5", "entry": "100000"}],
            },
            "rules": {"*": {"spread_bps": "0.01", "level_notional": "10000000"}},
            "basis": {"bps": {"*": "0"}},
            "funding": {"rates": {"*": "0"}},
        }
    )
    return await account_at(scenario, config=CONFIG.replace("MAX_TOPUP", str(topup)))


def told(ended: Ended) -> dict[str, Any]:
    """Return what the check of a rescue says."""
    found = [f for f in ended.document["gate"]["findings"] if f["check"] == "margin_rescue"]
    return dict(found[0])


async def margin(account: Account) -> Decimal:
    """Return the margin ratio as status tells it."""
    seen = (await account.trimtab("status", "--json")).document
    return Decimal(seen["margin_ratio"])


def short_of(account: Account) -> Decimal:
    """Return the units that the exchange has short."""
    return -sum((Decimal(p["quantity"]) for p in account.exchange.truth()["positions"]), Decimal(0))


async def test_the_ordinary_plan_may_not_take_off_a_hedge_that_endangers_its_wallet(
    account_at: AccountAt,
) -> None:
    account = await in_danger(account_at)
    planned = await account.trimtab("plan", "--json")
    reasons = {u["reason"] for u in planned.document["plan"]["untraded"]}
    refused = {f["check"] for f in planned.document["gate"]["findings"] if f["verdict"] == "refuse"}
    assert (planned.code, "would_raise_exposure" in reasons) == (3, True), planned.text
    assert "shock" in refused


async def test_a_rescue_tops_up_and_sells_nothing_where_money_is_at_hand(
    account_at: AccountAt,
) -> None:
    account = await in_danger(account_at, topup=20_000, usdt=15_000)
    before = await margin(account)
    ran = await account.trimtab("rescue-margin", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    [moved] = ran.document["plan"]["legs"]
    assert (moved["role"], moved["kind"], moved["side"]) == ("transfer", "transfer", "buy")
    assert told(ran)["verdict"] == "warn"
    assert short_of(account) == Decimal("0.5")
    assert await margin(account) > before
    [span] = (await account.trimtab("status", "--json")).document["survival"]["spans"]
    assert (span["limit_high"]["check"], span["limit_high"]["past"]) == ("shock", False)
    assert (await account.trimtab("reconcile", "--json")).code == 0
    again = await account.trimtab("rescue-margin", "--execute", "--yes", "--json")
    assert (again.code, again.document["status"]) == (0, "nothing_to_do"), again.text


async def test_a_rescue_cuts_the_hedge_where_no_money_is_and_says_what_returns(
    account_at: AccountAt,
) -> None:
    account = await in_danger(account_at)
    before = await margin(account)
    shown = await account.trimtab("rescue-margin")
    assert shown.code == 0, shown.text
    assert "exposure to BTC goes from" in " ".join(shown.stdout.split())
    ran = await account.trimtab("rescue-margin", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    legs = ran.document["plan"]["legs"]
    assert {(g["side"], g["role"], g["reduce_only"]) for g in legs} == {("buy", "close", True)}
    assert Decimal(told(ran)["measured"]) >= Decimal(told(ran)["limit"])
    assert Decimal(0) < short_of(account) < Decimal("0.5")
    assert await margin(account) > before
    assert (await account.trimtab("reconcile", "--json")).code == 0


async def test_a_rescue_moves_what_it_may_and_cuts_the_rest_in_that_order(
    account_at: AccountAt,
) -> None:
    account = await in_danger(account_at, topup=1_000, usdt=5_000)
    ran = await account.trimtab("rescue-margin", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    stages = {leg["role"]: leg["stage"] for leg in ran.document["plan"]["legs"]}
    assert stages == {"transfer": 1, "close": 2}
    assert (await account.trimtab("reconcile", "--json")).code == 0


async def test_in_no_danger_there_is_nothing_to_rescue(account_at: AccountAt) -> None:
    account = await in_danger(account_at, wallet=40_000)
    shown = await account.trimtab("rescue-margin")
    assert (shown.code, "no futures wallet is in danger" in shown.text) == (0, True), shown.text
    assert "(nothing follows)" in shown.stdout
    assert "(acts)" not in shown.stdout
    ran = await account.trimtab("rescue-margin", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "nothing_to_do"), ran.text
    assert account.mutations() == 0


@pytest.mark.parametrize(
    ("key", "check"),
    [
        ("risk.max_run_notional=100", "max_run_notional"),
        ("risk.max_net=0.51", "max_net"),
        ("risk.max_order_notional=2", "max_orders"),
    ],
)
async def test_a_rescue_is_exempt_from_no_cap(account_at: AccountAt, key: str, check: str) -> None:
    account = await in_danger(account_at)
    ran = await account.trimtab("rescue-margin", "--execute", "--yes", "--json", "--set", key)
    refused = {f["check"] for f in ran.document["gate"]["findings"] if f["verdict"] == "refuse"}
    assert (ran.code, check in refused, account.mutations()) == (3, True, 0), ran.text


@pytest.mark.parametrize("flags", [(), ("--execute", "--yes")])
async def test_cuts_that_cost_more_at_their_limit_than_they_free_are_refused_by_name(
    account_at: AccountAt, flags: tuple[str, ...]
) -> None:
    account = await in_danger(account_at)
    dear = ("--set", "risk.max_slippage_bps=100")
    ran = await account.trimtab("rescue-margin", *flags, "--json", *dear)
    assert (ran.code, told(ran)["verdict"], account.mutations()) == (3, "refuse", 0), ran.text


async def test_where_neither_money_nor_a_cut_helps_it_says_so(account_at: AccountAt) -> None:
    account = await in_danger(account_at)
    ran = await account.trimtab("rescue-margin", "--json", "--set", "risk.max_slippage_bps=5000")
    assert (ran.code, account.mutations()) == (2, 0), ran.text
    assert "bring quote into the futures wallet" in ran.document["error"]["message"]


async def test_a_halted_account_is_rescued_by_typed_words_only_as_the_runbook_says(
    account_at: AccountAt,
) -> None:
    account = await in_danger(account_at)
    before = await margin(account)
    assert (await account.trimtab("halt", "--reason", "drill")).code == 0
    sent = account.mutations()
    flagged = await account.trimtab("rescue-margin", "--execute", "--yes", "--json")
    assert flagged.code == 4, flagged.text
    assert "its own typed words" in flagged.document["error"]["message"]
    assert account.mutations() == sent
    digest = ""
    for line in RUNBOOK.read_text(encoding="utf-8").splitlines():
        if not line.startswith("$ trimtab "):
            continue
        words = [word.replace("DIGEST", digest) for word in line.split()[2:]]
        typed = f"approve {digest[:8]}\n" if words[0] == "approve" else ""
        ended = await account.trimtab(*words, stdin=typed)
        assert ended.code == (4 if words == ["rescue-margin", "--execute"] else 0), ended.text
        plans = (await account.trimtab("ledger", "plans", "--json")).document
        digest = plans[-1]["digest"] if plans else ""
    assert await margin(account) > before
    assert (await account.trimtab("status", "--json")).document["halted"] is True
