"""Chats: their list, messages by day, wall of pictures, figures and deletion."""
