"""Coins on one venue and hedges on another: one plan, one gate, and nothing moved between them."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.canaries import hits, left_in, needles
from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from tests.acceptance.dominance import unruled
from tests.acceptance.strangers import placed
from trimtab.testnet import Fault, Kind, LocalExchange, Scenario, serve
from trimtab.testnet.interventions import force_liquidation, withdraw
from trimtab.testnet.scenario import Credential, OpeningPosition

RUN = ("run", "--execute", "--yes", "--json")
COINS = Scenario.from_json(
    {
        "prices": {"BTC": "60000", "ETH": "3000"},
        "spot": {"BTC": "0.12", "ETH": "0.5", "USDT": "1900"},
        "futures": {"wallet": 9000},
    }
)
"""BTC is overweight. What lies in this venue's futures wallet is no part of the account."""
HEDGES = Scenario.from_json(
    {
        "prices": {"BTC": "60012", "ETH": "3001"},
        "spot": {"USDT": "5000", "BTC": "3"},
        "futures": {"wallet": 1500},
    }
)
"""Margin, and coins that are no part of the account either."""
SPLIT = """
[hedge.venue]
id = "binance"
url = "{hedges}"
"""


@dataclass(frozen=True, kw_only=True)
class Split:
    """An account on two exchanges."""

    account: Account
    """Its coins, and the folder that its commands run in."""
    hedges: LocalExchange

    async def trimtab(self, *words: str) -> Ended:
        """Run a command."""
        return await self.account.trimtab(*words)

    def orders(self) -> tuple[list[Any], list[Any]]:
        """Return what the venue of the coins took, and what that of the hedges did."""
        return self.account.exchange.truth()["orders"], self.hedges.truth()["orders"]

    async def agrees(self) -> None:
        """Hold ledger and both exchanges against each other: nothing twice, nothing lost."""
        compared = await self.trimtab("reconcile", "--json")
        assert compared.code == 0, compared.text
        names = [order["client_id"] for orders in self.orders() for order in orders]
        assert len(names) == len(set(names))
        fills = (await self.trimtab("ledger", "fills", "--json")).document
        for exchange, is_contract in ((self.account.exchange, False), (self.hedges, True)):
            assert exchange.audit() == ()
            booked = [f for f in fills if (":" in f["symbol"]) is is_contract]
            assert sorted((f["trade_id"], f["quantity"]) for f in booked) == sorted(
                (str(f["trade_id"]), f["quantity"]) for f in exchange.truth()["fills"]
            )


SplitAt = Callable[..., Awaitable[Split]]


@pytest.fixture
async def split_at(account_at: AccountAt) -> AsyncIterator[SplitAt]:
    """Serve two exchanges, and hold the orders of the second against the ledger at the end."""
    async with serve(HEDGES) as hedges:
        opened: list[Split] = []

        async def open_split(
            *, route: str = "futures", side: str = "overweight", coins: Scenario = COINS
        ) -> Split:
            text = CONFIG + f'\n[rebalance]\nroute = "{route}"\nside = "{side}"\n'
            text += SPLIT.replace("{hedges}", hedges.url)
            split = Split(account=await account_at(coins, config=text), hedges=hedges)
            opened.append(split)
            return split

        yield open_split
        for split in opened:
            ledger, orders = split.account.folder / "ledger.db", hedges.truth()["orders"]
            assert unruled(orders, ledger, by_others=split.account.by_others) == []


def legs(ended: Ended) -> list[tuple[str, str]]:
    """Return market and side of each line of a plan."""
    return [(leg["symbol"], leg["side"]) for leg in ended.document["plan"]["legs"]]


async def test_one_plan_trades_coins_here_and_hedges_there_and_the_books_agree(
    split_at: SplitAt,
) -> None:
    split = await split_at(route="mixed", side="both")
    ran = await split.trimtab(*RUN)
    assert ran.code == 0, ran.text
    here, there = split.orders()
    assert {order["symbol"] for order in here} == {"BTCUSDT", "ETHUSDT"}
    assert [order["symbol"] for order in there] == ["BTCUSDT"]
    assert [symbol for symbol, _ in legs(ran)].count("BTC/USDT:USDT") == len(there)
    assert len(here) + len(there) == len(legs(ran))
    await split.agrees()
    again = await split.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do", again.text


async def test_the_account_is_the_coins_of_the_one_and_the_margin_of_the_other(
    split_at: SplitAt,
) -> None:
    split = await split_at()
    status = (await split.trimtab("status", "--json")).document
    assert status["venue"] == "binance+binance"
    nav = Decimal(status["nav"])
    assert nav == Decimal("0.12") * 60000 + Decimal("0.5") * 3000 + 1900 + 1500


async def test_nothing_is_moved_between_venues_however_little_margin_there_is(
    split_at: SplitAt,
) -> None:
    split = await split_at()
    refused = await split.trimtab("plan", "--set", "hedge.max_topup=2000")
    assert refused.code == 2
    assert "hedge.max_topup: moves nothing between two venues" in refused.text
    short = await split.trimtab("plan", "--set", "rebalance.side=both")
    assert short.code == 3, short.text
    assert "free_margin" in short.text
    assert "hedge.max_topup" not in short.text
    assert split.account.mutations() == split.hedges.truth()["mutating_requests"] == 0


async def test_a_hedge_whose_answer_is_lost_is_found_at_its_own_venue_and_not_sent_again(
    split_at: SplitAt,
) -> None:
    split = await split_at()
    split.hedges.inject(Fault(kind=Kind.RESET_AFTER, method="POST", path="/fapi/v1/order"))
    ran = await split.trimtab(*RUN)
    assert ran.code == 0, ran.text
    _, there = split.orders()
    assert len(there) == len([s for s, _ in legs(ran) if ":" in s])
    await split.agrees()


@pytest.mark.parametrize("is_hedges", [False, True])
async def test_with_either_venue_silent_nothing_is_planned_and_nothing_sent(
    split_at: SplitAt, *, is_hedges: bool
) -> None:
    split = await split_at()
    silent = split.hedges if is_hedges else split.account.exchange
    for path in ("/api/v3/account", "/fapi/v3/account"):
        silent.inject(Fault(kind=Kind.RESET_BEFORE, method="GET", path=path, count=99))
    ended = await split.trimtab(*RUN)
    assert ended.code not in (0, 3), ended.text
    assert has_no_traceback(ended)
    assert f"binance {'hedges' if is_hedges else 'coins'}: " in ended.text
    assert split.orders() == ([], [])


async def test_hedges_are_closed_where_they_are(split_at: SplitAt) -> None:
    split = await split_at()
    assert (await split.trimtab(*RUN)).code == 0
    here, there = split.orders()
    closed = await split.trimtab("close-hedges", "--execute", "--yes", "--json")
    assert closed.code == 0, closed.text
    assert len(split.orders()[0]) == len(here)
    assert len(split.orders()[1]) > len(there)
    assert all(Decimal(p["units"]) == 0 for p in split.hedges.truth()["positions"])
    await split.agrees()


async def test_a_liquidation_at_the_other_venue_is_seen_and_stops_the_hedges(
    split_at: SplitAt,
) -> None:
    split = await split_at()
    assert (await split.trimtab(*RUN)).code == 0
    force_liquidation(split.hedges.exchange.state, "BTCUSDT")
    refused = await split.trimtab(*RUN)
    assert refused.code == 3, refused.text
    assert "external_fills" in {
        f["check"] for f in refused.document["gate"]["findings"] if f["verdict"] == "refuse"
    }


@pytest.mark.parametrize("is_hedges", [False, True])
async def test_a_halt_cancels_at_one_venue_what_rests_there_though_the_other_is_silent(
    split_at: SplitAt, *, is_hedges: bool
) -> None:
    split = await split_at(route="mixed", side="both")
    assert (await split.trimtab(*RUN)).code == 0
    place, silent = split.account.exchange, split.hedges
    if is_hedges:
        place, silent = silent, place
    orders = (await split.trimtab("ledger", "orders", "--json")).document
    ours = next(o["client_order_id"] for o in orders if (":" in o["symbol"]) is is_hedges)
    await placed(
        Account(exchange=place, folder=split.account.folder),
        path="/fapi/v1/order" if is_hedges else "/api/v3/order",
        symbol="BTCUSDT",
        side="SELL",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.01",
        price="63000",
        newClientOrderId=ours,
    )
    for path in ("/api/v3/openOrders", "/fapi/v1/openOrders"):
        silent.inject(Fault(kind=Kind.RESET_BEFORE, method="GET", path=path, count=99))
    told = await split.trimtab("halt", "--json")
    assert told.code == 7, told.text
    assert not [o for o in place.truth()["orders"] if o["status"] == "NEW"]
    (order,) = told.document["orders"]
    assert (order["client_order_id"], order["outcome"]) == (ours, "cancelled")
    unread = "BTC/USDT, ETH/USDT" if is_hedges else "BTC/USDT:USDT"
    assert told.document["venue_error"].startswith(f"{unread}: ")


async def test_a_ledger_of_one_venue_is_not_taken_for_that_of_two(split_at: SplitAt) -> None:
    split = await split_at()
    assert (await split.trimtab("plan")).code == 0
    text = split.account.config.read_text(encoding="utf-8")
    split.account.config.write_text(text[: text.index("[hedge.venue]")], encoding="utf-8")
    ended = await split.trimtab("plan")
    assert ended.code == 2, ended.text
    assert "binance+binance" in ended.text
    assert has_no_traceback(ended)


async def test_old_hedges_where_the_coins_are_and_nothing_reads_them_are_told(
    split_at: SplitAt,
) -> None:
    short = OpeningPosition(symbol="BTCUSDT", quantity=Decimal("-0.04"), entry=Decimal(60_000))
    split = await split_at(coins=dataclasses.replace(COINS, positions=(short,)))
    told = await split.trimtab("doctor", "--json")
    found = {check["check"]: check for check in told.document["checks"]}["other_wallets"]
    assert found["outcome"] == "warn"
    assert "binance coins BTC/USDT:USDT -0.04" in found["found"]
    assert "close contracts there" in found["fix"]
    seen = "in no weight and no limit: binance coins BTC/USDT:USDT -0.04; see trimtab doctor"
    assert seen in (await split.trimtab("plan", "--json")).stderr
    ran = await split.trimtab(*RUN)
    assert (ran.code, seen in ran.stderr) == (0, True), ran.text
    assert "in no weight" not in (await split.trimtab("plan")).text  # Known by then.


async def test_the_doctor_looks_at_both_venues(split_at: SplitAt) -> None:
    split = await split_at()
    told = await split.trimtab("doctor", "--json")
    found = {check["check"]: check for check in told.document["checks"]}
    for url in (split.account.exchange.url, split.hedges.url):
        assert url.removeprefix("http://") in found["host_truth"]["found"]
    assert {c["outcome"] for c in found.values()} <= {"pass", "warn", "not_checked"}, told.text


PLANTED = {
    "TRIMTAB__VENUE__API_KEY": "cAnArYcOiNkEy7Q2mXz9LbVt4Rw",
    "TRIMTAB__VENUE__API_SECRET": "cAnArYcOiNsEcReT8VdNq6Lx1Zr",
    "TRIMTAB__HEDGE__VENUE__API_KEY": "cAnArYhEdGeKeY3JfUo6TyEi1Ck",
    "TRIMTAB__HEDGE__VENUE__API_SECRET": "cAnArYhEdGeSeCrEt5Jg0SyUc9",
}


def known_to(scenario: Scenario, place: str) -> Scenario:
    """Return the exchange that knows the planted key of *place* and no other."""
    pair = Credential(
        key=PLANTED[f"TRIMTAB__{place}__API_KEY"], secret=PLANTED[f"TRIMTAB__{place}__API_SECRET"]
    )
    return dataclasses.replace(scenario, credentials=(pair,))


async def test_each_venue_is_asked_with_its_own_key_and_neither_comes_to_light(
    account_at: AccountAt,
) -> None:
    async with serve(known_to(HEDGES, "HEDGE__VENUE")) as hedges:
        text = CONFIG + '\n[rebalance]\nroute = "mixed"\n' + SPLIT.replace("{hedges}", hedges.url)
        account = await account_at(known_to(COINS, "VENUE"), config=text)
        words = ("run", "--execute", "--yes", "--log-level", "debug")
        ran = await account.trimtab(*words, variables=PLANTED)
        assert ran.code == 0, ran.text
        assert account.exchange.truth()["orders"]
        assert hedges.truth()["orders"]
        looked = await account.trimtab("doctor", variables=PLANTED)
        crossed = {name.replace("HEDGE__", ""): text for name, text in PLANTED.items()}
        refused = await account.trimtab("plan", variables=crossed | {"COLUMNS": "100"})
        assert refused.code not in (0, 3), refused.text
        whole = "".join(each.text for each in (ran, looked, refused)).encode()
        whole += left_in(account.folder)
    assert hits(whole, frozenset().union(*map(needles, PLANTED.values()))) == []


def resting(split: Split) -> list[list[Any]]:
    """Return the conditional orders that rest where the coins are, and where the hedges are."""
    told = [e.truth()["conditionals"] for e in (split.account.exchange, split.hedges)]
    return [[each for each in conditionals if each["status"] == "NEW"] for conditionals in told]


async def test_stops_rest_where_the_hedges_are_are_mended_alone_and_work_with_nobody_there(
    split_at: SplitAt,
) -> None:
    split = await split_at()
    stops = ("--set", "hedge.stop=0.10", "--set", "hedge.stop_rests=true")
    ran = await split.trimtab(*RUN, *stops)
    assert ran.code == 0, ran.text
    nowhere, [first] = resting(split)
    assert (nowhere, first["symbol"], first["reduce_only"]) == ([], "BTCUSDT", True)
    withdraw(split.hedges.exchange.state, client_id=first["client_id"])
    narrow = ("--set", "risk.max_order_notional=1", "--set", "portfolio.targets.BTC=0.2")
    narrow = (*narrow, "--set", "portfolio.targets.USDT=0.5", *stops)
    refused = await split.trimtab("run", "--execute", "--yes", *narrow)
    assert refused.code == 3, refused.text
    assert refused.stdout.rstrip().endswith("next: trimtab mend-stops (with the same --set)")
    mended = await split.trimtab("mend-stops", "--execute", "--yes", "--json", *narrow)
    assert mended.code == 0, mended.text
    nowhere, [again] = resting(split)
    assert (nowhere, again["quantity"]) == ([], first["quantity"])
    split.hedges.set_prices(mid={"BTC": "67000"})
    assert resting(split) == [[], []]
    recovered = await split.trimtab("recover", "--json", *stops)
    assert recovered.code == 0, recovered.text
    [told] = recovered.document["stops"]
    assert (told["before"], told["after"]) == ("resting", "done")
    await split.agrees()
