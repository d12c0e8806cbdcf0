"""Corpora of any size: a model of their authors, and judgements of texts, by jobs on Spark."""
