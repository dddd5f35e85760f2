"""The survival line through the whole command, and the exchange's own answer to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.conftest import Account, AccountAt
from trimtab.testnet import Scenario
from trimtab.testnet.scenario import Holding, OpeningPosition

MARK = Decimal(58_000)
BASIS_POINT = Decimal("0.0001")
SHORT = Scenario(
    prices={"BTC": MARK, "ETH": Decimal(2_500)},
    spot={"BTC": Holding(free=Decimal("0.1")), "USDT": Holding(free=Decimal(700))},
    wallet=Decimal(1000),
    positions=(
        OpeningPosition(symbol="BTCUSDT", quantity=Decimal("-0.02"), entry=Decimal(59_000)),
    ),
    leverage={"*": 1},
)


def spans(document: Any) -> dict[tuple[str, str | None], Any]:
    """Return the survival line by place and asset."""
    line = document["survival"]
    assert line["unmeasured"] is None
    return {(span["place"], span["asset"]): span for span in line["spans"]}


@pytest.mark.parametrize(
    ("words", "code", "status", "places"),
    [
        ((), 0, "proposed", {"now", "worst_prefix", "end"}),
        (("--set", "risk.max_order_notional=100"), 3, "refused", {"now", "worst_prefix", "end"}),
        (("--set", "rebalance.threshold=60pp"), 0, "nothing_to_do", {"now"}),
    ],
)
async def test_a_plan_has_its_survival_line_whatever_the_gate_says(
    account: Account, words: tuple[str, ...], code: int, status: str, places: set[str]
) -> None:
    planned = await account.trimtab("plan", "--json", *words)
    assert (planned.code, planned.document["status"]) == (code, status), planned.text
    found = spans(planned.document)
    assert {place for place, _ in found} == places
    assert {asset for _, asset in found} == {None, "BTC", "ETH"}


async def test_a_person_sees_what_breaks_and_when_within_a_hundred_columns(
    account: Account,
) -> None:
    safe = await account.trimtab("plan")
    told, following = safe.stdout.splitlines()[-2:]
    assert told.startswith("Survival line: any price may move; ")
    digest = safe.stdout.split()[1]
    assert following.startswith(f"next: trimtab run --execute --plan {digest[:8]}  (asks first; ")
    planned = await account.trimtab("plan", "--set", "rebalance.route=futures")
    assert planned.code == 3  # The wallet of this account is too small for that.
    rows = planned.stdout.splitlines()
    at = next(n for n, row in enumerate(rows) if row.startswith("prices survive"))
    assert rows[at].rstrip().split("  ")[-1].strip() == "at the end"
    assert "up to liquidation" in "".join(rows[at:])
    assert max(len(row) for row in rows[at:]) <= 100


async def test_the_exchange_liquidates_just_beyond_the_move_that_is_shown_and_not_at_it(
    account_at: AccountAt,
) -> None:
    account = await account_at(SHORT)
    planned = await account.trimtab("plan", "--json")
    edge = spans(planned.document)["now", "BTC"]["liquidation_high"]
    assert (edge["check"], edge["past"]) == ("liquidation", False)
    for beyond, held in ((Decimal(0), 1), (BASIS_POINT, 0)):
        mark = MARK * (1 + Decimal(edge["move"]) + beyond)
        account.exchange.set_prices(mark={"BTCUSDT": str(mark)})
        seen = await account.trimtab("status", "--json")
        assert len(seen.document["positions"]) == held, seen.text


async def test_status_tells_how_far_prices_may_move_from_here_as_the_plan_does(
    account_at: AccountAt,
) -> None:
    account = await account_at(SHORT)
    planned = spans((await account.trimtab("plan", "--json")).document)
    seen = await account.trimtab("status", "--json")
    together = {("now", None): planned["now", None]}  # One coin is held: it moves alone so.
    assert (seen.code, spans(seen.document)) == (0, together), seen.text
    shown = (await account.trimtab("status")).stdout
    assert "prices survive" in shown
    assert "up to liquidation" in shown
    assert "worst stop" not in shown


async def test_status_of_an_account_without_futures_says_that_no_move_breaks_anything(
    account: Account,
) -> None:
    shown = await account.trimtab("status")
    assert (shown.code, "Survival line: any price may move; " in shown.stdout) == (0, True)
    assert (await account.trimtab("status", "--json")).document["survival"]["unmeasured"] is None
