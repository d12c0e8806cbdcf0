"""Games: the quiz played together, on rows that any worker reads."""
