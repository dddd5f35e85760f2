"""WEEX v3: spot."""
