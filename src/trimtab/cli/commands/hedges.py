"""What is asked of positions by hand, by the same gate and approval; ``ledger pot|hedges``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

from trimtab.accounting.pot import pot_entries
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import open_books
from trimtab.cli import session
from trimtab.cli.commands.trading import Asked, dry_run, executed
from trimtab.cli.exits import Exit
from trimtab.cli.flags import FLAG
from trimtab.cli.hedge_document import pot_document, scored_document
from trimtab.cli.hedge_views import pot_table, scores_view
from trimtab.cli.session import Result, Work
from trimtab.cli.telling import afterwards
from trimtab.domain.errors import ConfigError
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.hedges import CloseWish, HedgeWish, RescueWish, StopsWish, Wish
from trimtab.domain.instruments import Asset
from trimtab.hedging.book import book_of
from trimtab.workflow.scores import scored_hedges

_SIZE: Final = re.compile(r"(?P<digits>\d+(\.\d+)?)(?P<percent>%?)")
_HUNDREDTH: Final = Decimal("0.01")


def hedge(
    asset: Asset,
    size: str,
    *,
    execute: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
) -> Exit:
    """Have a share of what is held short by hand: opens, grows or shrinks that hedge.

    Parameters
    ----------
    asset
        The coin that is held, such as BTC.
    size
        A share of the holding, such as 10%, or units of the coin, such as 0.25; 0 closes.
    execute
        Send orders. Without it nothing leaves that changes anything.
    yes
        Approve unasked: never in live, but for what a standing approval covers.

    """
    return _asked(hedge_wish(asset=asset, size=size), execute=execute, yes=yes)


def close_hedges(
    *hedge_ids: str,
    sell: Annotated[bool, FLAG] = False,
    execute: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
) -> Exit:
    """Buy hedges back, reduce-only, and show the exposure that returns with them.

    Parameters
    ----------
    hedge_ids
        Ids as status shows them, or their beginnings; none for every open hedge.
    sell
        Sell the coins that they cover in pairs with it, so that no exposure comes back.
    execute
        Send orders. Without it nothing leaves that changes anything.
    yes
        Approve unasked: never in live, but for what a standing approval covers.

    """
    return _asked(CloseWish(hedge_ids=hedge_ids, sells=sell), execute=execute, yes=yes)


def mend_stops(
    *,
    execute: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
) -> Exit:
    """Put, change and withdraw stops on the venue as hedges need them; trade nothing.

    For when the gate refuses what a run would do besides: drifts are left as they are.

    Parameters
    ----------
    execute
        Send it. Without it nothing leaves that changes anything.
    yes
        Approve unasked: never in live, but for what a standing approval covers.

    """
    return _asked(StopsWish(), execute=execute, yes=yes)


def rescue_margin(
    *,
    execute: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
) -> Exit:
    """Bring a futures wallet out of danger: money in first, else cuts, though exposure returns.

    Moves at most hedge.max_topup into it; what that leaves missing is taken off, hedges too,
    reduce-only. Nothing is opened, and no fill leaves the wallet worse. Works while the account
    is reducing or halted, then with typed words only.

    Parameters
    ----------
    execute
        Send it. Without it nothing leaves that changes anything.
    yes
        Approve unasked: never in live, nor while reducing or halted.

    """
    return _asked(RescueWish(), execute=execute, yes=yes)


def pot() -> Exit:
    """List what hedges earned and cost, in double entry, oldest first."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Read what the hedge book follows from, and add it up."""
        async with open_books(config, dry_run=False) as ledger:
            book = book_of(await ledger.hedge_record(), config.quote)
        entries = pot_entries(book.steps, config.quote)
        documents = [pot_document(entry) for entry in entries]
        return Result(document=documents, view=pot_table(entries), code=Exit.DONE)

    return session.conduct(work)


def book() -> Exit:
    """List every hedge, open or closed; of those that an auto route chose, what came of it."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Add the hedge book up, and score it by the plans that traded it."""
        async with open_books(config, dry_run=False) as ledger:
            scored = await scored_hedges(ledger, config.quote)
        documents = [scored_document(hedge, score, config.quote) for hedge, score in scored]
        view = scores_view(scored, config.quote)
        return Result(document=documents, view=view, code=Exit.DONE)

    return session.conduct(work)


def hedge_wish(*, asset: str, size: str) -> HedgeWish:
    """Return what a person asks for.

    Raises:
        ConfigError: the size is neither a share nor units.

    """
    told = _SIZE.fullmatch(size.strip())
    if told is None:
        raise ConfigError(
            f"{size}: must be a share of the holding such as 10%, or units such as 0.25",
            next_step="trimtab hedge --help",
        )
    number = Decimal(told["digits"])
    name = Asset(asset.strip().upper())
    if not told["percent"]:
        return HedgeWish(asset=name, share=None, units=number)
    with exact_arithmetic():
        return HedgeWish(asset=name, share=number * _HUNDREDTH, units=Decimal(0))


def _asked(wish: Wish, *, execute: bool, yes: bool) -> Exit:
    """Run what a person asks of hedges, dry unless told otherwise."""
    config = session.configuration()
    asked = Asked(yes=yes, saved=None, wish=wish)

    async def work(given: Work) -> Result:
        """Plan, ask and send; or plan and simulate."""
        if execute:
            return await executed(config, given, asked)
        return await dry_run(config, given, asked)

    told = afterwards(config, SystemClock(), asks=True) if execute else None
    return session.conduct(work, afterwards=told)
