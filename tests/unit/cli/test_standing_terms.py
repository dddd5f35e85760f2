"""What the words of ``standing grant`` mean, and what is asked for before it is granted."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import KEY, NOW, dec
from tests.standing_cases import RULES, caps, scope, standing
from trimtab.cli.standing_terms import Terms, granted, read_expiry
from trimtab.config import Config, load
from trimtab.domain.errors import ConfigError
from trimtab.domain.instruments import Asset, MarketKind
from trimtab.domain.snapshot import Environment
from trimtab.domain.standing_question import (
    grant_question,
    grant_words,
    is_grant_asked_twice,
    second_grant_question,
    second_grant_words,
)

FILE = """\
[account]
quote = "USDT"
[venue]
id = "binance"
environment = "local"
[portfolio.targets]
ETH = "0.30"
BTC = "0.50"
USDT = "0.20"
"""
USDT = Asset("USDT")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "trimtab.toml"
    file.write_text(FILE, encoding="utf-8")
    return load(file, environ={}, sets=(), home=tmp_path, cwd=tmp_path)


def terms(**changed: Any) -> Terms:
    fields: dict[str, Any] = {
        "max_notional": "100",
        "max_run_notional": "200.50",
        "max_day_notional": "300",
        "max_runs": 4,
        "expires": "30d",
    }
    return Terms(**fields | changed)


def test_what_is_not_said_is_every_market_of_the_targets(config: Config) -> None:
    given = granted(terms(), config, by="ada", at=NOW)
    assert given.scope.symbols == ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT", "ETH/USDT:USDT")
    assert given.scope.kinds == (MarketKind.SPOT, MarketKind.SWAP)
    assert given.scope.triggers == ("calendar", "drift")
    assert given.scope.allow_warnings is False
    assert (given.scope.key, given.scope.policy_digest) == (config.key, config.policy_digest)
    assert (given.caps.order, given.caps.run, given.caps.day) == (dec(100), dec("200.50"), dec(300))
    assert (given.caps.runs, given.granted_by, given.granted_at) == (4, "ada", NOW)
    assert given.expires_at == NOW + timedelta(days=30)


def test_what_is_said_is_less(config: Config) -> None:
    given = granted(terms(kinds="spot", triggers="drift"), config, by="ada", at=NOW)
    assert given.scope.symbols == ("BTC/USDT", "ETH/USDT")
    assert (given.scope.kinds, given.scope.triggers) == ((MarketKind.SPOT,), ("drift",))
    one = granted(terms(symbols="ETH/USDT, BTC/USDT,ETH/USDT"), config, by="ada", at=NOW)
    assert one.scope.symbols == ("BTC/USDT", "ETH/USDT")


@pytest.mark.parametrize(
    "changed",
    [
        {"max_runs": 0},
        {"max_notional": "0"},
        {"max_notional": "0.00"},
        {"max_run_notional": "-1"},
        {"max_day_notional": "NaN"},
        {"max_day_notional": "1,000"},
        {"max_notional": "\N{FULLWIDTH DIGIT ONE}"},
        {"symbols": ""},
        {"symbols": "USDT/USDT"},
        {"symbols": "BTC/USDT:USDT", "kinds": "spot"},
        {"kinds": "future"},
        {"triggers": "drift,by_hand"},
        {"expires": "soon"},
    ],
)
def test_words_that_mean_nothing_are_named(config: Config, changed: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="write ") as refused:
        granted(terms(**changed), config, by="ada", at=NOW)
    assert refused.value.next_step == "trimtab standing grant --help"


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("1d", NOW + timedelta(days=1)),
        ("12h", NOW + timedelta(hours=12)),
        ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-12-31T18:00Z", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2026-12-31T18:00+02:00", datetime(2026, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_span_a_day_or_an_instant(text: str, ends: datetime) -> None:
    assert read_expiry(text, at=NOW) == ends


@pytest.mark.parametrize(
    "text",
    ["", "30", "d", "-1d", "1.5d", "30m", "2026-12-31T18:00", "never", "0001-01-01T00:00+14:00"],
)
def test_an_end_without_zone_or_unit_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--expires"):
        read_expiry(text, at=NOW)


def test_the_words_name_the_grant_and_in_live_account_and_caps() -> None:
    given = standing(limited=caps(run="901.5", runs=3))
    assert grant_words(given) == f"grant {given.digest[:8]}"
    live = dataclasses.replace(KEY, environment=Environment.LIVE)
    real = standing(within=scope(key=live), limited=caps(run="901.5", runs=3))
    assert grant_words(real) == f"grant {real.digest[:8]} {live.account} 901.5 x 3"


def test_the_second_words_hold_the_day_and_its_end() -> None:
    rules, given = RULES.approval, standing(limited=caps(run=5_000, day=9_000))
    assert not is_grant_asked_twice(given, rules)
    assert is_grant_asked_twice(standing(limited=caps(run="5000.01")), rules)
    assert second_grant_words(given, USDT) == f"9000 USDT a day until {given.expires_at:%Y-%m-%d}"
    assert "approval.two_step_above (5,000.00 USDT)" in second_grant_question(rules, USDT)


def test_the_question_says_where_how_much_what_and_until_when() -> None:
    live = dataclasses.replace(KEY, environment=Environment.LIVE)
    asked = grant_question(standing(within=scope(key=live, allow_warnings=True)), USDT)
    for told in ("LIVE, real money", "up to 600.00 USDT", "up to 1 runs", "is approved too"):
        assert told in asked
    assert "is not approved" in grant_question(standing(), USDT)
