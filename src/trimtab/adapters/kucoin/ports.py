"""The ports of KuCoin, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.kucoin.history import kucoin_history
from trimtab.adapters.kucoin.markets import KucoinAccount, kucoin_markets
from trimtab.adapters.kucoin.orders import RestingOrders, kucoin_orders
from trimtab.adapters.kucoin.preflight import kucoin_preflight
from trimtab.adapters.kucoin.venue import kucoin_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of KuCoin on one wire, with one list of markets and of known orders."""
    markets = kucoin_markets(wire)
    orders, key, quote = kucoin_orders(wire, markets), settings.account, settings.quote
    account = KucoinAccount(wire, markets, RestingOrders(wire, markets, orders))
    return OpenedVenue(
        venue=kucoin_venue(wire, markets, orders),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=kucoin_preflight(wire, hosts, use=settings.key_use),
        history=kucoin_history(wire, markets, quote=quote),
    )
