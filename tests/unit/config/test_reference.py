"""Documentation, schema, examples and starter say what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.conftest import Load
from trimtab import config
from trimtab.domain.errors import ConfigError
from trimtab.domain.snapshot import Environment

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "config").glob("*.toml"))
PROFILES = ("conservative", "moderate", "aggressive")


def test_the_page_is_what_the_models_say() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    fix = "python -m trimtab.config.reference > docs/configuration.md"
    assert page == config.reference_text(), fix


def test_the_schema_describes_every_key_and_its_bounds() -> None:
    schema = config.schema()
    sections = schema["$defs"]
    described = [
        key for section in sections.values() for key in section.get("properties", {}).values()
    ]
    assert len(described) > 50
    assert all(key["description"] for key in described)
    assert sections["Hedge"]["properties"]["leverage"]["maximum"] == 125
    assert sections["Risk"]["properties"]["shock"]["exclusiveMaximum"] == 1
    assert sections["Risk"]["additionalProperties"] is False
    assert schema["required"] == ["account", "venue", "portfolio"]
    assert not {"ge", "gt", "le", "lt"} & set(str(schema).replace("'", " ").split())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_loads_as_it_stands(path: Path, tmp_path: Path) -> None:
    read = config.load(path, environ={}, sets=(), home=tmp_path, cwd=tmp_path)
    assert read.policy.rebalance.assets


def test_there_are_examples_to_start_from() -> None:
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("profile", PROFILES)
def test_the_starter_is_the_profile_written_out(
    load: Load, profile: str, environment: Environment
) -> None:
    started = load(config.starter_text(profile, venue="binance", environment=environment))
    short = load(
        f'account.quote = "USDT"\nportfolio.profile = "{profile}"\n'
        f'venue = {{ id = "binance", environment = "{environment.value}" }}\n'
    )
    assert started.policy == short.policy
    assert started.key == short.key
    assert started.key.environment is environment


@pytest.mark.parametrize(
    ("name", "profile", "environment"),
    [
        *((profile, profile, Environment.LOCAL) for profile in PROFILES),
        ("binance-testnet", "moderate", Environment.TESTNET),
        ("binance-live", "conservative", Environment.LIVE),
    ],
)
def test_the_ready_files_are_starters(name: str, profile: str, environment: Environment) -> None:
    text = (ROOT / "config" / f"{name}.toml").read_text(encoding="utf-8")
    assert text == config.starter_text(profile, venue="binance", environment=environment)


@pytest.mark.parametrize(
    ("profile", "venue", "words"),
    [("modrate", "binance", 'did you mean "moderate"'), ("moderate", 'x"\n', "ccxt id")],
)
def test_a_starter_that_cannot_be_written_says_why(profile: str, venue: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config.starter_text(profile, venue=venue, environment=Environment.LOCAL)
