"""MEXC: spot and perpetuals that settle in USDT."""
