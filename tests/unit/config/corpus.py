"""Broken configuration files, each with the key and the line that must be named for it.

Generated from the schema, so that a new key brings its own, and by hand. The same every time:
no chance, no clock, schema order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.unit.config.texts import LEAST, broken_values, line_of, tables, text_with
from trimtab import config

BOM, NUL = "\ufeff", "\x00"
HIDDEN = "canary-7d1c9e"
"""What stands where a secret would; no fault may repeat it."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """One file that must be refused."""

    name: str
    raw: bytes
    expected: tuple[tuple[str, int], ...]
    """(key, line) of every fault, and of no other; the key is empty for the file as a whole."""
    fix: str = ""
    """Words that one of the fixes must have."""


def corpus() -> tuple[Broken, ...]:
    """Return every broken file."""
    return (*_values(), *_names(), *_doubles(), *_places(), *_missing(), *_bytes(), *_texts())


def _keys() -> Iterator[tuple[str, str]]:
    """Yield section and key of every key that this version takes, in the schema's order."""
    for section, fields in tables(config.schema()):
        yield from ((section, key) for key in fields)


def _broken(name: str, text: str, *expected: tuple[str, int], fix: str = "") -> Broken:
    return Broken(name=name, raw=text.encode(), expected=expected, fix=fix)


def _values() -> Iterator[Broken]:
    """Wrong types, words, bounds and numbers, for every key."""
    for section, key, value in broken_values():
        line = f"{key} = {value}"
        without = ("portfolio.targets",) if key == "profile" else ()
        text = text_with((section, line), without=without)
        yield _broken(f"{section}: {line}", text, (f"{section}.{key}", line_of(text, line)))


def _names() -> Iterator[Broken]:
    """Each key misspelled in three ways: a letter lost, two swapped, in capitals."""
    known = {key for _, key in _keys()}
    for section, key in _keys():
        for slip in dict.fromkeys((key[:-1], f"{key[1]}{key[0]}{key[2:]}", key.upper())):
            line = f'{slip} = "1"'
            text = text_with((section, line))
            # A name that is a part of a known one may be known itself, such as "to".
            if slip not in known and len(slip) > 1:
                fault = (f"{section}.{slip}", line_of(text, line))
                yield _broken(f"{section}: {slip} misspelled", text, fault, fix='"')


def _doubles() -> Iterator[Broken]:
    """Each key twice, and each section twice: TOML itself forbids it."""
    for section, key in _keys():
        text = f'[{section}]\n{key} = "1"\n{key} = "2"\n'
        yield _broken(f"{section}: {key} twice", text, (key, 3), fix="this line")
    for section in dict.fromkeys(section for section, _ in _keys()):
        text = text_with() + f"[{section}]\n[{section}]\n"
        at = text_with().count("\n") + (1 if section in LEAST else 2)
        yield _broken(f"[{section}] twice", text, ("", at), fix="this line")


def _places() -> Iterator[Broken]:
    """Each key in a section where it is unknown, and each section as something else."""
    known: dict[str, set[str]] = {}
    for section, key in _keys():
        known.setdefault(section, set()).add(key)
    for key in dict.fromkeys(key for _, key in _keys()):
        other = next(s for s in known if key not in known[s])
        line = f'{key} = "1"'
        text = text_with((other, line))
        yield _broken(f"{key} in [{other}]", text, (f"{other}.{key}", line_of(text, line)))
    for section in known:
        if section.partition(".")[0] not in LEAST:
            for value in ("3", '"text"', "[]", "true"):
                text = f"{section} = {value}\n" + text_with()
                yield _broken(f"{section} = {value}", text, (section, 1), fix=f"write [{section}]")


def _missing() -> Iterator[Broken]:
    """What is required, left out one by one."""
    for key in ("account.quote", "venue.id", "venue.environment"):
        section, name = key.split(".")
        text = text_with(without=(key,))
        at = line_of(text, f"[{section}]")
        yield _broken(f"{key} missing", text, (key, at), fix=f"add {name} = ")
    text = text_with(without=("portfolio.targets",))
    at = line_of(text, "[portfolio]")
    yield _broken("no portfolio", text, ("portfolio", at), fix="[portfolio.targets]")


def _bytes() -> Iterator[Broken]:
    """Files that are no text, or not the text that they should be."""
    whole = text_with()
    rows: tuple[tuple[str, bytes, int, str], ...] = (
        ("byte order mark", (BOM + whole).encode(), 1, "byte order mark"),
        ("UTF-16", whole.encode("utf-16"), 1, "UTF-8"),
        ("UTF-16 without mark", whole.encode("utf-16-le"), 1, "this line"),
        ("UTF-32", whole.encode("utf-32"), 1, "UTF-8"),
        ("Latin-1", b'[account]\nname = "caf\xe9"\n', 2, "UTF-8"),
        ("a lone surrogate", b'[account]\nname = "\xed\xa0\x80"\n', 2, "UTF-8"),
        ("overlong", b'[account]\nname = "\xc0\xaf"\n', 2, "UTF-8"),
        ("a NUL in a value", f'[account]\nname = "a{NUL}b"\n'.encode(), 2, "this line"),
        ("a NUL alone", NUL.encode(), 1, "this line"),
        ("a control character", b'[account]\nname = "a\x07b"\n', 2, "this line"),
        ("a carriage return alone", b'[account]\rquote = "USDT"\r', 1, "this line"),
        ("too large", b"#" + b"x" * 1_000_001, 1, "name a configuration file"),
        ("nested too deeply", b"a = " + b"[" * 20_000, 1, "tables of the documentation"),
        ("a PNG", b"\x89PNG\r\n\x1a\n\x00\x00", 1, "UTF-8"),
        ("a SQLite file", b"SQLite format 3\x00", 1, ""),
        ("JSON", b'{"account": {"quote": "USDT"}}', 1, ""),
        ("YAML", b"account:\n  quote: USDT\n", 1, 'key = "value"'),
    )
    for name, raw, line, fix in rows:
        yield Broken(name=name, raw=raw, expected=(("?", line),), fix=fix)


def _texts() -> Iterator[Broken]:
    """Slips that no schema knows of: dotted keys, inline tables, secrets."""
    empty = (("account.quote", 1), ("portfolio", 1), ("venue.environment", 1), ("venue.id", 1))
    for name, text in (("empty", ""), ("blank", "\n \t\n"), ("only a remark", "# later\n")):
        yield _broken(name, text, *empty)
    heads = (
        ("a key into a value", "risk.shock = 1\nrisk.shock.deep = 2\n", 2),
        ("a table into a value", "risk = 1\n[risk]\n", 2),
        ("an inline table reopened", "risk = {}\n[risk]\n", 2),
        ("an inline table extended", "risk = {}\nrisk.shock = 1\n", 2),
        ("a list of tables over a table", "[risk]\n[[risk]]\n", 2),
        ("a table over a list of tables", "[[risk]]\n[risk]\n", 2),
        ("a number with a leading zero", "a = 01\n", 1),
        ("an unknown escape", 'a = "\\q"\n', 1),
        ("two values on a line", "a = 1 b = 2\n", 1),
        ("no day of the calendar", "a = 2026-02-30\n", 1),
    )
    for name, text, line in heads:
        yield Broken(name=name, raw=text.encode(), expected=(("?", line),))
    secrets = ("api_key", "api_secret", "password", "passphrase", "apiSecret", "private_key")
    for secret in secrets:
        for section in ("venue", "account", "risk"):
            line = f'{secret} = "{HIDDEN}"'
            text = text_with((section, line))
            fault = (f"{section}.{secret}", line_of(text, line))
            yield _broken(f"{section}: {secret}", text, fault, fix="keyring")
    for key in ("webhook_url", "notify", "hook"):
        line = f'{key} = "https://hooks.example/{HIDDEN}"'
        text = text_with(("account", line))
        yield _broken(f"a {key}", text, (f"account.{key}", line_of(text, line)))
