"""The ports of WEEX, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.weex.history import weex_history
from trimtab.adapters.weex.markets import weex_account, weex_markets
from trimtab.adapters.weex.orders import WeexOrders
from trimtab.adapters.weex.preflight import weex_preflight
from trimtab.adapters.weex.venue import weex_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of WEEX on one wire, with one list of markets and of known orders."""
    markets = weex_markets(wire)
    orders, key, quote = WeexOrders(wire, markets), settings.account, settings.quote
    account = weex_account(wire, markets, orders)
    return OpenedVenue(
        venue=weex_venue(wire, markets, orders),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=weex_preflight(wire, hosts),
        history=weex_history(wire, markets, quote=quote),
    )
