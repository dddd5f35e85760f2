"""The ports of Gate, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.gate.account import GateAccount, gate_markets
from trimtab.adapters.gate.history import gate_history
from trimtab.adapters.gate.orders import GateQuestions, gate_orders
from trimtab.adapters.gate.preflight import gate_preflight
from trimtab.adapters.gate.venue import gate_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Gate on one wire, with one list of markets."""
    markets = gate_markets(wire)
    asks, key, quote = GateQuestions(wire, markets), settings.account, settings.quote
    orders = gate_orders(wire, markets, asks)
    account = GateAccount(wire, markets, orders, asks)
    window_ms, public = settings.execution.receive_window_ms, settings.api_key.key
    return OpenedVenue(
        venue=gate_venue(wire, markets, orders, receive_window_ms=window_ms),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=gate_preflight(wire, hosts, use=settings.key_use, key=public, quote=quote),
        history=gate_history(wire, markets, quote=quote),
    )
