"""What a venue tells of itself and of the key, through real ccxt on a real socket."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.contract.venue_cases import PORTFOLIO
from tests.wire.opened import NoWaiting, opened
from trimtab.adapters.binance.preflight import key_rights_of, wallet_worth
from trimtab.adapters.open_venue import OpenedVenue
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.rights import KeyRights, KeyUse, UntoldRights
from trimtab.domain.snapshot import Environment
from trimtab.testnet import Fault, Kind, LocalExchange, Scenario, serve
from trimtab.testnet.interventions import grant
from trimtab.venues.binance import BINANCE
from trimtab.venues.catalogue import PROFILES

RIGHTS = "/sapi/v1/account/apiRestrictions"
TOLD: Mapping[str, Any] = {
    "ipRestrict": True,
    "createTime": 1_700_000_000_000,
    "enableReading": True,
    "enableSpotAndMarginTrading": True,
    "enableFutures": False,
    "enableWithdrawals": False,
    "enableInternalTransfer": False,
    "permitsUniversalTransfer": False,
    "enableMargin": False,
    "enableVanillaOptions": False,
    "enablePortfolioMarginTrading": False,
}
JUDGED = sorted(set(TOLD) - {"createTime", "enablePortfolioMarginTrading"})


@asynccontextmanager
async def at(scenario: Scenario | None = None) -> AsyncIterator[tuple[LocalExchange, OpenedVenue]]:
    """Serve a scenario, one that tells the rights of keys unless given, and open it."""
    telling = dataclasses.replace(Scenario.drifted(), serves=frozenset({"api_restrictions"}))
    async with (
        serve(scenario or telling) as exchange,
        opened(exchange.url, clock=NoWaiting()) as venue,
    ):
        yield exchange, venue


def asked(exchange: LocalExchange, path: str) -> int:
    """Return how often a path was asked for."""
    return sum(request["path"] == path for request in exchange.truth()["requests"])


@pytest.mark.parametrize(
    ("granted", "flag"),
    [
        ("withdraw", "withdraws"),
        ("transfer_out", "transfers_out"),
        ("transfer", "transfers_within"),
        ("margin", "borrows"),
        ("portfolio_margin", "borrows"),
        ("options", "trades_options"),
        ("spot", "trades_spot"),
        ("futures", "trades_futures"),
    ],
)
async def test_each_right_of_a_key_is_read_as_itself(granted: str, flag: str) -> None:
    async with at() as (exchange, venue):
        grant(exchange.exchange.state, key="local-key", rights=["read", granted])
        rights = await venue.preflight.key_rights()
        assert isinstance(rights, KeyRights)
        told = dataclasses.asdict(rights)
        assert {name for name, is_so in told.items() if is_so is True} == {
            "reads",
            "is_bound_to_ip",
            flag,
        }


async def test_a_key_that_no_address_binds_is_seen_and_rights_are_kept_a_minute() -> None:
    async with at() as (exchange, venue):
        grant(exchange.exchange.state, key="local-key", rights=["read", "any_address"])
        first = await venue.preflight.key_rights()
        assert first == await venue.preflight.key_rights()
        assert isinstance(first, KeyRights)
        assert not first.is_bound_to_ip
        assert asked(exchange, RIGHTS) == 1


async def test_a_host_that_does_not_list_the_endpoint_is_not_asked_for_it() -> None:
    async with at(Scenario.drifted()) as (exchange, venue):
        untold = await venue.preflight.key_rights()
        assert untold == UntoldRights(why="local: the host does not tell them", is_absent=True)
        assert asked(exchange, RIGHTS) == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.STATUS, path=RIGHTS, status=404, body="<html>", count=0),
        Fault(kind=Kind.STATUS, path=RIGHTS, status=200, body='{"enableReading": true}', count=0),
        Fault(kind=Kind.STATUS, path=RIGHTS, status=401, body='{"code":-2015,"msg":"no"}', count=0),
        Fault(kind=Kind.EMPTY, path=RIGHTS, count=0),
    ],
    ids=["gone", "half", "denied", "empty"],
)
async def test_rights_that_are_listed_and_cannot_be_read_are_not_absent(fault: Fault) -> None:
    async with at() as (exchange, venue):
        exchange.inject(fault)
        untold = await venue.preflight.key_rights()
        assert isinstance(untold, UntoldRights)
        assert (untold.is_absent, "apiRestrictions" in untold.why.replace("ApiR", "apiR")) == (
            False,
            True,
        )


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("value", ["missing", None, "true", 1, 0, [], {}])
def test_a_right_that_is_no_truth_value_is_unreadable_and_never_false(
    name: str, value: object
) -> None:
    told = {key: told for key, told in TOLD.items() if key != name}
    if value != "missing":
        told[name] = value
    with pytest.raises(Unreadable, match=name):
        key_rights_of(told, use=KeyUse.SEND)
    assert key_rights_of(dict(TOLD), use=KeyUse.SEND).trades_spot


def test_the_right_to_trade_with_all_as_margin_counts_where_it_is_told() -> None:
    told = {key: told for key, told in TOLD.items() if key != "enablePortfolioMarginTrading"}
    assert not key_rights_of(told, use=KeyUse.SEND).borrows
    with pytest.raises(Unreadable, match="enablePortfolioMarginTrading"):
        key_rights_of({**told, "enablePortfolioMarginTrading": "no"}, use=KeyUse.SEND)


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        [{"walletName": "Earn", "balance": "1"}],
        [{"walletName": "Spot", "balance": "1"}] * 2,
        [{"walletName": "Spot", "balance": "x"}],
        [{"balance": "1"}],
    ],
)
def test_wallets_that_are_not_told_whole_are_unreadable(told: object) -> None:
    with pytest.raises(Unreadable):
        wallet_worth(told)


async def test_hosts_fees_and_limits_are_told() -> None:
    async with at(dataclasses.replace(Scenario.drifted(), bnb_fees=True)) as (exchange, venue):
        await venue.market.snapshot(PORTFOLIO)
        terms = await venue.preflight.fee_terms()
        assert (terms.coin, terms.on_spot, terms.on_futures) == ("BNB", True, False)
        answers = venue.preflight.answered()
        asked = BINANCE.hosts[Environment.LIVE] - {"dapi.binance.com"}
        assert {answer.host for answer in answers} == asked
        place = exchange.url.removeprefix("http://")
        assert {(answer.address, answer.calls_itself) for answer in answers} == {(place, "local")}
        usage = {(use.desk, use.counts): use for use in venue.preflight.usage()}
        weight = usage["spot", "weight in 60 s"]
        assert (weight.limit, bool(weight.used)) == (6000, True)
        assert usage["spot", "orders in 10 s"].used is None


async def test_an_admin_changes_the_rights_of_a_key() -> None:
    async with serve(Scenario.drifted()) as exchange, opened(exchange.url) as venue:
        body = {"key": "local-key", "rights": ["read", "trade", "withdraw"]}
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{exchange.url}/admin/rights", json=body) as answer:
                assert answer.status == 200
            strange = {"key": "no-key", "rights": ["read"]}
            async with session.post(f"{exchange.url}/admin/rights", json=strange) as answer:
                assert answer.status == 400
        rights = await venue.preflight.key_rights()
        assert isinstance(rights, KeyRights)
        assert (rights.withdraws, rights.trades_spot, rights.trades_futures) == (True, True, True)


def test_no_profile_has_a_sandbox_on_a_host_of_the_live_exchange_without_a_header() -> None:
    for profile in PROFILES.values():
        live = profile.hosts[Environment.LIVE]
        shared = profile.hosts[Environment.TESTNET] & live
        assert bool(shared) is (profile.paper_header is not None)
        with pytest.raises(ValueError, match="sandbox"):
            dataclasses.replace(
                profile,
                hosts={**profile.hosts, Environment.TESTNET: live},
                paper_header=None,
            )


async def test_the_exchange_that_is_opened_never_speaks() -> None:
    async with at() as (_, venue):
        exchange = venue.market._wire.exchange
        assert exchange.verbose is False
        assert exchange.logger.getEffectiveLevel() >= 20
