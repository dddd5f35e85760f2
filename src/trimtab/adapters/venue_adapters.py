"""What puts the ports of each venue on a wire. Not pure: what it makes asks and orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from trimtab.adapters.binance.history import HistoryReader
from trimtab.adapters.binance.instruments import Catalogue
from trimtab.adapters.binance.market import CcxtMarketData
from trimtab.adapters.binance.preflight import Asked, CcxtPreflight
from trimtab.adapters.binance.stops import CcxtStops
from trimtab.adapters.binance.transfers import CcxtWallets
from trimtab.adapters.binance.venue import CcxtVenue
from trimtab.adapters.bingx.account import BingxAccount, MarginModes
from trimtab.adapters.bingx.history import bingx_history
from trimtab.adapters.bingx.markets import bingx_markets
from trimtab.adapters.bingx.orders import bingx_orders
from trimtab.adapters.bingx.preflight import bingx_preflight
from trimtab.adapters.bingx.transfers import BingxWallets
from trimtab.adapters.bingx.venue import bingx_venue
from trimtab.adapters.bitget.account import BitgetAccount
from trimtab.adapters.bitget.history import bitget_history
from trimtab.adapters.bitget.markets import bitget_markets
from trimtab.adapters.bitget.orders import bitget_orders
from trimtab.adapters.bitget.preflight import bitget_preflight
from trimtab.adapters.bitget.transfers import BitgetWallets
from trimtab.adapters.bitget.venue import bitget_venue
from trimtab.adapters.bybit.account import BybitAccount
from trimtab.adapters.bybit.fills import BybitFills
from trimtab.adapters.bybit.history import bybit_history
from trimtab.adapters.bybit.markets import bybit_markets
from trimtab.adapters.bybit.orders import BybitOrders
from trimtab.adapters.bybit.preflight import bybit_preflight
from trimtab.adapters.bybit.stops import BybitStops
from trimtab.adapters.bybit.venue import bybit_venue
from trimtab.adapters.deribit.history import deribit_history
from trimtab.adapters.deribit.markets import DeribitAccount, Told, deribit_markets
from trimtab.adapters.deribit.orders import DeribitOrders
from trimtab.adapters.deribit.preflight import deribit_preflight
from trimtab.adapters.deribit.venue import deribit_venue
from trimtab.adapters.frame.no_stops import NoStops
from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.frame.opened_venue import OpenedVenue, VenueSettings
from trimtab.adapters.frame.raw_account import RawMarketData, ReadsAccount
from trimtab.adapters.gate.account import GateAccount, gate_markets
from trimtab.adapters.gate.history import gate_history
from trimtab.adapters.gate.orders import GateQuestions, gate_orders
from trimtab.adapters.gate.preflight import gate_preflight
from trimtab.adapters.gate.venue import gate_venue
from trimtab.adapters.hyperliquid.fills import HyperliquidFills
from trimtab.adapters.hyperliquid.history import hyperliquid_history
from trimtab.adapters.hyperliquid.markets import Coins, HyperliquidAccount, hyperliquid_markets
from trimtab.adapters.hyperliquid.orders import HyperliquidQuestions, hyperliquid_orders
from trimtab.adapters.hyperliquid.preflight import hyperliquid_preflight
from trimtab.adapters.hyperliquid.venue import hyperliquid_venue
from trimtab.adapters.kraken.history import kraken_history
from trimtab.adapters.kraken.markets import KrakenAccount, kraken_markets
from trimtab.adapters.kraken.orders import KrakenOrders
from trimtab.adapters.kraken.preflight import kraken_preflight
from trimtab.adapters.kraken.venue import kraken_venue
from trimtab.adapters.kucoin.history import kucoin_history
from trimtab.adapters.kucoin.markets import KucoinAccount, kucoin_markets
from trimtab.adapters.kucoin.orders import RestingOrders, kucoin_orders
from trimtab.adapters.kucoin.preflight import kucoin_preflight
from trimtab.adapters.kucoin.venue import kucoin_venue
from trimtab.adapters.mexc.account import Leverages, MexcAccount
from trimtab.adapters.mexc.contract_orders import mexc_contract_orders
from trimtab.adapters.mexc.history import mexc_history
from trimtab.adapters.mexc.markets import MexcMarketData, mexc_coins, mexc_markets
from trimtab.adapters.mexc.orders import MexcOrders
from trimtab.adapters.mexc.preflight import mexc_preflight
from trimtab.adapters.mexc.venue import mexc_coins_venue, mexc_venue
from trimtab.adapters.okx.account import Bands as OkxBands
from trimtab.adapters.okx.account import OkxAccount, okx_markets
from trimtab.adapters.okx.history import okx_history
from trimtab.adapters.okx.orders import okx_orders
from trimtab.adapters.okx.preflight import okx_preflight
from trimtab.adapters.okx.venue import okx_venue
from trimtab.adapters.weex.history import weex_history
from trimtab.adapters.weex.markets import weex_account, weex_markets
from trimtab.adapters.weex.orders import WeexOrders
from trimtab.adapters.weex.preflight import weex_preflight
from trimtab.adapters.weex.venue import weex_venue
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import MarketKind
from trimtab.venues.profile import Desk


def _bybit(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
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


def _binance(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
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
    market = CcxtMarketData(wire, catalogue, settings)
    venue = CcxtVenue(wire, catalogue, has_futures=has_futures)
    history = HistoryReader(wire, catalogue, quote=settings.quote, markets=settings.markets)
    return OpenedVenue(
        venue=venue,
        wallets=CcxtWallets(wire),
        market=market,
        preflight=CcxtPreflight(wire, hosts, asked),
        history=history,
        stops=CcxtStops(wire, catalogue) if has_futures else NoStops(),
    )


def _bitget(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
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


def _weex(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
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


def _bingx(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
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


def _deribit(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
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


def _mexc(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
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


def _okx(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of OKX on one wire, with one set of markets."""
    bands: OkxBands = {}
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
    )


def _hyperliquid(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Hyperliquid on one wire, with one list of markets."""
    coins: Coins = {}
    key, quote, user = settings.account, settings.quote, settings.api_key.key.lower()
    markets = hyperliquid_markets(wire, coins, user=user)
    fills = HyperliquidFills(wire, markets, user=user)
    asks = HyperliquidQuestions(wire, markets, fills)
    orders = hyperliquid_orders(wire, markets, asks)
    account = HyperliquidAccount(wire, markets, orders, coins, user=user)
    window_ms = settings.execution.receive_window_ms
    return OpenedVenue(
        venue=hyperliquid_venue(wire, markets, orders, asks, window_ms=window_ms),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=hyperliquid_preflight(wire, hosts, user=user, use=settings.key_use),
        history=hyperliquid_history(wire, markets, quote=quote),
    )


def _gate(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
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


def _kraken(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Kraken on one wire, with one list of markets and of known orders."""
    pairs: dict[str, str] = {}
    key, quote = settings.account, settings.quote
    markets = kraken_markets(wire, pairs)
    orders = KrakenOrders(wire, markets, pairs)
    account = KrakenAccount(wire, markets, orders, pairs)
    window_ms = settings.execution.receive_window_ms
    return OpenedVenue(
        venue=kraken_venue(wire, markets, orders, pairs, window_ms=window_ms),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=kraken_preflight(wire, hosts, use=settings.key_use),
        history=kraken_history(wire, markets, pairs, quote=quote),
    )


def _kucoin(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of KuCoin on one wire, with one list of markets and of known orders."""
    markets = kucoin_markets(wire)
    orders, key, quote = kucoin_orders(wire, markets), settings.account, settings.quote
    account = KucoinAccount(wire, markets, RestingOrders(wire, markets, orders))
    return OpenedVenue(
        venue=kucoin_venue(wire, markets, orders),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=kucoin_preflight(wire, hosts, use=settings.key_use),
        history=kucoin_history(wire, markets, quote=quote),
    )


ADAPTERS: Final[Mapping[str, Callable[[Wire, HostRecord, VenueSettings], OpenedVenue]]] = (
    MappingProxyType(
        {
            "binance": _binance,
            "bybit": _bybit,
            "bitget": _bitget,
            "weex": _weex,
            "bingx": _bingx,
            "deribit": _deribit,
            "mexc": _mexc,
            "okx": _okx,
            "hyperliquid": _hyperliquid,
            "gate": _gate,
            "kraken": _kraken,
            "kucoin": _kucoin,
        }
    )
)
"""What puts the ports on a wire, by venue."""
