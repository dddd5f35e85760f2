"""What the wallets of a venue promise, held by those that move money and those that simulate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.contract.venue_cases import PORTFOLIO, USDT, At, at_venue
from trimtab.adapters.paper.account import PaperFunds
from trimtab.adapters.paper.wallets import PaperWallets
from trimtab.adapters.system_clock import SystemClock
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused
from trimtab.domain.payments import PaymentKind
from trimtab.domain.transfers import ListedState, ListedTransfer, TransferIntent, transfer_id

KINDS = pytest.mark.parametrize("kind", ["ccxt", "paper"])
DIGEST = "a" * 64


def moving(units: str, *, line: int = 1) -> TransferIntent:
    return TransferIntent(
        transfer_id=transfer_id(plan_digest=DIGEST, line=line),
        plan_digest=DIGEST,
        line=line,
        asset=USDT,
        units=Decimal(units),
    )


async def listed(at: At, intent: TransferIntent) -> tuple[ListedTransfer, ...]:
    """Return what is listed in the direction of *intent* of the last minute."""
    since = datetime.now(UTC) - timedelta(minutes=1)
    found = await at.wallets.transfers(intent, since=since)
    assert found.venue_now - found.asked_at < timedelta(seconds=2)
    return found.listed


@KINDS
async def test_a_transfer_is_numbered_and_listed_with_its_exact_units(kind: str) -> None:
    async with at_venue(kind) as at:
        inward, outward = moving("200.00001234"), moving("-50.5", line=2)
        assert await listed(at, inward) == ()
        first = await at.wallets.transfer(inward)
        second = await at.wallets.transfer(outward)
        (came,), (went,) = await listed(at, inward), await listed(at, outward)
    assert (came.venue_transfer_id, came.units, came.asset) == (first, inward.units, USDT)
    assert (went.venue_transfer_id, went.units) == (second, outward.units)
    assert {came.state, went.state} == {ListedState.MADE}


@KINDS
async def test_both_wallets_show_it_to_the_last_digit(kind: str) -> None:
    async with at_venue(kind) as at:
        await at.wallets.transfer(moving("200.00001234"))
        now = await at.market.snapshot(PORTFOLIO)
        paid = await at.venue.payments(datetime.now(UTC) - timedelta(minutes=1))
    units = Decimal("200.00001234")
    assert at.seen.balances[USDT].free - now.balances[USDT].free == units
    assert now.pools[USDT].wallet_balance - at.seen.pools[USDT].wallet_balance == units
    assert now.pools[USDT].free_margin - at.seen.pools[USDT].free_margin == units
    assert [(p.kind, p.units) for p in paid] == [(PaymentKind.TRANSFER, units)]


@KINDS
@pytest.mark.parametrize("units", ["70000.00000001", "-4990"], ids=["beyond_free", "in_use"])
async def test_what_is_not_there_or_is_in_use_is_refused_whole(kind: str, units: str) -> None:
    async with at_venue(kind) as at:
        with pytest.raises(Refused):
            await at.wallets.transfer(moving(units))
        assert await listed(at, moving(units)) == ()


@KINDS
async def test_older_ones_are_not_listed(kind: str) -> None:
    async with at_venue(kind) as at:
        await at.wallets.transfer(moving("10"))
        later = datetime.now(UTC) + timedelta(seconds=30)
        assert (await at.wallets.transfers(moving("10"), since=later)).listed == ()


async def test_a_simulation_moves_nothing_on_the_exchange_and_takes_none_twice() -> None:
    async with at_venue("paper") as at:
        await at.wallets.transfer(moving("10"))
        with pytest.raises(OutcomeUnknown):
            await at.wallets.transfer(moving("10"))
        assert at.exchange.truth()["transfers"] == []


async def test_without_an_account_nothing_can_be_simulated() -> None:
    wallets = PaperWallets(PaperFunds(), clock=SystemClock())
    with pytest.raises(NotDone):
        await wallets.transfer(moving("10"))
