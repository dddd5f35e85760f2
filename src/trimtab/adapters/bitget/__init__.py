"""Bitget v2: spot and perpetuals that settle in USDT."""
