"""Daily prices to replay: a file of real ones where one is named, else a market of our own.

``TRIMTAB_DAILY_PRICES`` names a CSV file with the columns date, symbol, high, low and close; real
prices are not ours to ship. Ours has a common part, calm and wild months, and a crash.
"""

from __future__ import annotations

import csv
import os
import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FIRST = date(2024, 1, 1)
DAYS = 720
SIZES = {"BTC": 0.5, "ETH": 0.8, "SOL": 1.2, "BNB": 0.7, "ADA": 1.1, "LTC": 0.9}
"""How much of a day's common move each takes, and of its own."""
LOOKS_A_DAY = 24


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

    @property
    def days(self) -> int:
        return len(next(iter(self.coins.values())))

    def day(self, number: int) -> date:
        return self.first + timedelta(days=number)


def market() -> Market:
    """Return what the variable names, else our own."""
    named = os.environ.get("TRIMTAB_DAILY_PRICES")
    return _from_file(Path(named)) if named else _our_own()


def _from_file(path: Path) -> Market:
    rows: dict[str, dict[date, Day]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = Day(high=float(row["high"]), low=float(row["low"]), close=row["close"])
            rows.setdefault(row["symbol"], {})[date.fromisoformat(row["date"])] = day
    first = max(min(days) for days in rows.values())
    last = min(max(days) for days in rows.values())
    span = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return Market(first=first, coins={c: [days[d] for d in span] for c, days in rows.items()})


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
    return Market(first=FIRST, coins=coins)
