"""The engine: features of texts, counts of authors, rankings, judgements and their evidence."""
