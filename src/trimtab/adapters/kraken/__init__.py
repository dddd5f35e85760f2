"""Kraken: spot, one request of a key after the other."""
