"""Interventions: what tests do to the world that a client cannot.

Each changes the state, from outside any request, under the exchange's own arithmetic.
Decimals come as text, as they stand in admin bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from trimtab.testnet.accounts import Transfer
from trimtab.testnet.catalogue import Market
from trimtab.testnet.exact import exactly
from trimtab.testnet.margin import stakes
from trimtab.testnet.rejections import Rejection, invalid_symbol, unknown_order
from trimtab.testnet.scenario import rights_of
from trimtab.testnet.settlement import (
    advance,
    deleverage,
    liquidate_stake,
    match_resting,
    settle_funding,
)
from trimtab.testnet.state import State
from trimtab.testnet.usdm_desk import earn
from trimtab.testnet.usdm_triggers import end

Texts = Mapping[str, str]


@exactly
def set_prices(state: State, *, mid: Texts, mark: Texts, index: Texts) -> None:
    """Move mids by asset, override marks and indices by contract (empty text ends it).

    Books refill, resting orders that are reached fill, then margins are checked.

    Raises:
        Rejection: -1121 for an asset or contract that is not listed.

    """
    advance(state)
    for symbol in (*mark, *index):
        state.listing(Market.USDM, symbol)
    mids = {asset: Decimal(value) for asset, value in mid.items()}
    state.prices.set_mids(mids, now_ms=state.now_ms)
    state.prices.override(marks=mark, indices=index)
    state.books.refill()
    match_resting(state)
    advance(state)


@exactly
def set_references(state: State, given: Mapping[str, Texts]) -> None:
    """Fix what public sources say, by source and asset in dollars (empty text ends it).

    Raises:
        Rejection: -1121 for a price that is not above zero.

    """
    for source, values in given.items():
        state.public.set(source, values)


@exactly
def set_clock(state: State, *, offset_ms: int) -> None:
    """Put the exchange's clock *offset_ms* ahead of the injected one; what fell due happens."""
    state.offset_ms = offset_ms
    advance(state)


@exactly
def fund(state: State, rates: Texts) -> None:
    """Settle a funding now: of the contracts in *rates* at these rates, else of all.

    Raises:
        Rejection: -1121 for what is not a perpetual.

    """
    advance(state)
    if not rates.keys() <= state.funding_due.keys():
        raise invalid_symbol()
    state.rates.update({symbol: Decimal(rate) for symbol, rate in rates.items()})
    for symbol in rates or state.perpetuals():
        settle_funding(state, symbol, at_ms=state.now_ms)
    advance(state)


@exactly
def force_liquidation(state: State, symbol: str) -> None:
    """Close the position in *symbol* as the liquidation engine would, whatever the margin."""
    for stake in stakes(state, symbol=symbol):
        if stake.position.quantity:
            liquidate_stake(state, stake)


@exactly
def withdraw(state: State, *, client_id: str) -> None:
    """Let the exchange withdraw the conditional order named *client_id* of its own accord.

    Raises:
        Rejection: -2011 when none of that name rests.

    """
    order = state.conditionals.find(number=0, client_id=client_id)
    if order is None or not order.rests:
        raise unknown_order()
    end(state, order, "EXPIRED")


@exactly
def force_deleveraging(state: State, symbol: str, *, quantity: str) -> None:
    """Close *quantity* of the position in *symbol* as automatic deleveraging would."""
    for stake in stakes(state, symbol=symbol):
        if stake.position.quantity:
            deleverage(state, symbol, side=stake.side, quantity=Decimal(quantity))


def grant(state: State, *, key: str, rights: Iterable[str]) -> None:
    """Give *key* exactly *rights*, and serve the endpoint that tells them.

    Raises:
        ValueError: there is no such key, or no such right.

    """
    scenario = state.scenario
    if key not in {credential.key for credential in scenario.credentials}:
        raise ValueError("there is no such key")
    granted = rights_of(rights)
    state.scenario = replace(
        scenario,
        serves=scenario.serves | {"api_restrictions"},
        credentials=tuple(
            replace(credential, rights=granted) if credential.key == key else credential
            for credential in scenario.credentials
        ),
    )


@exactly
def deposit(state: State, *, asset: str, units: str, wallet: str) -> None:
    """Put *units* of *asset* into the ``spot`` or ``usdm`` wallet; negative withdraws.

    Raises:
        Rejection: an unknown wallet, a coin for the futures wallet, or too little.

    """
    moved = Decimal(units)
    if wallet not in {"spot", "usdm"} or (wallet == "usdm" and asset != state.scenario.quote):
        raise Rejection(-5003, "The transfer asset is not supported.")
    if wallet == "usdm":
        earn(state, "TRANSFER", moved, symbol="", trade_id=0)
    elif state.spot.free(asset) + moved < 0:
        raise Rejection(-5013, "Asset transfer failed: insufficient balance")
    else:
        state.spot.move(asset, moved)
    state.transfers.append(
        Transfer(
            number=state.next_number(),
            kind=f"DEPOSIT_{wallet.upper()}",
            asset=asset,
            units=moved,
            moved_at=state.now_ms,
        )
    )
