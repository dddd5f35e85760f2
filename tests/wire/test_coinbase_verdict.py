"""What an answer of Coinbase means for an order: only a reason that is listed proves anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.coinbase_floor import order_row
from tests.conformance.spoken import Told
from tests.conformance.stage import staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.facts import Market


def told(body: Any, *, status: int = 200) -> Told:
    return Told(status=status, body=json.dumps(body).encode())


def no(status: int = 200, **response: str) -> Told:
    """Return that an order was not made, for a reason in one of three places."""
    body = {"success": False, "failure_reason": "UNKNOWN_FAILURE_REASON"}
    return told(
        {**body, "error_response": {"message": "because", "error_details": "", **response}},
        status=status,
    )


def also(**more: Any) -> Told:
    """Return that an order was not made, for a reason that proves it, and *more*."""
    reason = {"error": "INSUFFICIENT_FUND", "message": "because", "error_details": ""}
    return told({"success": False, "error_response": reason} | more)


def fault(word: object, *, status: int) -> Told:
    return told({"error": word, "message": "because", "error_details": ""}, status=status)


def yes(*, success: object = True, **changed: Any) -> Told:
    row = {"order_id": "7-7", "product_id": "BTC-USDT", "side": "BUY", "client_order_id": "ours"}
    return told({"success": success, "success_response": row | changed})


REFUSED = (
    *("INSUFFICIENT_FUND", "INSUFFICIENT_FUNDS", "INVALID_LEDGER_BALANCE", "INVALID_LIMIT_PRICE"),
    *("INVALID_SIZE_PRECISION", "INVALID_PRICE_PRECISION", "INVALID_PRODUCT_ID", "INVALID_SIDE"),
    *("LIMIT_PRICE_TOO_FAR_FROM_MARKET", "UNTRADABLE_PRODUCT", "GEOFENCING_RESTRICTION"),
    "INVALID_NO_LIQUIDITY",
)
OF_AN_ORDER = (
    *("UNSUPPORTED_ORDER_CONFIGURATION", "ORDER_ENTRY_DISABLED", "INELIGIBLE_PAIR"),
    "INVALID_REQUEST",
)
OF_A_PREVIEW = (
    *("INVALID_ORDER_CONFIG", "INSUFFICIENT_LEDGER_BALANCE", "INVALID_BASE_SIZE_TOO_LARGE"),
    *("INVALID_BASE_SIZE_TOO_SMALL", "INVALID_PRICE_TOO_LARGE", "INVALID_LIMIT_PRICE_PRECISION"),
    *("BREACHED_PRICE_LIMIT", "NOT_ALLOWED_BY_MARKET_STATE"),
)
UNTOLD = {"error": "UNKNOWN_FAILURE_REASON", "new_order_failure_reason": "UNKNOWN_FAILURE_REASON"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((no(error=reason), Refused) for reason in (*REFUSED, *OF_AN_ORDER)),
        *((no(new_order_failure_reason=reason), Refused) for reason in (*REFUSED, *OF_AN_ORDER)),
        *(
            (no(**UNTOLD, preview_failure_reason=f"PREVIEW_{reason}"), Refused)
            for reason in (*REFUSED, *OF_A_PREVIEW)
        ),
        (
            no(error="INSUFFICIENT_FUND", preview_failure_reason="UNKNOWN_PREVIEW_FAILURE_REASON"),
            Refused,
        ),
        *((fault(w, status=400), Refused) for w in ("INVALID_ARGUMENT", "NOT_FOUND")),
        (fault("PERMISSION_DENIED", status=403), Refused),
        (Told(status=401, body=b"Unauthorized"), NotDone),
        (Told(status=401, body=b"Unauthorized\n"), NotDone),
        (fault("unauthorized", status=401), NotDone),
        (Told(status=429, body=b"Too Many Requests"), NotDone),
        (fault("rate_limit_exceeded", status=429), NotDone),
        (fault("resource_exhausted", status=403), NotDone),
        (no(**UNTOLD), OutcomeUnknown),
        (no(error="COMMANDER_REJECTED_NEW_ORDER"), OutcomeUnknown),
        (no(error="INSUFFICIENT_FUND", order_id=""), Refused),
        *(
            (no(new_order_failure_reason="INSUFFICIENT_FUND", **{place: word}), error)
            for place, word, error in (
                ("error", "COMMANDER_REJECTED_NEW_ORDER", OutcomeUnknown),
                ("preview_failure_reason", "NEVER_SEEN", OutcomeUnknown),
                ("preview_failure_reason", "PREVIEW_INSUFFICIENT_FUND", Refused),
                ("preview_failure_reason", "UNKNOWN_PREVIEW_FAILURE_REASON", Refused),
            )
        ),
        (also(success=True), OutcomeUnknown),
        (also(success=None, success_response={"order_id": "7-7"}), OutcomeUnknown),
        (also(order_id="7-7"), OutcomeUnknown),
        (also(order_id="", success_response={"order_id": ""}), Refused),
        (also(success_response=None), Refused),
        (fault("resource_exhausted", status=500), OutcomeUnknown),
        (fault("rate_limit_exceeded", status=503), OutcomeUnknown),
        (no(error="PREVIEW_NEVER_SEEN"), OutcomeUnknown),
        (no(error="DUPLICATE_CLIENT_ORDER_ID"), OutcomeUnknown),
        (no(500, error="INSUFFICIENT_FUND"), OutcomeUnknown),
        (no(408, error="INSUFFICIENT_FUND"), OutcomeUnknown),
        (told({"success": False}), OutcomeUnknown),
        (told({"success": True}), OutcomeUnknown),
        (told({"success": None, "error_response": None}), OutcomeUnknown),
        (fault("INTERNAL", status=500), OutcomeUnknown),
        (fault("INVALID_ARGUMENT", status=500), OutcomeUnknown),
        (fault("never seen", status=400), OutcomeUnknown),
        (Told(status=401, body=b"<html></html>"), OutcomeUnknown),
        (Told(status=403, body=b"Forbidden"), OutcomeUnknown),
        (Told(status=502, body=b"Unauthorized"), OutcomeUnknown),
        (yes(client_order_id="another"), OutcomeUnknown),
        (yes(), OutcomeUnknown),
    ],
)
async def test_an_order_is_refused_not_done_or_unknown(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize(
    ("changed", "is_made"),
    [
        ({}, True),
        ({"success": False}, False),
        ({"success": "true"}, False),
        ({"side": "SELL"}, False),
        ({"order_id": ""}, False),
        ({"order_id": "../orders"}, False),
        ({"order_id": None}, False),
        ({"client_order_id": None}, False),
    ],
)
async def test_an_order_is_made_when_its_answer_is_of_this_very_order(
    changed: dict[str, Any], *, is_made: bool
) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = stage.buy("0.004")
        answer = yes(**({"client_order_id": order.client_order_id} | changed))
        stage.line.spoil(answer, which=stage.floor.is_order)
        if is_made:
            assert (await stage.opened.venue.submit(order)).venue_order_id == "7-7"
            return
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(order)


async def test_what_a_second_order_under_a_name_is_answered_is_the_first_one() -> None:
    """No name is refused, so that there is no duplicate: the first is told, and adopted."""
    async with staged("coinbase", Market.SPOT) as stage:
        order = stage.buy("0.004")
        stage.line.spoil(Told(status=502, body=b""), which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(order)
        first = await stage.opened.venue.submit(order)
        assert (await stage.opened.venue.submit(order)).venue_order_id == first.venue_order_id
        assert len(stage.floor.orders()) == 1


def cancel(*, success: object = True, reason: str = "UNKNOWN_CANCEL_FAILURE_REASON") -> Told:
    row = {"success": success, "failure_reason": reason, "order_id": "0000-000000-000900"}
    return told({"results": [row]})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (cancel(), None),
        (cancel(success=False, reason="UNKNOWN_CANCEL_ORDER"), None),
        (cancel(success=False, reason="ORDER_IS_FULLY_FILLED"), None),
        *(
            (cancel(success=False, reason=reason), Refused)
            for reason in (
                "INVALID_CANCEL_REQUEST",
                "INVALID_CANCEL_PRODUCT_ID",
                "NOT_ALLOWED_TO_CANCEL",
            )
        ),
        *(
            (cancel(success=False, reason=reason), OutcomeUnknown)
            for reason in (
                "UNKNOWN_CANCEL_FAILURE_REASON",
                "COMMANDER_REJECTED_CANCEL_ORDER",
                "DUPLICATE_CANCEL_REQUEST",
                "ORDER_IS_BEING_REPLACED",
            )
        ),
        (cancel(success="true"), OutcomeUnknown),
        (told({"results": []}), OutcomeUnknown),
        (told({"results": [{}]}), OutcomeUnknown),
        (
            told({"results": [{"success": True, "failure_reason": "", "order_id": "another"}]}),
            OutcomeUnknown,
        ),
        (fault("PERMISSION_DENIED", status=403), Refused),
        (Told(status=401, body=b"Unauthorized"), NotDone),
    ],
)
async def test_a_cancel_is_done_when_the_venue_takes_it_or_nothing_rests(
    answer: Told, error: type[VenueError] | None
) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        resting = OpenOrder(
            symbol=stage.symbol,
            client_order_id=stage.buy("0.004").client_order_id,
            venue_order_id=order_row()["order_id"],
            lots=stage.buy("0.004").lots,
            limit_price=stage.buy("0.004").limit_price,
            reduce_only=False,
        )
        stage.line.spoil(answer, which=stage.floor.is_cancel)
        if error is None:
            await stage.opened.venue.cancel(resting)
            return
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.cancel(resting)
        assert type(raised.value) is error
