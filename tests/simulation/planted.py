"""Every planted bug: mistakes that were made elsewhere, or that would be easy to make here.

Each must be caught by a law, and each law must be broken by one of them: a bug that nothing
catches shows that a law or a fault is missing.
"""

from __future__ import annotations

from typing import Final

from tests.simulation.bugs_books import BOOKS
from tests.simulation.bugs_finding import FINDING
from tests.simulation.bugs_sending import SENDING
from tests.simulation.bugs_stops import STOPS
from tests.simulation.planting import Bug

BUGS: Final[tuple[Bug, ...]] = (*SENDING, *FINDING, *BOOKS, *STOPS)
"""By where they are."""
