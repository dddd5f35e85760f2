"""Coinbase Advanced Trade: coins of one portfolio, read and not traded."""
