"""Many texts in one table, each line judged."""
