"""One portfolio of Coinbase: what is read of it, and dry runs that ask nothing but questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.coinbase_floor import PORTFOLIO, CoinbaseFloor, account_row, order_row
from tests.conformance.line import Line
from tests.conformance.spoken import Told
from tests.conformance.stage import Stage, key_of, staged
from tests.conformance.test_whole_run import SaysYes, config_of, references_of, variables_of
from tests.durability.program import Quiet
from tests.fakes.leaping import LeapingClock
from tests.wire.opened import NoWaiting
from trimtab.adapters.history_shelf import HistoryShelf
from trimtab.adapters.ledger.sql_ledger import open_ledger
from trimtab.adapters.open_venue import ApiKey, VenueSettings, open_venue
from trimtab.adapters.price_history import KeptHistory
from trimtab.bootstrap import Shell, on_paper, venue_settings
from trimtab.bootstrap.execution import runner_of
from trimtab.config import load
from trimtab.domain.errors import ConfigError, NotDone, Refused
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset, MarketKind, Symbol
from trimtab.domain.policy import ExecutionPolicy
from trimtab.domain.rights import KeyRights, KeyUse, UntoldRights
from trimtab.domain.snapshot import AccountKey, Balance, Environment
from trimtab.ports import PlanStatus, Portfolio
from trimtab.venues.facts import Market
from trimtab.workflow.run import Consent, run

BTC = Asset("BTC")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Shell, Line]]:
    file = folder / "trimtab.toml"
    file.write_text(config_of("coinbase", folder, market=Market.SPOT), encoding="utf-8")
    variables = variables_of("coinbase")
    config = load(file, environ=variables, sets=(), home=folder, cwd=folder)
    line, clock = Line(CoinbaseFloor(Market.SPOT)), LeapingClock()
    (settings,) = venue_settings(config, variables, clock, use=KeyUse.READ)
    async with (
        open_ledger(config.ledger_url, config.key, dry_run=True, clock=clock) as ledger,
        open_venue(settings, session=line.session) as at,
    ):
        yield (
            Shell(
                config=config,
                clock=clock,
                ledger=ledger,
                venue=at.venue,
                wallets=at.wallets,
                stops=at.stops,
                market=at.market,
                references=references_of(config, line.floor, clock),
                payments=at.venue,
                preflight=at.preflight,
                history=KeptHistory(at.history, HistoryShelf(folder / "history.db")),
            ),
            line,
        )


def floor_of(stage: Stage) -> CoinbaseFloor:
    assert isinstance(stage.floor, CoinbaseFloor)
    return stage.floor


async def test_a_dry_run_plans_and_simulates_and_asks_nothing_but_questions(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (shell, line):
        runner = runner_of(
            on_paper(shell), approver=SaysYes(), progress=Quiet(), stop=asyncio.Event(), wish=None
        )
        result = await run(runner, consent=Consent.DRY_RUN, slot_due=True)
        fills = await shell.ledger.fills()
    assert result.status is PlanStatus.DRY_RUN, [str(f) for f in result.report.findings]
    assert fills
    assert {asked.method for asked in line.asked} == {"GET"}


async def test_daily_closes_are_read_over_more_than_one_question(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shell, line):
        need = HistoryNeed(assets=(BTC,), days=400, perpetuals=())
        past = await shell.history.read(need)
    days = [close.day for close in past.closes[BTC]]
    assert days == sorted(set(days))
    assert (len(days), days[-1]) == (400, past.until)
    assert sum("candles" in asked.path for asked in line.asked) == 2


async def test_what_is_on_hold_is_locked_and_what_is_not_in_use_is_not_free() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        rows = floor_of(stage).accounts
        rows[0]["hold"] = {"value": "0.02", "currency": "BTC"}
        rows.append(account_row("ADA", Decimal(5), ready=False))
        rows.append(account_row("DOT", Decimal(7), active=False, type="CRYPTO"))
        rows.append(account_row("EUR", Decimal(9), type="ACCOUNT_TYPE_FIAT"))
        seen = await stage.read_again()
    assert seen.balances == {
        "BTC": Balance(free=Decimal("0.12345678"), locked=Decimal("0.02")),
        "USDT": Balance(free=Decimal("70000.00000001"), locked=Decimal(0)),
        "ADA": Balance(free=Decimal(0), locked=Decimal(5)),
        "DOT": Balance(free=Decimal(0), locked=Decimal(7)),
        "EUR": Balance(free=Decimal(9), locked=Decimal(0)),
    }


async def test_vaults_contracts_and_other_portfolios_are_told_and_not_counted() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        floor = floor_of(stage)
        vault = account_row("BTC", Decimal(3), type="ACCOUNT_TYPE_VAULT", name="Savings")
        cfm = account_row("USD", Decimal(4), platform="ACCOUNT_PLATFORM_CFM_CONSUMER")
        floor.accounts += [vault, cfm, account_row("XRP", Decimal(0), type="VAULT")]
        floor.portfolios += [
            {"name": "Second", "uuid": "another"},
            {"name": "Gone", "uuid": "third", "deleted": True},
        ]
        again, told = await stage.read_again(), await stage.opened.preflight.beside()
    assert again.balances == stage.seen.balances
    assert [(each.place, each.held) for each in told or ()] == [
        ("Savings (VAULT)", "3 BTC"),
        ("USD Wallet (CRYPTO)", "4 USD"),
        ("portfolio Second", "coins that a key of its own reads"),
    ]


UNSERVED: dict[str, Callable[[CoinbaseFloor], object]] = {
    "of portfolio 'another'": lambda floor: floor.accounts.append(
        account_row("ADA", Decimal(1), retail_portfolio_id="another")
    ),
    "BTC lies in two accounts": lambda floor: floor.accounts.append(
        account_row("BTC", Decimal(1), uuid="other")
    ),
    "portfolio for perpetuals": lambda floor: floor.permissions.update(portfolio_type="INTX"),
    "kind market_market_ioc": lambda floor: floor.open.append(
        order_row(order_configuration={"market_market_ioc": {"quote_size": "10"}})
    ),
    "kind scaled_limit_gtc": lambda floor: floor.open.append(
        order_row(order_configuration={"scaled_limit_gtc": {"base_size": "1", "limit_price": "9"}})
    ),
}


@pytest.mark.parametrize("why", UNSERVED)
async def test_an_account_that_could_not_be_counted_truly_is_not_read_by_name(why: str) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        UNSERVED[why](floor_of(stage))
        before = len(stage.line.asked)
        with pytest.raises(NotDone, match=why) as raised:
            await stage.read_again()
        assert raised.value.next_step.endswith("then trimtab doctor")
        asked = [a.path for a in stage.line.asked[before:]]
    assert asked.count("/api/v3/brokerage/key_permissions") == 1, "a person has to mend it first"


async def test_fees_that_are_taxed_are_not_planned_with() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        market: Any = stage.opened.market
        floor = floor_of(stage)
        for harmless in ({"rate": "", "type": "INCLUSIVE"}, {"rate": "0"}):
            floor.tax = harmless
            market._markets._fees.clear()
            await stage.read_again()
        floor.tax = {"rate": "0.18", "type": "EXCLUSIVE"}
        market._markets._fees.clear()
        with pytest.raises(NotDone, match="fees are taxed"):
            await stage.read_again()


def configured(kind: str, **told: object) -> dict[str, Any]:
    return {"order_configuration": {kind: told}}


ORDERS = [
    (order_row(), "-0.002", "65000"),
    (order_row(filled_size="0.0005"), "-0.0015", "65000"),
    (order_row(status="CANCEL_QUEUED"), "-0.002", "65000"),
    (order_row(status="PENDING"), "-0.002", "65000"),
    (
        order_row(edit_history=[{"price": "64000", "size": "0.003"}, {"price": "66000"}]),
        "-0.003",
        "64000",
    ),
    (
        order_row(
            **configured("trigger_bracket_gtc", base_size="0.1", limit_price="70000")
            | {"side": "SELL"}
        )
        | configured(
            "trigger_bracket_gtd", base_size="0.1", limit_price="70000", stop_trigger_price="50000"
        ),
        "-0.1",
        "50000",
    ),
    (
        order_row(
            side="BUY",
            **configured("twap_limit_gtd", quote_size="600", limit_price="60000", bucket_size="2"),
        ),
        "0.01",
        "60000",
    ),
    (
        order_row(
            side="BUY", **configured("limit_limit_gtd", base_size="0.02", limit_price="50000")
        ),
        "0.02",
        "50000",
    ),
]


@pytest.mark.parametrize(("row", "units", "price"), ORDERS)
async def test_an_order_by_hand_counts_as_what_it_may_cost(
    row: dict[str, Any], units: str, price: str
) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        floor_of(stage).open.append(row)
        (order,) = (await stage.read_again()).open_orders
        assert stage.instrument.units(order.lots) == Decimal(units)
        assert order.limit_price == Decimal(price)


@pytest.mark.parametrize(
    "changed",
    [
        {"product_type": "FUTURE"},
        {"filled_size": "0.002"},
        {"side": "UNKNOWN_ORDER_SIDE"},
        {"order_configuration": {}},
        {
            "order_configuration": {
                "limit_limit_gtc": {"base_size": "1", "limit_price": "9"},
                "limit_limit_gtd": {"base_size": "1", "limit_price": "9"},
            }
        },
        configured("limit_limit_gtc", base_size="0.002", limit_price="0"),
        configured("limit_limit_gtc", limit_price="9"),
        {"order_id": "../accounts"},
    ],
)
async def test_an_order_that_is_not_whole_leaves_the_account_unread(
    changed: dict[str, Any],
) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        floor_of(stage).open.append(order_row(**changed))
        with pytest.raises(NotDone):
            await stage.read_again()


async def test_an_order_that_is_told_under_two_statuses_counts_once_and_pages_are_read_on() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        rows = [order_row(order_id=f"0000-{n:06d}") for n in range(150)]
        floor_of(stage).open += [*rows, order_row(order_id="0000-000007", status="QUEUED")]
        seen = await stage.read_again()
        assert len(seen.open_orders) == 150
        floor_of(stage).open[0]["status"] = "FILLED"
        stage.line.spoil(
            Told(body=b'{"orders": [], "has_next": true, "cursor": ""}'),
            which=lambda asked: "order_status=OPEN" in asked.query,
        )
        assert len((await stage.read_again()).open_orders) == 149


async def test_of_products_that_share_a_book_the_one_in_the_quote_is_read() -> None:
    line = Line(CoinbaseFloor(Market.SPOT))
    settings = VenueSettings(
        account=AccountKey(venue="coinbase", account="main", environment=Environment.LIVE),
        url="",
        api_key=key_of("coinbase"),
        key_use=KeyUse.READ,
        quote=Asset("USDC"),
        markets=frozenset({MarketKind.SPOT}),
        execution=ExecutionPolicy(
            max_reprices=3, receive_window_ms=3000, order_timeout_s=Decimal(15)
        ),
        max_clock_offset_ms=500,
        clock=NoWaiting(),
    )
    both = Portfolio(assets=(BTC, Asset("USDC")), with_contracts=(), markets=(Symbol("BTC/USD"),))
    async with open_venue(settings, session=line.session) as at:
        seen = await at.market.snapshot(both)
    assert {"BTC/USD", "BTC/USDC"} <= set(seen.instruments)
    assert set(seen.books) == {"BTC/USDC"}
    assert sum(asked.path.endswith("product_book") for asked in line.asked) == 1


async def test_the_book_of_a_product_that_shares_none_is_not_taken() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        side = '[{"price": "1", "size": "1"}]'
        body = f'{{"pricebook": {{"product_id": "BTC-USD", "bids": {side}, "asks": {side}}}}}'
        for _ in range(4):
            stage.line.spoil(
                Told(body=body.encode()), which=lambda asked: asked.path.endswith("product_book")
            )
        with pytest.raises(NotDone, match="was not asked for"):
            await stage.read_again()


@pytest.mark.parametrize(
    ("may", "told"), [("can_trade", "trades_spot"), ("can_transfer", "withdraws")]
)
async def test_the_key_is_told_with_its_portfolio(may: str, told: str) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        for answer in (True, False):
            floor_of(stage).permissions[may] = answer
            preflight: Any = stage.opened.preflight
            preflight._rights._kept = None
            rights = await stage.opened.preflight.key_rights()
            assert isinstance(rights, KeyRights)
            assert getattr(rights, told) is answer
            assert rights.transfers_out is rights.withdraws
            assert rights.wallet == f"coinbase {PORTFOLIO}"
        floor_of(stage).permissions.pop("portfolio_uuid")
        preflight._rights._kept = None
        assert isinstance(await stage.opened.preflight.key_rights(), UntoldRights)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, b"Unauthorized", Refused),
        (403, b'{"error": "PERMISSION_DENIED", "message": "no"}', Refused),
        (400, b'{"error": "INVALID_ARGUMENT", "message": "no"}', Refused),
        (400, b'{"error": "never seen", "message": "no"}', NotDone),
        (429, b"Too Many Requests", NotDone),
        (500, b'{"error": "INTERNAL", "message": "no"}', NotDone),
        (200, b'{"error": "unknown", "message": "no"}', NotDone),
        (200, b'{"error": "PERMISSION_DENIED", "message": "no"}', Refused),
    ],
)
async def test_what_an_answer_that_is_none_means(
    status: int, body: bytes, fault: type[Exception]
) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        for _ in range(4):
            stage.line.spoil(Told(status=status, body=body), which=stage.floor.is_account)
        with pytest.raises(fault):
            await stage.read_again()


async def test_a_secret_that_does_not_sign_is_told_before_anything_is_asked() -> None:
    line = Line(CoinbaseFloor(Market.SPOT))
    good = key_of("coinbase")
    bad = "\n".join(line for n, line in enumerate(good.secret.split("\n")) if n != 2)
    config = VenueSettings(
        account=AccountKey(venue="coinbase", account="main", environment=Environment.LIVE),
        url="",
        api_key=ApiKey(key=good.key, secret=bad),
        key_use=KeyUse.READ,
        quote=Asset("USDT"),
        markets=frozenset({MarketKind.SPOT}),
        execution=ExecutionPolicy(
            max_reprices=3, receive_window_ms=3000, order_timeout_s=Decimal(15)
        ),
        max_clock_offset_ms=500,
        clock=NoWaiting(),
    )
    with pytest.raises(ConfigError, match="does not sign") as raised:
        async with open_venue(config, session=line.session):
            pass
    assert line.asked == []
    assert not any(part in f"{raised.value!r}" for part in bad.splitlines()[1:-1])
