"""Benchmarks: each is a script that prints ratios measured in one run, beside their limits."""
