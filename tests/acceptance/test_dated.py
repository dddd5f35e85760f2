"""Hedges in dated contracts, over HTTP: opened, rolled before delivery, moved for carry."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from tests.acceptance.conftest import AccountAt, Ended
from tests.acceptance.later import Later, deliveries_after, name_of
from tests.acceptance.portfolios import Book

PRICE: Final = 100_000
BOOK: Final = Book(
    prices={"BTC": PRICE},
    spot={"BTC": "0.08"},
    wallet=4_000,
    portfolio="""\
[portfolio.targets]
BTC = "0.50"
USDT = "0.50"
""",
    rest="""\
[rebalance]
route = "futures"
[hedge]
leverage = 2
contract = "dated"
""",
)
"""BTC 8000 of 12000: 2000 too much, which a short of 0.02 takes off."""
MARKETS: Final = 'markets = ["spot", "swap", "future"]\n'


async def begun(account_at: AccountAt, book: Book = BOOK, *, early: int = 80) -> Later:
    """Serve a book, *early* days before a delivery."""
    text = book.config.replace("{", "{{").replace("}", "}}")
    text = text.replace("{{url}}", "{url}").replace("{{folder}}", "{folder}")
    text = text.replace('environment = "local"\n', f'environment = "local"\n{MARKETS}')
    later = Later(account=await account_at(book.scenario, config=text))
    nearest = deliveries_after(later.now + timedelta(days=early + 1))[0]
    later.until(nearest - timedelta(days=early))
    return later


def legs_of(ended: Ended) -> list[tuple[str, str, str, str]]:
    """Return market, side, size and role of each leg."""
    legs: list[dict[str, Any]] = ended.document["plan"]["legs"]
    return [(leg["symbol"], leg["side"], leg["quantity"], leg["role"]) for leg in legs]


async def hedge_of(later: Later) -> dict[str, Any]:
    """Return the one open hedge as status tells it."""
    status = await later.trimtab("status", "--json")
    assert status.code == 0, status.text
    [hedge] = status.document["hedges"]
    found: dict[str, Any] = hedge
    return found


async def test_a_drift_is_hedged_in_the_nearest_dated_contract_and_its_basis_is_no_drift(
    account_at: AccountAt,
) -> None:
    later = await begun(account_at)
    near = name_of("BTC", deliveries_after(later.now)[0])
    ran = await later.asked("run")
    assert legs_of(ran) == [(near, "sell", "0.02", "hedge")]
    assert ran.document["plan"]["legs"][0]["kind"] == "future"
    bitcoin = ran.document["plan"]["after"]["weights"]["BTC"]
    assert Decimal(bitcoin).quantize(Decimal("0.0001")) == Decimal("0.5")
    again = await later.asked("run")
    assert again.document["status"] == "nothing_to_do", again.text
    assert (await hedge_of(later))["symbol"] == near


async def test_a_hedge_is_rolled_before_delivery_and_keeps_its_id(account_at: AccountAt) -> None:
    later = await begun(account_at)
    near, far = (name_of("BTC", at) for at in deliveries_after(later.now)[:2])
    await later.asked("run")
    before = await hedge_of(later)
    later.pass_days(75)
    rolled = await later.asked("run")
    assert rolled.document["plan"]["trigger"] == "expiry"
    assert legs_of(rolled) == [(near, "buy", "0.02", "roll"), (far, "sell", "0.02", "roll")]
    assert [leg["stage"] for leg in rolled.document["plan"]["legs"]] == [1, 2]
    assert [leg["reduce_only"] for leg in rolled.document["plan"]["legs"]] == [True, False]
    after = await hedge_of(later)
    assert (after["id"], after["symbol"], after["units"]) == (before["id"], far, "0.02")
    assert after["opened_at"] == before["opened_at"]
    again = await later.asked("run")
    assert again.document["status"] == "nothing_to_do", again.text
    for words in (("ledger", "verify"), ("reconcile",)):
        checked = await later.trimtab(*words)
        assert checked.code == 0, checked.text
    assert later.account.exchange.audit() == ()
