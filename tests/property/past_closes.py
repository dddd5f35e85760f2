"""Daily prices and funding to replay: files of real ones where they are named, else our own.

``TRIMTAB_DAILY_PRICES`` names a CSV file with the columns date, symbol, high, low and close,
``TRIMTAB_FUNDING_RATES`` one with timestamp, symbol and rate of settlements of eight hours; real
ones are not ours to ship. Ours has a common part, calm and wild months, and a crash; its funding
is high for months, then low, then negative.
"""

from __future__ import annotations

import csv
import os
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

FIRST = date(2024, 1, 1)
DAYS = 720
SIZES = {"BTC": 0.5, "ETH": 0.8, "SOL": 1.2, "BNB": 0.7, "ADA": 1.1, "LTC": 0.9}
"""How much of a day's common move each takes, and of its own."""
LOOKS_A_DAY = 24
SETTLEMENTS_A_DAY = 3


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of one coin."""

    high: float
    low: float
    close: str


@dataclass(frozen=True, kw_only=True)
class Market:
    """Whole days of every coin, oldest first."""

    first: date
    coins: dict[str, list[Day]]
    funding: dict[str, list[tuple[str, ...]]]
    """The settlements of each of those days, of the coins of which they are known; none where
    they have a hole."""

    @property
    def days(self) -> int:
        return len(next(iter(self.coins.values())))

    def day(self, number: int) -> date:
        return self.first + timedelta(days=number)

    def settled(self, coin: str, days: range) -> list[str]:
        """Return the settlements of whole days, oldest first; nothing where one is missing."""
        each = self.funding.get(coin, [])[days.start : days.stop]
        whole = len(each) == len(days) and all(len(d) == SETTLEMENTS_A_DAY for d in each)
        return [rate for day in each for rate in day] if whole else []


def market() -> Market:
    """Return what the variables name, else our own."""
    named, paid = (os.environ.get(f"TRIMTAB_{n}") for n in ("DAILY_PRICES", "FUNDING_RATES"))
    return _from_files(Path(named), Path(paid) if paid else None) if named else _our_own()


def _from_files(path: Path, paid: Path | None) -> Market:
    rows: dict[str, dict[date, Day]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = Day(high=float(row["high"]), low=float(row["low"]), close=row["close"])
            rows.setdefault(row["symbol"], {})[date.fromisoformat(row["date"])] = day
    first = max(min(days) for days in rows.values())
    last = min(max(days) for days in rows.values())
    span = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    coins = {c: [days[d] for d in span] for c, days in rows.items()}
    settled = _settled(paid) if paid else {}
    funding = {c: [tuple(days.get(d, ())) for d in span] for c, days in settled.items()}
    return Market(
        first=first, coins=coins, funding={c: f for c, f in funding.items() if c in coins}
    )


def _settled(path: Path) -> dict[str, dict[date, list[str]]]:
    rows: dict[str, dict[date, list[str]]] = {}
    with path.open(encoding="utf-8") as file:
        for row in sorted(csv.DictReader(file), key=lambda row: row["timestamp"]):
            day = datetime.fromisoformat(row["timestamp"]).date()
            rows.setdefault(row["symbol"], {}).setdefault(day, []).append(row["rate"])
    return rows


def _our_own() -> Market:
    chance = random.Random(20240101)
    at = dict.fromkeys(SIZES, 100.0)
    coins: dict[str, list[Day]] = {coin: [] for coin in SIZES}
    for number in range(DAYS):
        wild = 0.05 if (number // 90) % 3 == 2 else 0.02
        crash = -0.08 if 500 <= number < 504 else 0.0
        looks: dict[str, list[float]] = {coin: [] for coin in SIZES}
        for _ in range(LOOKS_A_DAY):
            size = wild / LOOKS_A_DAY**0.5
            common = chance.gauss(crash / LOOKS_A_DAY, size)
            for coin, share in SIZES.items():
                at[coin] *= max(0.5, 1.0 + share * common + chance.gauss(0.0, share * size / 2))
                looks[coin].append(at[coin])
        for coin, seen in looks.items():
            coins[coin].append(Day(high=max(seen), low=min(seen), close=f"{seen[-1]:.6f}"))
    return Market(first=FIRST, coins=coins, funding={c: _paid(chance) for c in ("BTC", "ETH")})


def _paid(chance: random.Random) -> list[tuple[str, ...]]:
    """Return funding that pays shorts well for a while, then little, then takes from them."""
    usual = (0.0003, 0.00005, -0.0001)
    return [
        tuple(f"{chance.gauss(usual[n // 60 % 3], 0.00005):.8f}" for _ in range(SETTLEMENTS_A_DAY))
        for n in range(DAYS)
    ]
