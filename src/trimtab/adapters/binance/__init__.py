"""Binance: spot, USD-M, and what is held in coin-margined contracts."""
