"""Tokens and passwords of the channels, from the same places as the venue's keys. Not pure.

Each is a secret of its own: the first of keyring, file and variable that has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.config.secret_files import text_in
from trimtab.config.secrets import Secret, keyring_entry, keyring_reader, without_core_dumps
from trimtab.config.sources import NOTIFY_SECRETS, PREFIX
from trimtab.domain.errors import ConfigError
from trimtab.domain.snapshot import AccountKey

_NEXT: Final = "set it, then trimtab notify test"


def notify_secret(key: AccountKey, environ: Mapping[str, str], name: str) -> Secret:
    """Return a channel's secret by *name*, such as ``telegram_token``; empty when it is not set.

    Raises:
        ConfigError: the place that has it may not be read as it lies.

    """
    assert name in NOTIFY_SECRETS, "Every name is known, so that its variable is no setting."
    without_core_dumps()
    variable = f"{PREFIX}NOTIFY__{name.upper()}"
    if text := keyring_reader(key)(f"notify_{name}"):
        return Secret(text)
    if path := environ.get(f"{variable}_FILE", ""):
        return Secret(text_in(path, named_by=f"{variable}_FILE", home=environ.get("HOME", "")))
    return Secret(environ.get(variable, ""))


def required_secret(key: AccountKey, environ: Mapping[str, str], name: str) -> Secret:
    """Return a channel's secret.

    Raises:
        ConfigError: it is not set.

    """
    if found := notify_secret(key, environ, name):
        return found
    variable = f"{PREFIX}NOTIFY__{name.upper()}"
    entry = keyring_entry(key, f"notify_{name}")
    raise ConfigError(
        f"no {name} for {key.venue}, account {key.account}, environment {key.environment.value};"
        f" set the keyring entry {entry}, a file of mode 0600 in {variable}_FILE, or {variable}",
        next_step=_NEXT,
    )
