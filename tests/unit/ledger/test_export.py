"""The ledger for other programs."""

from __future__ import annotations

import csv
import dataclasses
import io
from decimal import Decimal

from tests.builders import KEY, NOW
from tests.contract.ledger_cases import SELL, fill, intent, report_on, yes_to
from trimtab.adapters.ledger.export import (
    as_beancount,
    as_csv,
    fill_document,
    order_document,
    plan_document,
)
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.orders import OrderRecord, OrderState, Side, VenueOrderId
from trimtab.ports import PlanStatus, SavedPlan

SOLD = fill(7, "0.01", of="b123")
BOUGHT = dataclasses.replace(
    SOLD, side=Side.BUY, fee=Decimal("0.00001"), fee_asset=Asset("BNB"), quantity=Decimal("0.5")
)


def test_a_fill_has_the_contracts_keys_and_exact_decimals() -> None:
    assert fill_document(KEY, SOLD) == {
        "venue": "binance",
        "account": "main",
        "symbol": "BTC/USDT",
        "trade_id": "7",
        "client_order_id": "b123",
        "side": "sell",
        "quantity": "0.01",
        "price": "59901.2",
        "fee": "0.12345678901234567890123456789",
        "fee_asset": "USDT",
        "filled_at": "2026-11-20T12:00:00.007000Z",
    }


def test_an_order_tells_its_sizes_in_base_units_without_sign() -> None:
    record = OrderRecord(
        intent=intent(),
        state=OrderState.OPEN,
        venue_order_id=VenueOrderId("v1"),
        filled_lots=Lots(-60),
        executed_lots=Lots(-60),
        submitted_at=NOW,
        simulated=False,
    )
    document = order_document(record)
    assert (document["side"], document["quantity"], document["filled"]) == ("sell", "0.01", "0.006")
    assert (document["limit_price"], document["status"]) == ("59900", "open")


def test_a_plan_is_listed_by_its_headline() -> None:
    saved = SavedPlan(
        plan=SELL, report=report_on(SELL), status=PlanStatus.APPROVED, approval=yes_to(SELL)
    )
    document = plan_document(saved)
    assert (document["digest"], document["legs"]) == (SELL.digest, 2)
    assert document["approved_by"] == "ada on tty1"


def test_csv_is_read_back_as_it_was_written() -> None:
    documents = [{"note": 'says "no", twice', "fee": "-0.1"}, {"note": None, "fee": "0"}]
    rows = list(csv.DictReader(io.StringIO(as_csv(documents))))
    assert rows == [{"note": 'says "no", twice', "fee": "-0.1"}, {"note": "", "fee": "0"}]


def test_csv_of_nothing_is_nothing() -> None:
    assert as_csv([]) == ""


def test_csv_hands_no_formula_to_a_spreadsheet() -> None:
    assert as_csv([{"note": "=1+1"}]) == "note\n'=1+1\n"


def test_beancount_postings_of_a_sale_balance() -> None:
    assert as_beancount(KEY, [SOLD], ()) == (
        '2026-11-20 * "sell BTC" ^v1\n'
        '  trade: "7"\n'
        "  Assets:Binance:Main:BTC  -0.01 BTC @ 59901.2 USDT\n"
        "  Assets:Binance:Main:USDT  599.012 USDT\n"
        "  Assets:Binance:Main:USDT  -0.12345678901234567890123456789 USDT\n"
        "  Expenses:Fees:USDT  0.12345678901234567890123456789 USDT\n"
    )


def test_beancount_keeps_a_fee_in_a_third_asset_apart() -> None:
    text = as_beancount(KEY, [BOUGHT], ())
    assert "0.5 BTC @ 59901.2 USDT" in text
    assert "Main:USDT  -29950.6 USDT" in text
    assert "Main:BNB  -0.00001 BNB" in text


def test_beancount_leaves_contracts_out_and_names_no_fee_that_is_nothing() -> None:
    contract = dataclasses.replace(SOLD, symbol=Symbol("BTC/USDT:USDT"))
    free = dataclasses.replace(SOLD, fee=Decimal(0))
    assert as_beancount(KEY, [contract], ()) == ""
    assert "Fees" not in as_beancount(KEY, [free], ())


def test_beancount_names_are_ones_that_it_accepts() -> None:
    odd = dataclasses.replace(SOLD, symbol=Symbol("1INCH/USDT"))
    text = as_beancount(dataclasses.replace(KEY, account="my account"), [odd], ())
    assert "Assets:Binance:My-account:X1INCH" in text
