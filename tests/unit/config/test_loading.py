"""What a valid configuration becomes, and which source wins."""

from __future__ import annotations

import subprocess
import sys
from decimal import ROUND_UP, Context, Decimal, localcontext
from pathlib import Path

import pytest

from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab import config
from trimtab.config import ApprovalMode, InvalidConfig, SourceKind
from trimtab.domain.canonical import digest
from trimtab.domain.instruments import MarketKind
from trimtab.domain.policy import (
    Basis,
    Destination,
    DriftSide,
    Route,
    Scope,
    Target,
    Threshold,
    Untargeted,
)
from trimtab.domain.snapshot import AccountKey, Environment

LEAST = text_with()

CONTRACT = """
[account]
name = "main"
quote = "USDT"

[venue]
id = "binance"               # a ccxt id with a venue profile
environment = "local"        # local | testnet | live
url = "http://127.0.0.1:8900"  # only for environment = "local": where that exchange listens
markets = ["spot", "swap"]   # add "future" for dated contracts

[portfolio]
basis = "net"                # net | spot
untargeted = "ignore"        # ignore | sell | error
[portfolio.targets]
BTC = "0.50"
ETH = "0.30"
USDT = "0.20"

[rebalance]
route = "spot"               # spot | futures | mixed | auto
spot_fraction = "0.5"        # of a mixed route
threshold = "5pp"            # "5pp" absolute, "10%" of target
scope = "all"                # all | breached
side = "both"                # both | overweight
to = "target"                # target | band | a fraction of the way
calendar = "quarterly"       # off | monthly | quarterly | semiannual | cron text
timezone = "UTC"

[hedge]
ratio = "1.0"
max_ratio = "1.0"
leverage = 1
contract = "perpetual"       # perpetual | dated | auto
max_topup = "0"

[risk]
max_leverage = "2.5"
max_net = "1.5"
max_order_notional = "5000"
max_run_notional = "20000"
max_day_notional = "40000"
min_margin_ratio = "3.0"
shock = "0.20"
max_slippage_bps = 30

[approval]
mode = "confirm"             # confirm | standing
ttl_s = 300
max_move_bps = 50

[ledger]
url = "sqlite:///~/.local/state/trimtab/{account}-{environment}.db"
"""


def test_the_documented_example_is_nothing_but_the_defaults(load: Load) -> None:
    written, least = load(CONTRACT), load(LEAST)
    assert written.policy == least.policy
    assert written.policy_digest == least.policy_digest == digest(least.policy)
    shown = [(s.key, s.value) for s in written.settings]
    assert shown == [(s.key, s.value) for s in least.settings]


def test_the_least_configuration_has_the_conservative_defaults(load: Load, tmp_path: Path) -> None:
    read = load(LEAST)
    assert read.key == AccountKey(venue="binance", account="main", environment=Environment.LOCAL)
    assert (read.quote, read.venue_url) == ("USDT", "http://127.0.0.1:8900")
    assert read.markets == (MarketKind.SPOT, MarketKind.SWAP)
    assert (read.calendar, read.timezone) == ("quarterly", "UTC")
    assert read.approval_mode is ApprovalMode.CONFIRM
    state = tmp_path / "home" / ".local" / "state" / "trimtab"
    assert read.ledger_url == f"sqlite:///{state}/main-local.db"
    rebalance, limits = read.policy.rebalance, read.policy.limits
    assert (rebalance.basis, rebalance.untargeted) == (Basis.NET, Untargeted.IGNORE)
    assert rebalance.threshold == Threshold(width=Decimal("0.05"), relative=False)
    assert rebalance.dust_value == 5
    assert limits.max_unhedged_notional == limits.max_order_notional == 5000
    assert (limits.max_synthetic_long, limits.max_gross, limits.shock_kappa) == (1, 6, 1)
    assert (limits.min_liquidation_distance, limits.shock) == (Decimal("0.1"), Decimal("0.2"))
    assert (limits.fee_reserve, limits.max_slippage_bps) == (Decimal("0.002"), 30)
    assert (read.policy.hedge.leverage, read.policy.execution.max_reprices) == (1, 3)


@pytest.mark.parametrize(
    ("venue", "environment", "written", "believed"),
    [
        ("binance", "local", 5_000, 5_000),
        ("bybit", "testnet", 5_000, 5_000),
        ("bitget", "testnet", 5_000, 30_000),
        ("bitget", "testnet", 45_000, 45_000),
        ("okx", "testnet", 5_000, 30_000),
        ("hyperliquid", "testnet", 5_000, 30_000),
        ("kraken", "live", 1_000, 5_000),
    ],
)
def test_a_request_may_arrive_for_as_long_as_the_venue_or_the_file_says(
    load: Load, venue: str, environment: str, written: int, believed: int
) -> None:
    text = LEAST.replace('id = "binance"', f'id = "{venue}"\nmarkets = ["spot"]')
    text = text.replace('environment = "local"', f'environment = "{environment}"')
    read = load(f"{text}\n[execution]\nreceive_window_ms = {written}\n")
    assert read.policy.execution.receive_window_ms == believed


def test_targets_keep_the_order_and_the_digits_of_the_file(load: Load) -> None:
    text = text_with(
        ("portfolio", 'targets = { USDT = 0.20, ETH = "0.300000000000000001", BTC = "0.5" }')
    )
    assert load(text).policy.rebalance.targets == (
        Target(asset="USDT", weight=Decimal("0.20")),
        Target(asset="ETH", weight=Decimal("0.300000000000000001")),
        Target(asset="BTC", weight=Decimal("0.5")),
    )


@pytest.mark.parametrize("last", ["0.200000001", "0.199999999"])
def test_weights_may_miss_one_by_a_billionth(load: Load, last: str) -> None:
    text = text_with(("portfolio", f'targets = {{ BTC = "0.8", USDT = "{last}" }}'))
    assert load(text).policy.rebalance.targets[1].weight == Decimal(last)


def test_the_quote_may_be_left_out_when_nothing_is_left_for_it(load: Load) -> None:
    text = text_with(("portfolio", 'targets = { BTC = "0.6", ETH = "0.4" }'))
    assert len(load(text).policy.rebalance.targets) == 2


def test_exceptions_per_asset_reach_the_policy(load: Load) -> None:
    text = text_with(
        ("rebalance", 'routes = { BTC = "futures" }'),
        ("rebalance", 'thresholds = { ETH = "10%", USDT = "2.5 pp" }'),
    )
    rebalance = load(text).policy.rebalance
    assert rebalance.routes == {"BTC": Route.FUTURES}
    assert rebalance.thresholds == {
        "ETH": Threshold(width=Decimal("0.1"), relative=True),
        "USDT": Threshold(width=Decimal("0.025"), relative=False),
    }


def test_an_untargeted_coin_that_is_sold_may_have_its_route(load: Load) -> None:
    text = text_with(
        ("portfolio", 'untargeted = "sell"'), ("rebalance", 'routes = { ADA = "spot" }')
    )
    assert load(text).policy.rebalance.routes == {"ADA": Route.SPOT}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('to = "target"', Destination(to_band=False, fraction=Decimal(1))),
        ('to = "band"', Destination(to_band=True, fraction=Decimal(1))),
        ('to = "0.25"', Destination(to_band=False, fraction=Decimal("0.25"))),
        ("to = 0.25", Destination(to_band=False, fraction=Decimal("0.25"))),
        ("to = 1", Destination(to_band=False, fraction=Decimal(1))),
    ],
)
def test_a_destination_is_a_word_or_a_fraction(
    load: Load, line: str, expected: Destination
) -> None:
    assert load(text_with(("rebalance", line))).policy.rebalance.destination == expected


def test_scope_and_side_are_taken(load: Load) -> None:
    text = text_with(("rebalance", 'scope = "breached"'), ("rebalance", 'side = "overweight"'))
    rebalance = load(text).policy.rebalance
    assert (rebalance.scope, rebalance.side) == (Scope.BREACHED, DriftSide.OVERWEIGHT)


@pytest.mark.parametrize(
    "calendar",
    ["off", "monthly", "semiannual", "0 9 1 * *", "*/15 8-18 1,15 JAN-jun 0-7", "0 9 l * *"],
)
def test_calendars_are_words_or_cron_text(load: Load, calendar: str) -> None:
    assert load(text_with(("rebalance", f'calendar = "{calendar}"'))).calendar == calendar


@pytest.mark.parametrize("url", ["http://localhost:1", "https://[::1]:8900", "http://127.9.9.9/"])
def test_a_local_exchange_may_listen_anywhere_on_this_machine(load: Load, url: str) -> None:
    assert load(text_with(("venue", f'url = "{url}"'))).venue_url == url.rstrip("/")


@pytest.mark.parametrize("environment", ["testnet", "live"])
def test_a_real_venue_has_no_address_here(load: Load, environment: str) -> None:
    read = load(text_with(("venue", f'environment = "{environment}"')))
    assert (read.venue_url, read.key.environment) == ("", environment)


def test_a_float_is_taken_by_its_own_digits(load: Load) -> None:
    limits = load(text_with(("risk", "shock = 0.15"), ("risk", "max_net = 1_0.5e-1")))
    assert limits.policy.limits.shock == Decimal("0.15")
    assert limits.policy.limits.max_net == Decimal("1.05")


def test_loading_ignores_the_ambient_decimal_context(load: Load) -> None:
    text = text_with(("portfolio", 'targets = { BTC = "0.123456789", USDT = "0.876543211" }'))
    expected = load(text).policy_digest
    with localcontext(Context(prec=3, rounding=ROUND_UP)):
        assert load(text).policy_digest == expected


def test_the_digest_tells_policies_apart_and_not_their_spelling(load: Load) -> None:
    least = load(LEAST).policy_digest
    assert load(text_with(("risk", 'shock = "0.2000"'))).policy_digest == least
    assert load(text_with(("risk", "shock = 0.2"))).policy_digest == least
    assert load(text_with(("risk", 'shock = "0.21"'))).policy_digest != least


@pytest.mark.parametrize(
    ("name", "leverage", "coins"), [("conservative", "1.5", 4), ("aggressive", "4", 6)]
)
def test_a_profile_gives_targets_and_limits_that_the_file_may_tighten(
    load: Load, name: str, leverage: str, coins: int
) -> None:
    without = ("portfolio.targets",)
    profile = ("portfolio", f'profile = "{name}"')
    read = load(text_with(profile, without=without))
    assert len(read.policy.rebalance.targets) == coins + 1
    assert sum(target.weight for target in read.policy.rebalance.targets) == 1
    assert read.policy.limits.max_leverage == Decimal(leverage)
    assert read.policy.hedge.max_ratio == Decimal("0.5")
    kinds = {s.key: s.source.where for s in read.settings}
    assert kinds["portfolio.targets.BTC"] == kinds["risk.max_leverage"] == f"profile {name}"
    tight = load(text_with(profile, ("risk", 'max_leverage = "1"'), without=without))
    assert tight.policy.limits.max_leverage == 1


def test_options_win_over_variables_and_variables_over_the_file(load: Load) -> None:
    read = load(
        text_with(("risk", 'shock = "0.1"'), ("risk", 'max_net = "1"'), ("hedge", "leverage = 2")),
        environ={"TRIMTAB__RISK__SHOCK": "0.2", "TRIMTAB__HEDGE__LEVERAGE": "3", "HOME": "/x"},
        sets=["hedge.leverage=4", "hedge.leverage=5"],
    )
    limits = read.policy.limits
    assert (limits.max_net, limits.shock) == (1, Decimal("0.2"))
    assert read.policy.hedge.leverage == 5
    where = {setting.key: setting.source.where for setting in read.settings}
    assert where["risk.max_net"] == "trimtab.toml:13"
    assert where["risk.shock"] == "TRIMTAB__RISK__SHOCK"
    assert where["hedge.leverage"] == "--set hedge.leverage"
    assert where["risk.max_gross"] == "default"


def test_assets_and_lists_can_be_overridden(load: Load) -> None:
    read = load(
        LEAST,
        environ={
            "TRIMTAB__PORTFOLIO__TARGETS__BTC": "0.4",
            "TRIMTAB__REBALANCE__ROUTES__BTC": "futures",
            "TRIMTAB__VENUE__MARKETS": '["spot", "swap", "future"]',
        },
        sets=["portfolio.targets.SOL=0.1"],
    )
    weights = {target.asset: target.weight for target in read.policy.rebalance.targets}
    assert weights == {name: Decimal(f"0.{n}") for name, n in zip(weights, "4321", strict=True)}
    assert list(weights) == ["BTC", "ETH", "USDT", "SOL"]
    assert read.policy.rebalance.routes == {"BTC": Route.FUTURES}
    assert len(read.markets) == 3
    assert load(LEAST, sets=["venue.markets=spot"]).markets == (MarketKind.SPOT,)


def test_an_overridden_list_is_blamed_on_its_override(faults: Faults) -> None:
    text = text_with(("venue", 'markets = ["spot", "swap"]'))
    (fault,) = faults(text, sets=["venue.markets=spot,swop"])
    assert (fault.where, fault.key) == ("--set venue.markets", "venue.markets[1]")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("TRIMTAB__RISK__MAX_LEVRAGE", "risk.max_levrage"),
        ("TRIMTAB__RISK", "risk"),
        ("TRIMTAB__RSIK__SHOCK", "rsik"),
        ("TRIMTAB__VENUE__API_KEYS", "venue.api_keys"),
        ("TRIMTAB__", ""),
    ],
)
def test_a_variable_that_means_nothing_is_named(faults: Faults, name: str, key: str) -> None:
    (fault,) = faults(LEAST, environ={name: "1"})
    assert (fault.where, fault.key, fault.line) == (name, key, 0)


def test_a_section_and_its_key_cannot_both_be_set(faults: Faults) -> None:
    found = faults(LEAST, sets=["risk=1", "risk.shock=0.1"])
    assert {fault.reason for fault in found} == {
        'must be a table, was "1"',
        "sets a table and a key inside it",
    }


@pytest.mark.parametrize("option", ["risk.shock", "=1", "a b=1", "risk..shock=1", ""])
def test_an_option_that_is_no_assignment_is_named(faults: Faults, option: str) -> None:
    (fault,) = faults(LEAST, sets=[option])
    assert fault.file.startswith("--set")
    assert "section.key=value" in fault.fix


def test_options_are_judged_also_when_the_file_is_no_toml(faults: Faults) -> None:
    found = faults("[account", sets=["hedge.leverage=x", "venue.api_key=k"])
    assert [fault.file for fault in found] == [
        "trimtab.toml",
        "--set hedge.leverage",
        "--set venue.api_key",
    ]


def test_key_variables_are_not_settings(load: Load) -> None:
    environ = {"TRIMTAB__VENUE__API_KEY": "k", "TRIMTAB__VENUE__PASSWORD_FILE": "/nowhere"}
    read = load(LEAST, environ=environ)
    assert "TRIMTAB" not in str(read.document())


def test_a_database_password_comes_from_a_variable_and_is_masked(load: Load) -> None:
    url = "postgresql+psycopg://me:hunter2@db/{account}?sslpassword=hunter3"
    read = load(LEAST, environ={"TRIMTAB__LEDGER__URL": url})
    assert read.ledger_url == "postgresql+psycopg://me:hunter2@db/main?sslpassword=hunter3"
    assert "hunter" not in repr(read)
    assert "hunter" not in str(read.document())
    assert "postgresql+psycopg://me:***@db/{account}?sslpassword=***" in str(read.document())


def test_a_relative_ledger_lies_beside_where_the_command_runs(load: Load, tmp_path: Path) -> None:
    read = load(text_with(("ledger", 'url = "sqlite:///state/{account}.db"')))
    assert read.ledger_url == f"sqlite:///{tmp_path}/state/main.db"
    absolute = load(text_with(("ledger", 'url = "sqlite:////var/{environment}.db"')))
    assert absolute.ledger_url == "sqlite:////var/local.db"


def test_the_document_says_where_every_value_is_from(load: Load, tmp_path: Path) -> None:
    document = load(LEAST).document()
    assert document["file"] == str(tmp_path / "trimtab.toml")
    rows = {row["key"]: row for row in document["settings"]}
    assert rows["account.quote"] == {
        "key": "account.quote",
        "value": "USDT",
        "source": "file",
        "where": "trimtab.toml:2",
    }
    assert rows["risk.shock"]["source"] == SourceKind.DEFAULT
    assert rows["rebalance.threshold"]["value"] == "5pp"


def test_a_later_stage_can_locate_its_fault(load: Load) -> None:
    read = load(LEAST)
    fault = read.fault("venue.id", reason="has no profile", fix="choose another")
    assert fault.message == "trimtab.toml:5: venue.id: has no profile; choose another"
    other = read.fault("nothing.here", reason="r", fix="f")
    assert (other.line, other.file) == (1, str(read.file))


class TestLookup:
    """The file is looked for in four places, in this order."""

    def write(self, path: Path, name: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_with(("account", f'name = "{name}"')), encoding="utf-8")
        return path

    def name(self, folder: Path, path: Path | None = None, **environ: str) -> str:
        read = config.load(
            path, environ=environ, sets=(), home=folder / "home", cwd=folder / "work"
        )
        return read.key.account

    def test_the_option_wins_over_all(self, tmp_path: Path) -> None:
        given = self.write(tmp_path / "a.toml", "option")
        named = self.write(tmp_path / "b.toml", "variable")
        self.write(tmp_path / "work" / "trimtab.toml", "folder")
        assert self.name(tmp_path, given, TRIMTAB_CONFIG=str(named)) == "option"
        assert self.name(tmp_path, TRIMTAB_CONFIG=str(named)) == "variable"
        assert self.name(tmp_path) == "folder"
        assert self.name(tmp_path, TRIMTAB_CONFIG="") == "folder"
        assert self.name(tmp_path, Path("trimtab.toml")) == "folder"

    def test_the_home_is_the_last_place(self, tmp_path: Path) -> None:
        self.write(tmp_path / "home" / ".config" / "trimtab" / "config.toml", "home")
        assert self.name(tmp_path) == "home"
        assert self.name(tmp_path, Path("~/.config/trimtab/config.toml")) == "home"

    def test_no_file_is_a_fault_that_names_the_places(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidConfig) as caught:
            self.name(tmp_path)
        for place in ("--config", "TRIMTAB_CONFIG", "work/trimtab.toml", ".config/trimtab/config"):
            assert place in str(caught.value)
        assert "trimtab init" in caught.value.faults[0].fix

    @pytest.mark.parametrize("by", ["--config", "TRIMTAB_CONFIG"])
    def test_a_named_file_that_is_not_there_is_not_looked_for_elsewhere(
        self, tmp_path: Path, by: str
    ) -> None:
        self.write(tmp_path / "work" / "trimtab.toml", "folder")
        (tmp_path / "work" / "folder").mkdir()
        for wrong in ("gone.toml", "folder", "x" * 300, "a\0b"):
            path, environ = (Path(wrong), {}) if by == "--config" else (None, {by: wrong})
            with pytest.raises(InvalidConfig, match="is no file") as caught:
                self.name(tmp_path, path, **environ)
            assert caught.value.faults[0].where == by


def test_importing_the_room_is_light() -> None:
    code = (
        "import sys, trimtab.config;"
        "heavy = {'ccxt', 'sqlalchemy', 'numpy', 'pydantic', 'pydantic_settings', 'zoneinfo'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_loading_reaches_for_no_exchange_and_no_database(tmp_path: Path) -> None:
    (tmp_path / "trimtab.toml").write_text(LEAST, encoding="utf-8")
    code = (
        "import sys, pathlib, trimtab.config as c; p = pathlib.Path.cwd();"
        "c.load(None, environ={}, sets=(), home=p, cwd=p);"
        "print(sorted({'ccxt', 'sqlalchemy', 'numpy', 'aiohttp'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "[]\n"
