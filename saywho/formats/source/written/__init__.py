"""Dates and clocks in words: the one place that knows their meaning, for every format."""
