"""The venue's keys: from keyring, files or environment, masked wherever they could leak.

Read only when asked for. There are two: the key that trades, and, if one is set, a key that
only reads, for commands that send nothing. The first source that has any part of a key must
have all of it: a key from one place with the secret of another would sign for the wrong
account. Files are read by :mod:`trimtab.config.secret_files`. Before the first secret is read,
core dumps are switched off, since a dump would hold it. Not pure.
"""

from __future__ import annotations

import dataclasses
import hmac
import importlib
import re
import resource
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from typing_extensions import override

from trimtab.config.key_pairs import private_half
from trimtab.config.secret_files import text_in
from trimtab.config.settings import Config, VenuePart
from trimtab.domain.errors import ConfigError
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.venues.catalogue import PROFILES

MASK: Final = "***"
"""What a secret shows instead of itself."""
KEYRING_SERVICE: Final = "trimtab"
"""Name of our entries in the operating system's keyring."""
LOCAL_KEY: Final = "local-key"
"""What ``trimtab testnet`` accepts; no secret."""
LOCAL_SECRET: Final = "local-secret"  # noqa: S105  documented, accepted on loopback only
"""Its secret; documented, accepted on loopback only."""
_PARTS: Final = ("api_key", "api_secret", "password")
_NAMED: Final[Mapping[KeyUse, str]] = MappingProxyType({KeyUse.SEND: "", KeyUse.READ: "read_"})
"""What the names of a key's parts begin with."""


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
    use: KeyUse
    """Which key it is: the one that trades, or the one that only reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the keys of one venue of the account stand, under names of their own."""

    key: AccountKey
    """The account, with the id of this venue alone."""
    is_hedges: bool
    """Whether it is the venue of the contracts alone: it may be the same, in another account."""

    def entry(self, part: str) -> str:
        """Return the name of a keyring entry."""
        return keyring_entry(self.key, f"hedge_{part}" if self.is_hedges else part)

    def variable(self, part: str) -> str:
        """Return the variable that holds a part of the key."""
        return f"TRIMTAB__{'HEDGE__' * self.is_hedges}VENUE__{part.upper()}"

    def named(self, part: str, *, source: str) -> str:
        """Return what a part of the key is called in the *source* that has the others."""
        names = {"keyring": self.entry(part), "file": f"{self.variable(part)}_FILE"}
        return names.get(source, self.variable(part))


def _place(config: Config, part: VenuePart) -> _Place:
    """Return where the keys of a venue of the account stand."""
    key = dataclasses.replace(config.key, venue=part.venue_id)
    return _Place(key=key, is_hedges=part.is_hedges)


def keyring_entry(key: AccountKey, part: str) -> str:
    """Return the name of a keyring entry: ``binance/main/testnet/api_key``."""
    return f"{key.venue}/{key.account}/{key.environment.value}/{part}"


def credentials(
    config: Config, environ: Mapping[str, str], *, use: KeyUse, part: VenuePart | None = None
) -> Credentials:
    """Return the keys of the configured account, for *use*: of its first venue, or of *part*.

    Who only reads gets the key that only reads; where none is set, the one that trades.

    Raises:
        ConfigError: there are none, only half of them, or they may not be read as they lie.

    """
    without_core_dumps()
    place = _place(config, config.parts[0] if part is None else part)
    order = (KeyUse.READ, KeyUse.SEND) if use is KeyUse.READ else (KeyUse.SEND,)
    for kind in order:
        if (found := _found(place, environ, kind)) is not None:
            return found
    if config.key.environment is Environment.LOCAL:
        local = {"api_key": LOCAL_KEY, "api_secret": LOCAL_SECRET, "password": ""}
        return _complete(local, place, source="local", use=KeyUse.SEND)
    only_reads = use is KeyUse.SEND and _found(place, environ, KeyUse.READ) is not None
    raise ConfigError(
        f"no key{' that trades' if only_reads else ''} for {place.key.venue}, account"
        f" {config.key.account}, environment {config.key.environment.value};"
        f" set one of: {'; '.join(_ways(place))}",
        next_step="set the key, then trimtab doctor",
    )


def without_core_dumps() -> None:
    """Forbid the system to write this process's memory to a file when it crashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _found(place: _Place, environ: Mapping[str, str], use: KeyUse) -> Credentials | None:
    """Return the key for exactly *use* from the first source that has a part of it, or None.

    Raises:
        ConfigError: that source has only half of it, or it may not be read as it lies.

    """
    sources: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("keyring", keyring_reader(place.key, place.entry)),
        ("file", lambda part: _from_file(place.variable(part), environ)),
        ("environment", lambda part: environ.get(place.variable(part), "")),
    )
    for source, read in sources:
        parts = {part: read(f"{_NAMED[use]}{part}") for part in _PARTS}
        if any(parts.values()):
            return _complete(parts, place, source=source, use=use)
    return None


def _ways(place: _Place) -> Iterator[str]:
    """Yield the ways to set a key, safest first."""
    variable = place.variable
    yield (
        f"keyring entries {place.entry('api_key')} and {place.entry('api_secret')}"
        f" of the service {KEYRING_SERVICE} (needs trimtab[keyring])"
    )
    yield f"files of mode 0600 in {variable('api_key')}_FILE and {variable('api_secret')}_FILE"
    yield f"the variables {variable('api_key')} and {variable('api_secret')}"


def _complete(parts: Mapping[str, str], place: _Place, *, source: str, use: KeyUse) -> Credentials:
    """Return the parts as credentials: all there that the venue asks for, each one word."""
    profile = PROFILES[place.key.venue]
    takes_passphrase = profile.takes_passphrase
    for part in ("api_key", "api_secret", *(["password"] if takes_passphrase else [])):
        if not parts[part]:
            name = f"{_NAMED[use]}{part}"
            what = f", the passphrase of {place.key.venue}" * (part == "password")
            raise ConfigError(
                f"{source} has part of a key but no {name}; set {name} there too{what}:"
                f" {place.named(name, source=source)}",
                next_step="set the key, then trimtab doctor",
            )
    if profile.signs_with_key_pair:
        parts = {**parts, "api_secret": _signing(parts["api_secret"], source=source, use=use)}
    for part, text in parts.items():
        if part == "api_secret" and profile.signs_with_key_pair:
            continue  # Its lines were looked at.
        if re.search(r"[\s\x00-\x1f\x7f]", text) and part != "password":
            raise ConfigError(
                f"the {_NAMED[use]}{part} from {source} has white space in it; store it again",
                next_step="set the key, then trimtab doctor",
            )
    return Credentials(
        api_key=Secret(parts["api_key"]),
        api_secret=Secret(parts["api_secret"]),
        password=Secret(parts["password"]),
        source=source,
        use=use,
    )


def _signing(text: str, *, source: str, use: KeyUse) -> str:
    """Return the secret of a venue that signs with a pair of keys, as it signs.

    Raises:
        ConfigError: it is no private half that signs there; nothing of it is shown.

    """
    try:
        return private_half(text)
    except ValueError as e:
        raise ConfigError(
            f"the {_NAMED[use]}api_secret from {source} {e}; store it again",
            next_step="set the key, then trimtab doctor",
        ) from None


def keyring_reader(
    key: AccountKey, entry: Callable[[str], str] | None = None
) -> Callable[[str], str]:
    """Return a reader of the system's keyring; where there is none it finds nothing.

    *entry* says how a part's entry is called; without it as :func:`keyring_entry` does.
    """
    named = entry or (lambda part: keyring_entry(key, part))
    try:
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
    except ImportError:
        return lambda _: ""

    def read(part: str) -> str:
        try:
            text: str | None = keyring.get_password(KEYRING_SERVICE, named(part))
        except errors.NoKeyringError:
            return ""  # A server without a desktop.
        except errors.KeyringError as e:
            raise ConfigError(
                f"the keyring cannot be read ({type(e).__name__}); unlock it",
                next_step="unlock the keyring, then trimtab doctor",
            ) from None
        return text or ""

    return read


def keyring_writer(key: AccountKey, part: str) -> Callable[[str], None] | None:
    """Return what writes a part into the system's keyring; None where there is none."""
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:
        return None
    if keyring.get_keyring().priority <= 0:
        return None  # A server without a desktop.

    def write(text: str) -> None:
        """Write it."""
        keyring.set_password(KEYRING_SERVICE, keyring_entry(key, part), text)

    return write


def _from_file(variable: str, environ: Mapping[str, str]) -> str:
    """Return a secret from the file that a variable names; nothing when none is named."""
    name = f"{variable}_FILE"
    path = environ.get(name, "")
    return text_in(path, named_by=name, home=environ.get("HOME", "")) if path else ""
