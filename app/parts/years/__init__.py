"""Years: an author's archive, and each year in words and numbers."""
