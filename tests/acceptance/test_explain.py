"""Why a saved plan is as it is, told from what was written down with it."""

from __future__ import annotations

from tests.acceptance.conftest import Account


async def test_a_plan_is_explained_by_target_trigger_route_limits_and_cost(
    account: Account,
) -> None:
    plan = (await account.trimtab("plan", "--json")).document["plan"]
    told = await account.trimtab("explain", plan["digest"][:12], "--json")
    assert told.code == 0, told.text
    document = told.document
    assert document["digest"] == plan["digest"]
    assert (document["trigger"], document["firings"]) == (plan["trigger"], plan["firings"])
    assert document["targets"] == plan["drift"]
    assert document["routes"] == plan["routes"]
    assert [leg["line"] for leg in document["legs"]] == [leg["line"] for leg in plan["legs"]]
    assert {"max_leverage", "free_quote"} <= {f["check"] for f in document["limits"]}
    shown = await account.trimtab("explain", plan["digest"])
    for words in ("Why it acts", "Where it is to be", "How it gets there", "What bounds it"):
        assert words in shown.stdout
    assert account.mutations() == 0


async def test_one_leg_is_explained_by_what_concerns_it_alone(account: Account) -> None:
    plan = (await account.trimtab("plan", "--json")).document["plan"]
    [first, *_] = plan["legs"]
    told = (await account.trimtab("explain", plan["digest"], str(first["line"]), "--json")).document
    asset = first["symbol"].split("/")[0]
    assert [leg["symbol"] for leg in told["legs"]] == [first["symbol"]]
    assert [t["asset"] for t in told["targets"]] == [asset]
    assert {r["asset"] for r in told["routes"]} <= {asset}
    others = {f"leg {leg['line']}" for leg in plan["legs"]} - {f"leg {first['line']}"}
    assert not others & {f["subject"] for f in told["limits"]}


async def test_a_line_or_a_plan_that_is_not_there_is_named(account: Account) -> None:
    plan = (await account.trimtab("plan", "--json")).document["plan"]
    missing = await account.trimtab("explain", plan["digest"], "99", "--json")
    assert missing.code == 2
    assert "no order in line 99" in missing.document["error"]["message"]
    assert (await account.trimtab("explain", "0123456789ab", "--json")).code == 2
