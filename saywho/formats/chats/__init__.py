"""Readers of exported chats, one module for each app."""
