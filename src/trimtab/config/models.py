"""The sections of the configuration file: every key, its type, bounds, unit and default.

Pure. Defaults are the conservative ones. The text under a key is its meaning in the
documentation and in the JSON Schema. Units: ``quote`` is value in the account's quote,
``fraction`` is of 1, ``bps`` is 1/10,000.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from trimtab.config.fields import (
    SECTION,
    AssetCode,
    Bps,
    DefaultText,
    DestinationText,
    Exact,
    Fraction,
    Multiple,
    ShareText,
    Switch,
    Text,
    ThresholdText,
    Unit,
    Value,
    Whole,
    read_kinds,
    read_sources,
)
from trimtab.config.models_hedge import Carry, Cross, HedgeVenue, Redeploy
from trimtab.config.models_history import Adaptive, History, NoTrade
from trimtab.config.models_notify import Notify
from trimtab.config.models_overlays import Overlays
from trimtab.config.models_portfolio import Portfolio
from trimtab.config.models_triggers import Schedule, Triggers
from trimtab.config.settings import ApprovalMode
from trimtab.config.tiers import TiersText
from trimtab.config.words import (
    LOCAL_URL,
    read_account,
    read_address,
    read_calendar,
    read_ledger_url,
    read_symbols,
    read_timezone,
    read_venue,
)
from trimtab.domain.contracts import Contract
from trimtab.domain.instruments import MarketKind
from trimtab.domain.policy import (
    RECEIVE_WINDOW_MS_MAX,
    Destination,
    DriftSide,
    Route,
    Scope,
    Threshold,
)
from trimtab.domain.references import ReferenceSource
from trimtab.domain.rights import KeyTrust
from trimtab.domain.routing import Share
from trimtab.domain.snapshot import Environment


class Account(BaseModel):
    """Who the portfolio belongs to and what it is counted in."""

    model_config = SECTION

    name: Annotated[str, BeforeValidator(read_account)] = "main"
    """Name of the account in the ledger and in messages."""
    quote: AssetCode = Field(examples=["USDT"])
    """The stable coin that everything is counted in."""


def _default_url(earlier: dict[str, Any]) -> str:
    """Return the address of ``trimtab testnet`` for ``local``, nothing for real venues."""
    return LOCAL_URL if earlier.get("environment") is Environment.LOCAL else ""


class Venue(BaseModel):
    """Which exchange, in which environment. Keys are never written here."""

    model_config = SECTION

    id: Annotated[str, BeforeValidator(read_venue)] = Field(examples=["binance"])
    """The exchange's ccxt id."""
    environment: Environment = Field(examples=["local"])
    """Which host is talked to: the loopback exchange, the venue's sandbox, or the real one."""
    url: Annotated[
        str, BeforeValidator(read_address), DefaultText(text=f"{LOCAL_URL} in local")
    ] = Field(default_factory=_default_url)
    """Where the local exchange listens; loopback only, and only in local."""
    markets: Annotated[tuple[MarketKind, ...], AfterValidator(read_kinds)] = (
        MarketKind.SPOT,
        MarketKind.SWAP,
    )
    """Kinds of market that are read and traded; swap is perpetuals, future is dated contracts."""
    coin_margined: Switch = False
    """Whether coin-margined contracts that you hold by hand are counted: in exposure, weights,
    leverage, margin and how far prices may move. Nothing is traded in them, and losses and books
    leave them out."""
    maintenance: dict[AssetCode, TiersText] = Field(
        default_factory=dict, examples=['BTC = [{ up_to = 50000, rate = "0.005" }]']
    )
    """What a position has to maintain, per coin, at a venue that does not tell it (WEEX): tiers as
    its app shows them, each a largest notional and the rate of the whole position. Your word."""
    key_rights: KeyTrust = KeyTrust.TOLD
    """Whose word counts, in live, for what the key may do. At a venue that has no question for it,
    "vouched" says that you have seen the key: it cannot withdraw or move funds away."""


class Rebalance(BaseModel):
    """When and how a drift is corrected."""

    model_config = SECTION

    route: Route = Route.SPOT
    """How drifts are corrected: with coins, with perpetuals while the coins stay, with a share of
    each, with whichever is cheaper over a horizon, or with another asset's perpetual."""
    spot_fraction: ShareText = Share(numerator=1, denominator=2)
    """Share that a mixed route trades by spot, such as "5/6"; the other routes do not read it."""
    threshold: ThresholdText = Threshold(width=Decimal("0.05"), relative=False)
    """How far a weight may stray: "5pp" is points of weight, "10%" a share of the target."""
    scope: Scope = Scope.ALL
    """Who moves when one asset is outside its band: every asset, or only those outside."""
    side: DriftSide = DriftSide.BOTH
    """Which drifts are corrected."""
    to: DestinationText = Destination(to_band=False, fraction=Decimal(1))
    """Where a correction ends: target, band, or a fraction of the way."""
    calendar: Annotated[str, BeforeValidator(read_calendar)] = "quarterly"
    """When a slot begins: off, monthly, quarterly, semiannual, or five cron fields."""
    timezone: Annotated[str, BeforeValidator(read_timezone)] = "UTC"
    """IANA name of the zone in which slots begin."""
    routes: dict[AssetCode, Route] = Field(default_factory=dict, examples=['BTC = "futures"'])
    """Exceptions from route, per asset."""
    thresholds: dict[AssetCode, ThresholdText] = Field(
        default_factory=dict, examples=['BTC = "10%"']
    )
    """Exceptions from threshold, per asset."""
    adaptive: Adaptive | None = None
    """Bands that follow the volatility."""
    no_trade: NoTrade | None = None
    """A zone in which drifts are left alone; without it the bands alone decide."""


class Hedge(BaseModel):
    """How futures stand in for spot."""

    model_config = SECTION

    ratio: Fraction = Decimal(1)
    """Share of the overweight that is hedged."""
    max_ratio: Fraction = Decimal(1)
    """Most that a hedge may be of the units it protects; profiles set 0.5."""
    leverage: Annotated[Whole, Field(ge=1, le=125), Unit(name="multiple")] = 1
    """Set on the venue before the first futures order."""
    contract: Contract = Contract.PERPETUAL
    """Which contracts hedge: perpetuals, the nearest dated one, or whichever brings more. Dated
    ones need "future" among venue.markets; futures that are bought are perpetuals always."""
    contracts: dict[AssetCode, Contract] = Field(default_factory=dict, examples=['BTC = "dated"'])
    """Exceptions from contract, per asset."""
    max_topup: Value = Decimal(0)
    """Most that a plan may move between spot wallet and futures margin; 0 moves nothing."""
    profit_target: Fraction = Decimal(0)
    """A hedge closes when its contract has fallen so far below its entry; 0 is off."""
    stop: Fraction = Decimal(0)
    """A hedge closes when its contract has risen so far above its entry; 0 is off."""
    stop_rests: Switch = False
    """Whether that stop rests on the venue as a reduce-only order of each hedge, so that it works
    with nobody there; without it a hedge closes by the next plan."""
    max_age_days: Annotated[Whole, Field(ge=0, le=3650), Unit(name="days")] = 0
    """A hedge closes at this age; 0 is off."""
    cooldown_days: Annotated[Whole, Field(ge=0, le=365), Unit(name="days")] = 7
    """After a close that gives the overweight back, no new hedge on that asset for so long."""
    carry: Carry = Field(default_factory=Carry)
    """What contracts bring, and when a hedge is moved from one to another."""
    redeploy: Redeploy | None = None
    """Spends what hedges brought; without it the pot waits in the quote."""
    cross: Cross | None = None
    """Hedges by the contracts of other assets."""
    venue: HedgeVenue | None = None
    """Another venue, on which contracts are held; without it they are where the coins are."""


class Auto(BaseModel):
    """What an auto route weighs beside the books: trimtab plan shows both columns."""

    model_config = SECTION

    horizon_days: Annotated[Whole, Field(ge=1, le=3650), Unit(name="days")] = 90
    """For how long a hedge would be held."""
    tax_rate: Fraction = Decimal(0)
    """Tax on what a sale of coins realises over their cost basis."""
    losses_usable: Switch = False
    """Whether a realised loss saves as much tax as a gain costs."""
    deferral: Fraction = Decimal(1)
    """Share of that tax which a hedge puts off beyond the horizon."""
    p_back: Fraction = Decimal(1)
    """Chance that the drift goes back by itself, so that the coins are never traded."""
    margin_rate: Fraction = Decimal(0)
    """What bound margin could earn elsewhere, a year."""
    funding_days: Annotated[Whole, Field(ge=0, le=365), Unit(name="days")] = 30
    """Days back over which realised funding is averaged; 0 takes the next rate."""
    cost_basis: dict[AssetCode, Value] = Field(default_factory=dict, examples=['BTC = "42000"'])
    """What one unit was bought for on average, per asset; needed where tax_rate is not 0."""


def _order_cap(earlier: dict[str, Any]) -> Decimal:
    """Return the order cap; when that is itself wrong, nothing, and its own fault is shown."""
    cap: Decimal = earlier.get("max_order_notional", Decimal(0))
    return cap


class Risk(BaseModel):
    """What may never happen. Each key is also the name of the check that keeps it."""

    model_config = SECTION

    max_leverage: Multiple = Decimal("2.5")
    """Futures notional over the value outside futures margin; profiles set 1.5, 2.5 or 4.0."""
    max_net: Multiple = Decimal("1.5")
    """Net exposure of all but stables over NAV."""
    max_gross: Multiple = Decimal(6)
    """Risky holdings plus futures notional over NAV."""
    max_synthetic_long: Multiple = Decimal(1)
    """Exposure bought with futures instead of coins, over NAV."""
    max_order_notional: Value = Decimal(5000)
    """Value of one order."""
    max_asset_notional: Value = Decimal(10_000)
    """Value of one day's orders in one asset, provable reductions of the plan left out."""
    max_run_notional: Value = Decimal(20_000)
    """Value of all orders of one run, provable reductions left out."""
    max_day_notional: Value = Decimal(40_000)
    """Value of all orders of the last 24 hours, provable reductions of the plan left out."""
    max_orders: Annotated[Whole, Field(ge=0, le=1000), Unit(name="orders")] = 40
    """Orders of one run, sent and planned; all those for one line of its plan count as one."""
    max_unhedged_notional: Annotated[Value, DefaultText(text="max_order_notional")] = Field(
        default_factory=_order_cap
    )
    """Exposure that may stand open between the two legs of a pair, such as coin and hedge."""
    min_margin_ratio: Annotated[Exact, Field(ge=1, le=1000), Unit(name="multiple")] = Decimal(3)
    """Margin balance over maintenance margin after the plan; higher is safer, 1 is liquidation."""
    min_liquidation_distance: Fraction = Decimal("0.10")
    """Price move to the nearest liquidation."""
    shock: Annotated[Exact, Field(ge=0, lt=1), Unit(name="fraction")] = Decimal("0.20")
    """Price move to the worse side that every prefix of a plan must survive."""
    shock_kappa: Annotated[Exact, Field(ge=1, le=100), Unit(name="multiple")] = Decimal(1)
    """Maintenance margins that must be left after the shock."""
    max_slippage_bps: Bps = Decimal(30)
    """Loss against the mid of the order book, walked to the order's full size."""
    price_collar_bps: Bps = Decimal(100)
    """Distance of a limit price from mark, index and independent references."""
    max_depeg_bps: Bps = Decimal(50)
    """Distance of the quote, or of a stable that is bought, from its dollar; beyond it no plan
    brings any of it in."""
    max_snapshot_age_s: Annotated[Exact, Field(gt=0, le=3600), Unit(name="s")] = Decimal(30)
    """Age of what a plan is made from when the gate sees it."""
    max_clock_offset_ms: Annotated[Whole, Field(ge=0, le=10_000), Unit(name="ms")] = 500
    """Difference between this clock and the venue's; venues refuse more than 1000 ahead."""
    fee_reserve: Annotated[Exact, Field(ge=0, lt=1), Unit(name="fraction")] = Decimal("0.002")
    """Share of the free quote that is kept for fees."""
    symbols: Annotated[tuple[Text, ...], AfterValidator(read_symbols)] = Field(
        default=(), examples=["BTC/USDT", "BTC/USDT:USDT"]
    )
    """The only markets that may be traded, such as "BTC/USDT"; empty for all that targets need."""
    max_daily_loss: Fraction = Decimal("0.20")
    """Loss of NAV within 24 hours, deposits and withdrawals left out; beyond it only reductions."""
    max_drawdown: Fraction = Decimal("0.30")
    """Loss of NAV from its highest look, likewise; beyond it only reductions."""
    max_nav_jump: Multiple = Decimal("0.30")
    """Change of NAV between two looks within 24 hours that no deposit or withdrawal explains."""
    max_rejects: Annotated[Whole, Field(ge=1, le=1000), Unit(name="orders")] = 5
    """Orders that the venue refuses within 24 hours before the account is halted."""
    max_minute_orders: Annotated[Whole, Field(ge=0, le=10_000), Unit(name="orders")] = 60
    """Orders within one minute, sent and planned; each line of the run itself counts once."""
    max_day_orders: Annotated[Whole, Field(ge=0, le=100_000), Unit(name="orders")] = 400
    """Orders within 24 hours, sent and planned; each line of the run itself counts once."""
    duplicate_window_s: Annotated[Whole, Field(ge=0, le=86_400), Unit(name="s")] = 300
    """How long the same order by another plan (market, side, size, price) is a duplicate."""
    max_spread_bps: Bps = Decimal(50)
    """Distance of best bid and best ask in a market that is traded."""
    max_depth_share: Fraction = Decimal("0.25")
    """Size of an order, of what its book shows within max_slippage_bps."""
    max_funding_bps: Bps = Decimal(10)
    """What a position to be opened would pay at one funding settlement."""
    max_basis_bps: Bps = Decimal(100)
    """Distance of a contract's mark from its index when a position is opened; of a dated contract,
    for each 30 days that it still has."""
    min_expiry_days: Annotated[Whole, Field(ge=0, le=365), Unit(name="days")] = 7
    """Days to the delivery or delisting of a contract in which a position is opened."""
    max_turnover: Multiple = Decimal(1)
    """Value of all orders of one run over NAV, provable reductions left out."""
    max_target_move: Fraction = Decimal("0.30")
    """Move of one asset's target since the last executed plan."""
    max_statement_age_days: Annotated[Whole, Field(ge=0, le=3650), Unit(name="days")] = 100
    """Age of the last statement of the account; reconcile --adopt takes a new one."""


class References(BaseModel):
    """Independent public prices that the venue's own are held against. No key is needed."""

    model_config = SECTION

    sources: Annotated[
        tuple[ReferenceSource, ...],
        AfterValidator(read_sources),
        DefaultText(text="all in live and where required, else none"),
    ] = ()
    """Who is asked: two or more, none of them the venue itself."""
    required: Switch = False
    """Whether local and testnet refuse without two that agree, as live always does."""
    max_age_s: Annotated[Exact, Field(gt=0, le=600), Unit(name="s")] = Decimal(60)
    """Age of a quotation; a source is asked again for an asset only when it runs out."""
    max_disagreement_bps: Bps = Decimal(50)
    """Distance between two sources; farther apart they measure nothing."""
    timeout_s: Annotated[Exact, Field(gt=0, le=30), Unit(name="s")] = Decimal(4)
    """Wait for one answer, all of it; below max_age_s."""
    url: Annotated[str, BeforeValidator(read_address), DefaultText(text="venue.url in local")] = ""
    """Who answers in the place of all sources; loopback only, and only in local."""


class Approval(BaseModel):
    """For how long, and how far from the planned prices, a yes holds."""

    model_config = SECTION

    mode: ApprovalMode = ApprovalMode.CONFIRM
    """Who says yes: a person to each plan, or for run --yes a standing approval that covers it."""
    ttl_s: Annotated[Whole, Field(ge=1, le=86_400), Unit(name="s")] = 300
    """How long a plan and its approval hold."""
    max_move_bps: Bps = Decimal(50)
    """Price move against a leg since planning that voids the approval."""
    two_step_above: Value = Decimal(5000)
    """Notional of a plan above which a person is asked twice, each time for other words."""


class Ledger(BaseModel):
    """Where plans, orders and fills are recorded."""

    model_config = SECTION

    url: Annotated[str, BeforeValidator(read_ledger_url)] = (
        "sqlite:///~/.local/state/trimtab/{account}-{environment}.db"
    )
    """SQLite file, or PostgreSQL: postgresql+psycopg://USER@HOST:PORT/DATABASE, its password in
    PGPASSFILE or PGPASSWORD and never here; {account} and {environment} are filled in."""


class Execution(BaseModel):
    """How a leg is worked."""

    model_config = SECTION

    max_reprices: Annotated[Whole, Field(ge=0, le=20), Unit(name="orders")] = 3
    """New orders for the rest of a leg after its first."""
    receive_window_ms: Annotated[Whole, Field(ge=1, le=RECEIVE_WINDOW_MS_MAX), Unit(name="ms")] = (
        5000
    )
    """How long after its timestamp the venue may accept a request. A venue that does not ask
    (Bitget takes one for 30 seconds) is believed to take it for at least as long as it says."""
    order_timeout_s: Annotated[Exact, Field(gt=10, le=120), Unit(name="s")] = Decimal(15)
    """Wait for an order's answer; above the venue's own 10 s, so that its verdict wins."""


class Document(BaseModel):
    """Trimtab's configuration file."""

    model_config = SECTION

    account: Account
    venue: Venue
    portfolio: Portfolio
    overlays: Overlays
    rebalance: Rebalance
    history: History
    schedule: Schedule
    hedge: Hedge
    auto: Auto
    triggers: Triggers
    risk: Risk
    references: References
    approval: Approval
    ledger: Ledger
    execution: Execution
    notify: Notify
