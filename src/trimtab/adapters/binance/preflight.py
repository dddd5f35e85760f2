"""What Binance tells of itself and of the key in use. Not pure: it asks.

Sources: Binance Wallet "Get API Key Permission" (``GET /sapi/v1/account/apiRestrictions``,
weight 1), "Get BNB Burn Status" (``GET /sapi/v1/bnbBurn``), "Query User
Wallet Balance" (``GET /sapi/v1/asset/wallet/balance``, weight 60), USD-M "Get BNB Burn Status"
(``GET /fapi/v1/feeBurn``). The sandbox has no ``/sapi``. The local exchange lists what it
has, and what it does not list is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.kept_rights import KeptRights
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.exact import trimmed
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyStanding, KeyUse, UntoldRights
from trimtab.domain.snapshot import Environment
from trimtab.ports.preflight import Beside, BudgetUse, FeeTerms, HostAnswer
from trimtab.venues.profile import Desk

RIGHTS: Final = "api_restrictions"
"""Under this name the local exchange lists the rights of keys."""
FEE_BURN: Final = "fee_burn"
"""Under this name the local exchange lists the coin of fees."""
WALLET_BALANCE: Final = "wallet_balance"
"""Under this name the local exchange lists what each wallet is worth."""
_SPOT: Final = "Spot"
_USDM: Final = "USDⓈ-M Futures"
_COINM: Final = "COIN-M Futures"
_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="sapiGetAccountApiRestrictions")
_SPOT_BURN: Final = Endpoint(desk=Desk.SPOT, method="sapiGetBnbBurn")
_LINEAR_BURN: Final = Endpoint(desk=Desk.LINEAR, method="fapiPrivateGetFeeBurn")
_WALLETS: Final = Endpoint(desk=Desk.SPOT, method="sapiGetAssetWalletBalance")
_FEE_COIN: Final = Asset("BNB")
_PORTFOLIO: Final = "enablePortfolioMarginTrading"
"""Of an account in which coins and contracts back each other, and what is lacking is borrowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a venue is asked about."""

    environment: Environment
    use: KeyUse
    """What the key is meant for."""
    quote: Asset
    """In which wallets are valued."""
    has_futures: bool
    """Whether contracts are part of the account."""
    coin_margined: bool = False
    """Whether those that are coin-margined are counted."""


class BinancePreflight:
    """Reads about the venue itself. Opened and closed by ``open_venue.open_venue``."""

    def __init__(self, wire: Wire, hosts: HostRecord, asked: Asked) -> None:
        self._wire = wire
        self._hosts = hosts
        self._environment = asked.environment
        self._has_futures = asked.has_futures
        self._counted = {_SPOT} | ({_USDM} if asked.has_futures else set())
        self._counted |= {_COINM} if asked.coin_margined else set()
        self._use = asked.use
        self._quote = asked.quote
        self._rights = KeptRights(wire.clock)

    def answered(self) -> tuple[HostAnswer, ...]:
        """Return who answered; see :meth:`trimtab.ports.preflight.Preflight.answered`."""
        return self._hosts.answers()

    def usage(self) -> tuple[BudgetUse, ...]:
        """Return limits and use; see :meth:`trimtab.ports.preflight.Preflight.usage`."""
        return self._wire.budget.usage()

    async def key_rights(self) -> KeyStanding:
        """Return what the key may do; see :meth:`trimtab.ports.preflight.KeyWitness.key_rights`."""
        return await self._rights.told(self._asked_rights)

    async def _asked_rights(self) -> KeyStanding:
        """Ask for the rights of the key where the host tells them."""
        if not await self._has(RIGHTS, absent_in={Environment.TESTNET}):
            why = f"{self._environment.value}: the host does not tell them"
            return UntoldRights(why=why, is_absent=True)
        return await self._wire.read(_RIGHTS, {}, self._rights_of)

    def _rights_of(self, answer: object) -> KeyRights:
        """Read the rights of the key in use."""
        return key_rights_of(answer, use=self._use)

    async def fee_terms(self) -> FeeTerms:
        """Ask for the coin of fees; see :meth:`trimtab.ports.preflight.Preflight.fee_terms`."""
        sandbox = {Environment.TESTNET}
        no_futures = () if self._has_futures else tuple(Environment)
        spot, linear = await together(
            self._burns(_SPOT_BURN, "spotBNBBurn", absent_in=sandbox),
            self._burns(_LINEAR_BURN, "feeBurn", absent_in=no_futures),
        )
        return FeeTerms(coin=_FEE_COIN, on_spot=spot, futures_coin=_FEE_COIN, on_futures=linear)

    async def beside(self) -> tuple[Beside, ...] | None:
        """Ask what other wallets are worth; see :meth:`trimtab.ports.Preflight.beside`."""
        if not await self._has(WALLET_BALANCE, absent_in={Environment.TESTNET}):
            return None
        worth = await self._wire.read(_WALLETS, {"quoteAsset": self._quote}, wallet_worth)
        return tuple(
            Beside(
                place=name,
                held=f"{trimmed(value, 2)} {self._quote}",
                counted_by="venue.coin_margined = true" if name == _COINM else "",
            )
            for name, value in sorted(worth.items())
            if value and name not in self._counted
        )

    async def _burns(
        self, endpoint: Endpoint, name: str, *, absent_in: Collection[Environment]
    ) -> bool | None:
        """Ask one desk whether fees are paid in the coin; None when it does not tell."""
        if not await self._has(FEE_BURN, absent_in=absent_in):
            return None
        return await self._wire.read(endpoint, {}, lambda answer: flag(mapping_of(answer), name))

    async def _has(self, endpoint: str, *, absent_in: Collection[Environment]) -> bool:
        """Say whether the host has an endpoint, as far as that is known without asking for it.

        Raises:
            NotDone: the host does not answer at all.

        """
        if self._environment in absent_in:
            return False
        if self._environment is not Environment.LOCAL:
            return True
        if not self._hosts.answers():
            await self._wire.venue_now(Desk.SPOT)  # Any answer tells what else there is.
        return self._hosts.announces(endpoint)


def wallet_worth(answer: object) -> Mapping[str, Decimal]:
    """Read what each wallet of the account's owner is worth, by the venue's name of it.

    Raises:
        Unreadable: a field is missing or wrong, or a wallet is told twice.

    """
    rows = rows_of(answer)
    worth = {text_of(row, "walletName"): decimal_of(row, "balance") for row in rows}
    if len(worth) < len(rows) or _SPOT not in worth:
        raise Unreadable("a wallet is missing, or told twice")
    return worth


def key_rights_of(answer: object, *, use: KeyUse) -> KeyRights:
    """Read the rights of a key that is in *use*.

    Raises:
        Unreadable: one of them is missing or no truth value.

    """
    row = mapping_of(answer)
    return KeyRights(
        use=use,
        reads=flag(row, "enableReading"),
        trades_spot=flag(row, "enableSpotAndMarginTrading"),
        trades_futures=flag(row, "enableFutures"),
        withdraws=flag(row, "enableWithdrawals"),
        transfers_out=flag(row, "enableInternalTransfer"),
        transfers_within=flag(row, "permitsUniversalTransfer"),
        borrows=flag(row, "enableMargin") or (_PORTFOLIO in row and flag(row, _PORTFOLIO)),
        trades_options=flag(row, "enableVanillaOptions"),
        is_bound_to_ip=flag(row, "ipRestrict"),
    )


def flag(row: Mapping[str, Any], name: str) -> bool:
    """Return a field that is true or false.

    Raises:
        Unreadable: it is neither, or missing.

    """
    value = field(row, name)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} is not a truth value")
    return value
