"""The ports of Hyperliquid, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.hyperliquid.fills import HyperliquidFills
from trimtab.adapters.hyperliquid.history import hyperliquid_history
from trimtab.adapters.hyperliquid.markets import Coins, HyperliquidAccount, hyperliquid_markets
from trimtab.adapters.hyperliquid.orders import HyperliquidQuestions, hyperliquid_orders
from trimtab.adapters.hyperliquid.preflight import hyperliquid_preflight
from trimtab.adapters.hyperliquid.venue import hyperliquid_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Hyperliquid on one wire, with one list of markets."""
    coins: Coins = {}
    key, quote, user = settings.account, settings.quote, settings.api_key.key.lower()
    markets = hyperliquid_markets(wire, coins, user=user)
    fills = HyperliquidFills(wire, markets, user=user)
    asks = HyperliquidQuestions(wire, markets, fills)
    orders = hyperliquid_orders(wire, markets, asks)
    account = HyperliquidAccount(wire, markets, orders, coins, user=user)
    window_ms = settings.execution.receive_window_ms
    return OpenedVenue(
        venue=hyperliquid_venue(wire, markets, orders, asks, window_ms=window_ms),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=hyperliquid_preflight(wire, hosts, user=user, use=settings.key_use),
        history=hyperliquid_history(wire, markets, quote=quote),
    )
