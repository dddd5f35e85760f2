"""Books what moved the futures wallets, at the end of a run. Changes nothing about the run."""

from __future__ import annotations

import asyncio
from typing import Final

from trimtab.domain.errors import LedgerError, VenueError
from trimtab.domain.plan import Plan
from trimtab.ports import Portfolio
from trimtab.workflow.inquiry import Desk

WITHIN_S: Final = 20.0
"""Longest that a run waits for the list, seconds; the next one reads what this one did not."""


async def book_payments(desk: Desk, plan: Plan, portfolio: Portfolio) -> None:
    """Read payments once and book them, where contracts are used; a failure is noted.

    The account must be held.
    """
    traded = any(leg.instrument.is_contract for leg in plan.legs)
    uses_contracts = portfolio.with_contracts or plan.transfers or traded
    if not uses_contracts or desk.stop.is_set():
        return
    try:
        async with asyncio.timeout(WITHIN_S):
            found = await desk.venue.payments(await desk.ledger.payments_from())
        await desk.ledger.book_payments(found)
    except (VenueError, LedgerError, TimeoutError) as fault:
        why = str(fault) or type(fault).__name__
        desk.progress.noted(
            f"payments of the futures wallet are not booked yet, the next run does it: {why}"
        )
