"""An account as it would be read at other prices, against the same account written anew."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tests.builders import account
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.snapshot import MarginPool, Snapshot
from trimtab.risk.moved import moved_snapshot

BTC = Asset("BTC")
USDT = Asset("USDT")


def written(mid: str, *, wallet: str = "5000") -> Snapshot:
    """Return an account with a short, at a price of its coin."""
    return account(
        f"USDT 500, BTC 0.1 @ {mid}, perp BTC -0.05 from 60000, ETH 1 @ 3000, wallet {wallet}"
    )


def moved(before: Snapshot, factor: str) -> Snapshot:
    """Return the account after its coin's price was multiplied."""
    with exact_arithmetic():
        return moved_snapshot(before, {BTC: Decimal(factor)})


def test_a_moved_account_reads_like_one_that_was_written_at_those_prices() -> None:
    for factor, mid in (("1.5", "90000"), ("0.5", "30000")):
        seen, expected = moved(written("60000"), factor), written(mid)
        assert seen.pools == expected.pools
        assert seen.contracts == expected.contracts
        assert {s: b.mid for s, b in seen.books.items()} == {
            s: b.mid for s, b in expected.books.items()
        }
        assert seen.balances == expected.balances


def test_margin_that_was_short_of_nothing_is_not_free_until_the_lack_is_made_up() -> None:
    thin = written("60000", wallet="2900")
    assert thin.pools[USDT].free_margin == 0
    assert moved(thin, "0.99").pools[USDT].free_margin == 0
    assert moved(thin, "0.5").pools == written("30000", wallet="2900").pools


def test_a_wallet_in_another_coin_stays_as_it_is() -> None:
    other = MarginPool(
        wallet_balance=Decimal(7),
        unrealised_pnl=Decimal(0),
        free_margin=Decimal(7),
        initial_margin=Decimal(0),
        maintenance_margin=Decimal(0),
    )
    two = written("60000")
    two = dataclasses.replace(two, pools={**two.pools, Asset("USDC"): other})
    assert moved(two, "1.5").pools[Asset("USDC")] == other
    assert moved(two, "1.5").contracts[Symbol("ETH/USDT:USDT")].mark == 3000
