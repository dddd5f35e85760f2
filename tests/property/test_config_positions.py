"""The scanner agrees with a writer that counts lines and columns while it writes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from trimtab.config.positions import KeyPath, positions

BARE = st.text("abcXYZ019_-", min_size=1, max_size=4)
KEYS = st.one_of(
    BARE.map(lambda k: (k, k)),
    BARE.map(lambda k: (f'"{k}.\\t"', f"{k}.\t")),
    BARE.map(lambda k: (f"'{k}#]'", f"{k}#]")),
)
"""A key as written, and what it means."""
SCALARS = st.sampled_from(
    [
        *("1", "-1_000", "0.50", "1e-3", "nan", "true", "0x1F"),
        *("2026-01-01", "1979-05-27 07:32:00", "07:32:00"),
        *('""', '"a # ] } , = b"', '"\\" \\\\"', "'C:\\'", "'[x]'"),
        *('"""a\n"b"\n[c]\nd = 1"""', "'''\n# x '' y\n'''", '"""q"""""', '"""\\""""'),
    ]
)
BLANKS = st.sampled_from(["", " ", "\t ", "  "])
NOTES = st.sampled_from(["", "# note = [1]", '# "'])


class Writer:
    """Writes TOML and notes where each key begins, by counting what is written so far."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.seen: dict[KeyPath, tuple[int, int]] = {}

    def put(self, text: str) -> None:
        self.text += text

    def blank(self) -> None:
        self.put(self.draw(BLANKS))

    def note(self, path: KeyPath) -> None:
        place = (self.text.count("\n") + 1, len(self.text) - self.text.rfind("\n"))
        self.seen.setdefault(path, place)

    def end_line(self) -> None:
        self.blank()
        self.put(self.draw(NOTES) + self.draw(st.sampled_from(["\n", "\n\n", "\n  \n"])))

    def dotted(self, table: KeyPath, keys: list[tuple[str, str]]) -> KeyPath:
        for i, (written, meant) in enumerate(keys):
            if i:
                self.blank()
                self.put(".")
                self.blank()
            table = (*table, meant)
            self.note(table)
            self.put(written)
        return table

    def assignments(self, table: KeyPath, depth: int) -> Iterator[None]:
        firsts = self.draw(st.lists(KEYS, max_size=3, unique_by=lambda k: k[1]))
        for first in firsts:
            rest = self.draw(st.lists(KEYS, max_size=2))
            path = self.dotted(table, [first, *rest])
            self.blank()
            self.put("=")
            self.blank()
            self.value(path, depth)
            yield

    def value(self, path: KeyPath, depth: int) -> None:
        kind = self.draw(st.sampled_from(["scalar", "list", "inline"])) if depth else "scalar"
        if kind == "scalar":
            self.put(self.draw(SCALARS))
        elif kind == "list":
            self.put("[")
            for i in range(self.draw(st.integers(0, 3))):
                self.put(self.draw(st.sampled_from(["", " ", "\n  ", " # ] note\n "])))
                self.note((*path, i))
                self.value((*path, i), depth - 1)
                self.put(self.draw(st.sampled_from([",", " ,", "\n,"])))
            self.put(self.draw(st.sampled_from(["]", "\n]", " # note ]\n]"])))
        else:
            self.put("{")
            for i, _ in enumerate(self.assignments_with_commas(path, depth - 1)):
                assert i < 3
            self.put("}")

    def assignments_with_commas(self, path: KeyPath, depth: int) -> Iterator[None]:
        keys = self.draw(st.lists(KEYS, max_size=3, unique_by=lambda k: k[1]))
        for i, key in enumerate(keys):
            if i:
                self.put(",")
            self.blank()
            inner = self.dotted(path, [key])
            self.put(" = ")
            self.value(inner, depth)
            self.blank()
            yield

    def document(self) -> None:
        for _ in self.assignments((), 2):
            self.end_line()
        for name in self.draw(st.lists(KEYS, max_size=3, unique_by=lambda k: k[1])):
            if (name[1],) in self.seen:
                continue
            count = self.draw(st.sampled_from([0, 0, 1, 2]))  # 0 is a table, else an array.
            for index in range(max(1, count)):
                self.blank()
                self.put("[[" if count else "[")
                table = self.dotted((), [name])
                if count:
                    table = (*table, index)
                    place = (self.text.count("\n") + 1, len(self.text) - self.text.rfind("\n"))
                    self.seen[table] = (place[0], place[1] - len(name[0]))
                self.put("]]" if count else "]")
                self.end_line()
                for _ in self.assignments(table, 2):
                    self.end_line()


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, tuple[int, int]]]:
    writer = Writer(draw)
    writer.document()
    return writer.text, writer.seen


def leaves(node: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    yield path, node
    items: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(node, dict):
        items = iter(node.items())
    elif isinstance(node, list):
        items = iter(enumerate(node))
    for key, inner in items:
        yield from leaves(inner, (*path, key))


@given(documents())
def test_every_key_is_found_where_it_was_written(
    written: tuple[str, dict[KeyPath, tuple[int, int]]],
) -> None:
    text, expected = written
    found = {path: (p.line, p.column) for path, p in positions(text).items()}
    assert found == expected


@given(documents())
def test_the_paths_are_those_of_tomllib_and_the_written_values_mean_the_same(
    written: tuple[str, dict[KeyPath, tuple[int, int]]],
) -> None:
    text, _ = written
    found = positions(text)
    tree = dict(leaves(tomllib.loads(text), ()))
    assert {path for path in tree if path} == set(found)
    for path, place in found.items():
        if place.written:
            assert repr(tomllib.loads(f"x = {place.written}")["x"]) == repr(tree[path])
