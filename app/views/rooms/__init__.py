"""Chats: list, messages by day, wall, figures and deletion."""
