"""What is asked of a venue about itself and the key: who answers, rights, fees, limits.

See :mod:`trimtab.ports`, which has all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAnswer:
    """One host that has answered."""

    host: str
    """The host that was meant; its certificate was checked unless the address is loopback."""
    address: str
    """Where the socket went: the host itself, or a loopback ``host:port``."""
    calls_itself: str
    """What it says it is; empty when it says nothing. The local exchange says ``local``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """One limit of the venue, and how much of it is used."""

    desk: str
    """``spot`` or ``linear``."""
    counts: str
    """What is counted in which window: ``weight in 60 s``, ``orders in 10 s``."""
    used: int | None
    """In the present window by the venue's own headers, >= 0; None when no answer told."""
    limit: int
    """Most in a window, >= 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms:
    """Whether fees are paid in the venue's coin, at a discount, while there is some."""

    coin: Asset
    """The coin, such as BNB."""
    on_spot: bool | None
    """None when the host does not tell."""
    futures_coin: Asset
    """The coin for contracts; another one only where these are on another venue."""
    on_futures: bool | None
    """None when the host does not tell, or the account uses no futures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Something of the account's owner at the venue that is no part of the account."""

    place: str
    """A wallet by the venue's own name, or what kind of contracts."""
    held: str
    """What lies there, such as ``120.5 USDT``."""
    counted_by: str = ""
    """The line of the configuration with which it is counted; empty where none does that."""


class KeyWitness(Protocol):
    """What the venue says of the key in use."""

    async def key_rights(self) -> KeyStanding:
        """Return what the key may do, or why that is not known; what went wrong is among it.

        An answer is kept for a minute.
        """
        ...


class Preflight(KeyWitness, Protocol):
    """Reads that only look at the venue itself and at the key. Changes nothing there."""

    def answered(self) -> tuple[HostAnswer, ...]:
        """Return every host that has answered since the venue was opened, by name."""
        ...

    def usage(self) -> tuple[BudgetUse, ...]:
        """Return the venue's limits and what its answers say is used, by desk."""
        ...

    async def beside(self) -> tuple[Beside, ...] | None:
        """Ask what lies at the venue beside the account; None where it is not asked, or not told.

        Raises:
            NotDone: not answered.
            Refused: the venue denies the read.

        """
        ...

    async def fee_terms(self) -> FeeTerms:
        """Ask in which coin fees are paid.

        Raises:
            NotDone: not answered.
            Refused: the venue denies the read.

        """
        ...
