"""Deleting posts, authors and chats.

Authors, chats and their only people disappear from answers immediately. Rows, and messages of
others, follow in chunks, so that other writers can run in between.
"""
