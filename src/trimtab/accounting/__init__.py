"""Double entry: what hedges earned and cost, and the pot that it adds up to. Pure."""
