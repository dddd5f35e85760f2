"""Exchanges as data: one profile each, no code that talks to any."""
