"""The one wallet of a Deribit account in which linear perpetuals are used too. Pure.

The coin that they settle in is cash and margin. Its ``balance`` is what was settled; what positions
won or lost since 8:00 UTC, their funding with it, is beside it, and goes into it at the next
settlement. Every other currency is held as coins. Sources: docs.deribit.com
"private/get_account_summaries", 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.adapters.deribit.answers import coins_in, summaries_in
from trimtab.adapters.deribit.contracts import require_standard_margin
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import Unreadable, decimal_of, text_of
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.shared_wallet import SharedWallet, losses_of
from trimtab.domain.snapshot import Balance, MarginPool

_ROUNDING: Final = Decimal("0.0001")
"""How far apart figures of one answer may be that are rounded one by one, units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an account holds, each unit in one place."""

    balances: Mapping[Asset, Balance]
    pools: Mapping[Asset, MarginPool]
    """That of the coin that contracts settle in, which shares its wallet with the cash."""


def held_in(answer: object, *, settle: Asset, profits: Iterable[Decimal]) -> Held:
    """Read the account; *profits* are those of each position since the last settlement, signed.

    Raises:
        Unreadable: a field is missing or wrong, another coin backs contracts, or the margin model
            lets one coin stand for another.

    """
    rows = {text_of(row, "currency"): row for row in summaries_in(answer)}
    cash = rows.pop(settle, None)
    if cash is None:
        raise Unreadable(f"there is no {settle} in the account; bring some into it")
    balance, pool = _wallet(cash, losses=losses_of(profits)).parts
    coins = coins_in(rows.values())
    return Held(balances={**coins, settle: balance}, pools={settle: pool})


def _wallet(row: Row, *, losses: Decimal) -> SharedWallet:
    """Read the coin that is cash and margin.

    What was lost and is not settled yet, and no position shows, counts as locked; so does what the
    venue does not let go for a reason that is not told.
    """
    require_standard_margin(row)
    units, reserved = decimal_of(row, "balance"), decimal_of(row, "spot_reserve")
    bound, maintained = decimal_of(row, "initial_margin"), decimal_of(row, "maintenance_margin")
    free = decimal_of(row, "available_funds")
    realised, floating = decimal_of(row, "session_rpl"), decimal_of(row, "session_upl")
    if min(units, reserved, bound, maintained) < 0:
        raise Unreadable(f"a balance of {text_of(row, 'currency')} is negative")
    with exact_arithmetic():
        profit = decimal_of(row, "margin_balance") - units
        if abs(profit - realised - floating) > _ROUNDING:
            raise Unreadable("margin_balance is not the balance and what the session brought")
        lost = losses + max(ZERO, -realised)
        owed = max(ZERO, lost - max(losses, -profit))
        wallet = SharedWallet(
            units=units,
            locked=reserved + owed,
            unrealised_pnl=profit,
            losses=losses,
            initial_margin=max(ZERO, bound - reserved),
            maintenance_margin=maintained,
            settles_later=True,
        )
        withheld = max(ZERO, wallet.spare - max(ZERO, free))
        return replace(wallet, locked=wallet.locked + withheld)
