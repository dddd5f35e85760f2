"""No check passes what it cannot measure: what is missing, what is no number, what was not read.

Every check of the gate has an input below that is taken away from it, or a reason why there is
none. Numbers are found by walking through everything that the gate is given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import pytest
from hypothesis import given

from tests.builders import NOW, UNREFERENCED, account, plan, policy
from tests.property.test_gate import accounts
from tests.unit.risk.cases import context, mark, record, said, unknown
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import Drift, Plan
from trimtab.domain.policy import Policy
from trimtab.domain.references import NO_REFERENCES, ReferenceSource
from trimtab.domain.rights import UntoldRights
from trimtab.domain.snapshot import ClockReading, Snapshot
from trimtab.risk.context import Beginning, GateContext
from trimtab.risk.gate import review
from trimtab.risk.registry import CHECKS

LEGS = ("sell 0.01 BTC", "buy 0.2 ETH", "sell 0.01 perp BTC", "buy 0.2 perp ETH")
HELD = (
    "USDT 5000, BTC 0.1 @ 60000, ETH 1 @ 3000, perp BTC -0.02, wallet 5000, order ETH -0.1 @ 3100"
)
STRANGE = Symbol("XYZ/USDT:USDT")


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything that the gate is given."""

    plan: Plan
    snapshot: Snapshot
    policy: Policy
    context: GateContext

    def answer(self) -> GateReport:
        """Ask the gate."""
        return review(self.plan, self.snapshot, policy=self.policy, context=self.context, now=NOW)


def passed(report: GateReport) -> set[str]:
    """Return the codes of the checks that passed without a word against it."""
    codes = {f.check for f in report.findings}
    return codes - {f.check for f in report.findings if f.verdict is not Verdict.PASS}


def question(snapshot: Snapshot) -> Question:
    """Ask whether LEGS may be sent, where references are required and there is a past."""
    proposal = plan(snapshot, *LEGS, drift=(_drift("BTC"), _drift("ETH")))
    asked = dataclasses.replace(
        UNREFERENCED, sources=tuple(ReferenceSource), required=True, max_age_s=Decimal(60)
    )
    lines = [
        f"{source} {told}"
        for source in ("coinbase", "kraken")
        for told in ("USDT 1", "BTC 60000", "ETH 3000")
    ]
    earlier = dataclasses.replace(
        unknown(proposal.legs[1], name="e1"), submitted_at=NOW - timedelta(hours=2)
    )
    past = record(
        marks=(mark(hours=1),),
        sent=(earlier,),
        targets={Asset("BTC"): Decimal("0.5"), Asset("ETH"): Decimal("0.5")},
        statement_at=NOW - timedelta(days=1),
    )
    facts = context(
        references=said(*lines),
        record=past,
        run_notional={Symbol("BTC/USDT"): Decimal(1)},
        day_notional={Symbol("BTC/USDT"): Decimal(1)},
        net_bounds={Asset("BTC"): Decimal("0.09"), Asset("ETH"): Decimal("1.4")},
        begun=Beginning(nav=Decimal(20_000), free_quote=Decimal(5_000), pairs=frozenset()),
    )
    return Question(
        plan=proposal, snapshot=snapshot, policy=policy(references=asked), context=facts
    )


def _drift(asset: str) -> Drift:
    half, none = Decimal("0.5"), Decimal(0)
    return Drift(
        asset=Asset(asset),
        spot_weight=half,
        net_weight=half,
        strategic_target=half,
        target=half,
        drift=none,
        band_low=none,
        band_high=Decimal(1),
        breached=False,
        alert_low=None,
        alert_high=None,
        trigger_low=None,
        trigger_high=None,
    )


# What is missing


def unread(**parts: Any) -> Callable[[Question], Question]:
    """Return what takes parts of the snapshot away."""
    return lambda q: dataclasses.replace(q, snapshot=dataclasses.replace(q.snapshot, **parts))


def untold(**facts: Any) -> Callable[[Question], Question]:
    """Return what takes facts beside the snapshot away."""
    return lambda q: dataclasses.replace(q, context=dataclasses.replace(q.context, **facts))


def unbracketed(q: Question) -> Question:
    """Take the brackets from every contract."""
    bare = {s: dataclasses.replace(c, brackets=()) for s, c in q.snapshot.contracts.items()}
    return unread(contracts=bare)(q)


def unmarked(q: Question) -> Question:
    """Take away what the account is worth."""
    past = dataclasses.replace(q.context.record, mark=None, mark_fault="payments were not read")
    return untold(record=past)(q)


def strange(q: Question) -> Question:
    """Add a position in a market that was not read."""
    held = account("BTC 0 @ 60000, perp BTC 0.01, wallet 1").positions.values()
    (position,) = (dataclasses.replace(p, symbol=STRANGE) for p in held)
    return unread(positions={**q.snapshot.positions, STRANGE: position})(q)


BLINDS: Final[Mapping[str, Callable[[Question], Question]]] = MappingProxyType(
    {
        "books": unread(books={}),
        "contracts": unread(contracts={}),
        "brackets": unbracketed,
        "markets": unread(instruments={}),
        "price bands": unread(price_bands={}),
        "futures wallets": unread(pools={}),
        "the time": unread(taken_at=NOW + timedelta(seconds=5)),
        "uncertainty of the clock": unread(clock=ClockReading(offset_ms=0, uncertainty_ms=-1)),
        "a market of a position": strange,
        "this look": unmarked,
        "the ledger": untold(ledger_fault="database is locked"),
        "rights of the key": untold(key=UntoldRights(is_absent=False, why="HTTP 500")),
        "references": untold(references=NO_REFERENCES),
    }
)
"""What may be missing, and how it is taken away."""

PLACES: Final = ("contracts", "brackets", "markets", "futures wallets", "a market of a position")
"""Where an account stands follows from all of these, and so does which legs are reductions."""
NEEDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ledger": ("the ledger",),
        "concurrent_run": ("the ledger",),
        "kill_switch": (*PLACES, "the ledger"),
        "unresolved_orders": (*PLACES, "the ledger"),
        "external_fills": (*PLACES, "the ledger"),
        "key_rights": ("rights of the key",),
        "clock_offset": ("uncertainty of the clock",),
        "data_age": ("books", "contracts", "brackets", "markets", "the time"),
        "maintenance_agreement": PLACES,
        "reducing": (*PLACES, "the ledger"),
        "max_daily_loss": (*PLACES, "this look", "the ledger"),
        "max_drawdown": (*PLACES, "this look", "the ledger"),
        "max_nav_jump": ("this look", "the ledger"),
        "max_rejects": (*PLACES, "the ledger"),
        "statement_age": ("the ledger",),
        "max_orders": ("the ledger",),
        "notional_agreement": ("markets",),
        "lot_size": ("markets",),
        "min_notional": ("markets",),
        "market_status": ("markets",),
        "bracket_leverage": ("contracts", "brackets", "markets"),
        "max_slippage_bps": ("books",),
        "price_collar": ("books", "contracts", "markets", "references"),
        "stable_depeg": ("references",),
        "max_minute_orders": ("the ledger",),
        "max_day_orders": ("the ledger",),
        "duplicate_intent": ("the ledger",),
        "max_spread_bps": ("books",),
        "max_depth_share": ("books",),
        "price_band": ("price bands", "books", "contracts", "markets"),
        "max_funding_bps": ("contracts", "brackets"),
        "max_basis_bps": ("contracts", "brackets"),
        "min_expiry_days": ("markets",),
        "margin_rescue": PLACES,
        "max_asset_notional": (*PLACES, "the ledger"),
        "max_run_notional": (*PLACES, "the ledger"),
        "max_day_notional": (*PLACES, "the ledger"),
        "max_turnover": PLACES,
        "max_target_move": ("the ledger",),
        "free_quote": PLACES,
        "free_units": PLACES,
        "free_margin": PLACES,
        "max_leverage": PLACES,
        "max_net": PLACES,
        "max_gross": PLACES,
        "max_synthetic_long": PLACES,
        "naked_short": PLACES,
        "max_ratio": PLACES,
        "net_overshoot": PLACES,
        "max_unhedged_notional": PLACES,
        "min_margin_ratio": PLACES,
        "shock": PLACES,
        "min_liquidation_distance": PLACES,
    }
)
"""By check: what it cannot do without."""
NEEDLESS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "finite": "it is about the numbers themselves, below",
        "environment": "plan and account are never without a key",
        "max_order_notional": "it reads sizes and marks of the plan, numbers, below",
        "position_mode": "a snapshot is never without one; a position that is not listed is none",
        "reduce_only": "a position that the venue does not list is none",
        "symbols": "it reads the plan and the configuration",
        "resting_stop": "a contract that is not read refuses every check of the account's state",
        "transfer": "it reads the plan and which asset is the quote",
        "max_topup": "it reads the plan and the configuration, numbers, below",
    }
)
"""Why nothing can be missing to a check."""


def test_every_check_has_something_that_it_needs_or_a_reason_and_none_has_both() -> None:
    assert NEEDS.keys() | NEEDLESS.keys() == {check.code for check in CHECKS}
    assert not NEEDS.keys() & NEEDLESS.keys()
    assert {blind for needs in NEEDS.values() for blind in needs} == BLINDS.keys()


@pytest.mark.parametrize("blind", list(BLINDS))
@given(snapshot=accounts())
def test_no_check_passes_without_what_it_needs(blind: str, snapshot: Snapshot) -> None:
    needing = {code for code, needs in NEEDS.items() if blind in needs}
    report = BLINDS[blind](question(snapshot)).answer()
    assert report.verdict is Verdict.REFUSE
    assert not needing & passed(report)


def test_with_everything_there_every_check_passes() -> None:
    """Or the tests above would prove nothing."""
    assert passed(question(account(HELD)).answer()) == {check.code for check in CHECKS}


# What is no number


UNREAD: Final = frozenset(
    {
        "plan.nav",
        "plan.drift.spot_weight",
        "plan.drift.net_weight",
        "plan.drift.in_sleeves",
        "plan.drift.strategic_target",
        "plan.drift.drift",
        "plan.drift.band_low",
        "plan.drift.band_high",
        "plan.legs.expected_cost",
        "plan.after.leverage",
        "plan.after.tracking_error",
        "plan.units_before.*",
        "plan.mids.*",
        "policy.rebalance.targets.weight",
        "policy.rebalance.threshold.width",
        "policy.rebalance.destination.fraction",
        "policy.rebalance.dust_value",
        "policy.hedge.ratio",
        "policy.hedge.profit_target",
        "policy.hedge.stop",
        "policy.hedge.carry.min_gain_bps",
        "policy.auto.tax_rate",
        "policy.auto.deferral",
        "policy.auto.p_back",
        "policy.auto.margin_rate",
        "policy.auto.funding_cap_share",
        "policy.urgency.leverage_early",
        "policy.urgency.margin_early",
        "policy.urgency.liquidation_early",
        "policy.urgency.drawdown_early",
        "policy.urgency.drawdown_leverage",
        "policy.urgency.basis_bps",
        "policy.urgency.tempos.*.hysteresis",
        "policy.approval.two_step_above",
        "policy.execution.order_timeout_s",
        "snapshot.pools.*.initial_margin",
    }
)
"""Numbers that planning made something of or that a person reads: no check computes from them."""
GRID: Final = ("tick_size", "lot_size", "contract_size", "notional_min", "taker_fee")
"""Numbers of markets: what differs from the plan's own is refused, others are not traded."""
OWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "snapshot.pools.*.maintenance_margin": "maintenance_agreement",
        "policy.hedge.max_topup": "key_rights",
    }
)
"""Numbers that one check alone reads, and which."""


def numbers(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every decimal inside *value*."""
    if isinstance(value, Decimal):
        yield path
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from numbers(each, (*path, f"*{key}"))
    elif isinstance(value, tuple):
        for place, each in enumerate(value):
            yield from numbers(each, (*path, place))


def spoiled(value: Any, path: tuple[str | int, ...], bad: Decimal) -> Any:
    """Return *value* with one number replaced."""
    if not path:
        return bad
    here, *rest = path
    if isinstance(value, Mapping):
        key = next(k for k in value if f"*{k}" == here)
        return {**value, key: spoiled(value[key], tuple(rest), bad)}
    if isinstance(value, tuple):
        assert isinstance(here, int)
        return (*value[:here], spoiled(value[here], tuple(rest), bad), *value[here + 1 :])
    part = spoiled(getattr(value, str(here)), tuple(rest), bad)
    return dataclasses.replace(value, **{str(here): part})


def name_of(path: tuple[str | int, ...]) -> str:
    """Return the name of a number, whatever its place in a list or a table."""
    return ".".join("*" if step.startswith("*") else step for step in path if isinstance(step, str))


def is_of_market(name: str) -> bool:
    """Say whether a number is one of a market, as the plan or the account has it."""
    return ".instrument" in name and name.endswith((*GRID, "notional_min_reduce_only"))


WHOLE: Final = question(account(HELD))
PATHS: Final = tuple(numbers(WHOLE))


def asked_with(path: tuple[str | int, ...], bad: str) -> GateReport | None:
    """Ask with one number spoiled; None where such a value cannot be written down at all."""
    try:
        asked = spoiled(WHOLE, path, Decimal(bad))
    except (ArithmeticError, ValueError):
        return None
    return asked.answer()


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-Infinity"])
def test_no_check_passes_on_what_is_no_number(bad: str) -> None:
    read = [p for p in PATHS if name_of(p) not in UNREAD and not is_of_market(name_of(p))]
    for path in read:
        name, report = name_of(path), asked_with(path, bad)
        if report is not None and name not in OWN:
            assert passed(report) == set(), name


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_number_that_one_check_alone_reads_is_refused_by_that_check(name: str) -> None:
    for path in (p for p in PATHS if name_of(p) == name):
        report = asked_with(path, "NaN")
        assert report is not None
        assert OWN[name] not in passed(report)


def test_the_numbers_that_are_let_out_are_there() -> None:
    names = {name_of(path) for path in PATHS}
    assert UNREAD | OWN.keys() <= names
    assert sum(is_of_market(name) for name in names) > len(GRID)


@pytest.mark.parametrize("bad", ["NaN", "Infinity"])
def test_a_market_that_is_no_longer_as_planned_is_refused(bad: str) -> None:
    for path in (p for p in PATHS if p[:2] == ("snapshot", "instruments")):
        name = name_of(path)
        if not name.endswith(("taker_fee", "notional_min_reduce_only")):
            report = asked_with(path, bad)
            assert report is None or report.verdict is Verdict.REFUSE, path
