"""Tokens and passwords of the channels, from the same places as the venue's keys. Not pure.

Each is a secret of its own: the first of keyring, file and variable that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from trimtab.config.secret_files import place_of, refuse_taken, text_in, write_text
from trimtab.config.secrets import (
    Secret,
    keyring_entry,
    keyring_reader,
    keyring_writer,
    without_core_dumps,
)
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


def required_secret(
    key: AccountKey, environ: Mapping[str, str], name: str, *, next_step: str = _NEXT
) -> Secret:
    """Return a channel's secret; where there is none, *next_step* gets further.

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
        next_step=next_step,
    )


def secret_keeper(
    key: AccountKey, name: str, *, home: str, file: str | None
) -> Callable[[str], str]:
    """Return what keeps a new secret, in *file* or else the keyring, and tells where it lies.

    Raises:
        ConfigError: there is no keyring, or the file is there already; or, when it is kept, the
            file cannot be made.

    """
    assert name in NOTIFY_SECRETS, "As above."
    if file is not None:
        place = place_of(file, home=home)
        refuse_taken(place, named_by="--file")
        return lambda text: str(write_text(place, text, named_by="--file"))
    part = f"notify_{name}"
    write = keyring_writer(key, part)
    if write is None:
        raise ConfigError(
            "this system has no keyring; name a file that is to be made",
            next_step="trimtab notify enrol --file ~/.config/trimtab/reply-secret",
        )

    def keep(text: str) -> str:
        """Keep it in the keyring."""
        write(text)
        return keyring_entry(key, part)

    return keep
