"""Coinbase Advanced Trade: coins of one portfolio."""
