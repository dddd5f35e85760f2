"""Money between the account's own wallets: as a line of a plan, moved once, and found again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, has_no_traceback
from trimtab.testnet import Fault, Kind, Scenario

RUN = ("run", "--execute", "--yes", "--json")
TOPPED_UP = CONFIG.replace(
    "[ledger]",
    '[rebalance]\nroute = "futures"\nside = "overweight"\n\n'
    '[hedge]\nmax_topup = "2000"\n\n[ledger]',
)
"""The overweight is shorted, and margin may be topped up."""
SHORT_OF_MARGIN = Scenario.from_json(
    {
        "prices": {"BTC": "60000", "ETH": "3000"},
        "spot": {"BTC": "0.12", "ETH": "0.5", "USDT": "1900"},
        "futures": {"wallet": 100},
    }
)
"""BTC is far overweight, and the futures wallet holds next to nothing."""
TRANSFER = "/sapi/v1/asset/transfer"


def moves(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of a plan that move money."""
    return [leg for leg in document["plan"]["legs"] if leg["kind"] == "transfer"]


def made(account: Account) -> list[Decimal]:
    """Return what the exchange moved between the wallets, whichever way, in order."""
    return [Decimal(t["units"]) for t in account.exchange.truth()["transfers"]]


async def test_missing_margin_is_topped_up_before_the_hedge_and_all_agrees_after(
    account_at: AccountAt,
) -> None:
    account = await account_at(SHORT_OF_MARGIN, config=TOPPED_UP)
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 0, planned.text
    (move,) = moves(planned.document)
    hedges = [leg for leg in planned.document["plan"]["legs"] if leg["kind"] == "swap"]
    assert (move["symbol"], move["side"], move["role"]) == ("USDT", "buy", "transfer")
    assert all(move["stage"] < hedge["stage"] for hedge in hedges)
    assert made(account) == []
    ran = await account.trimtab(*RUN)
    assert ran.code == 0, ran.text
    (moved,) = ran.document["execution"]["transfers"]
    assert (moved["status"], [Decimal(moved["quantity"])]) == ("done", made(account))
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text
    assert account.exchange.audit() == ()
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do", again.text


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.RESET_AFTER, method="POST", path=TRANSFER),
        Fault(kind=Kind.CUT_BODY, method="POST", path=TRANSFER),
        Fault(kind=Kind.STATUS, method="POST", path=TRANSFER, status=504, executes=True),
    ],
    ids=["reset_after", "cut_body", "504_executed"],
)
async def test_a_lost_answer_is_found_in_the_list_and_the_run_goes_on(
    account_at: AccountAt, fault: Fault
) -> None:
    account = await account_at(SHORT_OF_MARGIN, config=TOPPED_UP)
    account.exchange.inject(fault)
    ran = await account.trimtab(*RUN)
    assert ran.code == 0, ran.text
    assert [t["status"] for t in ran.document["execution"]["transfers"]] == ["done"]
    assert len(made(account)) == 1
    assert (await account.trimtab("reconcile", "--json")).code == 0


async def test_one_that_never_arrived_is_proved_absent_and_nothing_follows(
    account_at: AccountAt,
) -> None:
    account = await account_at(SHORT_OF_MARGIN, config=TOPPED_UP)
    account.exchange.inject(Fault(kind=Kind.RESET_BEFORE, method="POST", path=TRANSFER))
    ran = await account.trimtab(*RUN)
    assert ran.code == 5, ran.text
    assert [t["status"] for t in ran.document["execution"]["transfers"]] == ["absent"]
    assert (made(account), account.exchange.truth()["orders"]) == ([], [])
    again = await account.trimtab(*RUN)
    assert (again.code, len(made(account))) == (0, 1), again.text


async def test_what_a_run_could_not_find_out_recover_does_and_it_was_sent_once(
    account_at: AccountAt,
) -> None:
    account = await account_at(SHORT_OF_MARGIN, config=TOPPED_UP)
    account.exchange.inject(Fault(kind=Kind.RESET_AFTER, method="POST", path=TRANSFER))
    blind = Fault(kind=Kind.STATUS, method="GET", path=TRANSFER, status=502, nth=2, count=0)
    account.exchange.inject(blind)
    process = await account.started(*RUN)
    assert process.stderr is not None
    async for line in process.stderr:
        if b"answer lost" in line:
            process.kill()
            break
    await process.wait()
    account.exchange.clear_faults()
    status = (await account.trimtab("status", "--json")).document
    (left,) = status["unresolved_transfers"]
    assert (left["status"], left["side"]) == ("unknown", "buy")
    assert (await account.trimtab("reconcile", "--json")).code == 1
    recovered = await account.trimtab("recover", "--json")
    assert recovered.code == 0, recovered.text
    assert [t["after"] for t in recovered.document["transfers"]] == ["done"]
    assert len(made(account)) == 1
    assert (await account.trimtab("reconcile", "--json")).code == 0
    assert (await account.trimtab("ledger", "verify")).code == 0
    (listed,) = (await account.trimtab("ledger", "transfers", "--json")).document
    assert (listed["status"], Decimal(listed["quantity"])) == ("done", made(account)[0])


async def test_a_transfer_that_the_exchange_refuses_ends_the_run_before_the_hedge(
    account_at: AccountAt,
) -> None:
    account = await account_at(SHORT_OF_MARGIN, config=TOPPED_UP)
    refusal = '{"code": -5013, "msg": "Asset transfer failed: insufficient balance"}'
    account.exchange.inject(
        Fault(kind=Kind.STATUS, method="POST", path=TRANSFER, status=400, body=refusal)
    )
    ran = await account.trimtab(*RUN)
    assert ran.code == 5, ran.text
    assert [t["status"] for t in ran.document["execution"]["transfers"]] == ["refused"]
    reasons = [rest["reason"] for rest in ran.document["execution"]["remainder"]]
    assert reasons == ["venue_refused", "transfer_not_made"]
    assert account.exchange.truth()["orders"] == []


@pytest.mark.parametrize(
    ("config", "scenario"),
    [
        (TOPPED_UP.replace('"2000"', '"10"'), SHORT_OF_MARGIN),
        (TOPPED_UP.replace("max_topup = ", "# "), SHORT_OF_MARGIN),
        (
            TOPPED_UP,
            Scenario.from_json(
                {
                    "prices": {"BTC": "60000", "ETH": "3000"},
                    "spot": {"BTC": "0.12", "ETH": "0.5", "USDT": "20"},
                    "futures": {"wallet": 100},
                }
            ),
        ),
    ],
    ids=["beyond_max_topup", "no_topup", "no_free_quote"],
)
async def test_margin_that_cannot_be_topped_up_refuses_the_plan_with_its_full_legs(
    account_at: AccountAt, config: str, scenario: Scenario
) -> None:
    account = await account_at(scenario, config=config)
    planned = await account.trimtab("plan", "--json")
    assert (planned.code, planned.document["status"]) == (3, "refused")
    assert moves(planned.document) == []
    assert [leg["kind"] for leg in planned.document["plan"]["legs"]] == ["swap"]


async def test_a_key_without_the_right_to_move_money_is_refused_before_anything_is_sent(
    account_at: AccountAt,
) -> None:
    scenario = Scenario.from_json(
        {
            "prices": {"BTC": "60000", "ETH": "3000"},
            "spot": {"BTC": "0.12", "ETH": "0.5", "USDT": "1900"},
            "futures": {"wallet": 100},
            "serves": ["api_restrictions"],
            "credentials": [
                {
                    "key": "local-key",
                    "secret": "local-secret",
                    "rights": ["read", "spot", "futures"],
                }
            ],
        }
    )
    account = await account_at(scenario, config=TOPPED_UP)
    ran = await account.trimtab(*RUN)
    refused = [f for f in ran.document["gate"]["findings"] if f["verdict"] == "refuse"]
    assert (ran.code, [f["check"] for f in refused]) == (3, ["key_rights"]), ran.text
    assert "move funds between wallets" in refused[0]["reason"]


async def test_a_dry_run_moves_money_in_memory_only(account_at: AccountAt) -> None:
    account = await account_at(SHORT_OF_MARGIN, config=TOPPED_UP)
    ran = await account.trimtab("run", "--json")
    assert ran.code == 0, ran.text
    assert [t["status"] for t in ran.document["execution"]["transfers"]] == ["done"]
    assert (account.mutations(), made(account)) == (0, [])
    assert (await account.trimtab("ledger", "transfers", "--json")).document == []


async def test_the_question_names_the_money_that_changes_wallets(account_at: AccountAt) -> None:
    account = await account_at(SHORT_OF_MARGIN, config=TOPPED_UP)
    ended = await account.trimtab("run", "--execute", stdin="no\n")
    assert ended.code == 4
    assert "USDT from the spot to the futures wallet." in ended.text
    assert has_no_traceback(ended)


async def test_idle_margin_funds_buys_that_lack_quote(account_at: AccountAt) -> None:
    scenario = Scenario.from_json(
        {
            "prices": {"BTC": "60000", "ETH": "3000"},
            "spot": {"BTC": "0.05", "ETH": "1", "USDT": "100"},
            "futures": {"wallet": 4000},
        }
    )
    config = TOPPED_UP.replace('route = "futures"\nside = "overweight"\n', "")
    account = await account_at(scenario, config=config)
    ran = await account.trimtab(*RUN)
    assert ran.code == 0, ran.text
    (move,) = moves(ran.document)
    assert (move["side"], move["reason"]) == ("sell", "funds_buys")
    (moved,) = account.exchange.truth()["transfers"]
    assert (moved["kind"], made(account)) == ("UMFUTURE_MAIN", [Decimal(move["quantity"])])
    assert (await account.trimtab("reconcile", "--json")).code == 0
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do", again.text


async def test_a_hedge_by_hand_is_topped_up_as_well_and_closes(account_at: AccountAt) -> None:
    account = await account_at(SHORT_OF_MARGIN, config=TOPPED_UP)
    ran = await account.trimtab("hedge", "BTC", "15%", "--execute", "--yes", "--json")
    assert ran.code == 0, ran.text
    assert [t["status"] for t in ran.document["execution"]["transfers"]] == ["done"]
    assert len(made(account)) == 1
    assert (await account.trimtab("reconcile", "--json")).code == 0
    closed = await account.trimtab("close-hedges", "BTC", "--execute", "--yes", "--json")
    assert closed.code == 0, closed.text
    assert (await account.trimtab("reconcile", "--json")).code == 0
    assert len(made(account)) == 1
