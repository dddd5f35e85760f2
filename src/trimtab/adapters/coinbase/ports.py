"""The ports of Coinbase, on one wire. Not pure: what it makes asks, and nothing in it orders."""

from __future__ import annotations

from trimtab.adapters.coinbase.history import coinbase_history
from trimtab.adapters.coinbase.markets import CoinbaseAccount, coinbase_markets
from trimtab.adapters.coinbase.orders import RestingOrders
from trimtab.adapters.coinbase.preflight import coinbase_preflight
from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.only_read import OnlyRead
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put what reads Coinbase on one wire, with one list of markets; nothing there orders."""
    markets = coinbase_markets(wire)
    key, quote = settings.account, settings.quote
    account = CoinbaseAccount(wire, markets, RestingOrders(wire, markets))
    return OpenedVenue(
        venue=OnlyRead(),
        wallets=OneWallet("it is only read"),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=coinbase_preflight(wire, hosts, use=settings.key_use),
        history=coinbase_history(wire, markets, quote=quote),
    )
