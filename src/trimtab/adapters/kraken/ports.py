"""The ports of Kraken, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.kraken.history import kraken_history
from trimtab.adapters.kraken.markets import KrakenAccount, kraken_markets
from trimtab.adapters.kraken.orders import KrakenOrders
from trimtab.adapters.kraken.preflight import kraken_preflight
from trimtab.adapters.kraken.venue import kraken_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Kraken on one wire, with one list of markets and of known orders."""
    pairs: dict[str, str] = {}
    key, quote = settings.account, settings.quote
    markets = kraken_markets(wire, pairs)
    orders = KrakenOrders(wire, markets, pairs)
    account = KrakenAccount(wire, markets, orders, pairs)
    window_ms = settings.execution.receive_window_ms
    return OpenedVenue(
        venue=kraken_venue(wire, markets, orders, pairs, window_ms=window_ms),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=kraken_preflight(wire, hosts, use=settings.key_use),
        history=kraken_history(wire, markets, pairs, quote=quote),
    )
