"""Model cards: how well authors are told apart, measured on posts held out."""
