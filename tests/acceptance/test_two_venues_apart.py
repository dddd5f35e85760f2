"""Two venues of one account: one of them fails at each step, and every command knows both."""

from __future__ import annotations

import dataclasses
import signal
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest

from tests.acceptance import test_dated, test_neutral
from tests.acceptance.conftest import AccountAt, has_no_traceback
from tests.acceptance.later import Later, deliveries_after
from tests.acceptance.portfolios import Book
from tests.acceptance.strangers import placed
from tests.acceptance.test_interrupts import until
from tests.acceptance.test_rescue import in_danger
from tests.acceptance.test_two_venues import RUN, SPLIT, Split, SplitAt, legs, split_at
from trimtab.testnet import Fault, Kind, LocalExchange, serve
from trimtab.testnet.interventions import set_clock

__all__ = ["split_at"]
ORDERS: Final = {False: "/api/v3/order", True: "/fapi/v1/order"}
BANNED: Final = '{"code":-1003,"msg":"Way too much request weight used; IP banned."}'


async def mended(split: Split) -> None:
    """Lift every fault, settle what is open, and hold all books against each other."""
    for exchange in (split.account.exchange, split.hedges):
        exchange.clear_faults()
        set_clock(exchange.exchange.state, offset_ms=0)
    recovered = await split.trimtab("recover")
    assert recovered.code == 0, recovered.text
    again = await split.trimtab(*RUN)
    assert again.code == 0, again.text
    await split.agrees()
    assert (await split.trimtab("plan", "--json")).document["status"] == "nothing_to_do"


FAULTS: Final = {
    "banned": (Kind.STATUS, BANNED),
    "lost": (Kind.RESET_AFTER, ""),
}


@pytest.mark.parametrize("is_hedges", [False, True])
@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_what_one_venue_fails_at_is_settled_and_both_books_agree(
    split_at: SplitAt, *, name: str, is_hedges: bool
) -> None:
    split = await split_at(route="mixed", side="both")
    place = split.hedges if is_hedges else split.account.exchange
    kind, body = FAULTS[name]
    headers = {"Retry-After": "120"}
    place.inject(
        Fault(
            kind=kind,
            method="POST",
            path=ORDERS[is_hedges],
            status=418,
            body=body,
            headers=headers,
        )
    )
    ran = await split.trimtab(*RUN)
    assert ran.code in (0, 5, 7), ran.text
    assert has_no_traceback(ran)
    await mended(split)


@pytest.mark.parametrize("is_hedges", [False, True])
async def test_a_clock_that_is_off_at_either_venue_refuses(
    split_at: SplitAt, *, is_hedges: bool
) -> None:
    split = await split_at(route="mixed", side="both")
    place = split.hedges if is_hedges else split.account.exchange
    set_clock(place.exchange.state, offset_ms=30_000)
    ran = await split.trimtab(*RUN)
    assert ran.code == 3, ran.text
    assert "clock_offset" in ran.text
    assert split.orders() == ([], [])


@pytest.mark.parametrize("is_hedges", [False, True])
async def test_a_killed_run_is_recovered_at_both(split_at: SplitAt, *, is_hedges: bool) -> None:
    split = await split_at(route="mixed", side="both")
    place = split.hedges if is_hedges else split.account.exchange
    slow = Fault(kind=Kind.TIMEOUT_AFTER, method="POST", path=ORDERS[is_hedges], seconds="4")
    place.inject(slow)
    process = await split.account.started(*RUN)
    await until(lambda: place.truth()["orders"])
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    assert process.returncode == -signal.SIGKILL
    await mended(split)


@pytest.mark.parametrize("is_hedges", [False, True])
async def test_a_strangers_trade_at_either_venue_is_found_and_adopted(
    split_at: SplitAt, *, is_hedges: bool
) -> None:
    split = await split_at(route="mixed", side="both")
    assert (await split.trimtab(*RUN)).code == 0
    place = split.hedges if is_hedges else split.account.exchange
    stranger = dataclasses.replace(split.account, exchange=place)
    words = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.004"}
    await placed(stranger, path=ORDERS[is_hedges], **words)
    told = await split.trimtab("reconcile", "--json")
    assert told.code == 1, told.text
    adopted = await split.trimtab("reconcile", "--adopt", "--json")
    assert adopted.code == 0, adopted.text
    assert (await split.trimtab("reconcile")).code == 0


async def apart(account_at: AccountAt, book: Book, hedges: LocalExchange, markets: str) -> Split:
    """Serve the coins of a book; what it has of contracts is served by *hedges*."""
    text = book.config.replace("{", "{{").replace("}", "}}")
    text = text.replace("{{url}}", "{url}").replace("{{folder}}", "{folder}")
    text = text.replace('environment = "local"\n', f'environment = "local"\n{markets}')
    text += SPLIT.replace("{hedges}", hedges.url)
    coins = dataclasses.replace(book.scenario, wallet=Decimal(0), positions=())
    return Split(account=await account_at(coins, config=text), hedges=hedges)


async def test_a_neutral_sleeve_is_entered_coin_here_and_short_there_in_turn(
    account_at: AccountAt,
) -> None:
    async with serve(test_neutral.BOOK.scenario) as hedges:
        split = await apart(account_at, test_neutral.BOOK, hedges, "")
        ran = await split.trimtab(*RUN)
        assert ran.code == 0, ran.text
        assert legs(ran)[:2] == [("ETH/USDT", "buy"), ("ETH/USDT:USDT", "sell")]
        await split.agrees()
        again = await split.trimtab("plan", "--json")
        assert again.document["status"] == "nothing_to_do", again.text


async def test_a_dated_hedge_is_rolled_at_its_own_venue(account_at: AccountAt) -> None:
    async with serve(test_dated.BOOK.scenario) as hedges:
        split = await apart(account_at, test_dated.BOOK, hedges, test_dated.MARKETS)
        later = Later(account=split.account)
        near = deliveries_after(later.now + timedelta(days=20))[0]
        later.until(near - timedelta(days=15))
        set_clock(hedges.exchange.state, offset_ms=int(later.ahead.total_seconds()) * 1000)
        opened = await later.asked("run")
        assert [s for s, _ in legs(opened)] == [f"BTC/USDT:USDT-{near:%y%m%d}"], opened.text
        later.pass_days(10)
        set_clock(hedges.exchange.state, offset_ms=int(later.ahead.total_seconds()) * 1000)
        rolled = await later.asked("run")
        assert [leg["role"] for leg in rolled.document["plan"]["legs"]] == ["roll", "roll"]
        assert split.orders()[0] == []
        assert (await later.trimtab("reconcile")).code == 0


async def test_a_futures_wallet_in_danger_is_rescued_by_cuts_at_its_own_venue(
    account_at: AccountAt,
) -> None:
    whole = await in_danger(account_at)
    given = whole.exchange.exchange.state.scenario
    async with serve(dataclasses.replace(given, spot={})) as hedges:
        text = whole.config.read_text(encoding="utf-8").replace('max_topup = "0"', "")
        whole.config.write_text(text + SPLIT.replace("{hedges}", hedges.url), encoding="utf-8")
        split = Split(account=whole, hedges=hedges)
        ran = await split.trimtab("rescue-margin", "--execute", "--yes", "--json")
        assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
        assert {leg["role"] for leg in ran.document["plan"]["legs"]} == {"close"}
        assert split.orders()[0] == []
        (left,) = hedges.truth()["positions"]
        assert Decimal(left["quantity"]) > Decimal("-0.5")
        assert (await split.trimtab("reconcile")).code == 0
