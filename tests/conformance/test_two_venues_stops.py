"""Coins on one venue, hedges on Bybit, stops that rest there: the whole life of such an account."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conformance.floors import Waiting
from tests.conformance.line import Mishap
from tests.conformance.split_life import STOP_RULES, DiesAt, Life, Spoilt
from tests.conformance.spoken import Asked
from tests.conformance.test_two_venues import PAIRS
from tests.conformance.test_whole_run import BOTH
from tests.fakes.mortal import Death
from trimtab.domain.hedges import CloseWish, HedgeCause
from trimtab.domain.notices import NoticeKind
from trimtab.domain.stops import StopState
from trimtab.ports import PlanStatus
from trimtab.workflow.doctor import Outcome

each_coins = pytest.mark.parametrize(
    "coins", [coins for coins, hedges in PAIRS if hedges == "bybit"]
)
LESS = "0.02"
"""Of coins than at first: more of them are hedged."""
some_coins = pytest.mark.parametrize("coins", ["binance", "kraken"])
AT_ONCE = 10
"""Conditional orders that may wait in one contract."""
EVERYTHING = CloseWish(hedge_ids=(), sells=False)


async def hedged(tmp_path: Path, coins: str = "kraken") -> Life:
    """Return an account with one hedge and its stop."""
    life = Life(coins=coins, folder=tmp_path)
    assert await life.run() is PlanStatus.EXECUTED, life.why()
    assert life.states == [StopState.RESTING]
    return life


def is_trade(life: Life, asked: Asked) -> bool:
    return life.there.is_order(asked) or life.there.is_stop(asked) or life.there.is_cancel(asked)


def traded(life: Life) -> list[str]:
    """Return what the last run did on Bybit, in its order."""
    names = ((life.there.is_order, "order"), (life.there.is_stop, "put"))
    return [
        next((name for is_it, name in names if is_it(asked)), "withdraw")
        for asked in life.asked[1]
        if is_trade(life, asked)
    ]


@each_coins
async def test_a_hedge_is_opened_changed_and_closed_and_its_stop_goes_with_it(
    tmp_path: Path, coins: str
) -> None:
    life = Life(coins=coins, folder=tmp_path)
    before = life.here.truth().coins
    assert await life.run() is PlanStatus.EXECUTED, life.why()
    (first,), opened_at = life.there.waiting(), life.hedge.units
    assert traded(life) == ["order", "put"]
    assert (first.is_buy, first.reduces, first.by_mark) == (True, True, True)
    assert first.quantity == opened_at
    assert (life.states, life.differences) == ([StopState.RESTING], [])

    assert await life.run(target=LESS) is PlanStatus.EXECUTED, life.why()
    assert traded(life) == ["withdraw", "order", "put"]
    assert life.states == [StopState.WITHDRAWN, StopState.RESTING]
    assert life.resting == [life.stops[1].intent.stop_id]
    assert life.there.waiting()[1].quantity == life.hedge.units > opened_at
    assert life.differences == []

    assert await life.run(wish=EVERYTHING) is PlanStatus.EXECUTED, life.why()
    assert traded(life) == ["withdraw", "order"]
    assert life.states == [StopState.WITHDRAWN, StopState.WITHDRAWN]
    assert (life.resting, life.book.open, life.differences) == ([], (), [])
    assert life.there.truth().position == Decimal("-0.01"), "what was there before stays"
    assert life.here.truth().coins == before
    assert not any(asked.method == "POST" and life.here.is_order(asked) for asked in life.asked[0])


@some_coins
async def test_coins_are_traded_here_and_the_hedge_there_and_its_stop_follows_both_ways(
    tmp_path: Path, coins: str
) -> None:
    life = Life(coins=coins, folder=tmp_path, more=f"{BOTH}{STOP_RULES}")
    held = life.here.truth().coins["BTC"]
    assert await life.run() is PlanStatus.EXECUTED, life.why()
    assert traded(life) == ["order", "put"]
    sold = held - life.here.truth().coins["BTC"]
    assert sold > 0
    assert life.there.waiting()[-1].quantity == life.hedge.units
    assert (life.states, life.differences) == ([StopState.RESTING], [])
    with_coins = CloseWish(hedge_ids=(), sells=True)
    assert await life.run(wish=with_coins) is PlanStatus.EXECUTED, life.why()
    assert traded(life)[0] == "withdraw"
    assert "put" not in traded(life)
    assert held - life.here.truth().coins["BTC"] > sold
    assert (life.states, life.resting, life.book.open) == ([StopState.WITHDRAWN], [], ())
    assert life.differences == []


@some_coins
async def test_status_and_doctor_say_that_all_is_well_while_a_stop_rests(
    tmp_path: Path, coins: str
) -> None:
    life = await hedged(tmp_path, coins)
    (stop,) = await life.status()
    assert (stop["status"], stop["as_it_should"], stop["shown_by_venue"]) == ("resting", True, True)
    found = await life.doctor()
    assert {e.check for e in found.values() if e.outcome is not Outcome.PASS} == set()
    assert found["stops"].found == "1 on the venue, as wanted"
    again = await life.recover()
    assert (again["status"], again["next"], again["code"]) == ("nothing_to_do", "trimtab plan", 0)


@some_coins
async def test_a_stop_that_fires_between_runs_is_found_and_booked_once(
    tmp_path: Path, coins: str
) -> None:
    life = await hedged(tmp_path, coins)
    (stop,), hedge = life.stops, life.hedge
    life.there.reach(stop.intent.trigger_price)
    (seen,) = await life.status()
    assert (seen["status"], seen["shown_by_venue"]) == ("resting", False)
    told = (await life.doctor())["stops"]
    assert (told.outcome, told.fix) == (Outcome.WARN, "trimtab recover, then trimtab plan")
    assert "(gone)" in told.found

    found = await life.recover()
    assert (found["status"], found["next"], found["code"]) == ("resolved", "trimtab reconcile", 0)
    assert [(s["before"], s["after"]) for s in found["stops"]] == [("resting", "done")]
    assert found["hedges_without_stop"] == []
    (closed,) = (h for h in life.book.hedges if h.hedge_id == hedge.hedge_id)
    assert (life.book.open, closed.closed_by) == ((), HedgeCause.STOP)
    assert life.filled[stop.intent.stop_id] == hedge.units
    assert (life.states, life.differences) == ([StopState.DONE], [])

    assert (await life.recover())["status"] == "nothing_to_do"
    assert life.filled[stop.intent.stop_id] == hedge.units
    assert (await life.doctor())["stops"].found == "none wanted"
    await life.run()
    assert (traded(life), life.filled[stop.intent.stop_id]) == ([], hedge.units)
    assert life.differences == []


@some_coins
async def test_a_stop_whose_answer_is_lost_is_looked_up_and_never_sent_again(
    tmp_path: Path, coins: str
) -> None:
    life = Life(coins=coins, folder=tmp_path)
    lost = Spoilt(mishap=Mishap.LOST, which=life.there.is_stop)
    assert await life.run(lost) is PlanStatus.EXECUTED, life.why()
    assert (life.states, life.placed()) == ([StopState.RESTING], 1)
    assert life.resting == [life.stops[0].intent.stop_id]
    assert life.differences == []


async def test_a_process_that_dies_after_it_withdrew_leaves_a_hedge_that_the_next_run_covers(
    tmp_path: Path,
) -> None:
    life = await hedged(tmp_path)
    await life.die(DiesAt(Death.AFTER, "withdraw"), target=LESS)
    assert (life.resting, life.states) == ([], [StopState.RESTING])
    (seen,) = await life.status()
    assert (seen["status"], seen["shown_by_venue"]) == ("resting", False)
    told = (await life.doctor())["stops"]
    assert (told.outcome, told.fix) == (Outcome.WARN, "trimtab recover, then trimtab plan")
    found = await life.recover()
    assert [(s["before"], s["after"]) for s in found["stops"]] == [("resting", "withdrawn")]
    await is_mended(life, found)


@pytest.mark.parametrize(
    ("death", "name"),
    [(Death.BEFORE, "submit"), (Death.AFTER, "submit"), (Death.BEFORE, "begin_stop")],
)
async def test_a_process_that_dies_before_it_put_the_stop_again_leaves_a_hedge_without_one(
    tmp_path: Path, death: Death, name: str
) -> None:
    life = await hedged(tmp_path)
    await life.die(DiesAt(death, name), target=LESS)
    assert (life.resting, life.states) == ([], [StopState.WITHDRAWN])
    assert await life.status() == [{"status": "missing"}]
    told = (await life.doctor())["stops"]
    assert (told.outcome, told.fix) == (Outcome.WARN, "trimtab run --execute")
    assert "without the stop that it should have" in told.found
    await is_mended(life, await life.recover())


async def is_mended(life: Life, found: dict[str, object]) -> None:
    """Hold recovery to telling the hedge without a stop, and the next run to putting it."""
    assert found["hedges_without_stop"] == [life.hedge.hedge_id]
    assert (found["next"], found["code"]) == ("trimtab run --execute", 0)
    assert (life.resting, life.differences) == ([], [])
    assert await life.plan_status() is PlanStatus.PARTIAL, "its stop was not put"
    assert await life.run(target=LESS) is PlanStatus.EXECUTED, life.why()
    assert life.resting == [life.stops[-1].intent.stop_id]
    assert life.there.waiting()[-1].quantity == life.hedge.units
    assert life.differences == []
    sold = sum(order.filled for order in life.there.orders() if not order.is_buy)
    assert sold == life.hedge.units, "nothing was sold twice"
    assert (await life.doctor())["stops"].outcome is Outcome.PASS


@pytest.mark.parametrize("death", [Death.BEFORE, Death.AFTER])
async def test_a_process_that_dies_as_it_puts_a_stop_leaves_one_that_is_looked_up(
    tmp_path: Path, death: Death
) -> None:
    life = await hedged(tmp_path)
    await life.die(DiesAt(death, "place"), target=LESS)
    assert life.states == [StopState.WITHDRAWN, StopState.SENDING]
    told = (await life.doctor())["stops"]
    assert (told.outcome, told.fix) == (Outcome.WARN, "trimtab recover, then trimtab plan")
    assert "(sending)" in told.found
    found = await life.recover()
    if death is Death.BEFORE:
        assert life.states == [StopState.WITHDRAWN, StopState.ABSENT]
        await is_mended(life, found)
        return
    assert life.states == [StopState.WITHDRAWN, StopState.RESTING]
    assert (found["next"], found["hedges_without_stop"]) == ("trimtab reconcile", [])
    assert await life.run(target=LESS) is PlanStatus.NOTHING_TO_DO
    assert len(life.there.waiting()) == 2
    assert (await life.doctor())["stops"].outcome is Outcome.PASS


def by_hand(*, is_buy: bool) -> Waiting:
    """Return a conditional order that a person placed; a sale of this kind can only be refused."""
    trigger = Decimal(70_000) if is_buy else Decimal(50_000)
    return Waiting(
        name="by-hand",
        is_buy=is_buy,
        quantity=Decimal("0.001"),
        trigger=trigger,
        reduces=True,
        by_mark=True,
    )


@some_coins
async def test_a_stop_beyond_what_the_contract_takes_is_refused_and_told_until_there_is_room(
    tmp_path: Path, coins: str
) -> None:
    life = Life(coins=coins, folder=tmp_path)
    await life.notices()
    for _ in range(AT_ONCE):
        life.there.let_wait(by_hand(is_buy=False))
    assert await life.run() is PlanStatus.PARTIAL, life.why()
    hedge_id, (told,) = life.hedge.hedge_id, life.told["stops"]
    assert (life.states, life.placed(), life.resting) == ([StopState.REFUSED], 1, [])
    assert (told["status"], told["rests"]) == ("refused", False)
    assert "110009" in told["note"]
    assert "cancel conditional orders of your own in BTC/USDT:USDT by hand" in told["note"]
    assert f"No stop rests as it should on the venue for: {hedge_id}." in life.told["told"]
    assert "A hedge without one is closed by plans alone." in life.told["told"]
    (kind, notice), *_ = await life.notices()
    assert kind is NoticeKind.PARTIAL
    assert f"No stop was put on the venue for: {hedge_id}." in notice
    assert notice.endswith("next: trimtab run")

    assert await life.status() == [{"status": "missing"}]
    found = await life.doctor()
    assert found["stops"].fix == "trimtab run --execute"
    assert found["foreign_orders"].found.startswith("10 open that Trimtab did not place")
    assert (await life.recover())["hedges_without_stop"] == [hedge_id]
    assert await life.run() is PlanStatus.PARTIAL
    assert (traded(life), life.resting) == (["put"], [])
    life.there._trading.waiting.pop()
    assert await life.run() is PlanStatus.EXECUTED, life.why()
    assert (traded(life), len(life.resting)) == (["put"], 1)
    assert [kind for kind, _ in await life.notices()] == [
        NoticeKind.PARTIAL,
        NoticeKind.PARTIAL,
        NoticeKind.EXECUTED,
    ]


async def test_orders_of_a_person_that_may_buy_back_are_refused_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    life = Life(coins="kraken", folder=tmp_path)
    for _ in range(AT_ONCE):
        life.there.let_wait(by_hand(is_buy=True))
    assert await life.run() is PlanStatus.REFUSED
    (why,) = life.why()
    assert why.startswith("net_overshoot")
    assert "cancel the open orders first" in why
    assert traded(life) == []


async def test_a_stop_that_fires_as_it_is_put_is_booked_and_told_for_itself(
    tmp_path: Path,
) -> None:
    life = Life(coins="kraken", folder=tmp_path)
    await life.notices()

    def then_fires(asked: Asked) -> bool:
        if asked.path == "/v5/order/realtime" and "orderLinkId=s" in asked.query:
            life.there.reach(Decimal(66_000))
        return False

    spoilt = Spoilt(mishap=Mishap.NEVER, which=then_fires)
    assert await life.run(spoilt) is PlanStatus.PARTIAL
    assert (life.states, life.book.open, life.differences) == ([StopState.DONE], (), [])
    kinds = [kind for kind, _ in await life.notices()]
    assert sorted(kinds) == [NoticeKind.EXECUTED, NoticeKind.STOP_FIRED]
    assert [kind for kind, _ in await life.notices()] == kinds


@dataclass
class Silence:
    """A venue that answers nothing any more once the first stop was withdrawn."""

    life: Life
    begun: bool = False

    def begins(self, asked: Asked) -> bool:
        """See whether it begins with this request; choose none."""
        self.begun = self.begun or self.life.there.is_cancel(asked)
        return False

    def holds(self, asked: Asked) -> bool:
        """Choose every request after that."""
        return self.begun and not self.life.there.is_cancel(asked)

    def of(self, *, at_coins: bool) -> tuple[Spoilt, Spoilt]:
        """Return what makes one of the venues silent."""
        return (
            Spoilt(mishap=Mishap.NEVER, which=self.begins),
            Spoilt(mishap=Mishap.NEVER, which=self.holds, times=300, at_coins=at_coins),
        )


@some_coins
async def test_a_venue_of_the_coins_that_falls_silent_leaves_no_hedge_without_its_stop(
    tmp_path: Path, coins: str
) -> None:
    life = Life(coins=coins, folder=tmp_path, more=f"{BOTH}{STOP_RULES}")
    assert await life.run() is PlanStatus.EXECUTED, life.told
    status = await life.run(*Silence(life).of(at_coins=True), target=LESS)
    assert status is PlanStatus.PARTIAL, "nothing is sent where the account cannot be read again"
    assert traded(life) == ["withdraw", "put"]
    assert life.states == [StopState.WITHDRAWN, StopState.RESTING]
    assert life.there.waiting()[-1].quantity == life.hedge.units
    assert ((await life.recover())["code"], life.differences) == (0, [])
    assert (await life.doctor())["stops"].outcome is Outcome.PASS


async def test_hedges_that_fall_silent_at_a_withdrawal_are_told_and_mended_by_the_next_run(
    tmp_path: Path,
) -> None:
    life = await hedged(tmp_path)
    await life.notices()
    units = life.hedge.units
    status = await life.run(*Silence(life).of(at_coins=False), target=LESS)
    assert status is PlanStatus.UNKNOWN
    assert (traded(life), life.states, life.resting) == (["withdraw"], [StopState.RESTING], [])
    assert life.hedge.units == units, "nothing follows a withdrawal that is not known"
    (kind, notice), *more = (n for n in await life.notices() if n[0] is not NoticeKind.EXECUTED)
    assert (kind, more) == (NoticeKind.UNRESOLVED, [])
    assert f"It is of: {life.hedge.hedge_id}." in notice
    assert notice.endswith("next: trimtab recover")
    found = await life.recover()
    assert [(s["before"], s["after"]) for s in found["stops"]] == [("resting", "withdrawn")]
    assert found["hedges_without_stop"] == [life.hedge.hedge_id]
    assert found["next"] == "trimtab run --execute"
    assert await life.run(target=LESS) is PlanStatus.EXECUTED, life.why()
    assert traded(life) == ["order", "put"]
    assert life.there.waiting()[-1].quantity == life.hedge.units > units
    assert len(life.resting) == 1
    assert life.differences == []
