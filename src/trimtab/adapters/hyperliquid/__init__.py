"""Hyperliquid: coins, signed by an API wallet."""
