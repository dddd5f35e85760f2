"""The configuration room: one TOML file, variables and options to one frozen value.

Importing this is cheap: the models, pydantic and the zone database are loaded by the first
call. Nothing here talks to a network; keys are read by :mod:`trimtab.config.secrets`, when asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trimtab.config.faults import ConfigFault, InvalidConfig
from trimtab.config.settings import ApprovalMode, Config, Setting, Source, SourceKind
from trimtab.domain.snapshot import Environment

__all__ = [
    "ApprovalMode",
    "Config",
    "ConfigFault",
    "InvalidConfig",
    "Setting",
    "Source",
    "SourceKind",
    "load",
    "reference_text",
    "schema",
    "starter_text",
]


def load(
    path: Path | None,
    *,
    environ: Mapping[str, str],
    sets: Sequence[str],
    home: Path,
    cwd: Path,
) -> Config:
    """Return the effective configuration: options over variables over the file.

    Raises:
        InvalidConfig: with every fault at once, each located and with its fix.

    """
    from trimtab.config.loading import load_config  # noqa: PLC0415  help must not pay for pydantic

    return load_config(path, environ=environ, sets=sets, home=home, cwd=cwd)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file."""
    from trimtab.config.reference import json_schema  # noqa: PLC0415  as in load

    return json_schema()


def reference_text() -> str:
    """Return the documentation of every key, as Markdown."""
    from trimtab.config.reference import markdown  # noqa: PLC0415  as in load

    return markdown()


def starter_text(profile: str, *, venue: str, environment: Environment, file: str = "") -> str:
    """Return a commented configuration to begin with; an error's next command names *file*.

    Raises:
        ConfigError: there is no such profile, the venue is not opened, or not in the environment.

    """
    from trimtab.config.starter import starter  # noqa: PLC0415  as in load

    return starter(profile, venue=venue, environment=environment, file=file)
