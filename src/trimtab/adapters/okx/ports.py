"""The ports of OKX, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.frame.no_stops import NoStops
from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.okx.account import Bands, OkxAccount, okx_markets
from trimtab.adapters.okx.history import okx_history
from trimtab.adapters.okx.orders import okx_orders
from trimtab.adapters.okx.preflight import okx_preflight
from trimtab.adapters.okx.stops import OkxStops
from trimtab.adapters.okx.venue import okx_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind
from trimtab.venues.profile import Desk


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of OKX on one wire, with one set of markets."""
    bands: Bands = {}
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = okx_markets(
        wire, bands, desks=(Desk.SPOT, Desk.LINEAR) if has_futures else (Desk.SPOT,)
    )
    orders, key, quote = okx_orders(wire, markets), settings.account, settings.quote
    account = OkxAccount(wire, markets, orders, bands=bands)
    window_ms = settings.execution.receive_window_ms
    return OpenedVenue(
        venue=okx_venue(wire, markets, orders, receive_window_ms=window_ms),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=okx_preflight(wire, hosts, use=settings.key_use),
        history=okx_history(wire, markets, quote=quote),
        stops=OkxStops(wire, markets) if has_futures else NoStops(),
    )
