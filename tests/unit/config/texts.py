"""Small configurations: the least valid one, and ways to break it."""

from __future__ import annotations

import re

NEEDED = {
    "portfolio.risk_parity": ['assets = ["BTC", "ETH"]'],
    "overlays.volatility": ['target = "0.40"'],
    "portfolio.neutral": ['weight = "0.1"', 'members = ["SOL"]'],
    "rebalance.adaptive": ['reference = "0.60"'],
    "rebalance.no_trade": ['risk_aversion = "4"'],
    "overlays.momentum": ["look_back_days = 900"],
    "overlays.rotation": ['targets = { BTC = "0.4", ETH = "0.4", USDT = "0.2" }'],
    "hedge.venue": ['id = "binance"', 'url = "http://127.0.0.1:8901"'],
    "overlays.phase": ["steps = 4", "from = 2026-12-01"],
}
"""What a table in a section must have, once it is there."""
LEAST = {
    "account": ['quote = "USDT"'],
    "venue": ['id = "binance"', 'environment = "local"'],
    "portfolio": ['targets = { BTC = "0.5", ETH = "0.3", USDT = "0.2" }'],
}


def text_with(*additions: tuple[str, str], without: tuple[str, ...] = ()) -> str:
    """The least configuration with ``(section, line)`` added, same keys replaced."""
    sections = {name: list(lines) for name, lines in LEAST.items()}
    for section, line in additions:
        key = re.split(r"[ .=]", line, maxsplit=1)[0]
        if section == "portfolio.risk_parity":
            kept = (old for old in sections["portfolio"] if not old.startswith("targets "))
            sections["portfolio"] = list(kept)  # It stands instead of targets.
        if section == "portfolio.neutral":  # It takes its part of 1.
            lines = [old.replace('USDT = "0.2"', 'USDT = "0.1"') for old in sections["portfolio"]]
            sections["portfolio"] = lines
        lines = sections.get(section, NEEDED.get(section, []))
        lines = [old for old in lines if not old.startswith(f"{key} ")]
        sections[section] = [*lines, line]
    for dropped in without:
        section, key = dropped.split(".")
        sections[section] = [x for x in sections[section] if not x.startswith(f"{key} ")]
    blocks = ("\n".join([f"[{name}]", *lines]) for name, lines in sections.items())
    return "\n\n".join(blocks) + "\n"


def line_of(text: str, line: str) -> int:
    """The number of the line that reads *line*, from 1."""
    return text.split("\n").index(line) + 1


def broken_values() -> list[tuple[str, str, str]]:
    """(section, key, TOML value) that no configuration may have, from the schema."""
    from trimtab.config import schema  # noqa: PLC0415  the models load only where rows are made

    document = schema()
    rows = []
    for section, fields in tables(document):
        for key, field in fields.items():
            rows += [(section, key, value) for value in _wrong(document, field)]
    rows.remove(("overlays.momentum", "assets", "[]"))  # No coin named: all of them.
    rows.remove(("risk", "symbols", "[]"))  # No market named: all that targets need.
    rows.remove(("hedge.redeploy", "candidates", "[]"))  # Likewise: all targets.
    for key in ("channels", "events", "email_to", "replies"):
        rows.remove(("notify", key, "[]"))  # Nobody is told; all is; to nobody; of nobody.
    rows.remove(("notify", "telegram_sender", "5"))  # An id is a number.
    return rows


def tables(document: dict) -> list[tuple[str, dict[str, dict]]]:
    """Every section and every table in one, with the fields that are no tables themselves."""
    found = []
    for section, place in document["properties"].items():
        inner = []
        fields = _properties(document, place)
        for key, field in fields.items():
            if (table := _table(field)) is not None:
                inner.append((f"{section}.{key}", _properties(document, table)))
        names = [i.rpartition(".")[2] for i, _ in inner]
        left_out = (*names, "groups", "sleeves")
        found.append((section, {k: f for k, f in fields.items() if k not in left_out}))
        found += inner
    return [(section, fields) for section, fields in found if fields]


def _properties(document: dict, place: dict) -> dict[str, dict]:
    return document["$defs"][place["$ref"].rpartition("/")[2]]["properties"]


def _table(field: dict) -> dict | None:
    """The reference of a table that may be left out."""
    kinds = field.get("anyOf", [])
    return kinds[0] if {"type": "null"} in kinds and "$ref" in kinds[0] else None


def _is_table(document: dict, field: dict) -> bool:
    places = [field, *field.get("anyOf", ())]
    names = [place.get("$ref", "").rpartition("/")[2] for place in places]
    return any("properties" in document["$defs"].get(name, {}) for name in names)


def _wrong(document: dict, field: dict) -> list[str]:
    reference = field.get("$ref", "").rpartition("/")[2]
    if _is_table(document, field) or "enum" in document["$defs"].get(reference, {}):
        return ['"bogus"', '""', "5", "true", "[]"]
    if field.get("type") == "integer":
        above = field["maximum"] + 1
        return ['"3"', '"many"', "1.5", "true", "nan", "[1]", "{}", "-1", str(above), "9" * 30]
    if any(place.get("format") == "date" for place in (field, *field.get("anyOf", ()))):
        return ['"soon"', '"2026-02-30"', "5", "1.5", "true", "[]", "{}", "2026-12-01T08:00:00"]
    if "anyOf" in field:
        wrong = ['"abc"', '""', '"nan"', "nan", "inf", "-inf", "true", "[]", "{ a = 1 }", '"1e3"']
        wrong += ["2026-01-01", '" 1"', '"-0.1"', "-0.1", "1e300", "0.12345678901234567890"]
        above = field.get("maximum", field.get("exclusiveMaximum"))
        return wrong if above is None else [*wrong, str(above + 1), f'"{above}.5"']
    typed = {
        "array": ['"spot"', "[]", '["spot", "spot"]', '["swap"]', "[1]", '["spot", "bogus"]', "3"],
        "object": ['"BTC"', "3", "[]", '{ btc = "0.5" }', "{ BTC = true }"],
    }
    if (wrong := typed.get(str(field.get("type")))) is not None:
        return wrong
    other = '"yes"' if field.get("type") == "boolean" else "true"
    return ["5", other, "[]", "{}", "1.5", "2026-01-01"]
