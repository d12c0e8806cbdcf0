"""The quiz: a player and saywho guess the author of a post."""
