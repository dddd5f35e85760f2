"""From file, variables and options to one frozen :class:`Config`, or all faults at once.

Reads the configuration file and nothing else: no secret, no network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from trimtab.config.checks import flaws, password_flaw, section
from trimtab.config.faults import ConfigFault, Flaw, InvalidConfig
from trimtab.config.models import Document
from trimtab.config.notify_settings import MailSettings, NotifySettings, all_kinds, seconds
from trimtab.config.policies import policy_of, slot_terms_of
from trimtab.config.positions import KeyPath
from trimtab.config.profiles import PROFILES, profile_layer
from trimtab.config.provenance import Provenance, merged, with_sections
from trimtab.config.settings import Config, Setting, Source, SourceKind
from trimtab.config.sources import Layer, file_layer, find_file, options_layer, variables_layer
from trimtab.config.tiers import undeclared
from trimtab.config.translation import UNKNOWN_KEY, flaws_of
from trimtab.domain.canonical import digest
from trimtab.domain.history_policy import risky_of
from trimtab.domain.instruments import Asset, MarketKind
from trimtab.domain.snapshot import AccountKey

MASK: Final = "***"
"""What stands where a password was."""
_DEFAULT: Final = Source(kind=SourceKind.DEFAULT, name="", line=0, column=0)


def load_config(
    path: Path | None,
    *,
    environ: Mapping[str, str],
    sets: Sequence[str],
    home: Path,
    cwd: Path,
) -> Config:
    """Return the effective configuration.

    Raises:
        InvalidConfig: with every fault that could be found, located.

    """
    file = find_file(path, environ=environ, home=home, cwd=cwd)
    name = str(file.relative_to(cwd)) if file.is_relative_to(cwd) else str(file)
    own = [file_layer(file, name=name), variables_layer(environ), options_layer(sets)]
    unread = [fault for layer in own for fault in layer.faults]
    layers = [*_profile_layers(merged(own), Provenance(own, file=name)), *own]
    provenance = Provenance(layers, file=name)
    document, found = _validated(own, layers=layers, provenance=provenance)
    if own[0].faults:  # What the file lacks is not known, so only the overrides can be judged.
        found = [fault for fault in found if not fault.line]
    if document is None or unread or found:
        raise InvalidConfig(_in_order([*unread, *found], file=name))
    config = _config(document, provenance, file=file, home=home, cwd=cwd)
    if missing := [provenance.locate(flaw) for flaw in _undeclared(config)]:
        raise InvalidConfig(missing)
    return config


def _undeclared(config: Config) -> Iterator[Flaw]:
    """Yield the coins whose contracts may be traded and nobody tells what they maintain."""
    *_, part = config.parts
    if MarketKind.SWAP not in part.markets:
        return
    place: KeyPath = ("hedge", "venue") if part.is_hedges else ("venue",)
    policy = config.policy
    used = dict.fromkeys((*policy.rebalance.assets, *policy.beside_targets))
    coins = tuple(a for a in risky_of(used) if a != config.quote and policy.hedges(a))
    yield from undeclared(policy, coins, venue_id=part.venue_id, path=(*place, "maintenance"))


def _profile_layers(tree: Mapping[str, Any], provenance: Provenance) -> Iterator[Layer]:
    """Yield the layer of the chosen profile, when one is chosen and it fits."""
    name = section(tree, "portfolio").get("profile")
    quote = section(tree, "account").get("quote")
    if not isinstance(name, str) or name not in PROFILES or "targets" in section(tree, "portfolio"):
        return
    if not isinstance(quote, str) or quote in PROFILES[name].weights:
        return
    chosen = provenance.of(("portfolio", "profile"))
    source = Source(kind=SourceKind.PROFILE, name=name, line=chosen.line, column=chosen.column)
    layer = profile_layer(PROFILES[name], quote=quote)
    paths: list[KeyPath] = [("hedge", "max_ratio"), ("risk", "max_leverage")]
    paths += [("portfolio", "targets", asset) for asset in layer["portfolio"]["targets"]]
    yield Layer(tree=layer, sources=dict.fromkeys(paths, source))


def _validated(
    own: Sequence[Layer], *, layers: Sequence[Layer], provenance: Provenance
) -> tuple[Document | None, list[ConfigFault]]:
    """Return the document, None when a model refused it, and every fault."""
    chosen = merged(own)
    found = [*flaws(chosen)]
    if provenance.of(("ledger", "url")).kind is not SourceKind.ENVIRONMENT:
        found += password_flaw(chosen)
    document = None
    try:
        document = Document.model_validate(with_sections(merged(layers), Document))
    except ValidationError as e:
        found += flaws_of(e)
    return document, [provenance.locate(flaw) for flaw in _each_once(found)]


def _each_once(found: Sequence[Flaw]) -> Iterator[Flaw]:
    """Yield each flaw once; what the checks between keys name is not also an unknown key."""
    seen: set[tuple[KeyPath, str]] = set()
    paths: set[KeyPath] = set()
    for flaw in found:
        is_echo = flaw.reason == UNKNOWN_KEY and flaw.path in paths
        if not is_echo and (flaw.path, flaw.reason) not in seen:
            yield flaw
        seen.add((flaw.path, flaw.reason))
        paths.add(flaw.path)


def _in_order(faults: Sequence[ConfigFault], *, file: str) -> list[ConfigFault]:
    """Return the faults in file order, then those of variables and options by name."""
    return sorted(faults, key=lambda f: (f.file != file, f.line, f.column, f.file, f.key))


def _config(
    document: Document, provenance: Provenance, *, file: Path, home: Path, cwd: Path
) -> Config:
    """Return the validated document as the value that the program runs on."""
    policy = policy_of(document)
    elsewhere = document.hedge.venue
    key = AccountKey(
        venue="+".join([document.venue.id, *([elsewhere.id] if elsewhere else [])]),
        account=document.account.name,
        environment=document.venue.environment,
    )
    return Config(
        file=file,
        key=key,
        quote=Asset(document.account.quote),
        venue_url=document.venue.url,
        hedge_url=elsewhere.url if elsewhere else "",
        markets=document.venue.markets,
        coin_margined=document.venue.coin_margined,
        calendar=document.rebalance.calendar,
        timezone=document.rebalance.timezone,
        slot_terms=slot_terms_of(document.schedule),
        poll_s=document.schedule.poll_s,
        rehearse_days=document.schedule.rehearse_days,
        asked_window_ms=document.execution.receive_window_ms,
        references_url=document.references.url or document.venue.url,
        references_timeout_s=document.references.timeout_s,
        ledger_url=_expanded(document.ledger.url, key, home=home, cwd=cwd),
        approval_mode=document.approval.mode,
        notify=_notify(document),
        policy=policy,
        policy_digest=digest(policy),
        settings=tuple(_settings(document, provenance)),
    )


def _notify(document: Document) -> NotifySettings:
    """Return who is told of what."""
    wanted = document.notify
    return NotifySettings(
        channels=wanted.channels,
        events=all_kinds(wanted.events),
        timeout_s=seconds(wanted.timeout_s),
        webhook_url=wanted.webhook_url,
        replies=wanted.replies,
        telegram_chat=wanted.telegram_chat,
        telegram_sender=wanted.telegram_sender,
        ntfy_url=wanted.ntfy_url,
        ntfy_topic=wanted.ntfy_topic,
        ntfy_reply_topic=wanted.ntfy_reply_topic,
        mail=MailSettings(
            host=wanted.email_host,
            port=wanted.email_port,
            tls=wanted.email_tls,
            user=wanted.email_user,
            sender=wanted.email_from,
            recipients=wanted.email_to,
        ),
    )


def _expanded(url: str, key: AccountKey, *, home: Path, cwd: Path) -> str:
    """Return the ledger's URL with account, environment, home and folder filled in."""
    filled = url.replace("{account}", key.account)
    filled = filled.replace("{environment}", key.environment.value)
    prefix = "sqlite:///"
    if not filled.startswith(prefix):
        return filled
    path = filled.removeprefix(prefix)
    place = home / path.removeprefix("~/") if path.startswith("~/") else cwd / path
    return f"{prefix}{place}"


def _settings(document: Document, provenance: Provenance) -> Iterator[Setting]:
    """Yield every key with its value and source; tables of any names give a row per name."""
    for path, shown in _rows(document.model_dump(mode="json", by_alias=True), ()):
        yield Setting(
            key=".".join(path),
            value=_masked(shown) if path == ("ledger", "url") else shown,
            source=provenance.of(path) if provenance.is_set(path) else _DEFAULT,
        )


def _rows(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401  any JSON
    """Yield path and value of what is below *path*; what is not there has no row."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _rows(inner, (*path, key))
    elif value is not None and (value or path != ("portfolio", "profile")):
        yield path, value


def _masked(url: str) -> str:
    """Return a ledger's URL without its password."""
    url = re.sub(r"(://[^/@]*?:)[^@]*@", rf"\1{MASK}@", url)
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", rf"\1{MASK}", url)
