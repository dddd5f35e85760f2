"""Where the portfolio should be. Each module makes target weights from one kind of wish."""
