"""Comparisons as functions of values: the question, the answer, and held-out posts."""
