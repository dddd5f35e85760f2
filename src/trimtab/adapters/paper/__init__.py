"""Dry runs: real reads, simulated orders, nothing sent."""
