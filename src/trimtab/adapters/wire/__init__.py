"""One exchange of ccxt, spoken to with care: sent once, judged by the raw answer, in budget."""
