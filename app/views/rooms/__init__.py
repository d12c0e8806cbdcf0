"""Rooms: the chat by day, and its portrait; `figures.py` is where a figure is added."""
