"""OKX v5: the trading account, its coins and perpetuals that settle in USDT."""
