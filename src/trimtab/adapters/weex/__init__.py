"""WEEX v3: spot, and perpetuals that settle in USDT."""
