"""Explaining a file: its format, and the parts that are not understood, with masked text."""
