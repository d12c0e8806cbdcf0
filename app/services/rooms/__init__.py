"""Rooms: the chats that posts were written in."""
