"""Years: an author's archive to see again, and each year in words and numbers."""
