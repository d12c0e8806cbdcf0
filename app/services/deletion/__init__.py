"""Deleting posts, authors and chats.

Authors, and chats with the people who wrote nowhere else, disappear from every answer immediately.
Their rows, and messages of people who stay, follow in chunks, so that other writers can run in
between.
"""
