"""Years: an author's archive to see again, and each of their years in words and numbers."""
