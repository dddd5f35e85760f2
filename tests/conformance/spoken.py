"""Requests and answers as a venue in process hears and gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it left."""

    method: str
    host: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]
    """By lower-case name."""

    @property
    def text(self) -> str:
        """Everything that was said, for looking into."""
        return f"{self.method} {self.path}?{self.query}\n{dict(self.headers)}\n{self.body}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer as it comes back."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
