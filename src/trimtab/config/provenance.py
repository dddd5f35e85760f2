"""The layers laid over each other: one tree of raw values, and the place of each.

Pure. Options win over variables, variables over the file, the file over a profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from trimtab.config.faults import ConfigFault, Flaw
from trimtab.config.positions import KeyPath
from trimtab.config.settings import Source, SourceKind
from trimtab.config.sources import Layer


class _Merged(BaseSettings):
    """The raw tree of all layers; what it means is checked afterwards, all at once."""

    model_config = SettingsConfigDict(extra="allow", case_sensitive=True)

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the given layers only, strongest first; the process's variables stay out."""
        assert isinstance(init_settings, InitSettingsSource), "It is what takes our arguments."
        layers: Sequence[Layer] = init_settings.init_kwargs["layers"]
        return tuple(
            InitSettingsSource(settings_cls, init_kwargs=dict(layer.tree))
            for layer in reversed(layers)
        )


class Provenance:
    """Where each key of the merged layers was set; weakest layer first."""

    __slots__ = ("_file", "_sources")

    def __init__(self, layers: Sequence[Layer], *, file: str) -> None:
        self._file = file
        self._sources: dict[KeyPath, Source] = {}
        for layer in layers:
            for path in layer.sources:
                if path in self._sources and not _is_table(layer, path):
                    self._forget_below(path)
            self._sources.update(layer.sources)

    def _forget_below(self, path: KeyPath) -> None:
        """Drop the places inside a value that a stronger layer replaces as a whole."""
        for old in [p for p in self._sources if p[: len(path)] == path]:
            del self._sources[old]

    def of(self, path: KeyPath) -> Source:
        """Return the place of *path*, of its first part, of what it is in, or the file's start."""
        inside = (key for key in self._sources if key[: len(path)] == path)
        around = (path[:i] for i in range(len(path) - 1, 0, -1))
        for candidate in (path, next(inside, path), *around):
            if candidate in self._sources:
                return self._sources[candidate]
        return Source(kind=SourceKind.FILE, name=self._file, line=1, column=1)

    def is_set(self, path: KeyPath) -> bool:
        """Say whether any layer sets exactly *path*."""
        return path in self._sources

    def locate(self, flaw: Flaw) -> ConfigFault:
        """Return the fault that a flaw is at its place."""
        return self.of(flaw.path).fault(flaw.key, reason=flaw.reason, fix=flaw.fix)


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """Return the raw tree of *layers*, weakest first; a key keeps its place in the file."""
    tree = _Merged(layers=layers).model_extra  # type: ignore[call-arg]  # It is our source.
    return dict(tree or {})


def with_sections(tree: Mapping[str, Any], document: type[BaseModel]) -> dict[str, Any]:
    """Return *tree* with every section there, so that faults name keys and not sections."""
    return {**{name: {} for name in document.model_fields}, **tree}


def _is_table(layer: Layer, path: KeyPath) -> bool:
    """Say whether *path* is a table in the layer's tree, which merges instead of replacing."""
    value: Any = layer.tree
    for step in path:
        value = value[step]
    return isinstance(value, dict)
