"""Accounts, sessions, tokens, and their secrets."""
