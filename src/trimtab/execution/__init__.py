"""How approved orders are worked: life cycle, run machine, prices, sizes, retries. All pure."""
