"""The monthly review: read the account and its past, report, trade nothing.

Writes nothing but the days that were read, which are kept beside the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy
from trimtab.hedging.book import book_of
from trimtab.planning.apart import without_tactical
from trimtab.planning.carry import carry_of
from trimtab.planning.contracts import Contracts
from trimtab.planning.neutral import settled
from trimtab.planning.parted import parted
from trimtab.planning.review import Review, review_need, review_of
from trimtab.ports import Portfolio
from trimtab.targets.by_hand import aims_of
from trimtab.workflow.occasions import on_calendar
from trimtab.workflow.status import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A review, and what has to be said of where its past came from."""

    review: Review
    remarks: tuple[str, ...]


async def review_account(sight: Sight, portfolio: Portfolio, policy: Policy) -> Reviewed:
    """Read venue, past and ledger once and return what they come to.

    Raises:
        VenueError: account or past could not be read.
        LedgerError: the ledger could not be read.
        PlanningError: there is nothing to review.

    """
    snapshot = await sight.market.snapshot(portfolio)
    book = book_of(await sight.ledger.hedge_record(), snapshot.quote)
    account = parted(without_tactical(snapshot, policy.tactical), policy, book)
    exposed, own = account.exposed, account.own
    history = await sight.history.read(review_need(policy, exposed))
    occasion = Occasion(
        now=sight.clock.now(), slot_due=False, hedges=book, wish=None, history=history
    )
    occasion = await on_calendar(occasion, policy, sight.ledger)
    policy = settled(policy, account.snapshot, occasion)
    found = review_of(policy, account, occasion, aims_of(book, own))
    contracts = Contracts(snapshot=snapshot, exposed=exposed, policy=policy, occasion=occasion)
    found = replace(found, readings=found.readings + carry_of(contracts).readings)
    return Reviewed(review=found, remarks=history.remarks)
