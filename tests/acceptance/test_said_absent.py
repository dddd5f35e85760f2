"""``recover --absent``: a person's word is asked for, comes late enough, and outweighs no list."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta

import pytest

from tests.acceptance.conftest import Account, Ended
from tests.acceptance.later import Later
from tests.acceptance.test_upkeep import WITHIN_S, arrived, killed_with_an_order_out
from trimtab.testnet import Fault, Kind


async def name_left_out(account: Account) -> str:
    """Return the name of an order whose run was killed before it heard of it."""
    await killed_with_an_order_out(account)
    (left,) = (await account.trimtab("status", "--json")).document["unresolved_orders"]
    name: str = left["client_order_id"]
    return name


async def looked_for_in_vain(account: Account) -> str:
    """Return the name of an order that recovery got no answer about until somebody ended it."""
    name = await name_left_out(account)
    silent = Fault(kind=Kind.RESET_BEFORE, method="GET", path="/api/v3/order", count=0)
    account.exchange.inject(silent)
    asking = await account.started("recover")
    await arrived(account, "GET", "/api/v3/order")
    asking.send_signal(signal.SIGINT)
    async with asyncio.timeout(WITHIN_S):
        await asking.communicate()
    account.exchange.clear_faults()
    return name


async def said(account: Account, name: str, words: str) -> Ended:
    """Say an hour later, in *words*, that the order *name* is not there."""
    later = Later(account=account)
    later.until(later.now + timedelta(hours=1))
    return await account.trimtab(
        "recover", "--absent", name, "--json", stdin=f"{words}\n", variables=later.variables
    )


async def test_a_name_that_the_ledger_does_not_have_is_refused(account: Account) -> None:
    ended = await account.trimtab("recover", "--absent", "tt-none")
    assert ended.code == 2
    assert "no open order of the ledger has the name tt-none" in ended.stderr
    assert "next: trimtab recover" in ended.stderr


async def test_an_order_is_looked_for_before_anybody_gives_a_word(account: Account) -> None:
    name = await name_left_out(account)
    ended = await account.trimtab("recover", "--absent", name)
    assert ended.code == 2
    assert "nobody has looked for it in vain" in ended.stderr
    assert "next: trimtab recover" in ended.stderr


async def test_a_word_comes_some_minutes_after_the_last_instant_that_it_could_arrive(
    account: Account,
) -> None:
    name = await looked_for_in_vain(account)
    ended = await account.trimtab("recover", "--absent", name, stdin=f"absent {name[-6:]}\n")
    assert ended.code == 6
    assert "may still show until" in ended.stderr
    assert f"next: trimtab recover --absent {name}, after that" in ended.stderr


@pytest.mark.parametrize("words", ["yes", "absent 00000"])
async def test_other_words_record_nothing(account: Account, words: str) -> None:
    name = await looked_for_in_vain(account)
    asked = len(account.exchange.truth()["requests"])
    ended = await said(account, name, words)
    assert (ended.code, ended.document["status"]) == (4, "declined")
    assert f'Type "absent {name[-6:]}" to say that it is not there' in ended.stderr
    assert f"Order {name} left at" in ended.stderr
    assert len(account.exchange.truth()["requests"]) == asked
    assert len((await account.trimtab("status", "--json")).document["unresolved_orders"]) == 1


async def test_the_venue_outweighs_the_word(account: Account) -> None:
    name = await looked_for_in_vain(account)
    ended = await said(account, name, f"absent {name[-6:]}")
    (order,) = ended.document["orders"]
    assert (ended.code, order["after"]) == (0, "filled"), ended.text
    assert len((await account.trimtab("ledger", "fills", "--json")).document) == len(
        account.exchange.truth()["fills"]
    )
