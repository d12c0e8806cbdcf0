"""Portraits: how the people of a chat, or one author, write."""
