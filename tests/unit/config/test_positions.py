"""The scanner by example: every way TOML has to write a key."""

from __future__ import annotations

import pytest

from trimtab.config.positions import Position, positions


def place(line: int, column: int, written: str) -> Position:
    return Position(line=line, column=column, written=written)


EXAMPLES = [
    ("a = 1", ("a",), place(1, 1, "1")),
    ("# note\n\n  a = 1 # note", ("a",), place(3, 3, "1")),
    ("[a]\nb = 'x'", ("a", "b"), place(2, 1, "'x'")),
    ("[a]\nb = 'x'", ("a",), place(1, 2, "")),
    ("[ a . b ]\nc = 1", ("a", "b"), place(1, 7, "")),
    ("a.b.c = 1", ("a", "b", "c"), place(1, 5, "1")),
    ("a.b.c = 1", ("a", "b"), place(1, 3, "")),
    ("[x]\na . b = 1.50", ("x", "a", "b"), place(2, 5, "1.50")),
    ('"a.b" = 1', ("a.b",), place(1, 1, "1")),
    ('"\\u00e4" = 1', ("ä",), place(1, 1, "1")),
    ("'a\"b' = 1", ('a"b',), place(1, 1, "1")),
    ("a = { b = 1, c.d = 'x' }", ("a", "c", "d"), place(1, 16, "'x'")),
    ("a = { b = 1 }", ("a",), place(1, 1, "{ b = 1 }")),
    ("a = [\n  1, # one\n  2,\n]", ("a", 1), place(3, 3, "2")),
    ("a = [[1], [2, 3]]", ("a", 1, 1), place(1, 15, "3")),
    ("a = [{ b = 1 }, { b = 2 }]", ("a", 1, "b"), place(1, 19, "2")),
    ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1, "b"), place(4, 1, "2")),
    ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", ("a", 1, "b", "c"), place(6, 1, "2")),
    ("[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2", ("a", 0, "b", 1, "c"), place(5, 1, "2")),
    ('a = """\n[b]\nc = 1"""\nd = 2', ("d",), place(4, 1, "2")),
    ("a = '''\nb = 1'''\nd = 2", ("d",), place(3, 1, "2")),
    ('a = """x"""""\nd = 2', ("d",), place(2, 1, "2")),
    ('a = """\\""""\nd = 2', ("d",), place(2, 1, "2")),
    ('a = "# no note ]"\nd = 2', ("a",), place(1, 1, '"# no note ]"')),
    ("a = 'C:\\'\nd = 2", ("d",), place(2, 1, "2")),
    ("a = 1979-05-27 07:32:00 # then\nd = 2", ("a",), place(1, 1, "1979-05-27 07:32:00")),
    ("a = 1\r\nb = 2\r\n", ("b",), place(2, 1, "2")),
    ("a = 1_000.5e-1", ("a",), place(1, 1, "1_000.5e-1")),
]


@pytest.mark.parametrize(("text", "path", "expected"), EXAMPLES)
def test_a_key_stands_where_it_is_written(
    text: str, path: tuple[str | int, ...], expected: Position
) -> None:
    assert positions(text)[path] == expected


def test_an_empty_text_has_no_keys() -> None:
    assert dict(positions("# nothing\n\n")) == {}
