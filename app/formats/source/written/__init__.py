"""Dates and clocks in words: the one place that knows what they mean, for every format."""
