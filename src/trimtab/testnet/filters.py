"""Filters: what an order must satisfy in its market, with the exchange's own codes.

Pure. Spot answers -1013 with the filter's name; USD-M has a code for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trimtab.testnet.exact import ONE, is_multiple, text
from trimtab.testnet.orders import Order
from trimtab.testnet.rejections import Rejection, filter_failure
from trimtab.testnet.tickets import Ticket

USDM_MARKET_BAND = Decimal("0.05")
"""How far the best counter-price of a USD-M market order may lie from the mark, ratio."""


def check_spot(ticket: Ticket, *, mid: Decimal, open_orders: Sequence[Order]) -> None:
    """Hold a spot *ticket* against every filter of its market.

    Raises:
        Rejection: -1013 with the name of the first filter that fails.

    """
    rule = ticket.listing.rule
    if ticket.limit_price and not is_multiple(ticket.limit_price, rule.tick_size):
        raise filter_failure("PRICE_FILTER")
    if ticket.limit_price and not mid / rule.price_band <= ticket.limit_price <= (
        mid * rule.price_band
    ):
        raise filter_failure("PERCENT_PRICE_BY_SIDE")
    if ticket.quantity:
        _check_spot_lots(ticket)
    value = ticket.quote_quantity or ticket.quantity * (ticket.limit_price or mid)
    if value < rule.min_notional:
        raise filter_failure("NOTIONAL")
    if ticket.kind != "MARKET" and len(open_orders) >= rule.max_open_orders:
        raise filter_failure("MAX_NUM_ORDERS")


def _check_spot_lots(ticket: Ticket) -> None:
    """Hold the quantity against LOT_SIZE and MARKET_LOT_SIZE."""
    rule = ticket.listing.rule
    within = rule.lot_size <= ticket.quantity <= rule.max_quantity
    if not within or not is_multiple(ticket.quantity, rule.lot_size):
        raise filter_failure("LOT_SIZE")
    if ticket.kind == "MARKET" and ticket.quantity > rule.market_max_quantity:
        raise filter_failure("MARKET_LOT_SIZE")


def check_usdm(ticket: Ticket, *, mark: Decimal, open_orders: Sequence[Order]) -> None:
    """Hold a USD-M *ticket* against every filter of its contract.

    Raises:
        Rejection: the code of the first filter that fails.

    """
    rule = ticket.listing.rule
    most = rule.market_max_quantity if ticket.kind == "MARKET" else rule.max_quantity
    if ticket.quantity < rule.lot_size:
        raise Rejection(-4004, "Quantity less than min quantity.")
    if ticket.quantity > most:
        raise Rejection(-4005, "Quantity greater than max quantity.")
    if not is_multiple(ticket.quantity, rule.lot_size):
        raise Rejection(-4023, "Qty not increased by step size.")
    if ticket.limit_price:
        _check_usdm_price(ticket, mark)
    notional = ticket.quantity * (ticket.limit_price or mark)
    if notional < rule.min_notional and not ticket.reduce_only:
        least = text(rule.min_notional, 0)
        raise Rejection(
            -4164,
            f"Order's notional must be no smaller than {least} (unless you choose reduce only).",
        )
    if ticket.kind != "MARKET" and len(open_orders) >= rule.max_open_orders:
        raise Rejection(-2025, "Reach max open order limit.")


def _check_usdm_price(ticket: Ticket, mark: Decimal) -> None:
    """Hold the limit against the tick and the band around the mark."""
    rule = ticket.listing.rule
    if not is_multiple(ticket.limit_price, rule.tick_size):
        raise Rejection(-4014, "Price not increased by tick size.")
    highest, lowest = mark * rule.price_band, mark / rule.price_band
    if ticket.side == "BUY" and ticket.limit_price > highest:
        raise Rejection(-4016, f"Limit price can't be higher than {text(highest, 2)}.")
    if ticket.side == "SELL" and ticket.limit_price < lowest:
        raise Rejection(-4024, f"Limit price can't be lower than {text(lowest, 2)}.")


def check_counter_price(best: Decimal, *, side: str, mark: Decimal) -> None:
    """Refuse a market order whose best counter-price has left the band around the mark.

    Raises:
        Rejection: -4131.

    """
    high, low = mark * (ONE + USDM_MARKET_BAND), mark * (ONE - USDM_MARKET_BAND)
    if (side == "BUY" and best > high) or (side == "SELL" and best < low):
        raise Rejection(
            -4131,
            "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
        )
