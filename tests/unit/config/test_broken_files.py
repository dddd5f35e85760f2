"""Every broken file ends in located faults with a fix, never in another exception."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.conftest import Faults
from tests.unit.config.texts import broken_values, line_of, text_with

GENERATED = broken_values()

BY_HAND = [
    # section, line, key of the fault, words of the reason, words of the fix
    ("schedule", 'activated_at = "2026-10-01"', "schedule.activated_at", "offset", "2026-10-01T00"),
    ("schedule", 'activated_at = "soon"', "schedule.activated_at", "offset", "remove it"),
    ("schedule", 'activated_at = "0001-01-01T00:00+09:00"', "schedule.activated_at", "off", "such"),
    ("rebalance", 'calendar = "0 0 31 4 *"', "rebalance.calendar", "no such day", "quarterly"),
    ("account", 'quote = "usdt"', "account.quote", "asset code", "write USDT"),
    ("account", 'quote = "US DT"', "account.quote", "asset code", "capitals"),
    ("account", 'name = "../main"', "account.name", "plain name", "letters"),
    ("account", 'name = ""', "account.name", "plain name", "letters"),
    ("account", 'names = "a"', "account.names", "not a known key", '"name"'),
    ("venue", 'id = "Binance"', "venue.id", "ccxt id", "lower case"),
    ("venue", 'id = "binanse"', "venue.id", "with a profile", "write binance"),
    ("venue", 'environment = "prod"', "venue.environment", "local or testnet", "write local"),
    ("venue", 'environment = "Live"', "venue.environment", "must be", '"live"'),
    ("venue", 'url = "http://10.0.0.1:8900"', "venue.url", "on this machine", "127.0.0.1"),
    ("venue", 'url = "http://0.0.0.0:8900"', "venue.url", "on this machine", "127.0.0.1"),
    ("venue", 'url = "http://127.0.0.1.evil.com"', "venue.url", "on this machine", "127"),
    ("venue", 'url = "https://api.binance.com"', "venue.url", "on this machine", "127"),
    ("venue", 'url = "ftp://127.0.0.1"', "venue.url", "http URL", "127"),
    ("venue", 'url = "127.0.0.1:8900"', "venue.url", "http URL", "127"),
    ("venue", 'url = "http://127.0.0.1:99999"', "venue.url", "URL", "127"),
    ("venue", 'url = "http://127.0.0.1:8900/api"', "venue.url", "host and a port", "127"),
    ("venue", 'url = "http://me:pw@127.0.0.1"', "venue.url", "password", "127"),
    ("venue", 'url = ""', "venue.url", "empty", "remove"),
    ("venue", 'markets = ["spot", "margin"]', "venue.markets[1]", "must be", "spot"),
    ("venue", 'market = ["spot"]', "venue.market", "not a known key", '"markets"'),
    ("venue", 'api_key = "k"', "venue.api_key", "secret", "TRIMTAB__VENUE__API_KEY"),
    ("venue", 'api_secret = "k"', "venue.api_secret", "secret", "API_SECRET"),
    ("venue", 'password = "k"', "venue.password", "secret", "PASSWORD"),
    ("venue", 'apiKey = "k"', "venue.apiKey", "secret", "API_KEY"),
    ("venue", 'API-SECRET = "k"', "venue.API-SECRET", "secret", "keyring"),
    ("venue", 'passphrase = "k"', "venue.passphrase", "secret", "PASSWORD"),
    ("venue", 'api_key_file = "k"', "venue.api_key_file", "secret", "_FILE"),
    ("venue", 'options = { privateKey = "k" }', "venue.options.privateKey", "secret", "keyring"),
    ("venue", 'options = [{ token = "k" }]', "venue.options[0].token", "secret", "keyring"),
    ("account", 'secret = "k"', "account.secret", "secret", "keyring"),
    ("risk", 'api_key = "k"', "risk.api_key", "secret", "keyring"),
    ("portfolio", 'basis = "gross"', "portfolio.basis", "net or spot", "write net or spot"),
    ("portfolio", "groups = { core = 1 }", "portfolio.groups.core", "be a table", "groups.core]"),
    ("portfolio", "groups = {}", "portfolio.groups", "names no group", "members ="),
    ("portfolio", "sleeves = []", "portfolio.sleeves", "must be a table", "[portfolio.sleeves]"),
    ("portfolio", 'dust = "5"', "portfolio.dust", "not a known key", '"dust_value"'),
    ("portfolio", 'target = { BTC = "1" }', "portfolio.target", "not a known", '"targets"'),
    ("portfolio", "targets = {}", "portfolio.targets", "no asset", "BTC"),
    ("portfolio", 'targets = { BTC = "0.9" }', "portfolio.targets", "sum is 0.9", 'USDT = "0.1"'),
    ("portfolio", 'targets = { BTC = "1.0", USDT = "0.2" }', "portfolio.targets", "1.2", "0.2"),
    ("portfolio", 'targets = { BTC = "0.5", USDT = "0.4" }', "portfolio.targets", "0.9", "0.1"),
    ("portfolio", 'targets = { BTC = "1.000000002" }', "portfolio.targets.BTC", "at most 1", "1"),
    (
        "portfolio",
        'targets = { BTC = "0.5", USDT = "0.499999998" }',
        "portfolio.targets",
        "0.999999998",
        "0.000000002",
    ),
    ("portfolio", 'targets = { BTC = "50%" }', "portfolio.targets.BTC", "fraction", '"0.5"'),
    ("portfolio", 'targets = { BTC = "12.5 %" }', "portfolio.targets.BTC", "fraction", '"0.125"'),
    ("portfolio", 'profile = "modrate"', "portfolio.profile", "ready profile", '"moderate"'),
    ("rebalance", 'route = "future"', "rebalance.route", "spot or futures", '"futures"'),
    ("rebalance", 'routes = { BTX = "spot" }', "rebalance.routes.BTX", "without target", '"BTC"'),
    ("rebalance", 'routes = { USDT = "spot" }', "rebalance.routes.USDT", "quote", "remove"),
    ("rebalance", 'threshold = "5"', "rebalance.threshold", "unit", '"5pp"'),
    ("rebalance", "threshold = 5", "rebalance.threshold", "unit", '"10%"'),
    ("rebalance", 'threshold = "-5pp"', "rebalance.threshold", "unit", '"5pp"'),
    ("rebalance", 'threshold = "101pp"', "rebalance.threshold", "at most 100", '"5pp"'),
    ("rebalance", 'threshold = "5 percent"', "rebalance.threshold", "unit", '"5pp"'),
    ("rebalance", 'thresholds = { SOL = "5pp" }', "rebalance.thresholds.SOL", "without", "BTC"),
    ("rebalance", "thresholds = { BTC = 1 }", "rebalance.thresholds.BTC", "unit", '"5pp"'),
    ("rebalance", 'to = "edge"', "rebalance.to", "destination", '"band"'),
    ("rebalance", 'to = "0"', "rebalance.to", "above 0", "0.5"),
    ("rebalance", 'to = "1.1"', "rebalance.to", "at most 1", "0.5"),
    ("rebalance", "to = nan", "rebalance.to", "finite", "0.5"),
    ("rebalance", 'scope = "any"', "rebalance.scope", "all or breached", "write"),
    ("rebalance", 'side = "under"', "rebalance.side", "both or overweight", "write"),
    ("rebalance", 'calendar = "weekly"', "rebalance.calendar", "calendar", "quarterly"),
    ("rebalance", 'calendar = "0 9 1 *"', "rebalance.calendar", "5 fields", "cron"),
    ("rebalance", 'calendar = "60 9 1 * *"', "rebalance.calendar", "minute", "cron"),
    ("rebalance", 'calendar = "0 9 1-0 * *"', "rebalance.calendar", "day of month", "cron"),
    ("rebalance", 'calendar = "0 9 * * MON#6"', "rebalance.calendar", "day of week", "cron"),
    ("rebalance", 'calendar = "0 */0 * * *"', "rebalance.calendar", "hour", "cron"),
    ("rebalance", 'timezone = "Europe/Berlim"', "rebalance.timezone", "time zone", "UTC"),
    ("rebalance", 'timezone = "Europe"', "rebalance.timezone", "time zone", "UTC"),
    ("rebalance", 'timezone = "../../etc/passwd"', "rebalance.timezone", "time zone", "UTC"),
    ("rebalance", 'timezone = ""', "rebalance.timezone", "time zone", "UTC"),
    ("hedge", "leverage = 126", "hedge.leverage", "at most 125", "1 to 125"),
    ("hedge", "leverage = 0", "hedge.leverage", "at least 1", "1 to 125"),
    ("hedge", "leverage = 2.0", "hedge.leverage", "whole number", "digits"),
    ("hedge", 'max_ratio = "1.1"', "hedge.max_ratio", "at most 1", "0 to 1"),
    ("hedge", "stop_rests = true", "hedge.stop_rests", "hedge.stop is 0", "remove it"),
    ("venue", 'coin_margined = "yes"', "venue.coin_margined", "true or false", "write true"),
    ("hedge", 'contract = "dated"', "hedge.contract", "venue.markets has none", '"future"'),
    ("hedge", 'contract = "auto"', "hedge.contract", "venue.markets has none", '"future"'),
    ("hedge", 'contracts = { BTC = "dated" }', "hedge.contracts.BTC", "has none", '"future"'),
    ("hedge", 'max_levrage = "2"', "hedge.max_levrage", "not a known key", "in [risk]"),
    ("ledger", 'url = "postgresql://[db/x"', "ledger.url", "must be a URL", "postgresql"),
    ("hedge", 'max_leverage = "2"', "hedge.max_leverage", "not a known key", "[risk]"),
    ("risk", 'max_levrage = "2"', "risk.max_levrage", "not a known key", '"max_leverage"'),
    ("risk", 'leverage = "2"', "risk.leverage", "not a known key", "[hedge]"),
    ("risk", 'zzz = "2"', "risk.zzz", "not a known key", "max_leverage"),
    ("risk", 'max_order_notional = "-5000"', "risk.max_order_notional", "at least 0", "5000"),
    ("risk", 'max_order_notional = "5,000"', "risk.max_order_notional", "number", "digits"),
    ("risk", 'max_order_notional = "5000 USDT"', "risk.max_order_notional", "number", "digits"),
    ("risk", 'min_margin_ratio = "0.9"', "risk.min_margin_ratio", "at least 1", "1 to"),
    ("risk", 'shock = "20%"', "risk.shock", "fraction", '"0.2"'),
    ("risk", "shock = 0.123456789012345678", "risk.shock", "more digits", '"0.123456789012345678"'),
    ("risk", 'shock = "1"', "risk.shock", "below 1", '"0.2"'),
    ("risk", 'shock_kappa = "0.5"', "risk.shock_kappa", "at least 1", "default"),
    ("risk", "max_slippage_bps = -1", "risk.max_slippage_bps", "at least 0", "30"),
    ("risk", 'fee_reserve = "NaN"', "risk.fee_reserve", "finite", "digits"),
    ("approval", 'mode = "stand"', "approval.mode", "confirm or standing", '"standing"'),
    ("approval", 'mode = "none"', "approval.mode", "confirm", "confirm"),
    ("approval", "ttl_s = 0", "approval.ttl_s", "at least 1", "300"),
    ("ledger", 'url = "mysql://localhost/x"', "ledger.url", "begins with", "sqlite"),
    ("ledger", 'url = "trimtab.db"', "ledger.url", "begins with", "sqlite"),
    ("ledger", 'url = "sqlite:///:memory:"', "ledger.url", "memory", "sqlite"),
    ("ledger", 'url = "sqlite:///"', "ledger.url", "memory", "sqlite"),
    ("ledger", 'url = "sqlite:///{name}.db"', "ledger.url", "curly bracket", "{account}"),
    ("ledger", 'url = "sqlite:///{account.db"', "ledger.url", "curly bracket", "{account}"),
    ("ledger", 'url = "sqlite:///{account!r}.db"', "ledger.url", "curly bracket", "{account}"),
    ("ledger", 'url = "postgresql://me:pw@db/x"', "ledger.url", "password", "PGPASSWORD"),
    ("ledger", 'url = "postgresql://db/x?password=pw"', "ledger.url", "password", "PGPASSWORD"),
    ("execution", "max_reprices = 21", "execution.max_reprices", "at most 20", "3"),
    ("execution", 'order_timeout_s = "10"', "execution.order_timeout_s", "above 10", "15"),
    ("execution", "receive_window_ms = 0", "execution.receive_window_ms", "at least 1", "5000"),
    ("rsik", 'shock = "0.2"', "rsik", "not a known key", '"risk"'),
    ("Risk", 'shock = "0.2"', "Risk", "not a known key", '"risk"'),
    ("backtest", "x = 1", "backtest", "not a known key", "known here"),
]

SYNTAX = [
    # text, line, words of the reason, words of the fix
    ("[account\n", 1, "expected ']'", "this line"),
    ("[account]\nquote = USDT\n", 2, "invalid value", "quotes"),
    ("[rebalance]\nthreshold = 5pp\n", 2, "not TOML", "quotes"),
    ("[rebalance]\nthreshold = 10%\n", 2, "not TOML", "quotes"),
    ("[ledger]\nurl = ~/x.db\n", 2, "not TOML", "quotes"),
    ('[account]\nquote = "USDT\n', 2, "not TOML", "close the quote"),
    ("[account]\nquote\n", 2, "not TOML", "key ="),
    ("[account]\nquote =\n", 2, "not TOML", "key ="),
    ('[account]\nquote = "A"\nquote = "B"\n', 3, "not TOML", "this line"),
    ('[account]\nquote = "A"\n[account]\n', 3, "not TOML", "this line"),
    ("[venue]\nmarkets = ['spot'\n", 2, "not TOML", "still open"),
    ('a = """\nnever closed', 2, "not TOML", "still open"),
    ("a = 2026-13-01\n", 1, "not TOML", "this line"),
    ("a = 1\x00\n", 1, "not TOML", "this line"),
    ("\ufeff[account]\n", 1, "not TOML", "byte order mark"),
    ("a: 1\n", 1, "not TOML", "key ="),
    ("{}\n", 1, "not TOML", "key ="),
    ("a = " + "9" * 5000, 1, "too many digits", "this line"),
    ("a = " + "[" * 20_000, 1, "nested too deeply", "tables"),
    ("# " + "x" * 1_000_001, 1, "larger than 1 MB", "name a"),
]


@pytest.mark.parametrize(("section", "key", "value"), GENERATED)
def test_a_wrong_value_is_one_fault_at_its_line(
    faults: Faults, section: str, key: str, value: str
) -> None:
    line = f"{key} = {value}"
    without = ("portfolio.targets",) if key == "profile" else ()
    text = text_with((section, line), without=without)
    found = faults(text)
    assert {(fault.file, fault.line) for fault in found} == {("trimtab.toml", line_of(text, line))}
    assert all(fault.key.startswith(f"{section}.{key}") for fault in found)
    assert all(fault.reason and fault.fix and fault.column for fault in found)


@pytest.mark.parametrize("row", BY_HAND, ids=lambda row: row[1])
def test_a_slip_is_named_with_its_cure(faults: Faults, row: tuple[str, str, str, str, str]) -> None:
    section, line, key, reason, fix = row
    is_choice = line.startswith(("groups", "profile"))
    text = text_with((section, line), without=("portfolio.targets",) if is_choice else ())
    found = faults(text)
    (fault,) = (fault for fault in found if fault.key == key)
    assert reason in fault.reason
    assert fix in fault.fix
    assert len({fault.line for fault in found}) == 1
    header = f"[{section}]" if key == section else line
    assert fault.where == f"trimtab.toml:{line_of(text, header)}"
    assert '"k"' not in fault.message


@pytest.mark.parametrize(("text", "line", "reason", "fix"), SYNTAX)
def test_what_is_no_toml_is_one_fault_where_reading_stopped(
    faults: Faults, text: str, line: int, reason: str, fix: str
) -> None:
    (fault,) = faults(text)
    assert (fault.file, fault.line) == ("trimtab.toml", line)
    assert reason in fault.reason
    assert fix in fault.fix


@pytest.mark.parametrize("key", ["account.quote", "venue.id", "venue.environment"])
def test_a_required_key_is_missed_at_its_section(faults: Faults, key: str) -> None:
    text = text_with(without=(key,))
    section, name = key.split(".")
    (fault,) = faults(text)
    assert (fault.key, fault.reason) == (key, "is required")
    assert fault.line == line_of(text, f"[{section}]")
    assert f"add {name} = " in fault.fix


def test_an_empty_file_misses_everything_required_at_once(faults: Faults) -> None:
    assert {fault.key for fault in faults("")} == {
        "account.quote",
        "venue.id",
        "venue.environment",
        "portfolio",
    }


def test_faults_come_in_file_order_with_variables_and_options_last(faults: Faults) -> None:
    text = text_with(("risk", "shock = 7"), ("account", 'quote = "usdt"'))
    found = faults(text, environ={"TRIMTAB__RISK__MAX_NET": "x"}, sets=["hedge.leverage=900"])
    assert [(fault.file, fault.key) for fault in found] == [
        ("trimtab.toml", "account.quote"),
        ("trimtab.toml", "risk.shock"),
        ("--set hedge.leverage", "hedge.leverage"),
        ("TRIMTAB__RISK__MAX_NET", "risk.max_net"),
    ]


def test_two_choices_of_a_portfolio_are_a_fault(faults: Faults) -> None:
    text = text_with(("portfolio", 'profile = "moderate"'))
    (fault,) = faults(text)
    assert (fault.key, fault.fix) == ("portfolio.targets", "keep profile or targets")


def test_a_profile_needs_a_quote_that_is_none_of_its_coins(faults: Faults) -> None:
    text = text_with(
        ("portfolio", 'profile = "moderate"'),
        ("account", 'quote = "BTC"'),
        without=("portfolio.targets",),
    )
    (fault,) = faults(text)
    assert (fault.key, "stable share" in fault.reason) == ("portfolio.profile", True)


def test_a_section_that_is_no_table_is_one_fault(faults: Faults) -> None:
    (fault,) = faults("approval = 3\n" + text_with())
    assert (fault.key, fault.line, fault.reason) == ("approval", 1, "must be a table, was 3")


def test_sum_and_bad_names_are_both_told(faults: Faults) -> None:
    found = faults(text_with(("portfolio", 'targets = { btc = "0.5", USDT = "0.4" }')))
    assert {fault.key for fault in found} == {"portfolio.targets", "portfolio.targets.btc"}


def test_the_futures_route_without_perpetuals_is_a_fault(faults: Faults) -> None:
    text = text_with(
        ("venue", 'markets = ["spot"]'),
        ("rebalance", 'route = "futures"'),
        ("rebalance", 'routes = { ETH = "futures" }'),
    )
    assert {fault.key for fault in faults(text)} == {"rebalance.route", "rebalance.routes.ETH"}


@pytest.mark.parametrize("environment", ["testnet", "live"])
def test_an_address_is_refused_where_the_venue_has_its_own(
    faults: Faults, environment: str
) -> None:
    text = text_with(
        ("venue", f'environment = "{environment}"'), ("venue", 'url = "http://127.0.0.1:8900"')
    )
    (fault,) = faults(text)
    assert (fault.key, "only for environment" in fault.reason) == ("venue.url", True)


def test_a_file_that_is_not_utf8_is_located(tmp_path: Path, faults: Faults) -> None:
    from trimtab.config.sources import file_layer  # noqa: PLC0415  the layer, not the whole load

    path = tmp_path / "latin.toml"
    path.write_bytes(b'[account]\nname = "B\xf6rse"\n')
    (fault,) = file_layer(path, name="latin.toml").faults
    assert (fault.line, fault.column, fault.reason) == (2, 10, "is not UTF-8 text")


def test_secret_values_are_never_repeated(faults: Faults) -> None:
    canary = "hunter2hunter2"
    text = text_with(
        ("venue", f'api_key = "{canary}"'),
        ("venue", f'unknown = "{canary}"'),
        ("ledger", f'url = "postgresql://me:{canary}@db/x"'),
    )
    found = faults(
        text,
        environ={"TRIMTAB__VENUE__APIKEY": canary, "TRIMTAB__OTHER": canary},
        sets=[f"venue.api_secret={canary}", f"account.password={canary}", f"x {canary}"],
    )
    assert len(found) == 8
    assert canary not in repr(found)


def test_the_corpus_is_large() -> None:
    assert len(GENERATED) + len(BY_HAND) + len(SYNTAX) > 400
