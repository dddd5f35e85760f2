"""Where a ledger lives: a file of this machine, or a schema on a PostgreSQL server.

Not pure: it makes files.
"""

from __future__ import annotations

from trimtab.adapters.ledger import files
from trimtab.adapters.ledger.files import Place
from trimtab.adapters.ledger.server import SCHEMES, Server, server_of

Site = Place | Server
"""Both have a name for messages, and an anchor."""


def site_of(url: str) -> Site:
    """Return where the ledger at *url* lives.

    Raises:
        ConfigError: the URL names neither a file nor a database on a server.

    """
    return server_of(url) if url.startswith(SCHEMES) else files.place_of(url)


def prepare(site: Site) -> None:
    """Make what has to be there on this machine before the ledger is opened.

    Raises:
        OSError: it cannot be made.

    """
    if isinstance(site, Place):
        files.prepare(site)
    else:
        site.anchor.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
