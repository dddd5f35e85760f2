"""The ports of BingX, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.bingx.account import BingxAccount, MarginModes
from trimtab.adapters.bingx.history import bingx_history
from trimtab.adapters.bingx.markets import bingx_markets
from trimtab.adapters.bingx.orders import bingx_orders
from trimtab.adapters.bingx.preflight import bingx_preflight
from trimtab.adapters.bingx.transfers import BingxWallets
from trimtab.adapters.bingx.venue import bingx_venue
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind
from trimtab.venues.profile import Desk


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of BingX on one wire, with one set of markets and of known orders."""
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = bingx_markets(wire, desks=(Desk.SPOT, Desk.LINEAR) if has_futures else (Desk.SPOT,))
    orders, key, quote = bingx_orders(wire, markets), settings.account, settings.quote
    modes = MarginModes(wire)
    account = BingxAccount(wire, markets, orders, modes)
    return OpenedVenue(
        venue=bingx_venue(wire, markets, orders, modes),
        wallets=BingxWallets(wire),  # A move of before is asked about without contracts too.
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=bingx_preflight(wire, hosts, use=settings.key_use, has_futures=has_futures),
        history=bingx_history(wire, markets, quote=quote),
    )
