"""The ports of Bitget, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.bitget.account import BitgetAccount
from trimtab.adapters.bitget.history import bitget_history
from trimtab.adapters.bitget.markets import bitget_markets
from trimtab.adapters.bitget.orders import bitget_orders
from trimtab.adapters.bitget.preflight import bitget_preflight
from trimtab.adapters.bitget.transfers import BitgetWallets
from trimtab.adapters.bitget.venue import bitget_venue
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind
from trimtab.venues.profile import Desk


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Bitget on one wire, with one set of markets and of known orders."""
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = bitget_markets(wire, desks=(Desk.SPOT, Desk.LINEAR) if has_futures else (Desk.SPOT,))
    orders, key, quote = bitget_orders(wire, markets), settings.account, settings.quote
    account = BitgetAccount(wire, markets, orders)
    return OpenedVenue(
        venue=bitget_venue(wire, markets, orders),
        wallets=BitgetWallets(wire),  # A move of before is asked about without contracts too.
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=bitget_preflight(wire, hosts, use=settings.key_use, has_futures=has_futures),
        history=bitget_history(wire, markets, quote=quote),
    )
