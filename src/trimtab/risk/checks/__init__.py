"""The checks, by what they look at. The catalogue of all of them is risk.registry."""
