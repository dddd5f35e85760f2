"""The ports of WEEX, on one wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData, ReadsAccount
from trimtab.adapters.weex.account import WeexAccount
from trimtab.adapters.weex.contract_orders import WeexContractQuestions, weex_contract_orders
from trimtab.adapters.weex.history import weex_history
from trimtab.adapters.weex.markets import weex_coins, weex_markets
from trimtab.adapters.weex.orders import WeexOrders
from trimtab.adapters.weex.preflight import weex_preflight
from trimtab.adapters.weex.venue import weex_coins_venue, weex_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind
from trimtab.venues.profile import Desk


def open_ports(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of WEEX on one wire, with one set of markets and of known orders."""
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = weex_markets(wire, desks=(Desk.SPOT, Desk.LINEAR) if has_futures else (Desk.SPOT,))
    orders, key, quote = WeexOrders(wire, markets), settings.account, settings.quote
    coins, wallets = weex_coins(wire, markets, orders), OneWallet()
    account: ReadsAccount = coins
    venue = weex_coins_venue(wire, markets, orders)
    if has_futures:
        asks = WeexContractQuestions(wire, markets)
        linear = weex_contract_orders(wire, markets, asks)
        account = WeexAccount(wire, markets, coins, (linear, asks), tiers=settings.tiers)
        venue = weex_venue(wire, markets, orders, linear, sent=asks.sent)
        wallets = OneWallet("no call of the venue moves it; move it there yourself")
    return OpenedVenue(
        venue=venue,
        wallets=wallets,
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=weex_preflight(wire, hosts),
        history=weex_history(wire, markets, quote=quote),
    )
