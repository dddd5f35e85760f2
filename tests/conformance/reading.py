"""Cases VC-01 to VC-06, VC-22 and VC-23: what is read is what is there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conformance.floors import Waiting
from tests.conformance.spoken import Told
from tests.conformance.stage import Stage, from_the_start, name_by_hand
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset
from trimtab.domain.payments import PaymentKind
from trimtab.domain.rights import KeyRights
from trimtab.domain.shared_wallet import holdings_of
from trimtab.domain.snapshot import MarginMode


async def markets_are_read(stage: Stage) -> None:
    truth, seen = stage.floor.truth(), stage.instrument
    assert (seen.lot_size, seen.tick_size) == (truth.lot, truth.tick)
    assert (seen.contract_size, seen.notional_min) == (truth.contract_size, truth.least_value)
    assert seen.tradable
    assert seen.taker_fee > 0
    band = stage.seen.price_bands[stage.symbol]
    assert 0 < band.buy_low <= 1 <= band.buy_high
    assert 0 < band.sell_low <= 1 <= band.sell_high


async def balances_are_read(stage: Stage) -> None:
    seen = holdings_of(stage.seen).outside
    assert seen == {Asset(coin): units for coin, units in stage.floor.truth().coins.items()}


async def positions_are_read(stage: Stage) -> None:
    truth, position = stage.floor.truth(), stage.seen.positions[stage.symbol]
    assert position.lots * stage.instrument.lot_size == truth.position
    assert position.entry_price == truth.entry
    assert position.margin_mode is MarginMode.CROSS
    assert stage.seen.pools[Asset("USDT")].maintenance_margin > 0


async def the_book_is_read(stage: Stage) -> None:
    truth, book = stage.floor.truth(), stage.seen.books[stage.symbol]
    best_bid, best_ask = max(x.price for x in book.bids), book.asks[0]
    assert best_bid == book.bids[0].price == truth.bid
    assert book.bids[0].quantity == truth.bid_quantity
    assert (best_ask.price, best_ask.quantity) == (truth.ask, truth.ask_quantity)
    assert [x.price for x in book.asks] == sorted(x.price for x in book.asks)


async def contracts_are_read(stage: Stage) -> None:
    state, truth = stage.seen.contracts[stage.symbol], stage.floor.truth()
    assert abs(state.mark - truth.ask) < truth.ask / 50
    assert abs(state.index - truth.ask) < truth.ask / 50
    assert state.brackets[0].notional_floor == 0
    assert state.brackets[0].leverage_max >= state.leverage >= 1
    assert Decimal(0) < state.brackets[0].maintenance_ratio < Decimal("0.1")


async def an_unreadable_account_is_no_empty_one(stage: Stage) -> None:
    stage.unmetered()
    for body in (b"", b"{}", b"[]", b"<html></html>", b'{"a":'):
        for _ in range(4):  # As often as a read is repeated.
            stage.line.spoil(Told(body=body), which=stage.floor.is_account)
        with pytest.raises(NotDone):
            await stage.read_again()
    again = await stage.read_again()
    assert again.balances == stage.seen.balances


async def payments_are_listed(stage: Stage) -> None:
    await stage.opened.venue.submit(stage.buy("0.004"))
    paid = await stage.opened.venue.payments(from_the_start().not_before)
    fees = [payment for payment in paid if payment.kind is PaymentKind.COMMISSION]
    fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert [(p.trade_id, -p.units) for p in fees] == [(f.trade_id, f.fee) for f in fills]
    stage.floor.pay_funding()
    paid = await stage.opened.venue.payments(from_the_start().not_before)
    funding = [payment for payment in paid if payment.kind is PaymentKind.FUNDING]
    assert [(payment.symbol, payment.units != 0) for payment in funding] == [(stage.symbol, True)]


async def what_waits_is_an_open_order(stage: Stage) -> None:
    assert stage.seen.open_orders == ()
    is_contract, quantity, trigger = stage.instrument.is_contract, Decimal("0.01"), Decimal(66_000)
    by_hand = Waiting(
        name=name_by_hand(stage.venue_id),
        is_buy=True,
        quantity=quantity,
        trigger=trigger,
        reduces=is_contract,
        by_mark=True,
    )
    stage.floor.let_wait(by_hand)
    (order,) = (await stage.read_again()).open_orders
    assert (order.symbol, order.client_order_id) == (stage.symbol, by_hand.name)
    assert (stage.instrument.units(order.lots), order.limit_price) == (quantity, trigger)
    assert order.reduce_only is is_contract


async def rights_are_told(stage: Stage) -> None:
    rights = await stage.opened.preflight.key_rights()
    assert isinstance(rights, KeyRights)
    assert rights.reads
    assert rights.trades_spot
    assert not rights.withdraws
