"""One question to the gate with what follows from it, computed once for all checks. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.reductions import Raising, raising
from trimtab.risk.state import AccountState, account_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the account stands before the plan, and what its legs raise."""

    state: AccountState
    raising: Raising


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What every check is given."""

    case: Case
    found: Standing | Unmeasured
    """The standing, or why it could not be measured."""

    @property
    def standing(self) -> Standing:
        """The standing.

        Raises:
            Unmeasured: something that it follows from was not read.

        """
        if isinstance(self.found, Unmeasured):
            raise Unmeasured(str(self.found))
        return self.found


def review_of(case: Case) -> Review:
    """Return *case* with its standing."""
    try:
        state = account_state(case)
        return Review(case=case, found=Standing(state=state, raising=raising(state)))
    except Unmeasured as fault:
        return Review(case=case, found=fault)
    except ArithmeticError:
        return Review(case=case, found=Unmeasured("a number is out of range; read again"))
