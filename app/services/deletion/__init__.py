"""Deleting posts, authors and chats.

Authors are gone from every answer at once, and so is a chat with those who wrote nowhere else. The
rows of authors, and the messages of people who stay, follow in chunks, so that other writers can
run in between.
"""
