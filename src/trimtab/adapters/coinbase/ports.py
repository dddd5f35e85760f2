"""The ports of Coinbase, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.coinbase.history import coinbase_history
from trimtab.adapters.coinbase.markets import CoinbaseAccount, coinbase_markets
from trimtab.adapters.coinbase.orders import CoinbaseOrders
from trimtab.adapters.coinbase.preflight import coinbase_preflight
from trimtab.adapters.coinbase.venue import coinbase_venue
from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Coinbase on one wire, with one list of markets and of known orders."""
    markets = coinbase_markets(wire)
    orders, key, quote = CoinbaseOrders(wire, markets), settings.account, settings.quote
    account = CoinbaseAccount(wire, markets, orders)
    return OpenedVenue(
        venue=coinbase_venue(wire, markets, orders),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=coinbase_preflight(wire, hosts, use=settings.key_use),
        history=coinbase_history(wire, markets, quote=quote),
    )
