"""Portraits: how the people of a chat write, side by side, and how one author writes."""
