"""The ports of Binance, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.binance.history import HistoryReader
from trimtab.adapters.binance.instruments import Catalogue
from trimtab.adapters.binance.market import BinanceMarketData
from trimtab.adapters.binance.preflight import Asked, BinancePreflight
from trimtab.adapters.binance.stops import BinanceStops
from trimtab.adapters.binance.transfers import BinanceWallets
from trimtab.adapters.binance.venue import BinanceVenue
from trimtab.adapters.frame.no_stops import NoStops
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Binance on one wire, with one catalogue of markets."""
    catalogue = Catalogue(wire)
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    asked = Asked(
        environment=settings.account.environment,
        use=settings.key_use,
        quote=settings.quote,
        has_futures=has_futures,
        coin_margined=settings.coin_margined,
    )
    market = BinanceMarketData(wire, catalogue, settings)
    venue = BinanceVenue(wire, catalogue, has_futures=has_futures)
    history = HistoryReader(wire, catalogue, quote=settings.quote, markets=settings.markets)
    return OpenedVenue(
        venue=venue,
        wallets=BinanceWallets(wire),
        market=market,
        preflight=BinancePreflight(wire, hosts, asked),
        history=history,
        stops=BinanceStops(wire, catalogue) if has_futures else NoStops(),
    )
