"""All faults at once, whatever the file; and never anything but a fault."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.config.texts import broken_values, line_of, text_with
from trimtab import config
from trimtab.config import Config, InvalidConfig

ROWS = [
    row
    for row in broken_values()
    if row[0] not in ("overlays.rotation", "portfolio.neutral")
    and row[1] not in ("quote", "profile", "targets", "max_scale")
]
"""Broken lines whose fault does not depend on other keys; a rotation needs perpetuals, too, a
neutral sleeve stands beside few other rules, and a scale excludes the overlay of volatility."""


def outcome(text: str | bytes) -> Config | InvalidConfig:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trimtab.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        try:
            return config.load(path, environ={}, sets=(), home=Path(folder), cwd=Path(folder))
        except InvalidConfig as e:
            return e


@given(
    st.lists(
        st.sampled_from(ROWS), min_size=1, max_size=12, unique_by=(lambda r: r[:2], lambda r: r[1:])
    )
)
def test_every_broken_line_of_a_file_is_told(rows: list[tuple[str, str, str]]) -> None:
    lines = [(section, f"{key} = {value}") for section, key, value in rows]
    text = text_with(*lines)
    result = outcome(text)
    assert isinstance(result, InvalidConfig)
    told = {fault.line for fault in result.faults}
    assert told == {line_of(text, line) for _, line in lines}


@given(st.data())
def test_a_damaged_file_is_read_or_refused_with_places(data: st.DataObject) -> None:
    text = text_with(("risk", 'shock = "0.2"'), ("rebalance", 'routes = { BTC = "futures" }'))
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    result = outcome(bytes(raw))
    if isinstance(result, InvalidConfig):
        assert result.faults
        assert all(fault.where and fault.reason and fault.fix for fault in result.faults)


@given(st.permutations(["risk", "hedge", "approval", "execution"]))
def test_the_digest_does_not_depend_on_the_order_of_sections(order: list[str]) -> None:
    lines = {
        "risk": 'shock = "0.25"',
        "hedge": "leverage = 3",
        "approval": "ttl_s = 60",
        "execution": "max_reprices = 1",
    }
    result = outcome(text_with(*((section, lines[section]) for section in order)))
    straight = outcome(text_with(*lines.items()))
    assert isinstance(result, Config)
    assert isinstance(straight, Config)
    assert result.policy_digest == straight.policy_digest
