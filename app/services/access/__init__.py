"""Access: operators, sessions, tokens, and their secrets."""
