"""Where a ledger on a PostgreSQL server lives: its URL, its name without secrets, its anchor.

One ledger fills one schema, the first of the connection's search path; another account needs
another database or schema. The head stands a second time on this machine, so that who can write
the server cannot change it. Pure but for the home folder.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from trimtab.domain.errors import ConfigError

SCHEMES: Final = ("postgresql://", "postgresql+psycopg://")
"""What the URL of a server begins with; both mean psycopg."""
_IDENTITY_DIGITS: Final = 16
_FORM: Final = "postgresql+psycopg://USER@HOST:PORT/DATABASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One schema of one database on a server."""

    url: URL = field(repr=False)
    """With the psycopg driver; may carry a password when a variable set it."""

    @property
    def name(self) -> str:
        """How messages call it: never the password, and nothing of the query."""
        shown = URL.create(
            "postgresql",
            username=self.url.username,
            host=self.url.host,
            port=self.url.port,
            database=self.url.database,
        )
        return shown.render_as_string()

    @property
    def anchor(self) -> Path:
        """The head of the chain, a second time, among the state of this user on this machine."""
        place = f"{self.host}:{self.url.port or ''}/{self.url.database}?{self._option('options')}"
        identity = hashlib.sha256(place.encode()).hexdigest()[:_IDENTITY_DIGITS]
        return Path.home() / ".local" / "state" / "trimtab" / f"postgresql-{identity}.head"

    @property
    def host(self) -> str:
        """Name, address or socket folder of the server; empty for libpq's default."""
        return self.url.host or self._option("host")

    def _option(self, name: str) -> str:
        """Return an option of the URL's query, or nothing."""
        found = self.url.query.get(name, "")
        return found if isinstance(found, str) else ",".join(found)


def server_of(url: str) -> Server:
    """Return the server that *url* names.

    Raises:
        ConfigError: it cannot be taken apart, or names no database.

    """
    try:
        parts = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise ConfigError(f"ledger.url: must be {_FORM}") from None
    if "@" in (parts.host or ""):
        # Part of a password would be taken for the host, and shown as such.
        raise ConfigError("ledger.url: the password has an @ in it; write it as %40")
    if not parts.database:
        raise ConfigError(f"ledger.url: names no database; must be {_FORM}")
    return Server(url=parts)


def storable(text: str) -> str:
    """Return *text* as the server can store it: it knows neither NUL nor half a character."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
