"""Contracts on another venue in the file: what it becomes, its keys, and slips in it."""

from __future__ import annotations

import base64

import pytest

from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import venue_settings
from trimtab.config.secrets import credentials
from trimtab.domain.errors import ConfigError
from trimtab.domain.instruments import MarketKind
from trimtab.domain.references import ReferenceSource
from trimtab.domain.rights import KeyUse

TESTNET = ("venue", 'environment = "testnet"')
LIVE = ("venue", 'environment = "live"')
AT_BITGET = ("hedge", 'venue = { id = "bitget" }')
LOCAL = ("hedge", 'venue = { id = "binance", url = "http://127.0.0.1:8901" }')
KEYS = {
    f"TRIMTAB__{place}__{part}": f"{place}-{part}"
    for place in ("VENUE", "HEDGE__VENUE")
    for part in ("API_KEY", "API_SECRET", "PASSWORD")
}
WORD = "TRIMTAB__HEDGE__VENUE__PASSWORD"


def test_coins_and_contracts_are_parted_between_the_venues(load: Load) -> None:
    config = load(text_with(TESTNET, AT_BITGET))
    assert config.key.venue == "binance+bitget"
    coins, hedges = config.parts
    assert (coins.venue_id, coins.markets) == ("binance", {MarketKind.SPOT})
    assert (hedges.venue_id, hedges.markets) == ("bitget", {MarketKind.SWAP})
    assert [part.is_hedges for part in config.parts] == [False, True]


def test_without_it_one_venue_has_everything(load: Load) -> None:
    config = load(text_with(TESTNET))
    (whole,) = config.parts
    assert (whole.venue_id, whole.markets) == ("binance", {MarketKind.SPOT, MarketKind.SWAP})
    assert not config.key.is_split


def test_an_order_is_believed_to_arrive_as_late_as_either_venue_may_take_it(load: Load) -> None:
    alone = load(text_with(TESTNET)).policy.execution.receive_window_ms
    both = load(text_with(TESTNET, AT_BITGET)).policy.execution.receive_window_ms
    assert alone == 5000
    assert both == 30_000


@pytest.mark.parametrize(
    ("coins", "hedges", "windows"),
    [
        ("coinbase", "binance", [120_000, 5000]),
        ("gate", "binance", [60_000, 5000]),
        ("binance", "bitget", [5000, 30_000]),
        ("bybit", "okx", [5000, 30_000]),
    ],
)
def test_a_request_names_what_its_own_venue_needs_whatever_the_other_may_take(
    load: Load, coins: str, hedges: str, windows: list[int]
) -> None:
    lines = (LIVE, ("venue", f'id = "{coins}"'), ("hedge", f'venue = {{ id = "{hedges}" }}'))
    keys = KEYS | {"TRIMTAB__VENUE__API_SECRET": base64.b64encode(bytes(range(32))).decode()}
    config = load(text_with(*lines), environ=keys)
    found = venue_settings(config, keys, SystemClock(), use=KeyUse.SEND)
    assert [each.execution.receive_window_ms for each in found] == windows
    assert config.policy.execution.receive_window_ms == max(windows)


def test_what_funding_does_is_told_by_the_venue_of_the_hedges(load: Load) -> None:
    elsewhere = load(text_with(TESTNET, AT_BITGET)).policy.auto
    there = load(text_with(TESTNET, ("venue", 'id = "bitget"'))).policy.auto
    assert elsewhere == there


def test_neither_venue_is_asked_for_an_independent_price(load: Load) -> None:
    sources = load(text_with(LIVE, AT_BITGET)).policy.references.sources
    assert {ReferenceSource.COINBASE, ReferenceSource.KRAKEN} <= {*sources}
    assert not {"binance", "bitget"} & {source.value for source in sources}


def test_each_venue_has_keys_of_its_own(load: Load) -> None:
    config = load(text_with(LIVE, AT_BITGET), environ=KEYS)
    found = [credentials(config, KEYS, use=KeyUse.SEND, part=part) for part in config.parts]
    assert [keys.api_key.reveal() for keys in found] == ["VENUE-API_KEY", "HEDGE__VENUE-API_KEY"]
    assert [keys.password.reveal() for keys in found] == [
        "VENUE-PASSWORD",
        "HEDGE__VENUE-PASSWORD",
    ]


def test_the_key_of_the_coins_never_signs_for_the_hedges(load: Load) -> None:
    coins_only = {name: text for name, text in KEYS.items() if "HEDGE" not in name}
    config = load(text_with(LIVE, AT_BITGET), environ=coins_only)
    with pytest.raises(ConfigError, match="no key for bitget") as told:
        credentials(config, coins_only, use=KeyUse.SEND, part=config.parts[1])
    assert "bitget/main/live/hedge_api_key" in str(told.value)
    assert "TRIMTAB__HEDGE__VENUE__API_KEY" in str(told.value)


@pytest.mark.parametrize("use", [KeyUse.SEND, KeyUse.READ])
def test_one_key_is_not_that_of_two_accounts(load: Load, use: KeyUse) -> None:
    there = ("hedge", 'venue = { id = "binance" }')
    same = {name: name.rpartition("__")[2] for name in KEYS}
    config, clock = load(text_with(LIVE, there), environ=same), SystemClock()
    with pytest.raises(ConfigError, match="one key of binance: that is one account") as told:
        venue_settings(config, same, clock, use=use)
    assert told.value.next_step.endswith("trimtab doctor")
    assert "API_KEY" not in str(told.value)
    (coins, hedges) = venue_settings(config, KEYS, clock, use=use)
    assert (coins.api_key.key, hedges.api_key.key) == ("VENUE-API_KEY", "HEDGE__VENUE-API_KEY")
    elsewhere = load(text_with(LIVE, AT_BITGET), environ=same)
    assert len(venue_settings(elsewhere, same, clock, use=use)) == 2
    local = load(text_with(LOCAL))
    assert len(venue_settings(local, {}, clock, use=use)) == 2


@pytest.mark.parametrize("use", ["", "READ_"])
def test_a_passphrase_that_is_missing_is_asked_for_by_its_own_name(load: Load, use: str) -> None:
    own = {f"TRIMTAB__HEDGE__VENUE__{use}{part}": "x" for part in ("API_KEY", "API_SECRET")}
    config = load(text_with(LIVE, AT_BITGET))
    with pytest.raises(ConfigError, match="the passphrase of bitget") as told:
        credentials(config, KEYS | own | {WORD: ""}, use=KeyUse.READ, part=config.parts[1])
    assert str(told.value).endswith(f": TRIMTAB__HEDGE__VENUE__{use}PASSWORD")


@pytest.mark.parametrize(
    ("lines", "key", "reason"),
    [
        (
            [TESTNET, ("hedge", 'venue = { id = "kraken" }')],
            "hedge.venue.id",
            "is not opened for swap",
        ),
        (
            [TESTNET, AT_BITGET, ("venue", 'markets = ["spot"]')],
            "hedge.venue",
            "has nothing to hold",
        ),
        (
            [TESTNET, AT_BITGET, ("venue", "coin_margined = true")],
            "venue.coin_margined",
            "counts nothing where contracts are held on another venue",
        ),
        (
            [TESTNET, ("venue", 'id = "bybit"'), ("venue", "coin_margined = true")],
            "venue.coin_margined",
            "no coin-margined contract of bybit can be counted yet",
        ),
        (
            [TESTNET, AT_BITGET, ("hedge", 'max_topup = "100"')],
            "hedge.max_topup",
            "nothing between two venues",
        ),
        (
            [TESTNET, ("hedge", 'venue = { id = "bitget", url = "http://127.0.0.1:8901" }')],
            "hedge.venue.url",
            'is only for environment = "local"',
        ),
        ([("hedge", 'venue = { id = "binance" }')], "hedge.venue", "needs url in local"),
        (
            [("hedge", 'venue = { id = "binance", url = "http://127.0.0.1:8900/" }')],
            "hedge.venue.url",
            "is where the coins are",
        ),
        (
            [("hedge", 'venue = { id = "binance", url = "http://localhost:8900" }')],
            "hedge.venue.url",
            "is where the coins are",
        ),
        (
            [
                ("venue", 'url = "HTTP://[::1]"'),
                ("hedge", 'venue = { id = "binance", url = "http://127.0.0.1:80" }'),
            ],
            "hedge.venue.url",
            "is where the coins are",
        ),
        (
            [("hedge", 'venue = { id = "bitget", url = "http://127.0.0.1:8901" }')],
            "hedge.venue.id",
            "has no environment local",
        ),
        (
            [("hedge", 'venue = { id = "binance", url = "http://192.0.2.1:80" }')],
            "hedge.venue.url",
            "must be on this machine",
        ),
        ([TESTNET, ("hedge", 'venue = { id = "Bitget" }')], "hedge.venue.id", "ccxt id"),
        (
            [TESTNET, ("hedge", 'venue = { id = "bitget", api_key = "x" }')],
            "hedge.venue.api_key",
            "is a secret in the open",
        ),
        (
            [LIVE, AT_BITGET, ("references", 'sources = ["coinbase", "bitget"]')],
            "references.sources[1]",
            "not independent",
        ),
    ],
)
def test_a_slip_is_named_at_its_key(
    faults: Faults, lines: list[tuple[str, str]], key: str, reason: str
) -> None:
    found = faults(text_with(*lines))
    assert any(fault.key == key and reason in fault.message for fault in found), found


def test_a_secret_in_the_file_is_told_its_own_variable(faults: Faults) -> None:
    found = faults(text_with(TESTNET, ("hedge", 'venue = { id = "bitget", api_secret = "x" }')))
    assert any("TRIMTAB__HEDGE__VENUE__API_SECRET" in fault.message for fault in found)


def test_coins_may_lie_where_no_contract_is_opened(load: Load) -> None:
    config = load(text_with(TESTNET, ("venue", 'id = "bybit"'), AT_BITGET))
    assert config.key.venue == "bybit+bitget"
