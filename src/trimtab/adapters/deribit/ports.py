"""The ports of Deribit, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.deribit.history import deribit_history
from trimtab.adapters.deribit.markets import DeribitAccount, Told, deribit_markets
from trimtab.adapters.deribit.orders import DeribitOrders
from trimtab.adapters.deribit.preflight import deribit_preflight
from trimtab.adapters.deribit.venue import deribit_venue
from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Deribit on one wire, with one set of markets.

    Contracts settle in the account's own quote.
    """
    told = Told()
    settle = settings.quote if settings.markets - {MarketKind.SPOT} else None
    markets = deribit_markets(wire, told, settle=settle)
    orders, key, quote = DeribitOrders(wire, markets), settings.account, settings.quote
    account = DeribitAccount(wire, markets, orders, told=told, settle=settle)
    window_ms, client_id = settings.execution.receive_window_ms, settings.api_key.key
    return OpenedVenue(
        venue=deribit_venue(wire, markets, orders, receive_window_ms=window_ms, settle=settle),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=deribit_preflight(wire, hosts, client_id=client_id, use=settings.key_use),
        history=deribit_history(wire, markets, quote=quote),
    )
