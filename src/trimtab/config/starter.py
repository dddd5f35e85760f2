"""The commented configuration that ``trimtab init`` writes.

Pure text; it loads as it stands, and what it leaves out has the documented default.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from pydantic_core import PydanticCustomError

from trimtab.config.profiles import PROFILES, USUAL_PROFILE, Profile
from trimtab.config.shape import nearest_fix
from trimtab.config.words import read_venue
from trimtab.domain.errors import ConfigError
from trimtab.domain.instruments import MarketKind
from trimtab.domain.snapshot import Environment
from trimtab.venues.catalogue import PROFILES as PROFILES_OF_VENUES


def starter(profile: str, *, venue: str, environment: Environment, file: str = "") -> str:
    """Return the text of a configuration file; an error's next command names *file* again.

    Raises:
        ConfigError: there is no such profile, the venue is not opened, or not in the environment.

    """
    if profile not in PROFILES:
        told = f"there is no profile {profile!r}; {nearest_fix(profile, PROFILES)}"
        raise ConfigError(told, next_step="trimtab init --help")
    try:
        read_venue(venue)
    except PydanticCustomError as e:
        raise ConfigError(f"venue: {e.message()}", next_step="trimtab venues") from None
    if why := PROFILES_OF_VENUES[venue].lacks(environment):
        instead = PROFILES_OF_VENUES[venue].instead.value
        words = ["trimtab", "init", "--venue", venue, "--environment", instead]
        words += [] if profile == USUAL_PROFILE else ["--profile", profile]
        raise ConfigError(why, next_step=shlex.join([*words, *([file] if file else [])]))
    chosen = PROFILES[profile]
    names = PROFILES_OF_VENUES[venue].starter_names
    blocks = (
        _head(chosen, names),
        _venue(venue, environment),
        _portfolio(chosen, names),
        _limits(chosen),
    )
    return "\n".join("\n".join(block) + "\n" for block in blocks)


def _head(profile: Profile, names: Mapping[str, str]) -> Iterator[str]:
    yield "# Trimtab. Every key: docs/configuration.md, or trimtab config schema."
    yield f"# Profile {profile.name}: {profile.meaning}."
    yield ""
    yield "[account]"
    yield 'name = "main"'
    quote = names.get("USDT", "USDT")
    yield f'quote = "{quote}"               # everything is counted in it'


def _venue(venue: str, environment: Environment) -> Iterator[str]:
    yield "[venue]"
    yield f'id = "{venue}"'
    line = f'environment = "{environment.value}"'
    yield f"{line:<28} # local | testnet | live"
    if environment is Environment.LOCAL:
        yield 'url = "http://127.0.0.1:8900"  # where trimtab testnet listens'
    else:
        yield "# Keys never stand here: use the keyring, TRIMTAB__VENUE__API_KEY_FILE and"
        yield "# TRIMTAB__VENUE__API_SECRET_FILE (mode 0600), or the variables without _FILE."
        if PROFILES_OF_VENUES[venue].signs_with_wallet:
            yield "# The key is the account's address, its secret the private key of an API wallet"
            yield "# that the account approved. Never the key of the account's own wallet."
        if PROFILES_OF_VENUES[venue].signs_with_key_pair:
            yield "# The secret is a PEM, its lines kept or written as \\n on one line, or it is"
            yield "# the base64 of an Ed25519 key. The portfolio of the key is the account."
        if PROFILES_OF_VENUES[venue].takes_passphrase:
            yield "# The key's passphrase is a third part: TRIMTAB__VENUE__PASSWORD_FILE."
    if environment is Environment.LIVE:
        yield "# Real money. Nothing is sent without --execute and a typed yes."
        if not PROFILES_OF_VENUES[venue].tells_rights:
            yield "# The venue does not tell what a key may do. See that yours can only read and"
            yield "# trade, then vouch for it; without that no plan passes."
            yield '# key_rights = "vouched"'
    if MarketKind.SWAP in PROFILES_OF_VENUES[venue].kinds:
        yield 'markets = ["spot", "swap"]   # swap is perpetual contracts'
        if not PROFILES_OF_VENUES[venue].tells_maintenance:
            yield "# The venue does not tell what a position has to maintain. To hedge a coin, copy"
            yield "# its tiers from the app: the largest notional and the rate of each."
            yield '# maintenance = { BTC = [{ up_to = 50000, rate = "0.005" }] }'
    else:
        yield 'markets = ["spot"]           # no contracts: the adapter has shown coins only'


def _portfolio(profile: Profile, names: Mapping[str, str]) -> Iterator[str]:
    yield "[portfolio]"
    yield 'basis = "net"                # net counts futures, spot counts coins only'
    yield 'untargeted = "ignore"        # ignore | sell | error: held, but not named below'
    yield ""
    yield "[portfolio.targets]          # fractions; the sum must be 1"
    for asset, weight in (*profile.weights.items(), ("USDT", profile.stable)):
        yield f'{names.get(asset, asset)} = "{weight}"'
    yield ""
    yield "[rebalance]"
    yield 'route = "spot"               # spot trades coins, futures hedges them'
    yield 'threshold = "5pp"            # 5pp is points of weight, 10% a share of the target'
    yield 'scope = "all"                # all | breached'
    yield 'side = "both"                # both | overweight'
    yield 'to = "target"                # target | band | a fraction of the way such as "0.5"'
    yield 'calendar = "quarterly"       # off | monthly | quarterly | semiannual | cron text'
    yield 'timezone = "UTC"'


def _limits(profile: Profile) -> Iterator[str]:
    yield "[hedge]"
    yield f'max_ratio = "{profile.max_ratio}"            # of the units it protects, at most'
    yield "leverage = 1"
    yield ""
    yield "[risk]                       # a plan beyond any of these is refused"
    yield f'max_leverage = "{profile.max_leverage}"'
    yield 'max_order_notional = "5000"  # value in the quote'
    yield 'max_run_notional = "20000"'
    yield 'max_day_notional = "40000"'
    yield 'min_margin_ratio = "3.0"     # margin over maintenance margin; higher is safer'
    yield 'shock = "0.20"               # price move that every step must survive'
    yield "max_slippage_bps = 30"
    yield ""
    yield "[approval]"
    yield 'mode = "confirm"             # a person says yes to each plan'
    yield "ttl_s = 300"
    yield ""
    yield "[ledger]"
    yield 'url = "sqlite:///~/.local/state/trimtab/{account}-{environment}.db"'
