"""The quiz: a post without its author, guessed by a player and by saywho."""
