"""Deribit v2: spot and linear perpetuals, in one wallet."""
