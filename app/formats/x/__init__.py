"""X (Twitter): the archive, and what the API answers."""
