"""The exchange without a socket: one request in, one answer out.

State without I/O; time comes from the injected clock only, so that a simulation can
run it in process under virtual time. Faults of the transport are the server's; here
requests are answered as a healthy host would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trimtab.testnet import (
    routes_dapi,
    routes_sapi,
    routes_spot,
    routes_triggers,
    routes_usdm,
    routes_usdm_market,
)
from trimtab.testnet.audit import audit
from trimtab.testnet.catalogue import Market
from trimtab.testnet.exact import exactly
from trimtab.testnet.faults import Fault, FaultTable
from trimtab.testnet.limits import Budget, budgets
from trimtab.testnet.rejections import Rejection
from trimtab.testnet.routes import Placed, Route
from trimtab.testnet.routes_references import respond_reference
from trimtab.testnet.scenario import Scenario
from trimtab.testnet.settlement import advance
from trimtab.testnet.signing import verify
from trimtab.testnet.state import State
from trimtab.testnet.truth import RequestLog, truth
from trimtab.testnet.wire import Answer, Params, Request

_NOT_HERE = "<html><body><h2>404 Not found</h2></body></html>"
_ORDER_PATHS = frozenset({"/api/v3/order", "/fapi/v1/order", routes_triggers.PATH})


class Exchange:
    """One exchange with one account. :attr:`faults` and :attr:`log` are the server's."""

    def __init__(self, scenario: Scenario, *, now_ms: Callable[[], int]) -> None:
        self._clock = now_ms
        self._routes = {
            **routes_spot.table(),
            **routes_sapi.table(),
            **routes_dapi.table_of_routes(),
            **routes_usdm.table(),
            **routes_usdm_market.table(),
            **routes_triggers.table(),
        }
        self.faults = FaultTable()
        self.log = RequestLog()
        self.reset(scenario)

    def reset(self, scenario: Scenario) -> None:
        """Start again from *scenario*; clock offset, budgets and log start anew, faults stay."""
        self.log = RequestLog()
        self.state = State(scenario, self._clock, offset_ms=0)
        self._budgets = budgets(scenario.limits)

    @exactly
    def respond(self, request: Request) -> Answer:
        """Execute *request* and return the answer; a refusal is an answer too."""
        advance(self.state)
        if (elsewhere := respond_reference(self.state, request)) is not None:
            return elsewhere
        route = self._routes.get((request.method, request.path))
        if route is None or (route.switch and route.switch not in self.state.scenario.serves):
            return Answer(status=404, payload=_NOT_HERE)
        now = self.state.now_ms
        budget = self._budgets.get(request.path.split("/")[1], self._budgets["sapi"])
        try:
            outcome, counted = self._execute(request, route, budget)
        except Rejection as refused:
            waits = {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else {}
            return Answer(
                status=refused.status,
                payload={"code": refused.code, "msg": refused.message},
                headers=budget.header(now) | waits,
            )
        headers = budget.header(now) | counted
        if isinstance(outcome, Placed):
            return Answer(payload=outcome.payload, headers=headers, order_id=outcome.order.number)
        return Answer(payload=outcome, headers=headers)

    def _execute(
        self, request: Request, route: Route, budget: Budget
    ) -> tuple[Any, dict[str, str]]:
        """Charge, verify and act; return the outcome and the order-count headers.

        Raises:
            Rejection: whatever stands against it.

        """
        state, now = self.state, self.state.now_ms
        values, rights = request.params(), frozenset[str]()
        budget.charge(route.cost(with_symbol=bool(values.get("symbol"))), now_ms=now)
        if route.right:
            rights = verify(request, state.scenario.credentials, right=route.right, now_ms=now)
        places_order = request.method == "POST" and request.path in _ORDER_PATHS
        if places_order:
            budget.require_order_room(now)
        outcome = route.action(state, Params(values, rights=rights))
        return outcome, budget.count_order(now) if places_order else {}

    @exactly
    def truth(self) -> dict[str, Any]:
        """Return what really happened; see :mod:`trimtab.testnet.truth`."""
        advance(self.state)
        return truth(self.state, self.log)

    @exactly
    def audit(self) -> tuple[str, ...]:
        """Return the differences between accounts and tape; nothing when they agree."""
        advance(self.state)
        return audit(self.state)

    def hide(self, order_id: int, path: str, fault: Fault) -> None:
        """Hide an order as an ``invisible`` fault says, from now on."""
        market = Market.SPOT if path.startswith("/api") else Market.USDM
        waits = path == routes_triggers.PATH
        veil = self.state.conditionals.veil if waits else self.state.stores[market].veil
        now = self.state.now_ms
        veil.hide(order_id, until_ms={place: now + ms for place, ms in fault.hide_ms.items()})
