"""Portfolios of any kind through the whole command: zero fees, fine lots, a spread of nothing.

What is left are the arithmetic's own figures, in whole quote units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from tests.acceptance.conftest import Account, AccountAt, Ended
from trimtab.testnet import Scenario

FINE: Final = {
    "lot_size": "0.000001",
    "tick_size": "0.01",
    "min_notional": "0",
    "maker_fee": "0",
    "taker_fee": "0",
    "spread_bps": "0.01",
    "level_notional": "10000000",
}
FUTURES: Final = """\
[rebalance]
route = "futures"
[hedge]
leverage = 2
"""
"""Everything by futures."""
WIDE: Final = """\
max_order_notional = "100000"
max_asset_notional = "200000"
max_run_notional = "200000"
max_day_notional = "400000"
max_target_move = "1"
max_snapshot_age_s = "300"
"""
"""Limits that no worked case meets."""


@dataclass(frozen=True, kw_only=True)
class Book:
    """An account and what its owner wants."""

    prices: Mapping[str, int]
    spot: Mapping[str, str]
    wallet: int
    portfolio: str
    """The tables of the portfolio, as they stand in a file."""
    rest: str = FUTURES
    """The other tables but account, venue, risk and ledger."""
    risk: str = WIDE
    positions: tuple[Mapping[str, str], ...] = field(default=())
    spot_only: tuple[str, ...] = field(default=())
    """Assets without contracts."""

    @property
    def config(self) -> str:
        """The configuration, to be filled in with url and folder."""
        return f"""\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{{url}}"

{self.portfolio}
{self.rest}
[risk]
{self.risk}
[ledger]
url = "sqlite:///{{folder}}/ledger.db"
"""

    @property
    def scenario(self) -> Scenario:
        """The account on an exchange without fees."""
        return Scenario.from_json(
            {
                "prices": dict(self.prices),
                "spot": dict(self.spot),
                "futures": {"wallet": self.wallet, "positions": [dict(p) for p in self.positions]},
                "rules": {"*": FINE},
                "spot_only": list(self.spot_only),
                "basis": {"bps": {"*": "0"}},
                "funding": {"rates": {"*": "0"}},
            }
        )

    async def opened(self, account_at: AccountAt, *, name: str = "account") -> Account:
        """Serve the account; other curly brackets than url and folder are the file's own."""
        text = self.config.replace("{", "{{").replace("}", "}}")
        text = text.replace("{{url}}", "{url}").replace("{{folder}}", "{folder}")
        return await account_at(self.scenario, config=text, name=name)


def values(document: Mapping[str, Any], prices: Mapping[str, int]) -> dict[str, str]:
    """Return signed values of the legs at mid by market, in whole quote units."""
    moved = {}
    for leg in document["plan"]["legs"]:
        sign = 1 if leg["side"] == "buy" else -1
        value = sign * Decimal(leg["quantity"]) * prices[leg["symbol"].split("/")[0]]
        moved[leg["symbol"]] = str(round(value))
    return moved


async def planned(account: Account) -> Ended:
    """Plan, and see that nothing was sent."""
    ended = await account.trimtab("plan", "--json", "--detailed-exitcode")
    assert account.mutations() == 0
    return ended


async def executed(account: Account) -> None:
    """Execute what there is to do, and see that a second run finds nothing left."""
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    again = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (again.code, again.document["status"]) == (0, "nothing_to_do"), again.text
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text
    assert account.exchange.audit() == ()
