"""The venue's keys: from keyring, files or environment, masked wherever they could leak.

Read only when asked for. The first source that has any part of a key must have all of it: a
key from one place with the secret of another would sign for the wrong account. A file must
be the operator's own, readable by nobody else, and no symbolic link, so that nobody else
can choose what is read.
"""

from __future__ import annotations

import hmac
import importlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override

from trimtab.config.settings import Config
from trimtab.domain.errors import ConfigError
from trimtab.domain.snapshot import AccountKey, Environment

MASK: Final = "***"
"""What a secret shows instead of itself."""
KEYRING_SERVICE: Final = "trimtab"
"""Name of our entries in the operating system's keyring."""
LOCAL_KEY: Final = "local-key"
"""What ``trimtab testnet`` accepts; no secret."""
LOCAL_SECRET: Final = "local-secret"  # noqa: S105  documented, accepted on loopback only
"""Its secret; documented, accepted on loopback only."""
_PARTS: Final = ("api_key", "api_secret", "password")
_BYTES_MAX: Final = 4096


class Secret:
    """Text that only :meth:`reveal` shows; every other way out of it is masked."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself, for signing."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    # A hash would be a way to test guesses, and nothing needs one.
    __hash__ = None  # type: ignore[assignment]  # Python's way to say so.

    @override
    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    @override
    def __str__(self) -> str:
        return MASK

    @override
    def __format__(self, format_spec: str) -> str:
        return MASK

    @override
    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, (MASK,))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What signs requests."""

    api_key: Secret
    api_secret: Secret
    password: Secret
    """Empty where the venue takes none."""
    source: str
    """Where they were found: ``keyring``, ``file``, ``environment`` or ``local``."""


def keyring_entry(key: AccountKey, part: str) -> str:
    """Return the name of a keyring entry: ``binance/main/testnet/api_key``."""
    return f"{key.venue}/{key.account}/{key.environment.value}/{part}"


def variable(part: str) -> str:
    """Return the variable that holds a part of the key."""
    return f"TRIMTAB__VENUE__{part.upper()}"


def credentials(config: Config, environ: Mapping[str, str]) -> Credentials:
    """Return the keys of the configured account.

    Raises:
        ConfigError: there are none, only half of them, or they may not be read as they lie.

    """
    sources: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("keyring", _keyring_reader(config.key)),
        ("file", lambda part: _from_file(part, environ)),
        ("environment", lambda part: environ.get(variable(part), "")),
    )
    for source, read in sources:
        parts = {part: read(part) for part in _PARTS}
        if any(parts.values()):
            return _complete(parts, source=source)
    if config.key.environment is Environment.LOCAL:
        return _complete(
            {"api_key": LOCAL_KEY, "api_secret": LOCAL_SECRET, "password": ""}, source="local"
        )
    raise ConfigError(
        f"no key for {config.key.venue}, account {config.key.account}, environment"
        f" {config.key.environment.value}; set one of: {'; '.join(_ways(config.key))}",
        next_step="set the key, then trimtab doctor",
    )


def _ways(key: AccountKey) -> Iterator[str]:
    """Yield the ways to set a key, safest first."""
    yield (
        f"keyring entries {keyring_entry(key, 'api_key')} and {keyring_entry(key, 'api_secret')}"
        f" of the service {KEYRING_SERVICE} (needs trimtab[keyring])"
    )
    yield f"files of mode 0600 in {variable('api_key')}_FILE and {variable('api_secret')}_FILE"
    yield f"the variables {variable('api_key')} and {variable('api_secret')}"


def _complete(parts: Mapping[str, str], *, source: str) -> Credentials:
    """Return the parts as credentials; key and secret must both be there, and be one word."""
    for part in ("api_key", "api_secret"):
        if not parts[part]:
            raise ConfigError(
                f"{source} has part of a key but no {part}; set {part} there too",
                next_step="set the key, then trimtab doctor",
            )
    for part, text in parts.items():
        if re.search(r"[\s\x00-\x1f\x7f]", text) and part != "password":
            raise ConfigError(
                f"the {part} from {source} has white space in it; store it again",
                next_step="set the key, then trimtab doctor",
            )
    return Credentials(
        api_key=Secret(parts["api_key"]),
        api_secret=Secret(parts["api_secret"]),
        password=Secret(parts["password"]),
        source=source,
    )


def _keyring_reader(key: AccountKey) -> Callable[[str], str]:
    """Return a reader of the system's keyring; where there is none it finds nothing."""
    try:
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
    except ImportError:
        return lambda _: ""

    def read(part: str) -> str:
        try:
            text: str | None = keyring.get_password(KEYRING_SERVICE, keyring_entry(key, part))
        except errors.NoKeyringError:
            return ""  # A server without a desktop.
        except errors.KeyringError as e:
            raise ConfigError(
                f"the keyring cannot be read ({type(e).__name__}); unlock it",
                next_step="unlock the keyring, then trimtab doctor",
            ) from None
        return text or ""

    return read


def _from_file(part: str, environ: Mapping[str, str]) -> str:
    """Return a secret from the file that a variable names; nothing when none is named."""
    name = f"{variable(part)}_FILE"
    path = environ.get(name, "")
    if not path:
        return ""
    home = environ.get("HOME", "")
    place = f"{home}{path[1:]}" if home and path.startswith("~/") else path
    # Not waiting: a pipe without a writer must not stop us.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(place, flags)
    except OSError as e:
        reason = f"cannot be opened without following links: {e.strerror}"
        raise _unsafe(name, path=path, reason=reason) from None
    try:
        if reason := _unsafety(os.fstat(descriptor)):
            raise _unsafe(name, path=path, reason=reason)
        raw = os.read(descriptor, _BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _unsafe(name, path=path, reason="is not UTF-8 text") from None
    if not text or len(raw) > _BYTES_MAX:
        raise _unsafe(name, path=path, reason="is empty or larger than 4096 bytes")
    return text


def _unsafety(status: os.stat_result) -> str:
    """Return why a file cannot be trusted with a secret; nothing when it can."""
    if not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if status.st_uid != os.geteuid():
        return "belongs to another user"
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        return f"has mode {mode:04o}, others may read it; chmod 600 it"
    return ""


def _unsafe(name: str, *, path: str, reason: str) -> ConfigError:
    return ConfigError(f"{name}: {path}: {reason}", next_step="mend the file, then trimtab doctor")
