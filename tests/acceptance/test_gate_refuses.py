"""Every check of the gate, broken through the command line, refuses and nothing is sent.

One row per check: what is configured or done to the exchange so that exactly that check has to
refuse. The finding must name it, the command end with 3, and the exchange see no request that
would have changed anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt
from tests.acceptance.strangers import shorted
from tests.acceptance.test_faults import HEDGED
from trimtab.domain.references import ReferenceSource
from trimtab.risk.registry import CHECKS
from trimtab.testnet import Fault, Kind, Scenario
from trimtab.testnet.interventions import grant, set_references

RUN: Final = ("run", "--execute", "--yes", "--json")


async def nothing(_: Account) -> None:
    """Leave the account as it was served."""


async def ran(account: Account) -> None:
    """Run once to the end, which takes the first look and the first statement; then move prices."""
    ended = await account.trimtab(*RUN)
    assert ended.code == 0, ended.text
    account.exchange.set_prices(mid={"BTC": "66000", "ETH": "2200"})


async def looked(account: Account) -> None:
    """Plan once, which takes the first look."""
    assert (await account.trimtab("plan")).code == 0


async def fell(account: Account) -> None:
    """Look, then have prices fall."""
    await looked(account)
    account.exchange.set_prices(mid={"BTC": "50000", "ETH": "1800"})


async def rose(account: Account) -> None:
    """Look, then have prices rise by two thirds."""
    await looked(account)
    account.exchange.set_prices(mid={"BTC": "100000"})


async def lost(account: Account) -> None:
    """Lose more than a day may, be latched, and have everything back."""
    await fell(account)
    latched = await account.trimtab("plan", "--set", "risk.max_daily_loss=0.05")
    assert latched.code == 3, latched.text
    account.exchange.set_prices(mid={"BTC": "58000", "ETH": "2500"})


async def repeated(account: Account) -> None:
    """Run once, then have the exchange begin anew with the same account."""
    ended = await account.trimtab(*RUN)
    assert ended.code == 0, ended.text
    account.exchange.exchange.reset(Scenario.drifted())


async def halted(account: Account) -> None:
    """Latch the kill switch."""
    assert (await account.trimtab("halt")).code == 0


async def interfered(account: Account) -> None:
    """Run once, then have somebody trade one of its contracts."""
    assert (await account.trimtab(*RUN)).code == 0
    await shorted(account, quantity="0.4")


async def was_refused(account: Account) -> None:
    """Have the exchange refuse every order of a run."""
    no = Fault(
        kind=Kind.STATUS,
        method="POST",
        path="/api/v3/order",
        count=0,
        status=400,
        body='{"code": -2010, "msg": "Account has insufficient balance for requested action."}',
    )
    account.exchange.inject(no)
    ended = await account.trimtab(*RUN)
    assert ended.code in {3, 5}, ended.text
    account.exchange.clear_faults()


async def overreached(account: Account) -> None:
    """Give the key the right to withdraw, on a host that tells."""
    grant(account.exchange.exchange.state, key="local-key", rights=["read", "trade", "withdraw"])


async def depegged(account: Account) -> None:
    """Have every independent source say that the quote has left its dollar."""
    said = {each.value: {"USDT": "0.98"} for each in ReferenceSource}
    set_references(account.exchange.exchange.state, said)


async def turned(account: Account) -> None:
    """Run once, then want another portfolio."""
    await ran(account)
    text = account.config.read_text(encoding="utf-8")
    wanted = text.replace('"0.50"', '"0.10"').replace('"0.30"', '"0.70"')
    account.config.write_text(wanted, encoding="utf-8")


DRIFTED: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "prices": {"BTC": "58000", "ETH": "2500"},
        "spot": {"BTC": "0.1", "ETH": "1", "USDT": "700"},
        "futures": {"wallet": 1000},
    }
)
"""The default account, corrected by spot."""
MARGIN: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "prices": {"BTC": "58000", "ETH": "2500"},
        "spot": {"BTC": "0.1", "ETH": "1"},
        "futures": {"wallet": 1700},
    }
)
"""The same worth, with its money in the futures wallet."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """How one check is broken."""

    sets: tuple[str, ...] = ()
    """Configuration by ``--set``."""
    scenario: Mapping[str, Any] = field(default_factory=dict)
    """What the served account has otherwise."""
    before: Callable[[Account], Awaitable[None]] = nothing
    futures: bool = False
    """Whether drifts are corrected by perpetuals."""


def _soon() -> int:
    """Return three days from now, in milliseconds."""
    return int((datetime.now(UTC) + timedelta(days=3)).timestamp() * 1000)


ROWS: Final[Mapping[str, Row]] = MappingProxyType(
    {
        "kill_switch": Row(before=halted),
        "external_fills": Row(before=interfered, futures=True),
        "key_rights": Row(before=overreached),
        "data_age": Row(sets=("risk.max_snapshot_age_s=0.001",)),
        "reducing": Row(before=lost),
        "max_daily_loss": Row(before=fell, sets=("risk.max_daily_loss=0.05",)),
        "max_drawdown": Row(before=fell, sets=("risk.max_drawdown=0.05",)),
        "max_nav_jump": Row(before=rose),
        "max_rejects": Row(before=was_refused, sets=("risk.max_rejects=1",)),
        "statement_age": Row(before=ran, sets=("risk.max_statement_age_days=0",)),
        "max_orders": Row(sets=("risk.max_orders=1",)),
        "max_order_notional": Row(sets=("risk.max_order_notional=100",)),
        "position_mode": Row(
            futures=True, scenario={"futures": {"wallet": 1700, "dual_side": True}}
        ),
        "max_slippage_bps": Row(sets=("risk.max_slippage_bps=0",)),
        "price_collar": Row(sets=("risk.price_collar_bps=0",)),
        "stable_depeg": Row(before=depegged, sets=("references.required=true",)),
        "max_minute_orders": Row(sets=("risk.max_minute_orders=1",)),
        "max_day_orders": Row(sets=("risk.max_day_orders=1",)),
        "duplicate_intent": Row(before=repeated),
        "symbols": Row(sets=("risk.symbols=ETH/USDT",)),
        "max_spread_bps": Row(sets=("risk.max_spread_bps=0.5",)),
        "max_depth_share": Row(sets=("risk.max_depth_share=0.0001",)),
        "price_band": Row(scenario={"rules": {"spot": {"price_band": "1.0001"}}}),
        "max_funding_bps": Row(futures=True, scenario={"funding": {"rates": {"*": "0.002"}}}),
        "max_basis_bps": Row(
            futures=True,
            scenario={"basis": {"bps": {"*": "80"}}},
            sets=("risk.max_basis_bps=50",),
        ),
        "min_expiry_days": Row(futures=True, scenario={"rules": {"usdm": {"delists_at": _soon()}}}),
        "max_asset_notional": Row(sets=("risk.max_asset_notional=1",)),
        "max_run_notional": Row(sets=("risk.max_run_notional=1",)),
        "max_day_notional": Row(sets=("risk.max_day_notional=1",)),
        "max_turnover": Row(sets=("risk.max_turnover=0.01",)),
        "max_target_move": Row(before=turned),
        "free_margin": Row(futures=True, scenario={"futures": {"wallet": 300}}),
        "max_leverage": Row(futures=True, sets=("risk.max_leverage=0",)),
        "max_net": Row(sets=("risk.max_net=0",)),
        "max_gross": Row(sets=("risk.max_gross=0",)),
        "max_synthetic_long": Row(futures=True, sets=("risk.max_synthetic_long=0",)),
        "min_margin_ratio": Row(futures=True, sets=("risk.min_margin_ratio=1000",)),
        "shock": Row(
            futures=True,
            scenario={"futures": {"wallet": 1400}},
            sets=("risk.shock=0.99", "risk.shock_kappa=100"),
        ),
        "min_liquidation_distance": Row(
            futures=True,
            scenario={"futures": {"wallet": 600}},
            sets=("risk.min_liquidation_distance=1", "hedge.leverage=5"),
        ),
    }
)
"""By check, as docs/checks.md names it."""

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "finite": "what is no number is unreadable to the adapter, which ends with 7 before it",
        "environment": "a ledger of another account or environment ends with 2 before it",
        "ledger": "a plan that cannot be written down ends with 8 before it",
        "concurrent_run": "a run that meets another ends with 8: test_concurrency.py",
        "unresolved_orders": "a run resolves them first and ends with 6: test_faults.py",
        "clock_offset": "the adapter signs nothing and ends with 7: test_venue_clock.py",
        "maintenance_agreement": "the served exchange cannot lie about its own brackets",
        "notional_agreement": "the served exchange lists no contract of another size than its lot",
        "bracket_leverage": "the served brackets allow every leverage that may be configured",
        "margin_rescue": "only rescue-margin is asked for it: test_rescue.py",
        "lot_size": "planning makes no such leg; the gate guards against one that was made",
        "min_notional": "likewise",
        "market_status": "likewise",
        "reduce_only": "likewise",
        "free_quote": "likewise",
        "free_units": "likewise",
        "naked_short": "likewise",
        "max_ratio": "likewise",
        "net_overshoot": "likewise",
        "max_unhedged_notional": "likewise",
        "transfer": "likewise",
        "resting_stop": "likewise: a stop is made of the hedge that it is of",
        "max_topup": "likewise: what would go beyond it is no line, and free_margin refuses",
    }
)
"""Why a check has no row; each is broken in tests/unit/risk on both sides of its limit."""


def test_every_check_has_a_row_or_a_reason_and_none_has_both() -> None:
    codes = {check.code for check in CHECKS}
    assert ROWS.keys() | REASONS.keys() == codes
    assert not ROWS.keys() & REASONS.keys()


@pytest.mark.parametrize("code", list(ROWS))
async def test_a_broken_limit_refuses_names_itself_and_sends_nothing(
    account_at: AccountAt, code: str
) -> None:
    row = ROWS[code]
    served = (MARGIN if row.futures else DRIFTED) | row.scenario
    account = await account_at(Scenario.from_json(served), config=HEDGED if row.futures else CONFIG)
    await row.before(account)
    sent = account.mutations()
    ended = await account.trimtab(*RUN, *(word for each in row.sets for word in ("--set", each)))
    assert ended.code == 3, ended.text
    findings = ended.document["gate"]["findings"]
    refusals = [f for f in findings if (f["check"], f["verdict"]) == (code, "refuse")]
    assert refusals, ended.text
    assert all(f["reason"].endswith(".") and f["source"] and f["at"] for f in refusals)
    assert ended.document["status"] == "refused"
    assert account.mutations() == sent


async def test_a_run_that_the_gate_refuses_ends_with_what_explains_it(account: Account) -> None:
    ended = await account.trimtab("run", "--set", "risk.max_order_notional=100")
    assert ended.code == 3
    *_, last = ended.stdout.splitlines()
    step, _, rest = last.removeprefix("next: trimtab ").partition(" (")
    assert rest == "with the same --set)"
    explained = await account.trimtab(*step.split())
    assert (explained.code, "max_order_notional" in explained.stdout) == (0, True)
