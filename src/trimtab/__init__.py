"""Trimtab keeps a crypto portfolio on its target weights, with a person's approval."""

__version__ = "0.1.0"
