"""How a switch of a command is declared: it is off, and naming it turns it on."""

from __future__ import annotations

from typing import Final

from cyclopts import Parameter

FLAG: Final = Parameter(negative=(), show_default=False)
"""A switch without a ``--no-`` twin; its help need not say that it is off by default."""
