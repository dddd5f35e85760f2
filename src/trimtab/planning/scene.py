"""Scene: what one plan is chosen from, and what a choice is. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.exposure import Exposure
from trimtab.domain.firings import Firing
from trimtab.domain.hedges import HedgeCause, HedgeId
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import Untraded
from trimtab.domain.policy import Policy
from trimtab.domain.readings import Reading
from trimtab.domain.sleeves import SleeveDrift
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.closing import Overweight
from trimtab.planning.contracts import Contracts
from trimtab.planning.cross import Crossing
from trimtab.planning.drift import Measurement
from trimtab.planning.parted import Parted
from trimtab.planning.routes import Move
from trimtab.targets.effective import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Why a plan acts, and by which moves."""

    firings: tuple[Firing, ...]
    """Most urgent first."""
    alerts: tuple[Firing, ...]
    """What is only told of, likewise."""
    moves: tuple[Move, ...]
    causes: Mapping[HedgeId, HedgeCause]
    """Hedges that are to be bought back, all or in part, and why; drifts name none."""
    by_hand: Mapping[Symbol, HedgeId]
    """Hedges that are to be opened or grown by hand, by contract."""
    untraded: tuple[Untraded, ...]
    """What no market carries, and what the pot waits with."""
    readings: tuple[Reading, ...]
    """What of the past it rests on."""
    spends_pot: bool
    """Whether its buys are paid by what hedges brought."""

    def corrections(self, theirs: frozenset[Symbol]) -> tuple[Move, ...]:
        """Return the moves that are for their own asset, and for no sleeve.

        *theirs* are the contracts of sleeves. What goes by the contract of another asset has its
        own way to be told.
        """
        mine = (m for m in self.moves if m.protects is None)
        return tuple(m for m in mine if m.instrument.symbol not in theirs)


NOTHING: Final = Choice(
    firings=(),
    alerts=(),
    moves=(),
    causes={},
    by_hand={},
    untraded=(),
    readings=(),
    spends_pot=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is chosen from."""

    account: Parted
    targets: Targets
    found: Measurement
    sleeves: tuple[SleeveDrift, ...]
    """How far each sleeve is from its size."""
    crossing: Crossing
    """What goes by the contracts of other assets."""
    policy: Policy
    occasion: Occasion
    overweights: Mapping[Asset, Overweight]
    """What hedges of corrections stand for, by asset."""
    moved: Decimal
    """What a transfer of the same plan takes out of the spot wallet, quote units, signed."""

    @property
    def snapshot(self) -> Snapshot:
        """All of the account, its sleeves too."""
        return self.account.snapshot

    @property
    def exposed(self) -> Exposure:
        """Likewise."""
        return self.account.exposed

    @property
    def contracts(self) -> Contracts:
        """The contracts of the account, and in which one its hedges are opened."""
        return Contracts(
            snapshot=self.snapshot,
            exposed=self.exposed,
            policy=self.policy,
            occasion=self.occasion,
        )
