"""The ports of Bybit, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.bybit.account import BybitAccount
from trimtab.adapters.bybit.fills import BybitFills
from trimtab.adapters.bybit.history import bybit_history
from trimtab.adapters.bybit.markets import bybit_markets
from trimtab.adapters.bybit.orders import BybitOrders
from trimtab.adapters.bybit.preflight import bybit_preflight
from trimtab.adapters.bybit.stops import BybitStops
from trimtab.adapters.bybit.venue import bybit_venue
from trimtab.adapters.frame.no_stops import NoStops
from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind
from trimtab.venues.profile import Desk


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Bybit on one wire, with one list of markets."""
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = bybit_markets(wire, desks=(Desk.SPOT, Desk.LINEAR) if has_futures else (Desk.SPOT,))
    orders, key, quote = BybitOrders(wire, markets), settings.account, settings.quote
    account, fills = BybitAccount(wire, markets, orders), BybitFills(wire, markets)
    return OpenedVenue(
        venue=bybit_venue(wire, markets, orders, fills),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=bybit_preflight(wire, hosts, use=settings.key_use, has_futures=has_futures),
        history=bybit_history(wire, markets, quote=quote),
        stops=BybitStops(wire, markets, orders, fills) if has_futures else NoStops(),
    )
