"""The hedge book: what follows from declared lines and fills, and when a hedge closes. Pure."""
