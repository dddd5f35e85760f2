"""One question to the gate: this plan, for this account, under these limits, now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy, RiskLimits
from trimtab.domain.snapshot import Book, ContractState, Environment, Snapshot
from trimtab.risk.context import GateContext


class Unmeasured(Exception):
    """A value that a check needs is not there. Says which; the check refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything the checks may look at. Look-ups raise what turns into a refusal."""

    plan: Plan
    snapshot: Snapshot
    policy: Policy
    context: GateContext
    now: datetime

    @property
    def needs_references(self) -> bool:
        """Whether the plan is refused without independent prices."""
        is_live = self.snapshot.key.environment is Environment.LIVE
        return is_live or self.policy.references.required

    @property
    def limits(self) -> RiskLimits:
        """The limits of the policy."""
        return self.policy.limits

    def instrument(self, symbol: Symbol) -> Instrument:
        """Return what the venue lists under *symbol*.

        Raises:
            Unmeasured: it was not read.

        """
        if symbol not in self.snapshot.instruments:
            raise Unmeasured(f"{symbol} is not among the markets that were read; load it")
        return self.snapshot.instruments[symbol]

    def book(self, symbol: Symbol) -> Book:
        """Return the order book of *symbol*.

        Raises:
            Unmeasured: it was not read.

        """
        if symbol not in self.snapshot.books:
            raise Unmeasured(f"no book of {symbol} was read; read the market again")
        return self.snapshot.books[symbol]

    def contract(self, symbol: Symbol) -> ContractState:
        """Return mark, index, settings and brackets of a contract.

        Raises:
            Unmeasured: they were not read.

        """
        state = self.snapshot.contracts.get(symbol)
        if state is None:
            raise Unmeasured(f"no mark of {symbol} was read; read the market again")
        if not state.brackets:
            raise Unmeasured(f"no brackets of {symbol} were read; read the account again")
        return state

    def mark(self, symbol: Symbol) -> Decimal:
        """Return the mark of a contract, or the mid of a spot book.

        Raises:
            Unmeasured: neither was read.

        """
        if self.instrument(symbol).is_contract:
            return self.contract(symbol).mark
        return self.book(symbol).mid
