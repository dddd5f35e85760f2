"""What the local exchange starts from: prices, rules, balances, positions, limits, keys.

Pure. :meth:`Scenario.from_json` documents the JSON; everything left out is an
empty account on the built-in markets at their built-in mids. Amounts are
decimals written as JSON strings (integers are accepted, floats are refused).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trimtab.testnet.exact import ZERO
from trimtab.testnet.past import Past

_TRADING = frozenset({"spot", "futures"})
_RIGHTS = frozenset({"read", *_TRADING, "transfer"})
_TOLD = frozenset(
    {"withdraw", "transfer_out", "margin", "portfolio_margin", "options", "any_address"}
)
_KNOWN_RIGHTS = _RIGHTS | _TOLD


def _nothing() -> Mapping[str, Any]:
    """Return an empty mapping that cannot be filled."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What the spot wallet holds of one asset at the start."""

    free: Decimal
    """Units that can be sold, >= 0."""
    locked: Decimal = ZERO
    """Units that are held back without an order (staked, in dispute), >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningPosition:
    """A futures position that is open at the start."""

    symbol: str
    """The exchange's own name, such as ``BTCUSDT`` or ``BTCUSDT_261225``."""
    quantity: Decimal
    """Signed base units; negative is short."""
    entry: Decimal
    """Average entry in quote per base unit, > 0."""
    side: str = "BOTH"
    """``BOTH`` in one-way mode, ``LONG`` or ``SHORT`` in hedge mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinPosition:
    """A coin-margined position that is open."""

    symbol: str
    """The exchange's own name, such as ``BTCUSD_PERP``."""
    contracts: int
    """Signed; negative is short."""
    entry: Decimal
    """Average entry in dollars per coin, > 0."""
    isolated: bool = False
    """Whether it is told to have a margin of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinAccount:
    """The wallet of one coin that margins contracts on it. Nothing is traded there."""

    wallet: Decimal = ZERO
    """Coins without unrealised profit."""
    positions: tuple[CoinPosition, ...] = ()
    orders: tuple[str, ...] = ()
    """Contracts in which an order rests, one for each order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A key pair that the exchange accepts."""

    key: str
    """Sent in ``X-MBX-APIKEY``."""
    secret: str = field(repr=False)
    """Signs requests; never shown."""
    rights: frozenset[str] = _RIGHTS
    """Any of ``read``, ``spot``, ``futures``, ``transfer`` (between the own wallets), which are
    held here; and ``withdraw``, ``transfer_out``, ``margin``, ``portfolio_margin``, ``options``,
    ``any_address`` (no address binds it), which are only told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTable:
    """Request budgets, per host as on the real exchange. All are counts per window."""

    spot_weight_1m: int = 6000
    """Request weight a minute on the spot host."""
    spot_orders_10s: int = 100
    """New spot orders in ten seconds."""
    spot_orders_1d: int = 200_000
    """New spot orders a day."""
    usdm_weight_1m: int = 2400
    """Request weight a minute on the futures host."""
    usdm_orders_10s: int = 300
    """New futures orders in ten seconds."""
    usdm_orders_1m: int = 1200
    """New futures orders a minute."""
    usdm_conditionals: int = 200
    """Conditional orders that may rest at a time, of all contracts together."""
    ban_after: int = 20
    """Requests answered 429 in a row before the host bans the caller (418)."""
    ban_ms: int = 120_000
    """Length of a ban in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that the exchange starts from. Mappings are keyed by asset or symbol."""

    quote: str = "USDT"
    """What every market is quoted and every contract settled in."""
    prices: Mapping[str, Decimal] = field(default_factory=_nothing)
    """Mid in the quote per asset, over the built-in ones; a new asset gets markets of its own."""
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=_nothing)
    """Overrides by ``*``, ``spot``, ``usdm``, ``spot:BTCUSDT``, ``usdm:BTCUSDT``; later wins."""
    spot: Mapping[str, Holding] = field(default_factory=_nothing)
    """Spot wallet at the start."""
    wallet: Decimal = ZERO
    """Quote in the futures wallet at the start."""
    positions: tuple[OpeningPosition, ...] = ()
    """Open futures positions at the start."""
    leverage: Mapping[str, int] = field(default_factory=_nothing)
    """Leverage per contract; ``*`` for all others, 20 when absent as on a new account."""
    margin_types: Mapping[str, str] = field(default_factory=_nothing)
    """``cross`` or ``isolated`` per contract; ``cross`` when absent."""
    dual_side: bool = False
    """True is hedge mode."""
    multi_assets: bool = False
    """True is multi-assets mode, which is only told: margin is reckoned as without it."""
    funding_rates: Mapping[str, Decimal] = field(default_factory=_nothing)
    """Rate per settlement and contract; positive means longs pay; ``*`` for all others."""
    funding_hours: Mapping[str, int] = field(default_factory=_nothing)
    """Hours between settlements per contract (1, 4, 8); 8 when absent."""
    basis_bps: Mapping[str, Decimal] = field(default_factory=_nothing)
    """Perpetual mark over index in basis points; ``*`` for all others."""
    dated_basis: Decimal = Decimal("0.06")
    """Annual basis of the dated contracts, as a ratio."""
    spot_only: frozenset[str] = frozenset()
    """Assets without contracts, besides those that never have any."""
    contract_only: frozenset[str] = frozenset()
    """Assets with contracts alone, such as an index of coins."""
    bnb_fees: bool = False
    """Whether spot commissions are paid in BNB, at three quarters, while there is some."""
    elsewhere: Mapping[str, Decimal] = field(default_factory=_nothing)
    """Value in wallets that nothing else here touches, such as ``Earn``: quote, by wallet."""
    serves: frozenset[str] = frozenset()
    """Account endpoints served beyond the usual: ``api_restrictions``, ``system_status``."""
    credentials: tuple[Credential, ...] = (Credential(key="local-key", secret="local-secret"),)  # noqa: S106 -- the documented pair of a loopback toy exchange.
    """Key pairs that are accepted."""
    limits: LimitTable = field(default_factory=LimitTable)
    """Request budgets."""
    coin_margined: Mapping[str, CoinAccount] = field(default_factory=_nothing)
    """Wallets of coin-margined contracts by coin."""
    seed: int = 0
    """Shapes the made-up past (klines, funding history); nothing else is left to chance."""
    past: Past = field(default_factory=Past)
    """What is told of the days before the start in its stead, where it is given."""

    @classmethod
    def drifted(cls) -> Scenario:
        """Return the default: 10,000 USDT at 58 % BTC, 25 % ETH, 17 % USDT in two wallets."""
        return cls(
            prices={"BTC": Decimal(58_000), "ETH": Decimal(2_500)},
            spot={
                "BTC": Holding(free=Decimal("0.1")),
                "ETH": Holding(free=Decimal(1)),
                "USDT": Holding(free=Decimal(700)),
            },
            wallet=Decimal(1000),
        )

    @classmethod
    def from_json(cls, document: str | Mapping[str, Any]) -> Scenario:
        """Build a scenario from JSON text or an already read object.

        Keys, all optional: ``quote``; ``prices {asset: mid}``; ``rules {scope: {tick_size,
        lot_size, min_notional, maker_fee, taker_fee, spread_bps, level_gap_bps, level_notional,
        levels, replenish, max_open_orders}}``; ``spot {asset: "units" | {free, locked}}``;
        ``futures {wallet, positions [{symbol, quantity, entry, side}], leverage {symbol: n},
        margin_types, dual_side, multi_assets}``; ``funding {rates, hours}``;
        ``basis {bps, dated}``; ``spot_only [..]``; ``contract_only [..]``; ``bnb_fees``;
        ``elsewhere {wallet: value}``; ``coin_margined {coin: {wallet, positions [{symbol,
        contracts, entry, isolated}], orders [symbol]}}``; ``serves [..]``;
        ``credentials [{key, secret, rights}]``; ``limits {spot_weight_1m, ..}``; ``seed``;
        ``past {closes {asset: [..]}, funding {symbol: [..]}, open_interest {symbol: [..]}}``,
        oldest first and to the day before the start.

        Raises:
            ValueError: an unknown key, or a value of the wrong kind.

        """
        root = json.loads(document) if isinstance(document, str) else document
        known = {
            *("quote", "prices", "rules", "spot", "futures", "funding", "basis", "bnb_fees"),
            *("spot_only", "contract_only", "serves", "credentials", "limits", "seed", "past"),
            *("elsewhere", "coin_margined"),
        }
        _known_only(root, known, "scenario")
        futures, funding, basis = (root.get(k, {}) for k in ("futures", "funding", "basis"))
        settings = {"leverage", "margin_types", "dual_side", "multi_assets"}
        _known_only(futures, {"wallet", "positions", *settings}, "futures")
        _known_only(funding, {"rates", "hours"}, "funding")
        _known_only(basis, {"bps", "dated"}, "basis")
        accepted = tuple(_credential(c) for c in root.get("credentials", ()))
        return cls(
            quote=str(root.get("quote", "USDT")),
            prices=_decimals(root.get("prices", {})),
            rules={scope: dict(rule) for scope, rule in root.get("rules", {}).items()},
            spot={asset: _holding(held) for asset, held in root.get("spot", {}).items()},
            wallet=_decimal(futures.get("wallet", 0)),
            positions=tuple(_position(p) for p in futures.get("positions", ())),
            leverage={s: int(n) for s, n in futures.get("leverage", {}).items()},
            margin_types=dict(futures.get("margin_types", {})),
            dual_side=bool(futures.get("dual_side", False)),
            multi_assets=bool(futures.get("multi_assets", False)),
            funding_rates=_decimals(funding.get("rates", {})),
            funding_hours={s: int(n) for s, n in funding.get("hours", {}).items()},
            basis_bps=_decimals(basis.get("bps", {})),
            dated_basis=_decimal(basis.get("dated", "0.06")),
            spot_only=frozenset(root.get("spot_only", ())),
            contract_only=frozenset(root.get("contract_only", ())),
            bnb_fees=bool(root.get("bnb_fees", False)),
            elsewhere=_decimals(root.get("elsewhere", {})),
            coin_margined={
                coin: _coin_account(held) for coin, held in root.get("coin_margined", {}).items()
            },
            serves=frozenset(root.get("serves", ())),
            limits=_limits(root.get("limits", {})),
            seed=int(root.get("seed", 0)),
            past=Past.from_json(root.get("past", {})),
            **({"credentials": accepted} if accepted else {}),
        )

    @classmethod
    def from_file(cls, path: Path) -> Scenario:
        """Read a scenario from a JSON file; see :meth:`from_json`."""
        return cls.from_json(path.read_text(encoding="utf-8"))


def _known_only(given: Mapping[str, Any], known: set[str], where: str) -> None:
    """Refuse keys that would otherwise be ignored without a word."""
    if unknown := sorted(set(given) - known):
        raise ValueError(f"{where}: unknown keys {', '.join(unknown)}")


def _decimal(value: object) -> Decimal:
    """Read a decimal from a string or an integer; a float has already lost digits."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError(f"amounts are strings or integers, not {value!r}")  # noqa: TRY004 -- one error type for one faulty document.
    return Decimal(value)


def _decimals(given: Mapping[str, Any]) -> Mapping[str, Decimal]:
    """Read a mapping of decimals."""
    return {key: _decimal(value) for key, value in given.items()}


def _holding(given: object) -> Holding:
    """Read ``"1.5"`` or ``{"free": "1", "locked": "0.5"}``."""
    if not isinstance(given, Mapping):
        return Holding(free=_decimal(given))
    _known_only(given, {"free", "locked"}, "spot")
    return Holding(free=_decimal(given.get("free", 0)), locked=_decimal(given.get("locked", 0)))


def _position(given: Mapping[str, Any]) -> OpeningPosition:
    """Read one opening position."""
    _known_only(given, {"symbol", "quantity", "entry", "side"}, "position")
    return OpeningPosition(
        symbol=str(given["symbol"]),
        quantity=_decimal(given["quantity"]),
        entry=_decimal(given["entry"]),
        side=str(given.get("side", "BOTH")),
    )


def _coin_account(given: Mapping[str, Any]) -> CoinAccount:
    """Read the wallet of one coin."""
    _known_only(given, {"wallet", "positions", "orders"}, "coin_margined")
    return CoinAccount(
        wallet=_decimal(given.get("wallet", 0)),
        positions=tuple(_coin_position(p) for p in given.get("positions", ())),
        orders=tuple(map(str, given.get("orders", ()))),
    )


def _coin_position(given: Mapping[str, Any]) -> CoinPosition:
    """Read one coin-margined position."""
    _known_only(given, {"symbol", "contracts", "entry", "isolated"}, "coin-margined position")
    return CoinPosition(
        symbol=str(given["symbol"]),
        contracts=int(given["contracts"]),
        entry=_decimal(given["entry"]),
        isolated=bool(given.get("isolated", False)),
    )


def _credential(given: Mapping[str, Any]) -> Credential:
    """Read one key pair."""
    _known_only(given, {"key", "secret", "rights"}, "credential")
    rights = rights_of(given.get("rights", _RIGHTS))
    return Credential(key=str(given["key"]), secret=str(given["secret"]), rights=rights)


def rights_of(given: Iterable[str]) -> frozenset[str]:
    """Read the rights of a key; ``trade`` is short for ``spot`` and ``futures``.

    Raises:
        ValueError: one of them is not known.

    """
    rights = frozenset(given)
    if "trade" in rights:
        rights = rights - {"trade"} | _TRADING
    if unknown := rights - _KNOWN_RIGHTS:
        raise ValueError(f"rights are trade and {sorted(_KNOWN_RIGHTS)}, not {sorted(unknown)}")
    return rights


def _limits(given: Mapping[str, Any]) -> LimitTable:
    """Read the request budgets."""
    _known_only(given, {f.name for f in fields(LimitTable)}, "limits")
    return LimitTable(**{name: int(count) for name, count in given.items()})
