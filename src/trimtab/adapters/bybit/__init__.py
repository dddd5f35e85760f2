"""Bybit v5: the unified account, its coins and perpetuals that settle in USDT."""
