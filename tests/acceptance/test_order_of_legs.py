"""The order of a plan's lines: another one where the usual is unsafe, slices, and none at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.acceptance.conftest import Account, AccountAt, Ended
from tests.acceptance.portfolios import WIDE, Book
from trimtab.testnet import Scenario

RUN = ("run", "--execute", "--yes", "--json")

# A wallet that a close would leave too thin

THIN = Scenario.from_json(
    {
        "prices": {"BTC": "60000", "ETH": "3000", "SOL": "100"},
        "spot": {"BTC": "0.1", "ETH": "1", "SOL": "30", "USDT": "2000"},
        "futures": {
            "wallet": 720,
            "positions": [
                {"symbol": "BTCUSDT", "quantity": "-0.03", "entry": "60000"},
                {"symbol": "ETHUSDT", "quantity": "1", "entry": "3000"},
                {"symbol": "SOLUSDT", "quantity": "-18", "entry": "100"},
            ],
            "leverage": {"BTCUSDT": 10, "ETHUSDT": 10, "SOLUSDT": 10},
        },
        "basis": {"bps": {"*": "0"}},
    }
)
"""The long in ETH carries the two shorts when everything rises."""
THIN_CONFIG = """\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"

[portfolio.targets]
BTC = "0.2143"
ETH = "0.2041"
SOL = "0.0816"
USDT = "0.5"

[rebalance]
route = "futures"

[hedge]
leverage = 10
max_topup = "1500"

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""


def shape(document: Any) -> list[tuple[int, str, str]]:
    """Return stage, market and side of every line of a plan."""
    legs = document["plan"]["legs"]
    return [(leg["stage"], leg["symbol"].partition(":")[0], leg["side"]) for leg in legs]


async def test_margin_is_topped_up_before_a_close_that_would_leave_the_shorts_alone(
    account_at: AccountAt,
) -> None:
    account = await account_at(THIN, config=THIN_CONFIG)
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 0, planned.text
    assert shape(planned.document) == [
        (1, "USDT", "buy"),
        (2, "ETH/USDT", "sell"),
        (3, "BTC/USDT", "sell"),
    ]
    assert planned.document["plan"]["order"] == "searched"
    shown = await account.trimtab("plan")
    assert "The usual order is not safe; in these 3 stages every prefix is." in shown.text
    ran = await account.trimtab(*RUN)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    assert len(account.exchange.truth()["transfers"]) == 1
    assert (await account.trimtab("reconcile", "--json")).code == 0
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do", again.text


# A hedge and the coins that it covers, closed together

COVERED = Book(
    prices={"BTC": 100_000},
    spot={"BTC": "0.06", "USDT": "0"},
    wallet=4_000,
    portfolio='[portfolio.targets]\nBTC = "0.50"\nUSDT = "0.50"\n',
    rest='[rebalance]\nroute = "futures"\n[hedge]\nleverage = 2\nmax_ratio = "{ratio}"\n',
    risk=WIDE + 'max_unhedged_notional = "{most}"\n',
)
SALE = ("close-hedges", "--sell", "--execute", "--yes", "--json")


async def hedged(account_at: AccountAt, *, most: str, ratio: str = "1.0") -> Account:
    """Return an account whose overweight of 1,000 in BTC is covered by a short."""
    book = Book(
        prices=COVERED.prices,
        spot=COVERED.spot,
        wallet=COVERED.wallet,
        portfolio=COVERED.portfolio,
        rest=COVERED.rest.replace("{ratio}", ratio),
        risk=COVERED.risk.replace("{most}", most),
    )
    account = await book.opened(account_at)
    ran = await account.trimtab(*RUN)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    return account


def open_after(legs: list[dict[str, Any]], stage: int) -> Decimal:
    """Return how far buys are ahead of sales once a stage has ended, quote units."""
    done = [(leg["side"], Decimal(leg["notional"])) for leg in legs if leg["stage"] <= stage]
    return sum((value if side == "buy" else -value for side, value in done), Decimal(0))


def units(ended: Ended, symbol: str) -> list[Decimal]:
    """Return the sizes of a plan's legs in one market, in their order."""
    legs = ended.document["plan"]["legs"]
    return [Decimal(leg["quantity"]) for leg in legs if leg["symbol"] == symbol]


async def test_coins_and_their_hedge_go_side_by_side_where_that_is_small_enough(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at, most="1500")
    ran = await account.trimtab(*SALE)
    assert ran.code == 0, ran.text
    assert shape(ran.document) == [(1, "BTC/USDT", "sell"), (1, "BTC/USDT", "buy")]
    assert ran.document["plan"]["order"] == "usual"
    assert ran.document["plan"]["returns"] == []
    held = account.exchange.truth()
    assert held["positions"] == []
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do", again.text
    assert (await account.trimtab("reconcile")).code == 0


async def test_a_hedge_at_its_ceiling_and_its_coins_go_in_small_slices_that_add_up(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at, most="300", ratio="0.17")
    before = account.mutations()
    planned = await account.trimtab("close-hedges", "--sell", "--json")
    assert (planned.code, account.mutations()) == (0, before), planned.text
    assert planned.document["plan"]["order"] == "sliced"
    assert "coins and their hedge in slices" in planned.text
    legs = planned.document["plan"]["legs"]
    assert all(Decimal(leg["notional"]) <= 300 for leg in legs)
    assert [leg["line"] for leg in legs] == list(range(1, 9))
    assert shape(planned.document)[0] == (1, "BTC/USDT", "buy")
    assert len(set(shape(planned.document))) == 8, "one slice of a side in a stage"
    assert len({leg["client_order_id"] for leg in legs}) == 8
    apart = [open_after(legs, stage) for stage in range(1, 1 + legs[-1]["stage"])]
    assert max(map(abs, apart)) <= 300
    assert apart[-1] == 0
    for symbol in ("BTC/USDT", "BTC/USDT:USDT"):
        assert sum(units(planned, symbol)) == Decimal("0.01")
    ran = await account.trimtab(*SALE)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    assert account.exchange.truth()["positions"] == []
    assert len(account.exchange.truth()["orders"]) == 1 + 8
    assert (await account.trimtab("reconcile")).code == 0
    assert (await account.trimtab("ledger", "verify")).code == 0
    status = (await account.trimtab("status", "--json")).document
    assert status["hedges"] == []


async def test_where_no_order_is_safe_the_plan_is_refused_with_prefix_and_rule(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at, most="15", ratio="0.17")
    before = account.mutations()
    ran = await account.trimtab(*SALE)
    assert (ran.code, ran.document["status"]) == (3, "refused"), ran.text
    refused = [f for f in ran.document["gate"]["findings"] if f["verdict"] == "refuse"]
    assert [(f["check"], f["subject"]) for f in refused] == [
        ("max_ratio", "prefix 1"),
        ("max_unhedged_notional", "prefix 1"),
    ]
    told = "no order of the lines is safe, slices of pairs included; in this one "
    assert all(f["reason"].startswith(told) for f in refused)
    assert (len(ran.document["plan"]["legs"]), account.mutations()) == (2, before)


async def test_coins_that_a_target_still_wants_are_not_sold_with_their_hedge(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at, most="1500")
    opened = await account.trimtab("hedge", "BTC", "10%", "--execute", "--yes", "--json")
    assert opened.code == 0, opened.text
    ended = await account.trimtab(*SALE)
    assert ended.code == 2, ended.text
    assert "was opened by hand" in ended.text
    assert "trimtab close-hedges btc-" in ended.text
