"""Independent prices, of sources that are not the venue."""
