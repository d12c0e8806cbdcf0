"""X (Twitter): archives, and answers of the API."""
