"""KuCoin: coins of the trade account."""
