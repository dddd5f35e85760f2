"""The tests' own endpoints, unsigned and on loopback only. All bodies are JSON objects.

- ``GET /admin/truth``, ``/admin/audit`` (``{"differences": []}``), ``/admin/faults``
- ``POST /admin/prices {"mid": {"BTC": "61000"}, "mark": {"BTCUSDT": "61010"}, "index": {..}}``
- ``POST /admin/references {"kraken": {"BTC": "61000", "USDT": "0.98"}}``, in dollars
- ``POST /admin/scenario`` a scenario (see ``Scenario.from_json``), or ``{}`` for the default
- ``POST /admin/clock {"offset_ms": 1500}`` · ``POST /admin/funding {"rates": {"BTCUSDT": ".."}}``
- ``POST /admin/liquidate {"symbol"}`` · ``POST /admin/adl {"symbol", "quantity"}``
- ``POST /admin/withdraw {"client_id"}``: a conditional order that the exchange itself takes back
- ``POST /admin/deposit {"asset", "units", "wallet": "spot" | "usdm"}``
- ``POST /admin/rights {"key", "rights": ["read", "trade", ...]}``, see ``scenario.Credential``
- ``POST /admin/faults`` the fields of ``Fault`` · ``DELETE /admin/faults``
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import InvalidOperation
from typing import Any

from trimtab.testnet.exchange import Exchange
from trimtab.testnet.faults import Fault
from trimtab.testnet.interventions import (
    deposit,
    force_deleveraging,
    force_liquidation,
    fund,
    grant,
    set_clock,
    set_prices,
    set_references,
    withdraw,
)
from trimtab.testnet.rejections import Rejection
from trimtab.testnet.scenario import Scenario
from trimtab.testnet.wire import Answer, Request

Json = dict[str, Any]
PREFIX = "/admin/"
"""Paths that are the tests' own."""


def _scenario(exchange: Exchange, given: Json) -> Json:
    """Start again from another scenario."""
    exchange.reset(Scenario.from_json(given) if given else Scenario.drifted())
    return {}


def _prices(exchange: Exchange, given: Json) -> Json:
    """Move prices."""
    kinds = {kind: given.get(kind, {}) for kind in ("mid", "mark", "index")}
    set_prices(exchange.state, **kinds)
    return {}


def _references(exchange: Exchange, given: Json) -> Json:
    """Fix what public sources say."""
    set_references(exchange.state, given)
    return {}


def _clock(exchange: Exchange, given: Json) -> Json:
    """Move the clock."""
    set_clock(exchange.state, offset_ms=int(given["offset_ms"]))
    return {"now_ms": exchange.state.now_ms}


def _funding(exchange: Exchange, given: Json) -> Json:
    """Settle a funding."""
    fund(exchange.state, given.get("rates", {}))
    return {}


def _liquidate(exchange: Exchange, given: Json) -> Json:
    """Liquidate a position."""
    force_liquidation(exchange.state, given["symbol"])
    return {}


def _adl(exchange: Exchange, given: Json) -> Json:
    """Deleverage a position."""
    force_deleveraging(exchange.state, given["symbol"], quantity=str(given["quantity"]))
    return {}


def _withdraw(exchange: Exchange, given: Json) -> Json:
    """Withdraw a conditional order as the exchange itself."""
    withdraw(exchange.state, client_id=str(given["client_id"]))
    return {}


def _deposit(exchange: Exchange, given: Json) -> Json:
    """Deposit or withdraw."""
    deposit(
        exchange.state,
        asset=given["asset"],
        units=str(given["units"]),
        wallet=given.get("wallet", "spot"),
    )
    return {}


def _rights(exchange: Exchange, given: Json) -> Json:
    """Change the rights of a key."""
    grant(exchange.state, key=given["key"], rights=given["rights"])
    return {}


def _inject(exchange: Exchange, given: Json) -> Json:
    """Put a fault in force."""
    return {"number": exchange.faults.add(Fault.from_json(given))}


def _clear(exchange: Exchange, _given: Json) -> Json:
    """Take every fault out of force."""
    exchange.faults.clear()
    return {}


def _endpoints() -> dict[tuple[str, str], Callable[[Exchange, Json], Json]]:
    """Return the endpoints by method and name."""
    return {
        ("GET", "truth"): lambda exchange, _: exchange.truth(),
        ("GET", "audit"): lambda exchange, _: {"differences": list(exchange.audit())},
        ("GET", "faults"): lambda exchange, _: {"faults": exchange.faults.report()},
        ("POST", "prices"): _prices,
        ("POST", "references"): _references,
        ("POST", "scenario"): _scenario,
        ("POST", "clock"): _clock,
        ("POST", "funding"): _funding,
        ("POST", "liquidate"): _liquidate,
        ("POST", "adl"): _adl,
        ("POST", "withdraw"): _withdraw,
        ("POST", "deposit"): _deposit,
        ("POST", "rights"): _rights,
        ("POST", "faults"): _inject,
        ("DELETE", "faults"): _clear,
    }


def respond_admin(exchange: Exchange, request: Request) -> Answer:
    """Act on an admin request; a faulty body is answered 400 with the reason."""
    endpoint = _endpoints().get((request.method, request.path.removeprefix(PREFIX)))
    if endpoint is None:
        return Answer(status=404, payload={"error": f"no {request.method} {request.path}"})
    try:
        given = json.loads(request.body) if request.body else {}
        return Answer(payload=endpoint(exchange, given))
    except (KeyError, TypeError, ValueError, InvalidOperation, Rejection) as fault:
        return Answer(status=400, payload={"error": f"{type(fault).__name__}: {fault}"})
