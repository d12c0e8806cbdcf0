"""Who may do what: operators, sessions, tokens, and the secrets behind them."""
