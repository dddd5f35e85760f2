"""The ports of MEXC, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData, ReadsAccount
from trimtab.adapters.mexc.account import Leverages, MexcAccount
from trimtab.adapters.mexc.contract_orders import mexc_contract_orders
from trimtab.adapters.mexc.history import mexc_history
from trimtab.adapters.mexc.markets import MexcMarketData, mexc_coins, mexc_markets
from trimtab.adapters.mexc.orders import MexcOrders
from trimtab.adapters.mexc.preflight import mexc_preflight
from trimtab.adapters.mexc.venue import mexc_coins_venue, mexc_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind
from trimtab.venues.profile import Desk


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of MEXC on one wire, with one set of markets and of known orders."""
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = mexc_markets(wire, desks=(Desk.SPOT, Desk.LINEAR) if has_futures else (Desk.SPOT,))
    orders, key, quote = MexcOrders(wire, markets), settings.account, settings.quote
    coins, wallets = mexc_coins(wire, markets, orders), OneWallet()
    account: ReadsAccount = coins
    venue = mexc_coins_venue(wire, markets, orders)
    if has_futures:
        leverages: Leverages = {}
        linear = mexc_contract_orders(wire, markets)
        account = MexcAccount(wire, markets, coins, linear, leverages=leverages)
        venue = mexc_venue(wire, markets, orders, linear, leverages=leverages)
        wallets = OneWallet("a key that may move money is refused; move it at the venue")
    market = RawMarketData(wire, markets, account, key=key, quote=quote)
    use, public = settings.key_use, settings.api_key.key
    return OpenedVenue(
        venue=venue,
        wallets=wallets,
        market=MexcMarketData(markets, market, quote=quote),
        preflight=mexc_preflight(wire, hosts, use=use, key=public, has_futures=has_futures),
        history=mexc_history(wire, markets, quote=quote),
    )
