"""The numbered cases of venues: real ccxt and the real adapter, and a venue in process."""
